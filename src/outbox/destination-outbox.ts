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
interface ActorQueue {
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
export interface ActorQueueState {
  readonly actor: number
  readonly deliveries: readonly Delivery[]
  readonly attempts: number
  readonly triedSince: number
  readonly notBefore: number
  readonly behind: readonly number[]
}

/** A line that waits, unless it has gone on since: then it waits no more, or until another instant. */
interface DelayedQueue {
  readonly queue: ActorQueue
  readonly until: number
}

/** How often and since when a delivery was tried, this time included. */
export interface Tried {
  readonly delivery: Delivery
  readonly attempts: number
  /** Epoch ms. */
  readonly triedSince: number
}

export class DestinationOutbox {
  readonly lanes: number
  readonly #queues = new Map<number, ActorQueue>()
  /** By actor: those whose lines are behind its own. */
  readonly #followers = new Map<number, number[]>()
  readonly #underWay = new Map<number, ActorQueue>()
  /** By lane: lines whose first delivery can be sent. */
  readonly #ready: ReadyQueues[]
  readonly #delayed = new TinyQueue<DelayedQueue>([], (a, b) => a.until - b.until)
  #size = 0
  #delayedCount = 0

  constructor(lanes: number) {
    this.lanes = lanes
    this.#ready = Array.from({ length: lanes }, () => new ReadyQueues())
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
    for (const { deliveries, isDelayed } of this.#queues.values())
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
    const queue = this.#queueOf(delivery.actor)
    queue.deliveries.push(delivery)
    this.#size++
    this.#makeReady(queue)
  }

  /** What waits, has the same name and was queued before an instant gives way. Gives how many went. Keeps O4. */
  collapse(delivery: Delivery, before: number): number {
    const queue = this.#queues.get(delivery.actor)
    if (!queue) return 0
    const name = nameOf(delivery)
    return this.#take(queue, (other) => other.queuedAt <= before && nameOf(other) === name)
  }

  /** Takes lines that are ready for a lane, one delivery of each, until `isEnough` of the last one. Keeps O1. */
  take(lane: number, isEnough: (delivery: Delivery) => boolean, now: number): Delivery[] {
    const ready = this.#ready[lane]!
    const taken: Delivery[] = []
    for (let queue = ready.shift(); queue; queue = ready.shift()) {
      queue.isReady = false
      const delivery = queue.deliveries[0]
      // What was ready may have been cleared, adopted and delayed, or put behind others.
      if (!delivery || queue.isUnderWay || queue.isDelayed || queue.behind) continue
      this.#begin(queue, delivery, now)
      taken.push(delivery)
      if (isEnough(delivery)) break
    }
    return taken
  }

  /** A job that was found in the queue has this delivery. False where there is none such that waits. */
  adopt({ number, actor }: { readonly number: number; readonly actor: number }, now: number): boolean {
    const queue = this.#queues.get(actor)
    if (queue?.deliveries[0]?.number !== number || queue.isUnderWay) return false
    this.#begin(queue, queue.deliveries[0], now)
    return true
  }

  /**
   * It has arrived, or has failed for good, tried by this process or by one before it. Gives it; undefined where it is
   * not here any more.
   */
  settle({ number, actor }: { readonly number: number; readonly actor: number }): Tried | undefined {
    const queue = this.#underWay.get(number)
    if (!queue) return this.#remove(number, actor)
    this.#underWay.delete(number)
    const tried = this.#triedOf(queue)
    queue.deliveries.shift()
    this.#size--
    queue.isUnderWay = false
    this.#startOver(queue)
    this.#closeIfEmpty(queue)
    return tried
  }

  /** How often it was tried by now. */
  triedOf(number: number): Tried | undefined {
    const queue = this.#underWay.get(number)
    return queue && this.#triedOf(queue)
  }

  /** It is to be tried again, not before an instant. Keeps O2. */
  retry(number: number, notBefore: number): void {
    const queue = this.#endTry(number)
    if (!queue) return
    queue.notBefore = notBefore
    this.#delay(queue)
  }

  /** It was not tried after all. */
  putBack(number: number): void {
    const queue = this.#endTry(number)
    if (!queue) return
    queue.attempts--
    if (queue.attempts === 0) queue.triedSince = 0
    this.#makeReady(queue)
  }

  /** Lines whose time to be tried again has come are ready. */
  wake(now: number): void {
    for (let next = this.#nextDelayed(); next && next.until <= now; next = this.#nextDelayed()) {
      this.#endDelay(next.queue)
      this.#makeReady(next.queue)
    }
  }

  /** Users have become one: what comes for the survivor comes after what waits for the others. Keeps O3. */
  unite(survivor: number, absorbed: readonly number[]): void {
    const open = absorbed.filter((actor) => this.#queues.has(actor))
    if (open.length === 0) return
    const queue = this.#queueOf(survivor)
    this.#putBehind(queue, open)
  }

  /** Forgets what is concerned, unless it is under way. Gives how many went. Keeps O4. */
  clear(isConcerned: (delivery: Delivery) => boolean): number {
    const before = this.#size
    for (const queue of [...this.#queues.values()]) {
      this.#take(queue, isConcerned)
      this.#closeIfEmpty(queue)
    }
    return before - this.#size
  }

  /** Of the lines as they are now; the deliveries themselves never change. */
  state(): ActorQueueState[] {
    return Array.from(this.#queues.values(), ({ actor, deliveries, attempts, triedSince, notBefore, behind }) => ({
      actor,
      deliveries: [...deliveries],
      attempts,
      triedSince,
      notBefore,
      behind: behind ? [...behind] : [],
    }))
  }

  /** Lines as a checkpoint has them, all of them before any is used. */
  restore(states: Iterable<ActorQueueState>): void {
    for (const { actor, deliveries, attempts, triedSince, notBefore, behind } of states) {
      const queue = this.#queueOf(actor)
      queue.deliveries.push(...deliveries)
      this.#size += deliveries.length
      Object.assign(queue, { attempts, triedSince, notBefore })
      if (behind.length > 0) this.#putBehind(queue, behind)
      if (notBefore > 0) this.#delay(queue)
      else this.#makeReady(queue)
    }
  }

  #remove(number: number, actor: number): Tried | undefined {
    const queue = this.#queues.get(actor)
    const delivery = queue?.deliveries.find((other) => other.number === number)
    if (!queue || !delivery) return undefined
    this.#take(queue, (other) => other === delivery)
    this.#closeIfEmpty(queue)
    return { delivery, attempts: 1, triedSince: 0 }
  }

