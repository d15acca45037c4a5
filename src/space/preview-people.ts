/** Users and accounts as previews show them. */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { JsonValue } from '../model/json.ts'
import type { PreviewMember, PreviewPage } from '../model/preview.ts'
import type { ActorWalk } from './actor-walk.ts'
import type { PreviewContext } from './preview-context.ts'

type Person = Pick<PreviewMember, 'id' | 'externalIds' | 'traits'>

export class PreviewPeople {
  readonly #context: Pick<PreviewContext, 'shard' | 'traitOf'>
  readonly #walk: ActorWalk

  constructor(context: PreviewContext, walk: ActorWalk) {
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
