/**
 * The live feed: transitions to readers, as they go live, and to those who come back, from where they were.
 *
 * L1. A reader is sent each transition that it asks for once, in order. If some are no longer there, it is told so
 *     first, by a `gap`.
 * L2. Nobody waits for a reader. One that takes nothing from one heartbeat to the next, or whose next transition has
 *     left while it was full, is `dropped`.
 * L3. Readers are bounded; a further one is refused.
 */
import type { Observable, Subscription } from 'rxjs'
import type { Shard } from '../../actors/engine/shard.ts'
import { EngineError } from '../model/errors.ts'
import type { SegmentIds } from '../model/segment-id.ts'
import { formatInstant } from '../model/time.ts'
import type { SetTimer } from '../model/timer.ts'
import type { Transition } from '../model/transition.ts'
import {
  compareTransitionIds,
  type FeedApi,
  type FeedFilter,
  type FeedReader,
  type FeedSubscription,
  formatTransitionId,
  readTransitionId,
  type TransitionId,
} from '../model/transition-feed.ts'
import { NOBODY, type RecentTransition, type RecentTransitions } from './recent-transitions.ts'
import type { Registry } from './registry.ts'

export const READERS_MAX = 100
export const HEARTBEAT_MS = 15_000

export interface TransitionFeedOptions {
  readonly recent: RecentTransitions
  readonly registry: Pick<Registry, 'idOf'>
  readonly shard: Pick<Shard, 'ordinalOf' | 'ordinalOfAccount'>
  readonly segmentIds: Pick<SegmentIds, 'of'>
  /** Emits when an entry has been applied; ends with the space. */
  readonly applied$: Observable<unknown>
  readonly timer: SetTimer
}

/** A reader, with how far it has come. */
interface Following {
  readonly filter: FeedFilter
  readonly reader: FeedReader
  /** Number of the next transition that is to be looked at. */
  next: number
  /** The actor whose profile it follows. */
  ordinal: number
  /** True if it was full at the last heartbeat, and has taken nothing since. */
  isStalled: boolean
}

const LATE = 'Transitions have gone by that are kept no longer; the feed is complete after this id'
const UNKNOWN = 'The journal has no such id yet: it is not the one that the id is of; the feed goes on from now'

export class TransitionFeed implements FeedApi {
  readonly #options: TransitionFeedOptions
  readonly #followings = new Set<Following>()
  /** Readers that were dropped, and have not gone. */
  readonly #leaving = new Set<FeedReader>()
  readonly #applying: Subscription
  #isStopped = false
  #cancelHeartbeat: (() => void) | undefined

