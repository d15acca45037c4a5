/** What deliveries look at in a space. */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { DefinitionType } from '../model/definition.ts'

export interface SpaceView {
  readonly profileCount: number
  /** Pages that actors lie on. */
  readonly pageCount: number
  /** Of the definitions of the present, another object after each change. */
  readonly definitions: object
  /** The number of a definition that there is. */
  numberOf(type: DefinitionType, key: string): number | undefined
  /** Shows an actor that is in memory, and says whether it is; it is not to be kept, nor changed. */
  see(ordinal: number, look: (actor: SpaceActor) => void): boolean
  seePages(pages: { readonly from: number; readonly to: number }, look: (actor: SpaceActor) => void): void
}

/** Before a space is there: nobody. */
export const NO_SPACE: SpaceView = {
  profileCount: 0,
  pageCount: 0,
  definitions: {},
  numberOf: () => undefined,
  see: () => false,
  seePages: () => undefined,
}
