/**
 * The members of an audience by pages, in the order in which actors came into the space: an ordinal is for good, so
 * that whoever stays a member is on one page, and on one alone. Each page is of its own time.
 */
import type { DefinitionSource } from '../model/definition.ts'
import { EngineError } from '../model/errors.ts'
import type { ListedMember, MemberPage } from '../model/export.ts'
import type { SegmentIds } from '../model/segment-id.ts'
import { ActorWalk, type WalkContext } from '../space/actor-walk.ts'
import { AccountsAsOf } from './accounts-as-of.ts'
import { ExportedDefinition, type TraitReading } from './exported-definition.ts'

/** A page is complete, with fewer members than it may have, when so many actors have been looked at for it. */
const LOOKED_MAX = 200_000
/** Likewise when so many pages of actors have been brought back into memory. */
const LOADED_MAX = 256

export interface MemberContext extends WalkContext {
  readonly clock: () => number
  readonly segmentIds: Pick<SegmentIds, 'of'>
  /** Returns the number of a definition; undefined if it is not there, or not computed. */
  readonly numberOf: (source: DefinitionSource) => number | undefined
  /** Returns the traits as the present definitions make them. */
  readonly traits: () => TraitReading
}

export interface MemberQuery {
  readonly source: DefinitionSource
  readonly traits: readonly string[]
  /** At most so many members. */
  readonly limit: number
  /** The place that it begins at; 0 for the first. */
  readonly from: number
}

export class MemberPages {
  readonly #context: MemberContext

  constructor(context: MemberContext) {
    this.#context = context
  }

  /** Rejects with an EngineError if the audience is not computed. */
  async page({ source, traits, limit, from }: MemberQuery): Promise<MemberPage> {
    const { shard, clock, segmentIds, numberOf, load } = this.#context
    const { reader, definitions } = shard
    const number = numberOf(source)
    const draft = number === undefined ? undefined : shard.drafts.draftOf(number)
    if (number === undefined || !draft)
      throw new EngineError('not_found', 'id: it is disabled or removed, so that nobody is in it', 'id')
    const collection = source.type === 'USERS' ? 'users' : 'accounts'
    const reading = this.#context.traits()
    const definition = new ExportedDefinition({ source, number, collection, ids: undefined, traits, reading })
    const present = new AccountsAsOf([])
    const members: ListedMember[] = []
    let [next, loaded] = [from, 0]
    const counting = {
      ...this.#context,
      load: (pages: readonly number[]) => {
        loaded += pages.length
        return load(pages)
      },
    }
    const look = (ordinal: number): void => {
      next = ordinal + 1
      reader.see(ordinal, (actor) => {
        const member = definition.memberOf(actor, present)
        if (!member) return
        const until = draft.until(actor, Math.max(shard.clock, clock()))
        members.push({ ...member, segmentId: segmentIds.of(collection, ordinal), until })
      })
    }
    const isOver = (): boolean =>
      members.length >= limit ||
      next - from >= LOOKED_MAX ||
      loaded >= LOADED_MAX ||
      // What it is defined by may be another.
      shard.definitions !== definitions
    const ordinals = function* (): Generator<number> {
      for (let ordinal = from; ordinal < reader.nextOrdinal; ordinal++)
        if (reader.kindAt(ordinal) === definition.kind) yield ordinal
        else next = ordinal + 1
    }
    await new ActorWalk(counting, draft.kind === 'account').each(ordinals(), look, isOver)
    return { members, next: next < reader.nextOrdinal ? next : undefined }
  }
}
