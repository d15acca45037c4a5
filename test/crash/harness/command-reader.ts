/** Finds where a client's commands to Redis begin and end: `*2 $3 get $1 a`, with a line's end after each. */
const LINE_END = '\r\n'

export class CommandReader {
  readonly #onCommand: (words: readonly string[], bytes: Buffer) => void
  #pending: Buffer = Buffer.alloc(0)

  /** @param onCommand told of each whole command: its first two words, the first in small letters, and its bytes */
  constructor(onCommand: (words: readonly string[], bytes: Buffer) => void) {
    this.#onCommand = onCommand
  }

  read(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    for (let found = this.#command(); found; found = this.#command()) {
      const bytes = this.#pending.subarray(0, found.end)
      this.#pending = this.#pending.subarray(found.end)
      this.#onCommand(found.words, bytes)
    }
  }

  /** Undefined while it has not come whole. */
  #command(): { readonly words: readonly string[]; readonly end: number } | undefined {
    const count = this.#number('*', 0)
    if (!count) return undefined
    const words: string[] = []
    let at = count.next
    for (let word = 0; word < count.value; word++) {
      const length = this.#number('$', at)
      if (!length) return undefined
      at = length.next + length.value + LINE_END.length
      if (at > this.#pending.length) return undefined
      if (word < 2) words.push(this.#pending.toString('utf8', length.next, length.next + length.value))
    }
    return { words: [words[0]?.toLowerCase() ?? '', ...words.slice(1)], end: at }
  }

  #number(sign: '*' | '$', at: number): { readonly value: number; readonly next: number } | undefined {
    const end = this.#pending.indexOf(LINE_END, at)
    if (end < 0) return undefined
    const text = this.#pending.toString('latin1', at, end)
    if (!text.startsWith(sign)) throw new Error(`a command to Redis: expected ${sign}, got ${text}`)
    return { value: Number(text.slice(1)), next: end + LINE_END.length }
  }
}