  /** Takes out of a line what is not under way. Gives how many went. */
  #take(queue: ActorQueue, isConcerned: (delivery: Delivery) => boolean): number {
    const { deliveries } = queue
    const [first] = deliveries
    const kept = deliveries.filter((delivery, index) => (index === 0 && queue.isUnderWay) || !isConcerned(delivery))
    const count = deliveries.length - kept.length
    if (count === 0) return 0
    deliveries.splice(0, Infinity, ...kept)
    this.#size -= count
    if (kept[0] !== first) this.#startOver(queue)
    return count
  }

  /** Another delivery is the first of a line: it has not been tried, and waits for nothing. */
  #startOver(queue: ActorQueue): void {
    queue.attempts = queue.triedSince = queue.notBefore = 0
    this.#endDelay(queue)
    this.#makeReady(queue)
  }

  #closeIfEmpty(queue: ActorQueue): void {
    if (queue.deliveries.length === 0 && !queue.behind) this.#close(queue)
  }

  #begin(queue: ActorQueue, { number }: Delivery, now: number): void {
    // One that was found in the queue may have waited.
    this.#endDelay(queue)
    queue.notBefore = 0
    queue.isUnderWay = true
    queue.attempts++
    if (queue.triedSince === 0) queue.triedSince = now
    this.#underWay.set(number, queue)
  }

  #endTry(number: number): ActorQueue | undefined {
    const queue = this.#underWay.get(number)
    if (!queue) return undefined
    this.#underWay.delete(number)
    queue.isUnderWay = false
    return queue
  }

  #triedOf({ deliveries, attempts, triedSince }: ActorQueue): Tried {
    return { delivery: deliveries[0]!, attempts, triedSince }
  }

  #queueOf(actor: number): ActorQueue {
    const held = this.#queues.get(actor)
    if (held) return held
    const queue: ActorQueue = {
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
    this.#queues.set(actor, queue)
    return queue
  }

  #makeReady(queue: ActorQueue): void {
    if (queue.isReady || queue.isUnderWay || queue.isDelayed || queue.behind || queue.deliveries.length === 0) return
    queue.isReady = true
    this.#ready[this.#laneOf(queue)]!.push(queue)
  }

  #delay(queue: ActorQueue): void {
    queue.isDelayed = true
    this.#delayed.push({ queue, until: queue.notBefore })
    this.#delayedCount++
  }

  #endDelay(queue: ActorQueue): void {
    if (!queue.isDelayed) return
    queue.isDelayed = false
    this.#delayedCount--
  }

  #nextDelayed(): DelayedQueue | undefined {
    for (;;) {
      const next = this.#delayed.peek()
      if (!next || (next.queue.isDelayed && next.queue.notBefore === next.until)) return next
      this.#delayed.pop()
    }
  }

  #putBehind(queue: ActorQueue, actors: readonly number[]): void {
    queue.behind ??= new Set()
    for (const actor of actors) {
      queue.behind.add(actor)
      const followers = this.#followers.get(actor)
      if (followers) followers.push(queue.actor)
      else this.#followers.set(actor, [queue.actor])
    }
  }

  #close({ actor }: ActorQueue): void {
    this.#queues.delete(actor)
    const followers = this.#followers.get(actor)
    if (!followers) return
    this.#followers.delete(actor)
    for (const follower of followers) {
      const queue = this.#queues.get(follower)
      if (!queue?.behind?.delete(actor) || queue.behind.size > 0) continue
      queue.behind = undefined
      if (queue.deliveries.length > 0) this.#makeReady(queue)
      else this.#close(queue)
    }
  }

  #laneOf({ actor }: ActorQueue): number {
    return actor % this.lanes
  }
}

/** First in, first out, without moving what waits. */
class ReadyQueues {
  #queues: ActorQueue[] = []
  #head = 0

  get size(): number {
    return this.#queues.length - this.#head
  }

  push(queue: ActorQueue): void {
    this.#queues.push(queue)
  }

  shift(): ActorQueue | undefined {
    const queue = this.#queues[this.#head]
    if (!queue) return undefined
    this.#head++
    if (this.#head > 1024 && this.#head * 2 > this.#queues.length) {
      this.#queues = this.#queues.slice(this.#head)
      this.#head = 0
    }
    return queue
  }
}
