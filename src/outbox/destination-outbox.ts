/**
 * What is still to be told to one destination: a line of deliveries for each actor, in lanes.
 *
 * O1. Deliveries of one actor go one after the other: the next when the one before has arrived, or has failed for good.
 * O2. One that has to be tried again holds up its own line, and nobody else's.
 * O3. A line that is behind others goes on when those are empty: a user that took others over comes after them.
 * O4. What waits is bounded by whoever adds: `collapse` leaves the latest of each name, `clear` what is under way.
 */
import TinyQueue from 'tinyqueue'
import { type Delivery, nameOf } from './delivery.ts'

/** The deliveries of one actor; the first may be under way. */
interface Line {
  readonly actor: number
  readonly deliveries: Delivery[]
  isUnderWay: boolean
  /** It is among the ready ones of its lane. */
  isReady: boolean
  /** Tries of the first delivery, and when it was tried first, epoch ms; 0: not yet. */
  attempts: number
  triedSince: number
  /** Before that, epoch ms, the first is not tried again. */
  notBefore: number
  /** It waits to be tried again. */
  isDelayed: boolean
  /** Actors whose lines come first. Keeps O3. */
  behind: Set<number> | undefined
}

/** A line as a checkpoint has it. */
export interface LineState {
  readonly actor: number
  readonly deliveries: readonly Delivery[]
  readonly attempts: number
  readonly triedSince: number
  readonly notBefore: number
  readonly behind: readonly number[]
}

/** A line that waits, unless it has gone on since: then it waits no more, or until another instant. */
interface DelayedLine {
  readonly line: Line
  readonly until: number
}

/** How often and since when a delivery was tried, this time included. */
export interface Tried {
  readonly delivery: Delivery
  readonly attempts: number
  /** Epoch ms. */
  readonly triedSince: number
}

export class Outbox {
  readonly lanes: number
  readonly #lines = new Map<number, Line>()
  /** By actor: those whose lines are behind its own. */
  readonly #followers = new Map<number, number[]>()
  readonly #underWay = new Map<number, Line>()
  /** By lane: lines whose first delivery can be sent. */
  readonly #ready: ReadyLines[]
  readonly #delayed = new TinyQueue<DelayedLine>([], (a, b) => a.until - b.until)
  #size = 0
  #delayedCount = 0

  constructor(lanes: number) {
    this.lanes = lanes
    this.#ready = Array.from({ length: lanes }, () => new ReadyLines())
  }

  /** Deliveries that have not arrived, those under way included. */
  get size(): number {
    return this.#size
  }

  get underWayCount(): number {
    return this.#underWay.size
  }

  /** Lines whose first delivery waits to be tried again. */
  get retryingCount(): number {
    return this.#delayedCount
  }

  /** When the next delivery is to be tried again, epoch ms; infinite where none is. */
  get nextRetryAt(): number {
    return this.#nextDelayed()?.until ?? Infinity
  }

