/**
 * Compares what is kept of an actor with what its kept events determine. The states are computed again beside those
 * that are there, and taken back.
 */
import type { JsonValue } from '../../src/model/json.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import { settledAt } from '../actor/settled-at.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { sameValue } from '../values/values.ts'

/** Something of an actor that is not as its events make it. */
export interface Difference {
  /** `user_id:u1`. */
  readonly profile: string
  /** A definition by its key, a state by its expression, or the next deadline if it comes too late. */
  readonly of: string
  readonly kept: JsonValue
  readonly computed: JsonValue
}

/**
 * Returns the differences of an actor; none if its states are still to be computed. For an engine that is only looked
 * at: states that are objects are lost.
 * @param now the present of the space
 */
export function differencesOf(store: ActorStore, actor: SpaceActor, now: number): Difference[] {
  if (actor.isUnbuilt) return []
  store.memory.barrier.begin()
  store.rows.touch(actor.row)
  actor.now = settledAt(now, actor.dueAt)
  const [kept, keptDue] = [actor.findings('kept'), actor.schedule()]
  actor.recompute()
  const [computed, computedDue] = [actor.findings('computed'), actor.schedule()]
  store.rollBack()
  const { label: profile } = actor
  const differences = [...kept].flatMap(([of, value]) => {
    const other = computed.get(of) ?? null
    return sameValue(value, other) ? [] : [{ profile, of, kept: value, computed: other }]
  })
  // One that comes too early does nothing.
  if (keptDue <= computedDue) return differences
  const due = { kept: Number.isFinite(keptDue) ? keptDue : null, computed: computedDue }
  return [...differences, { profile, of: 'next deadline', ...due }]
}
