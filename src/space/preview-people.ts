/** Users and accounts as previews show them. */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import type { JsonValue } from '../model/json.ts'
import type { PreviewMember, PreviewPage } from '../model/preview.ts'
import type { ActorWalk } from './actor-walk.ts'

export interface PeopleContext {
  readonly shard: Shard
  /** Returns the value of a trait of an actor, as it is shown; undefined if there is none. */
  readonly traitOf: (actor: SpaceActor, name: string) => JsonValue | undefined
}

type Person = Pick<PreviewMember, 'id' | 'externalIds' | 'traits'>

export class PreviewPeople {
  readonly #context: PeopleContext
  readonly #walk: ActorWalk

  constructor(context: PeopleContext, walk: ActorWalk) {
    this.#context = context
    this.#walk = walk
  }

  /** @param names those of the traits that are shown */
  describe(actor: SpaceActor, names: readonly string[]): Person {
    const traits = names.map((name) => [name, this.#context.traitOf(actor, name)] as const)
    return {
      id: actor.label,
      externalIds: actor.kind === 'user' ? actor.ids : [],
      traits: Object.fromEntries(traits.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)),
    }
  }

  /** Brings an actor back into memory if need be, and looks at it. */
  async see(ordinal: number, look: (actor: SpaceActor) => void): Promise<void> {
    await this.#walk.bring(ordinal)
    this.#context.shard.reader.see(ordinal, look)
  }

  /** Describes the first of some, with where the others begin. */
  async page(
    ordinals: Iterable<number>,
    { limit, traits }: { readonly limit: number; readonly traits: readonly string[] },
  ): Promise<PreviewPage> {
    const members: Person[] = []
    for (const ordinal of ordinals) {
      if (members.length === limit) return { members, next: ordinal }
      await this.see(ordinal, (actor) => members.push(this.describe(actor, traits)))
    }
    return { members, next: undefined }
  }
}
