/** Frames the bytes between Redis and a client: where each command and each reply ends (RESP 2). */
const LINE_END = '\r\n'

/** Gives on whole values, each as its bytes, however the chunks are cut. */
export class ValueReader {
  readonly #onValue: (bytes: Buffer) => void
  #pending: Buffer = Buffer.alloc(0)

  constructor(onValue: (bytes: Buffer) => void) {
    this.#onValue = onValue
  }

  read(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    for (let end = endOf(this.#pending, 0); end !== undefined; end = endOf(this.#pending, 0)) {
      const bytes = this.#pending.subarray(0, end)
      this.#pending = this.#pending.subarray(end)
      this.#onValue(bytes)
    }
  }
}

/** The first two words of a command. */
export function wordsOf(command: Buffer): string[] {
  const words: string[] = []
  for (let at = lineAt(command, 0)!.next; words.length < 2 && at < command.length;) {
    const { text, next } = lineAt(command, at)!
    const end = next + Number(text.slice(1))
    words.push(command.toString('utf8', next, end))
    at = end + LINE_END.length
  }
  return words
}

/** Undefined while the value has not come whole. */
function endOf(bytes: Buffer, at: number): number | undefined {
  const line = lineAt(bytes, at)
  if (!line) return undefined
  const count = Number(line.text.slice(1))
  switch (line.text[0]) {
    case '$': {
      const end = count < 0 ? line.next : line.next + count + LINE_END.length
      return end <= bytes.length ? end : undefined
    }
    case '*': {
      let end: number | undefined = line.next
      for (let item = 0; item < count && end !== undefined; item++) end = endOf(bytes, end)
      return end
    }
    default:
      return line.next
  }
}

function lineAt(bytes: Buffer, at: number): { readonly text: string; readonly next: number } | undefined {
  const end = bytes.indexOf(LINE_END, at)
  return end < 0 ? undefined : { text: bytes.toString('latin1', at, end), next: end + LINE_END.length }
}
