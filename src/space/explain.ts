/** Explains why an actor has the value of a definition, or would have that of a draft. It reads the space alone. */
import type { DraftOptions } from '../../actors/engine/draft.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import { settledAt } from '../../actors/actor/settled-at.ts'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import { Explainer } from '../../actors/explanation/explainer.ts'
import type { DefinitionSource } from '../model/definition.ts'
import type { Explanation } from '../model/explanation.ts'

/** Makes the explainer of a definition. */
export function explainerOf({ input, definitions, rules }: DraftOptions, areForgottenCounted: boolean): Explainer {
  const all = definitions.inputs()
  return new Explainer({ input, all, nextId: definitions.nextId + 1, rules, areForgottenCounted })
}

/**
 * Explains the value of a definition that is there, as the actor last settled; undefined if there is none.
 * @param actor in memory, an account with its users
 * @param now epoch ms
 */
export function explainDefinition(
  shard: Shard,
  definition: number,
  actor: SpaceActor,
  now: number,
): Explanation | undefined {
  const options = shard.drafts.optionsOf(definition)
  if (!options) return undefined
  const { kind } = options.input.source
  const explained = explainerOf(options, true).explain(actor, settledAt(Math.max(now, shard.clock), actor.dueAt))
  const value = actor.definedValue(definition) ?? (kind === 'audience' ? false : null)
  return { ...explained, value, exactSince: shard.exactSince(actor, definition) }
}

/** Explains the value that a definition would have that is not there. Throws an EngineError if it does not compile. */
export function explainDraft(shard: Shard, source: DefinitionSource, actor: SpaceActor, now: number): Explanation {
  return explainerOf(shard.drafts.options(source), false).explain(actor, Math.max(now, shard.clock))
}
