/**
 * Deliveries that still have to arrive at one destination: a queue for each actor, in lanes.
 *
 * O1. Deliveries of one actor go one after the other: the next when the one before has arrived, or has failed for good.
 * O2. One that has to be tried again holds up its own queue, and no other.
 * O3. A queue that is behind others goes on when those are empty: a user that took others over comes after them.
 * O4. The caller bounds what waits: `collapse` keeps the latest of each name, `clear` keeps deliveries under way.
 * O5. Of a profile that is deleted, no more waits than the latest of each name, with what its call needs; nothing moot.
 */
import { addToGroup } from '../model/groups.ts'
import Denque from 'denque'
import { type ActorQueue, type ActorQueueState, emptyQueue, stateOf, type Tried, triedOf } from './actor-queue.ts'
import { DelayedQueues } from './delayed-queues.ts'
import { asFinal, type Delivery, isMoot, nameOf } from './delivery.ts'

export class DestinationOutbox {
  readonly lanes: number
  readonly #queues = new Map<number, ActorQueue>()
  /** By actor: the actors whose queues are behind its own. */
  readonly #followers = new Map<number, number[]>()
  readonly #underWay = new Map<number, ActorQueue>()
  /** By lane: queues whose first delivery can be sent. */
  readonly #ready: readonly Denque<ActorQueue>[]
  readonly #delayed = new DelayedQueues()
  #size = 0

  constructor(lanes: number) {
    this.lanes = lanes
    this.#ready = Array.from({ length: lanes }, () => new Denque<ActorQueue>())
  }

  /** Deliveries that have not arrived, those under way included. */
  get size(): number {
    return this.#size
  }

  get underWayCount(): number {
    return this.#underWay.size
  }

  /** Queues whose first delivery waits to be tried again. */
  get retryingCount(): number {
    return this.#delayed.count
  }

  /** The instant at which the next delivery is to be tried again, epoch ms; infinite if none is. */
  get nextRetryAt(): number {
    return this.#delayed.nextAt
  }