  /** Deliveries of one connection that wait, and those of them that have been tried. */
  countOf(connectionId: string): { readonly waiting: number; readonly retrying: number } {
    let [waiting, retrying] = [0, 0]
    for (const { deliveries, isDelayed } of this.#lines.values())
      for (const [place, delivery] of deliveries.entries()) {
        if (delivery.connectionId !== connectionId) continue
        waiting++
        if (place === 0 && isDelayed) retrying++
      }
    return { waiting, retrying }
  }

  isReady(lane: number): boolean {
    return this.#ready[lane]!.size > 0
  }

  has(number: number): boolean {
    return this.#underWay.has(number)
  }

  add(delivery: Delivery): void {
    const line = this.#lineOf(delivery.actor)
    line.deliveries.push(delivery)
    this.#size++
    this.#makeReady(line)
  }

  /** What waits, has the same name and was queued before an instant gives way. Gives how many went. Keeps O4. */
  collapse(delivery: Delivery, before: number): number {
    const line = this.#lines.get(delivery.actor)
    if (!line) return 0
    const name = nameOf(delivery)
    return this.#take(line, (other) => other.queuedAt <= before && nameOf(other) === name)
  }

  /** Takes lines that are ready for a lane, one delivery of each, until `isEnough` of the last one. Keeps O1. */
  take(lane: number, isEnough: (delivery: Delivery) => boolean, now: number): Delivery[] {
    const ready = this.#ready[lane]!
    const taken: Delivery[] = []
    for (let line = ready.shift(); line; line = ready.shift()) {
      line.isReady = false
      const delivery = line.deliveries[0]
      // What was ready may have been cleared, adopted and delayed, or put behind others.
      if (!delivery || line.isUnderWay || line.isDelayed || line.behind) continue
      this.#begin(line, delivery, now)
      taken.push(delivery)
      if (isEnough(delivery)) break
    }
    return taken
  }

  /** A job that was found in the queue has this delivery. False where there is none such that waits. */
  adopt({ number, actor }: { readonly number: number; readonly actor: number }, now: number): boolean {
    const line = this.#lines.get(actor)
    if (line?.deliveries[0]?.number !== number || line.isUnderWay) return false
    this.#begin(line, line.deliveries[0], now)
    return true
  }

  /**
   * It has arrived, or has failed for good, tried by this process or by one before it. Gives it; undefined where it is
   * not here any more.
   */
  settle({ number, actor }: { readonly number: number; readonly actor: number }): Tried | undefined {
    const line = this.#underWay.get(number)
    if (!line) return this.#remove(number, actor)
    this.#underWay.delete(number)
    const tried = this.#triedOf(line)
    line.deliveries.shift()
    this.#size--
    line.isUnderWay = false
    this.#startOver(line)
    this.#closeIfEmpty(line)
    return tried
  }

  /** How often it was tried by now. */
  triedOf(number: number): Tried | undefined {
    const line = this.#underWay.get(number)
    return line && this.#triedOf(line)
  }

  /** It is to be tried again, not before an instant. Keeps O2. */
  retry(number: number, notBefore: number): void {
    const line = this.#endTry(number)
    if (!line) return
    line.notBefore = notBefore
    this.#delay(line)
  }

  /** It was not tried after all. */
  putBack(number: number): void {
    const line = this.#endTry(number)
    if (!line) return
    line.attempts--
    if (line.attempts === 0) line.triedSince = 0
    this.#makeReady(line)
  }

  /** Lines whose time to be tried again has come are ready. */
  wake(now: number): void {
    for (let next = this.#nextDelayed(); next && next.until <= now; next = this.#nextDelayed()) {
      this.#endDelay(next.line)
      this.#makeReady(next.line)
    }
  }

  /** Users have become one: what comes for the survivor comes after what waits for the others. Keeps O3. */
  unite(survivor: number, absorbed: readonly number[]): void {
    const open = absorbed.filter((actor) => this.#lines.has(actor))
    if (open.length === 0) return
    const line = this.#lineOf(survivor)
    this.#putBehind(line, open)
  }

  /** Forgets what is concerned, unless it is under way. Gives how many went. Keeps O4. */
  clear(isConcerned: (delivery: Delivery) => boolean): number {
    const before = this.#size
    for (const line of [...this.#lines.values()]) {
      this.#take(line, isConcerned)
      this.#closeIfEmpty(line)
    }
    return before - this.#size
  }

  /** Of the lines as they are now; the deliveries themselves never change. */
  state(): LineState[] {
    return Array.from(this.#lines.values(), ({ actor, deliveries, attempts, triedSince, notBefore, behind }) => ({
      actor,
      deliveries: [...deliveries],
      attempts,
      triedSince,
      notBefore,
      behind: behind ? [...behind] : [],
    }))
  }

  /** Lines as a checkpoint has them, all of them before any is used. */
  restore(states: Iterable<LineState>): void {
    for (const { actor, deliveries, attempts, triedSince, notBefore, behind } of states) {
      const line = this.#lineOf(actor)
      line.deliveries.push(...deliveries)
      this.#size += deliveries.length
      Object.assign(line, { attempts, triedSince, notBefore })
      if (behind.length > 0) this.#putBehind(line, behind)
      if (notBefore > 0) this.#delay(line)
      else this.#makeReady(line)
    }
  }

  #remove(number: number, actor: number): Tried | undefined {
    const line = this.#lines.get(actor)
    const delivery = line?.deliveries.find((other) => other.number === number)
    if (!line || !delivery) return undefined
    this.#take(line, (other) => other === delivery)
    this.#closeIfEmpty(line)
    return { delivery, attempts: 1, triedSince: 0 }
  }

