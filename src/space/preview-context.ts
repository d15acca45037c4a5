/** The space, its clock and its chance, as previews have them. */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { JsonValue } from '../model/json.ts'
import type { DefinitionKind } from '../model/space-command.ts'
import type { WalkContext } from './actor-walk.ts'
import type { TriedConnection } from './preview-change.ts'

export interface PreviewContext extends WalkContext {
  readonly clock: () => number
  /** Returns a whole number from 0 up to a bound. */
  readonly random: (bound: number) => number
  /** Returns the number of a definition by its id; undefined if it is not there, or not computed. */
  readonly numberOf: (id: string, kind: DefinitionKind) => number | undefined
  /** Lists the connections that tell of a definition. */
  readonly connectionsOf: (id: string) => readonly TriedConnection[]
  /** Returns the value of a trait of an actor, as it is shown; undefined if there is none. */
  readonly traitOf: (actor: SpaceActor, name: string) => JsonValue | undefined
}