  constructor(options: TransitionFeedOptions) {
    this.#options = options
    this.#applying = options.applied$.subscribe({
      next: () => this.#sendAll(),
      error: () => this.stop(),
      complete: () => this.stop(),
    })
  }

  /** Keeps L3. */
  follow(filter: FeedFilter, after: string | undefined, reader: FeedReader): FeedSubscription {
    if (this.#isStopped) throw stopped()
    if (this.#followings.size + this.#leaving.size >= READERS_MAX)
      throw new EngineError('rate_limit_error', `The feed has ${READERS_MAX} readers already; try again later`)
    const { recent } = this.#options
    const asked = after === undefined ? recent.present : readTransitionId(after)
    const ordinal = this.#ordinalOf(filter)
    if (filter.kind === 'profile' && ordinal < 0) throw new EngineError('not_found', 'Profile was not found.')
    const following: Following = { filter, reader, next: recent.next, ordinal, isStalled: false }
    this.#followings.add(following)
    this.#cancelHeartbeat ??= this.#options.timer(() => this.#beat(), HEARTBEAT_MS)
    this.#begin(following, asked)
    this.#send(following)
    return {
      proceed: () => {
        following.isStalled = false
        if (this.#followings.has(following)) this.#send(following)
      },
      leave: () => this.#forget(following),
    }
  }

  /** Ends all, with the reason. */
  stop(): void {
    this.#isStopped = true
    this.#applying.unsubscribe()
    for (const following of this.#followings) this.#drop(following, stopped())
    this.#cancelHeartbeat?.()
  }

  #begin(following: Following, asked: TransitionId): void {
    const { recent } = this.#options
    if (compareTransitionIds(asked, recent.present) > 0) {
      this.#tellGap(following, { code: 'id_unknown', message: UNKNOWN, after: recent.present })
    } else if (compareTransitionIds(asked, recent.completeAfter) < 0) {
      this.#goOnFromFirst(following)
    } else {
      following.next = recent.numberAfter(asked)
      following.reader.send({ id: formatTransitionId(asked) })
    }
  }

  #sendAll(): void {
    for (const following of this.#followings) this.#send(following)
  }

  /** Sends what there is, until the reader is full. Keeps L1 and L2. */
  #send(following: Following): void {
    const { recent } = this.#options
    const { reader, filter } = following
    if (following.next < recent.first) {
      if (reader.isFull) {
        this.#drop(following, slow())
        return
      }
      this.#goOnFromFirst(following)
    }
    const ordinal = this.#ordinalOf(filter)
    // The id of a profile that was united with another names the survivor; one that is forgotten names nobody.
    if (ordinal >= 0) following.ordinal = ordinal
    for (; following.next < recent.next && !reader.isFull; following.next++) {
      const one = recent.at(following.next)
      if (one.transition && isMeant(one.transition, one, following))
        reader.send({ event: 'transition', id: formatTransitionId(one), data: this.#dataOf(one.transition, one) })
    }
  }

  #goOnFromFirst(following: Following): void {
    const { recent } = this.#options
    following.next = recent.first
    this.#tellGap(following, { code: 'transitions_gone', message: LATE, after: recent.completeAfter })
  }

  /** The gap has an id, so that a reader that comes back after it is not told of it again. */
  #tellGap({ reader }: Following, gap: { readonly code: string; readonly message: string; after: TransitionId }): void {
    const id = formatTransitionId(gap.after)
    reader.send({ event: 'gap', id, data: JSON.stringify({ ...gap, after: id }) })
  }

  /** Makes the data of a transition once, however many read it. */
  #dataOf({ at, type, key, profile, value, sequence }: Transition, one: RecentTransition): string {
    const { registry } = this.#options
    const id = registry.idOf({ type: one.type, key })
    const definition = type === 'trait' ? { computedTraitId: id } : { audienceId: id }
    const segmentId = this.#segmentIdOf(one)
    // What is absent is left out by JSON.
    one.data ??= JSON.stringify({
      at: formatInstant(at),
      type,
      key,
      profile,
      segmentId,
      value,
      sequence,
      ...definition,
    })
    return one.data
  }

  /** Returns that of the actor that has the transition now; undefined if it is deleted. */
  #segmentIdOf({ type, ordinal }: RecentTransition): string | undefined {
    return ordinal === NOBODY
      ? undefined
      : this.#options.segmentIds.of(type === 'USERS' ? 'users' : 'accounts', ordinal)
  }

  /** Returns -1 if the filter names nobody. */
  #ordinalOf(filter: FeedFilter): number {
    if (filter.kind !== 'profile') return -1
    const { collection, id } = filter
    const { shard } = this.#options
    if (collection === 'users') return shard.ordinalOf(id.type, id.value)
    return id.type === 'group_id' ? shard.ordinalOfAccount(id.value) : -1
  }

  /** Keeps L2. */
  #beat(): void {
    const { recent, timer } = this.#options
    for (const reader of this.#leaving) reader.cut()
    for (const following of this.#followings) {
      const { reader, isStalled, next } = following
      if (reader.isFull && isStalled) this.#drop(following, slow())
      else if (reader.isFull) following.isStalled = true
      // A reader for which nothing has come in a long time has a recent id nevertheless.
      else if (next === recent.next) reader.send({ id: formatTransitionId(recent.present) })
    }
    const isNeeded = this.#followings.size + this.#leaving.size > 0
    this.#cancelHeartbeat = isNeeded ? timer(() => this.#beat(), HEARTBEAT_MS) : undefined
  }

  #drop(following: Following, { code, message }: { readonly code: string; readonly message: string }): void {
    const { reader } = following
    this.#followings.delete(following)
    this.#leaving.add(reader)
    reader.send({ event: 'dropped', data: JSON.stringify({ code, message }) })
    reader.end()
  }

  #forget(following: Following): void {
    this.#followings.delete(following)
    this.#leaving.delete(following.reader)
  }
}

function isMeant(
  { key }: Transition,
  { type, ordinal }: RecentTransition,
  { filter, ordinal: own }: Following,
): boolean {
  switch (filter.kind) {
    case 'space':
      return true
    case 'definition':
      return type === filter.type && key === filter.key
    case 'profile':
      return ordinal === own
  }
}

function slow(): { readonly code: string; readonly message: string } {
  return { code: 'slow_reader', message: 'The reader takes less than goes live; it may come back with its last id' }
}

function stopped(): EngineError {
  return new EngineError('unavailable', 'The server stops; come back with the last id')
}
