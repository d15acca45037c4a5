/** The space, as its outbox sees it. */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { DefinitionType } from '../model/definition.ts'
import { FIRST_RULES_VERSION } from '../model/rules.ts'

export interface SpaceView {
  readonly rulesVersion: number
  /** Calls that the space has taken up. */
  readonly callCount: number
  readonly profileCount: number
  /** The number of pages of actors. */
  readonly pageCount: number
  /** The present definitions: another object after each change. */
  readonly definitions: object
  /** Returns the number of a definition; undefined if there is none such. */
  numberOf(type: DefinitionType, key: string): number | undefined
  /** Shows an actor that is in memory; returns false if it is not. The callback must not keep or change it. */
  see(ordinal: number, look: (actor: SpaceActor) => void): boolean
  seePages(pages: { readonly from: number; readonly to: number }, look: (actor: SpaceActor) => void): void
}

/** The view before a space is attached: nobody is there. */
export const NO_SPACE: SpaceView = {
  rulesVersion: FIRST_RULES_VERSION,
  callCount: 0,
  profileCount: 0,
  pageCount: 0,
  definitions: {},
  numberOf: () => undefined,
  see: () => false,
  seePages: () => undefined,
}