  /** Takes out of a line what is not under way. Gives how many went. */
  #take(line: Line, isConcerned: (delivery: Delivery) => boolean): number {
    const { deliveries } = line
    const [first] = deliveries
    const kept = deliveries.filter((delivery, index) => (index === 0 && line.isUnderWay) || !isConcerned(delivery))
    const count = deliveries.length - kept.length
    if (count === 0) return 0
    deliveries.splice(0, Infinity, ...kept)
    this.#size -= count
    if (kept[0] !== first) this.#startOver(line)
    return count
  }

  /** Another delivery is the first of a line: it has not been tried, and waits for nothing. */
  #startOver(line: Line): void {
    line.attempts = line.triedSince = line.notBefore = 0
    this.#endDelay(line)
    this.#makeReady(line)
  }

  #closeIfEmpty(line: Line): void {
    if (line.deliveries.length === 0 && !line.behind) this.#close(line)
  }

  #begin(line: Line, { number }: Delivery, now: number): void {
    // One that was found in the queue may have waited.
    this.#endDelay(line)
    line.notBefore = 0
    line.isUnderWay = true
    line.attempts++
    if (line.triedSince === 0) line.triedSince = now
    this.#underWay.set(number, line)
  }

  #endTry(number: number): Line | undefined {
    const line = this.#underWay.get(number)
    if (!line) return undefined
    this.#underWay.delete(number)
    line.isUnderWay = false
    return line
  }

  #triedOf({ deliveries, attempts, triedSince }: Line): Tried {
    return { delivery: deliveries[0]!, attempts, triedSince }
  }

  #lineOf(actor: number): Line {
    const held = this.#lines.get(actor)
    if (held) return held
    const line: Line = {
      actor,
      deliveries: [],
      isUnderWay: false,
      isReady: false,
      attempts: 0,
      triedSince: 0,
      notBefore: 0,
      isDelayed: false,
      behind: undefined,
    }
    this.#lines.set(actor, line)
    return line
  }

  #makeReady(line: Line): void {
    if (line.isReady || line.isUnderWay || line.isDelayed || line.behind || line.deliveries.length === 0) return
    line.isReady = true
    this.#ready[this.#laneOf(line)]!.push(line)
  }

  #delay(line: Line): void {
    line.isDelayed = true
    this.#delayed.push({ line, until: line.notBefore })
    this.#delayedCount++
  }

  #endDelay(line: Line): void {
    if (!line.isDelayed) return
    line.isDelayed = false
    this.#delayedCount--
  }

  #nextDelayed(): DelayedLine | undefined {
    for (;;) {
      const next = this.#delayed.peek()
      if (!next || (next.line.isDelayed && next.line.notBefore === next.until)) return next
      this.#delayed.pop()
    }
  }

  #putBehind(line: Line, actors: readonly number[]): void {
    line.behind ??= new Set()
    for (const actor of actors) {
      line.behind.add(actor)
      const followers = this.#followers.get(actor)
      if (followers) followers.push(line.actor)
      else this.#followers.set(actor, [line.actor])
    }
  }

  #close({ actor }: Line): void {
    this.#lines.delete(actor)
    const followers = this.#followers.get(actor)
    if (!followers) return
    this.#followers.delete(actor)
    for (const follower of followers) {
      const line = this.#lines.get(follower)
      if (!line?.behind?.delete(actor) || line.behind.size > 0) continue
      line.behind = undefined
      if (line.deliveries.length > 0) this.#makeReady(line)
      else this.#close(line)
    }
  }

  #laneOf({ actor }: Line): number {
    return actor % this.lanes
  }
}

/** First in, first out, without moving what waits. */
class ReadyLines {
  #lines: Line[] = []
  #head = 0

  get size(): number {
    return this.#lines.length - this.#head
  }

  push(line: Line): void {
    this.#lines.push(line)
  }

  shift(): Line | undefined {
    const line = this.#lines[this.#head]
    if (!line) return undefined
    this.#head++
    if (this.#head > 1024 && this.#head * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#head)
      this.#head = 0
    }
    return line
  }
}
