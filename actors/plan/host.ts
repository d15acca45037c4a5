/** The actor, as its parts see it while they judge and reduce. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Occurrences } from './occurrence.ts'
import type { TraitReader } from '../values/trait-reader.ts'
import type { Reached } from '../values/values.ts'

export interface Host {
  /** The instant at which the actor is being settled, epoch ms. */
  readonly now: number
  readTrait(reader: TraitReader): Reached
  occurrencesOf(node: number): Occurrences | undefined
  /** The kept events, in the order of `(ts, arrival)`. */
  keptEvents(): readonly ProfileEvent[]
  /** Records that some window no longer counts an event of this time. */
  windowsLack(ts: number): void
}

/** The actor, as definitions see it while they are evaluated. */
export interface DefinitionHost extends Host {
  /** A stream's reduced value; undefined while no event has touched the stream. */
  streamValue(node: number): JsonValue | undefined
  /** Truth of a comparison of a trait with the clock. */
  timedTruth(node: number): boolean
  /** For an account: the number of its users that satisfy a condition, and the number of all. */
  usersSatisfying(condition: number): number
  readonly userCount: number
}
