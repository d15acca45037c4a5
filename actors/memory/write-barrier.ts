/**
 * Takes a settlement back: every block is copied before it is first written to, and every allocation is noted. Undoing
 * is copying back.
 *
 * W1. `touch` comes before the first write to a block within a settlement. A block that was allocated within it needs
 *     none. A block that can grow large is not copied whole: `touchWords` comes before every write to it, and copies the
 *     words that are written.
 * W2. A block that is no longer needed is released when the settlement stands: until then it may be needed again. So
 *     what lies behind the used part of a block may be written without a copy only if no undoing needs it.
 */
import type { Arena } from './arena.ts'

/** The arena of states, and that of histories, ids, traits and other bytes. */
export const STATE = 0
export const BYTES = 1

/** Kinds of entries of the log; each is read from its end. */
const COPY = 0
const ALLOCATED = 1

const LOG_INTS = 1 << 10

interface LoggedArena {
  readonly arena: Arena
  log: Int32Array
  used: number
  /** Blocks to release when the settlement stands. */
  readonly dead: number[]
  deadCount: number
}

export class WriteBarrier {
  readonly #logs: readonly LoggedArena[]
  /** The number of the settlement at hand; blocks carry that of the one that last touched them. */
  #stamp = 0

  /** @param arenas by number: those of states and of bytes */
  constructor(arenas: readonly [Arena, Arena]) {
    this.#logs = arenas.map((arena) => ({ arena, log: new Int32Array(LOG_INTS), used: 0, dead: [], deadCount: 0 }))
  }

  get stamp(): number {
    return this.#stamp
  }

  /** Begins a settlement. The one before must have been ended. */
  begin(): void {
    this.#stamp = (this.#stamp + 1) | 0
  }

  /** Called before the first `words` words of a block are written to. Keeps W1. */
  touch(which: number, at: number, words: number): void {
    const logged = this.#logs[which]!
    const { ints } = logged.arena
    if (ints[at * 2] === this.#stamp) return
    copy(logged, at, words)
    ints[at * 2] = this.#stamp
  }

  /** Called before `words` words of a block are written to, from the one `from` words behind its first. Keeps W1. */
  touchWords(which: number, at: number, from: number, words: number): void {
    const logged = this.#logs[which]!
    if (logged.arena.ints[at * 2] !== this.#stamp) copy(logged, at + from, words)
  }

  /** Allocates a block that is given back if the settlement fails. */
  allocate(which: number, words: number): number {
    const logged = this.#logs[which]!
    const at = logged.arena.allocate(words)
    logged.arena.ints[at * 2] = this.#stamp
    if (logged.used + 3 > logged.log.length) grow(logged, 0)
    logged.log[logged.used] = at
    logged.log[logged.used + 1] = 0
    logged.log[logged.used + 2] = ALLOCATED
    logged.used += 3
    return at
  }

  /** Releases a block when the settlement stands. Keeps W2. */
  releaseLater(which: number, at: number): void {
    const logged = this.#logs[which]!
    logged.dead[logged.deadCount++] = at
  }

  /** Ends a settlement that stands. */
  commit(): void {
    for (const logged of this.#logs) {
      for (let index = 0; index < logged.deadCount; index++) logged.arena.release(logged.dead[index]!)
      logged.used = 0
      logged.deadCount = 0
    }
  }

  /** Ends a settlement that failed: all blocks are as they were when it began. */
  rollBack(): void {
    for (const logged of this.#logs) {
      const { arena, log } = logged
      let end = logged.used
      while (end > 0) {
        const [at, count] = [log[end - 3]!, log[end - 2]!]
        if (log[end - 1] === ALLOCATED) arena.release(at)
        else for (let index = 0; index < count; index++) arena.ints[at * 2 + index] = log[end - 3 - count + index]!
        end -= 3 + count
      }
      logged.used = 0
      logged.deadCount = 0
    }
  }
}

/** Notes words as they are, from the word `at` on. */
function copy(logged: LoggedArena, at: number, words: number): void {
  const { ints } = logged.arena
  const count = words * 2
  if (logged.used + count + 3 > logged.log.length) grow(logged, count)
  const { log } = logged
  let to = logged.used
  // As integers: a copy as doubles may change the bits of what looks like a NaN.
  for (let from = at * 2, end = from + count; from < end; from++) log[to++] = ints[from]!
  log[to] = at
  log[to + 1] = count
  log[to + 2] = COPY
  logged.used = to + 3
}

function grow(logged: LoggedArena, more: number): void {
  const log = new Int32Array(Math.max(logged.log.length * 2, logged.used + more + 16))
  log.set(logged.log)
  logged.log = log
}
