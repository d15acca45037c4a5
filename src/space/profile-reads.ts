/**
 * Reads of profiles beyond their traits: by segment id, their events, their links, and lists of them.
 *
 * R1. Whatever looks at many does so in turns of the event loop, and lets pages leave memory that it has brought back.
 * R2. What was in memory before a turn may have left it: it is asked for again afterwards.
 */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import { expiresAt } from '../../actors/engine/expiry.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import { EventSearch } from '../../actors/history/event-search.ts'
import { EngineError } from '../model/errors.ts'
import type { EventPage, EventQuery } from '../model/event-query.ts'
import type { ListRange, ProfileList, ProfileName, Sought } from '../model/profile-search.ts'
import type { SegmentIds } from '../model/segment-id.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import type { SpaceReads } from './space-reads.ts'

export interface ProfileReadsOptions {
  readonly shard: Shard
  readonly reads: SpaceReads
  readonly segmentIds: SegmentIds
  /** Lets pages leave memory that were brought back; resolves when they have. */
  readonly relieve: () => Promise<void>
  /** Lets the event loop go round. */
  readonly breathe: () => Promise<void>
  readonly limits?: Partial<ProfileReadLimits>
}

export interface ProfileReadLimits {
  /** So many events, or profiles, are passed in one turn. */
  readonly turnEvents: number
  readonly turnProfiles: number
  /** So many users of an account are fetched at a time. */
  readonly turnUsers: number
  /** So many profiles, or pages that had left memory, one search for a prefix passes. */
  readonly searchProfilesMax: number
  readonly searchPagesMax: number
  /** So many pages are brought back before others are let go. */
  readonly reliefPages: number
}

const LIMITS: ProfileReadLimits = {
  turnEvents: 20_000,
  turnProfiles: 1_000,
  turnUsers: 64,
  searchProfilesMax: 100_000,
  searchPagesMax: 64,
  reliefPages: 32,
}
/** An account whose users change meanwhile is looked at again, so often at most. */
const ATTEMPTS_MAX = 3

export class ProfileReads {
  readonly #options: ProfileReadsOptions
  readonly #limits: ProfileReadLimits
  /** Pages that were brought back since some were last let go. */
  #loaded = 0

  constructor(options: ProfileReadsOptions) {
    this.#options = options
    this.#limits = { ...LIMITS, ...options.limits }
  }

  /** Finds a profile by any of its names; see `SpaceReads.find`. */
  find(
    collection: Collection,
    name: ProfileName,
    withUsers = false,
  ): SpaceActor | undefined | Promise<SpaceActor | undefined> {
    const { reads } = this.#options
    if (!('segmentId' in name)) return reads.find(collection, name, withUsers)
    const ordinal = this.#ordinalOf(collection, name.segmentId)
    return ordinal === undefined ? undefined : reads.at([ordinal], withUsers).then(([actor]) => actor)
  }

  segmentIdOf(actor: SpaceActor): string {
    return this.#idOf(actor.kind === 'user' ? 'users' : 'accounts', actor.ordinal)
  }

