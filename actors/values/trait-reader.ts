/**
 * Finds the value of a `trait('…')` reference: a defined key shadows a custom trait, on users the users' keys first.
 */
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { type PathReader, type Reached, reachedOf } from './values.ts'

export type TraitReader =
  | { readonly kind: 'custom'; readonly read: PathReader }
  /** A definition of the actor's own kind; `read` walks on into a value that is an object. */
  | {
      readonly kind: 'defined'
      readonly definition: number
      readonly isAudience: boolean
      readonly read: PathReader | undefined
    }
  /** An audience of accounts, as a user sees it: true if any of the user's accounts is in it. */
  | { readonly kind: 'account_audience'; readonly definition: number }
  /** A key defined where this actor cannot see it: it shadows, and is absent. */
  | { readonly kind: 'hidden' }

/** The actor whose traits are read. */
export interface TraitHolder {
  readonly traits: { readonly values: JsonObject }
  definedValue(definition: number): JsonValue | undefined
  readAccountAudience(definition: number): boolean
}

export function readTrait(reader: TraitReader, holder: TraitHolder): Reached {
  switch (reader.kind) {
    case 'custom':
      return reader.read(holder.traits.values)
    case 'hidden':
      return undefined
    case 'account_audience':
      return holder.readAccountAudience(reader.definition)
    case 'defined': {
      const value = holder.definedValue(reader.definition) ?? (reader.isAudience ? false : null)
      if (!reader.read) return reachedOf(value)
      return typeof value === 'object' && value !== null ? reader.read(value as JsonObject) : undefined
    }
  }
}