  /** Counts the deliveries of one connection that wait, and those of them that have been tried. */
  countOf(connectionId: string): { readonly waiting: number; readonly retrying: number } {
    let [waiting, retrying] = [0, 0]
    for (const { deliveries, isDelayed } of this.#queues.values())
      for (const [index, delivery] of deliveries.entries()) {
        if (delivery.connectionId !== connectionId) continue
        waiting++
        if (index === 0 && isDelayed) retrying++
      }
    return { waiting, retrying }
  }

  /** Returns when the first delivery of an actor was queued, epoch ms; undefined if it has none that can be sent. */
  queuedAtOf(actor: number): number | undefined {
    const queue = this.#queues.get(actor)
    return queue?.isReady ? queue.deliveries[0]?.queuedAt : undefined
  }

  isReady(lane: number): boolean {
    return this.#ready[lane]!.length > 0
  }

  add(delivery: Delivery): void {
    const queue = this.#queueOf(delivery.actor)
    queue.deliveries.push(delivery)
    this.#size++
    this.#makeReady(queue)
  }

  /** Drops waiting deliveries of the same name queued up to `until`; returns how many. Keeps O4. */
  collapse(delivery: Delivery, until: number): number {
    const queue = this.#queues.get(delivery.actor)
    if (!queue) return 0
    const name = nameOf(delivery)
    return this.#drop(queue, (other) => other.queuedAt <= until && nameOf(other) === name)
  }

  /** Begins the first delivery of ready queues of a lane, until `isEnough` of the last one. Keeps O1. */
  begin(lane: number, isEnough: (delivery: Delivery) => boolean, now: number): Delivery[] {
    const ready = this.#ready[lane]!
    const begun: Delivery[] = []
    for (let queue = ready.shift(); queue; queue = ready.shift()) {
      queue.isReady = false
      const delivery = queue.deliveries[0]
      // A ready queue may have been cleared, adopted and delayed, or put behind others.
      if (!delivery || queue.isUnderWay || queue.isDelayed || queue.behind) continue
      this.#beginFirst(queue, delivery, now)
      begun.push(delivery)
      if (isEnough(delivery)) break
    }
    return begun
  }

  /** Begins a delivery that was found in the queue of jobs; returns false if it does not wait here. */
  adopt({ number, actor }: { readonly number: number; readonly actor: number }, now: number): boolean {
    const queue = this.#queues.get(actor)
    if (queue?.deliveries[0]?.number !== number || queue.isUnderWay) return false
    this.#beginFirst(queue, queue.deliveries[0], now)
    return true
  }

  /**
   * Removes a delivery that has arrived, or has failed for good, tried by this process or by one before it. Returns
   * undefined if it is not here any more.
   */
  finish({ number, actor }: { readonly number: number; readonly actor: number }): Tried | undefined {
    const queue = this.#endTry(number)
    if (!queue) return this.#remove(number, actor)
    const tried = triedOf(queue)
    queue.deliveries.shift()
    this.#size--
    this.#startOver(queue)
    this.#closeIfEmpty(queue)
    return tried
  }

  /** Returns how often a delivery that is under way was tried. */
  triedOf(number: number): Tried | undefined {
    const queue = this.#underWay.get(number)
    return queue && triedOf(queue)
  }

  /** Lets a delivery wait until it may be tried again. Keeps O2. */
  retry(number: number, notBefore: number): void {
    const queue = this.#endTry(number)
    if (!queue) return
    if (this.#giveWay(queue)) return
    queue.notBefore = notBefore
    this.#delayed.add(queue)
  }

  /** Lets a delivery wait that was not tried after all. */
  putBack(number: number): void {
    const queue = this.#endTry(number)
    if (!queue) return
    if (this.#giveWay(queue)) return
    queue.attempts--
    if (queue.attempts === 0) queue.triedSince = 0
    this.#makeReady(queue)
  }

  /** Makes the queues ready whose time to be tried again has come. */
  wake(now: number): void {
    for (const queue of this.#delayed.wake(now)) this.#makeReady(queue)
  }

  /** Puts a user's queue behind those of the users that it took over. Keeps O3. */
  unite(survivor: number, absorbed: readonly number[]): void {
    const open = absorbed.filter((actor) => this.#queues.has(actor))
    if (open.length > 0) this.#putBehind(this.#queueOf(survivor), open)
  }

  /** Reduces what waits for an actor whose profile is deleted; returns how many deliveries it drops. Keeps O5. */
  reduce(actor: number): number {
    const queue = this.#queues.get(actor)
    if (!queue) return 0
    const latest = new Map(queue.deliveries.map((delivery) => [nameOf(delivery), delivery]))
    const dropped = this.#drop(queue, (delivery) => latest.get(nameOf(delivery)) !== delivery || isMoot(delivery))
    queue.deliveries.splice(0, Infinity, ...queue.deliveries.map(asFinal))
    this.#closeIfEmpty(queue)
    return dropped
  }

  /** Drops the deliveries that match, unless they are under way; returns how many. Keeps O4. */
  clear(matches: (delivery: Delivery) => boolean): number {
    const before = this.#size
    for (const queue of [...this.#queues.values()]) {
      this.#drop(queue, matches)
      this.#closeIfEmpty(queue)
    }
    return before - this.#size
  }

  state(): ActorQueueState[] {
    return Array.from(this.#queues.values(), stateOf)
  }

  /** Puts queues back as a checkpoint has them; all of them, before any is used. */
  restore(states: Iterable<ActorQueueState>): void {
    for (const { actor, deliveries, attempts, triedSince, notBefore, behind } of states) {
      const queue = this.#queueOf(actor)
      queue.deliveries.push(...deliveries)
      this.#size += deliveries.length
      Object.assign(queue, { attempts, triedSince, notBefore })
      if (behind.length > 0) this.#putBehind(queue, behind)
      if (notBefore > 0) this.#delayed.add(queue)
      else this.#makeReady(queue)
    }
  }

  #remove(number: number, actor: number): Tried | undefined {
    const queue = this.#queues.get(actor)
    const delivery = queue?.deliveries.find((other) => other.number === number)
    if (!queue || !delivery) return undefined
    this.#drop(queue, (other) => other === delivery)
    this.#closeIfEmpty(queue)
    return { delivery, attempts: 1, triedSince: 0 }
  }

  #drop(queue: ActorQueue, matches: (delivery: Delivery) => boolean): number {
    const { deliveries } = queue
    const [first] = deliveries
    const kept = deliveries.filter((delivery, index) => (index === 0 && queue.isUnderWay) || !matches(delivery))
    const count = deliveries.length - kept.length
    if (count === 0) return 0
    deliveries.splice(0, Infinity, ...kept)
    this.#size -= count
    if (kept[0] !== first) this.#startOver(queue)
    return count
  }

  /**
   * Drops the first delivery, which was tried in vain, if its profile is deleted, and it is moot or a later one has its
   * name.
   */
  #giveWay(queue: ActorQueue): boolean {
    const [first, ...later] = queue.deliveries
    if (!first?.isFinal) return false
    if (!isMoot(first) && !later.some((delivery) => nameOf(delivery) === nameOf(first))) return false
    this.#drop(queue, (delivery) => delivery === first)
    this.#closeIfEmpty(queue)
    return true
  }

  /** Another delivery is the first of a queue: it has not been tried, and may go at once. */
  #startOver(queue: ActorQueue): void {
    queue.attempts = queue.triedSince = queue.notBefore = 0
    this.#delayed.remove(queue)
    this.#makeReady(queue)
  }

  #beginFirst(queue: ActorQueue, { number }: Delivery, now: number): void {
    // One that was found in the queue of jobs may have waited.
    this.#delayed.remove(queue)
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

  #queueOf(actor: number): ActorQueue {
    let queue = this.#queues.get(actor)
    if (!queue) this.#queues.set(actor, (queue = emptyQueue(actor)))
    return queue
  }

  #makeReady(queue: ActorQueue): void {
    if (queue.isReady || queue.isUnderWay || queue.isDelayed || queue.behind || queue.deliveries.length === 0) return
    queue.isReady = true
    this.#ready[queue.actor % this.lanes]!.push(queue)
  }

  #putBehind(queue: ActorQueue, actors: readonly number[]): void {
    queue.behind ??= new Set()
    for (const actor of actors) {
      queue.behind.add(actor)
      addToGroup(this.#followers, actor, queue.actor)
    }
  }

  #closeIfEmpty(queue: ActorQueue): void {
    if (queue.deliveries.length === 0 && !queue.behind) this.#close(queue)
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
}