  /** Returns the instant at which a profile is forgotten unless a call comes, epoch ms; undefined if it is kept. */
  expiryOf(actor: SpaceActor): number | undefined {
    const at = expiresAt(actor, this.#options.shard.retention)
    return at === Infinity ? undefined : at
  }

  /** Finds a page of kept events: of a user, or of all users of an account. Keeps R2. */
  async eventsOf(actor: SpaceActor, query: EventQuery): Promise<EventPage<SpaceActor>> {
    for (let attempt = 1; ; attempt++) {
      const users = usersOf(actor)
      const search = new EventSearch(query)
      await this.#searchAll(actor, users, search)
      await this.#at([actor.ordinal])
      const isSame = users.join() === usersOf(actor).join()
      if (isSame || attempt === ATTEMPTS_MAX) return this.#withUsers(search.page())
    }
  }

  /** Lists the accounts of a user, or the users of an account, in the order in which they were linked. */
  async linkedTo(actor: SpaceActor, { next, limit }: ListRange): Promise<ProfileList<SpaceActor>> {
    const collection = actor.kind === 'user' ? 'accounts' : 'users'
    const ordinals = actor.kind === 'user' ? actor.accountOrdinals : actor.userOrdinals
    const start = next === undefined ? 0 : ordinals.indexOf(this.#decoded(collection, next))
    if (start < 0) throw noCursor()
    return this.#listed(collection, ordinals.slice(start, start + limit + 1), limit)
  }

  /** Lists profiles in the order of their creation. */
  list(collection: Collection, { next, limit }: ListRange): Promise<ProfileList<SpaceActor>> {
    const first = next === undefined ? 0 : this.#decoded(collection, next)
    const ordinals = this.#options.shard.reader.ordinalsFrom(first, collection === 'accounts', limit + 1)
    return this.#listed(collection, ordinals, limit)
  }

  /** Lists the profiles that are searched for. A page of a search by prefix may have fewer than there are. */
  async search(collection: Collection, sought: Sought, range: ListRange): Promise<ProfileList<SpaceActor>> {
    if (sought.kind === 'prefixed') return this.#searchPrefix(collection, sought, range)
    if (sought.kind === 'valued') return { profiles: await this.#at(this.#valued(collection, sought.value)) }
    const profile = await this.find(collection, sought.name)
    return { profiles: profile ? [profile] : [] }
  }

  #valued(collection: Collection, value: string): readonly number[] {
    const { shard } = this.#options
    if (collection === 'users') return shard.reader.usersNamed(value)
    const ordinal = shard.ordinalOfAccount(value)
    return ordinal < 0 ? [] : [ordinal]
  }

  /** Keeps R1 and R2. */
  async #searchPrefix(
    collection: Collection,
    { prefix, type }: Extract<Sought, { kind: 'prefixed' }>,
    { next, limit }: ListRange,
  ): Promise<ProfileList<SpaceActor>> {
    const { shard, reads, breathe } = this.#options
    const { turnProfiles, searchProfilesMax, searchPagesMax } = this.#limits
    const wanted = prefix.toLowerCase()
    const isWanted = (id: { readonly type: string; readonly value: string }): boolean =>
      (type === undefined || id.type === type) && id.value.toLowerCase().startsWith(wanted)
    const found: number[] = []
    let from = next === undefined ? 0 : this.#decoded(collection, next)
    let [looked, fetched] = [0, 0]
    for (;;) {
      const ordinals = shard.reader.ordinalsFrom(from, collection === 'accounts', turnProfiles)
      for (const ordinal of ordinals) {
        const missing = reads.pagesOf([ordinal]).length
        fetched += missing
        const isOver = found.length === limit || looked === searchProfilesMax || fetched > searchPagesMax
        if (isOver) return { profiles: await this.#at(found), next: this.#idOf(collection, ordinal) }
        const [actor] = missing > 0 ? await this.#at([ordinal]) : [shard.reader.view(ordinal)]
        if (actor?.ids.some(isWanted)) found.push(ordinal)
        looked++
      }
      if (ordinals.length < turnProfiles) return { profiles: await this.#at(found) }
      from = ordinals.at(-1)! + 1
      await breathe()
    }
  }

  async #listed(collection: Collection, ordinals: readonly number[], limit: number): Promise<ProfileList<SpaceActor>> {
    const profiles = await this.#at(ordinals.slice(0, limit))
    const next = ordinals[limit]
    return { profiles, ...(next !== undefined && { next: this.#idOf(collection, next) }) }
  }

  /** Keeps R1. */
  async #searchAll(actor: SpaceActor, users: readonly number[], search: EventSearch): Promise<void> {
    const { breathe } = this.#options
    const { turnEvents, turnUsers } = this.#limits
    const { rows, histories } = actor.store
    let turns = 0
    for (let from = 0; from < users.length; from += turnUsers) {
      const some = users.slice(from, from + turnUsers)
      await this.#at([actor.ordinal, ...some])
      for (const user of some) if (rows.at(user) !== 0) search.look(histories, rows.at(user), user)
      if (search.looked < (turns + 1) * turnEvents) continue
      turns = Math.floor(search.looked / turnEvents)
      await breathe()
    }
  }

  async #withUsers({ events, next }: EventPage<number>): Promise<EventPage<SpaceActor>> {
    const ordinals = [...new Set(events.map(({ user }) => user))]
    const users = new Map((await this.#at(ordinals)).map((user) => [user.ordinal, user]))
    const found = events.flatMap(({ event, user }) => {
      const of = users.get(user)
      return of ? [{ event, user: of }] : []
    })
    return { events: found, ...(next && { next }) }
  }

  async #at(ordinals: readonly number[]): Promise<SpaceActor[]> {
    const { shard, reads, relieve } = this.#options
    const missing = reads.pagesOf(ordinals).length
    if (missing > 0 && this.#loaded >= this.#limits.reliefPages && shard.isOverMemory) {
      this.#loaded = 0
      await relieve()
    }
    this.#loaded += missing
    return reads.at(ordinals)
  }

  #idOf(collection: Collection, ordinal: number): string {
    return this.#options.segmentIds.of(collection, ordinal)
  }

  /** Returns the ordinal of the profile that a segment id names; undefined if there is none. */
  #ordinalOf(collection: Collection, segmentId: string): number | undefined {
    const given = this.#options.segmentIds.ordinalOf(collection, segmentId)
    if (given === undefined) return undefined
    const ordinal = this.#options.shard.reader.presentOrdinal(given)
    return ordinal < 0 ? undefined : ordinal
  }

  #decoded(collection: Collection, next: string): number {
    const ordinal = this.#options.segmentIds.ordinalOf(collection, next)
    if (ordinal === undefined) throw noCursor()
    return ordinal
  }
}

function usersOf(actor: SpaceActor): readonly number[] {
  return actor.kind === 'user' ? [actor.ordinal] : actor.userOrdinals
}

function noCursor(): EngineError {
  return new EngineError('validation_error', 'next: expected the cursor of the page before', 'next')
}
