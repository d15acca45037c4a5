/**
 * Turns of the event loop, shared fairly by the spaces that send: what a space sends beyond its share waits for later
 * turns, so that the others are answered meanwhile.
 *
 * F1. A space that has sent no more than its share lately waits for nobody, unless very much of its own is under way.
 * F2. Of what waits, a turn takes up requests for so long at most, space by space, in the order in which they came; and
 *     so many of a space are under way at most.
 * F3. What waits is bounded for each space; beyond that it is refused.
 * F4. In an installation of one space nothing waits here.
 */
import Denque from 'denque'
import { EngineError } from '../model/errors.ts'

/** Time in which a turn takes up requests of spaces that send more than their share, ms. */
const TURN_MS = 2
/**
 * Requests of a space that are under way, and of one that sends more than its share: what they cause when they are
 * durable is done in one turn. Fewer would have the journal wait; more would have the others wait, who come back.
 */
export const UNDER_WAY_MAX = { usual: 64, overShare: 4 }
/** Time after which something that was sent counts no more, or as long again, ms. */
const LATELY_MS = 1_000
/** A space sends more than its share if it has sent so many times the mean of all that have sent lately. */
const SHARE = 1.5
/** Bytes that a request costs beside its own. */
const REQUEST_BYTES = 1_000

export interface FairTurnsOptions {
  /** Monotonic, ms. */
  readonly now: () => number
  /** Calls back when the present turn of the loop is over. */
  readonly afterTurn: (act: () => void) => void
  /** True if there are several spaces. */
  readonly isShared: () => boolean
  /** Requests, and their bytes, that may wait of a space. */
  readonly waitingMax: { readonly requests: number; readonly bytes: number }
}

interface Waiting {
  readonly bytes: number
  readonly resume: () => void
}

/** A space that has sent something lately, or has requests that wait or are under way. */
class Sender {
  /** Bytes of the present span of time, and of the one before. */
  sent = 0
  sentBefore = 0
  underWay = 0
  readonly waiting = new Denque<Waiting>()
  waitingBytes = 0

  get lately(): number {
    return this.sent + this.sentBefore
  }

  get isIdle(): boolean {
    return this.lately === 0 && this.underWay === 0 && this.waiting.length === 0
  }
}

export class FairTurns {
  readonly #options: FairTurnsOptions
  /** By space; the one whose turn comes next is first. */
  readonly #senders = new Map<string, Sender>()
  #spanBegan = 0
  #isTaking = false

  constructor(options: FairTurnsOptions) {
    this.#options = options
  }

  /** Acts for a request of so many bytes when its turn has come. Rejects with an EngineError if too much waits. */
  async run<Result>(spaceId: string, bytes: number, act: () => Promise<Result>): Promise<Result> {
    if (!this.#options.isShared()) return act()
    this.#proceed()
    const sender = this.#senderOf(spaceId)
    const isFree = sender.waiting.length === 0 && sender.underWay < UNDER_WAY_MAX.usual && !this.#isOverShare(sender)
    if (!isFree) await this.#wait(sender, bytes)
    sender.sent += bytes + REQUEST_BYTES
    if (isFree) sender.underWay++
    try {
      return await act()
    } finally {
      sender.underWay--
      this.#takeLater()
    }
  }

  /** Keeps F3. */
  #wait(sender: Sender, bytes: number): Promise<void> {
    const { requests, bytes: bytesMax } = this.#options.waitingMax
    if (sender.waiting.length >= requests || sender.waitingBytes + bytes > bytesMax)
      throw new EngineError('rate_limit_error', 'Too many requests of the space wait; try again later')
    sender.waitingBytes += bytes
    return new Promise((resume) => {
      sender.waiting.push({ bytes, resume })
      this.#takeLater()
    })
  }

  #takeLater(): void {
    if (this.#isTaking || !this.#next()) return
    this.#isTaking = true
    this.#options.afterTurn(() => void this.#take())
  }

  /** Keeps F2. */
  async #take(): Promise<void> {
    const end = this.#options.now() + TURN_MS
    for (let next = this.#next(); next; next = this.#options.now() < end ? this.#next() : undefined) {
      const [id, sender] = next
      const { bytes, resume } = sender.waiting.shift()!
      sender.waitingBytes -= bytes
      sender.underWay++
      this.#senders.delete(id)
      this.#senders.set(id, sender)
      resume()
      // What the request does at once is done before the clock is looked at again.
      for (let step = 0; step < 3; step++) await Promise.resolve()
    }
    this.#isTaking = false
    this.#takeLater()
  }

  #next(): readonly [string, Sender] | undefined {
    for (const entry of this.#senders) if (this.#isDue(entry[1])) return entry
    return undefined
  }

  #isDue(sender: Sender): boolean {
    if (sender.waiting.length === 0 || sender.underWay >= UNDER_WAY_MAX.usual) return false
    return sender.underWay < UNDER_WAY_MAX.overShare || !this.#isOverShare(sender)
  }

  /** Keeps F1. */
  #isOverShare(sender: Sender): boolean {
    let [total, count] = [0, 0]
    for (const other of this.#senders.values()) {
      total += other.lately
      if (other.lately > 0 || other === sender) count++
    }
    return count > 1 && sender.lately > (SHARE * total) / count
  }

  #senderOf(spaceId: string): Sender {
    const known = this.#senders.get(spaceId)
    if (known) return known
    const sender = new Sender()
    this.#senders.set(spaceId, sender)
    return sender
  }

  /** Begins a new span of time when the present one is over. */
  #proceed(): void {
    const passed = this.#options.now() - this.#spanBegan
    if (passed < LATELY_MS) return
    this.#spanBegan += passed
    for (const [id, sender] of this.#senders) {
      sender.sentBefore = passed < 2 * LATELY_MS ? sender.sent : 0
      sender.sent = 0
      if (sender.isIdle) this.#senders.delete(id)
    }
  }
}
