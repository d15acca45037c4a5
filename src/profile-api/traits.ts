/**
 * The traits of a profile as the Profile API shows them: custom traits, audiences and computed traits as one.
 *
 * T1. A defined key shadows a custom trait of that name, even where its value is absent.
 * T2. An audience is true or false, never absent. A computed trait without a value is absent.
 * T3. A user sees the audiences of its accounts too: true where any of its accounts is in it. A definition of users
 *     comes before one of accounts that has the same key. Other traits of accounts are not seen.
 */
import type { DefinitionSource } from '../model/definition.ts'
import type { JsonValue } from '../model/transition.ts'

export type TraitClass = 'custom' | 'audience' | 'computed_trait'

export type Collection = 'users' | 'accounts'

export interface Trait {
  readonly key: string
  readonly class: TraitClass
  readonly value: JsonValue
  /** Epoch ms; of a custom trait. */
  readonly updatedAt: number | undefined
}

/** What is read of a user or an account. */
export interface ProfileView {
  readonly traits: { entries(): Iterable<{ readonly key: string; readonly value: JsonValue; readonly ts: number }> }
  definedValue(definition: number): JsonValue | undefined
  readAccountAudience(definition: number): boolean
}

export interface DefinedTrait {
  readonly id: number
  readonly source: Pick<DefinitionSource, 'kind' | 'key' | 'type'>
}

/** The traits of a profile of this collection, in byte order of their keys. */
export function traitsOf(profile: ProfileView, collection: Collection, definitions: readonly DefinedTrait[]): Trait[] {
  const own = collection === 'users' ? 'USERS' : 'ACCOUNTS'
  const defined = new Map<string, Trait | undefined>()
  for (const { id, source } of definitions)
    if (source.type === own) defined.set(source.key, ownTrait(profile, id, source))
  for (const { id, source } of definitions)
    if (!defined.has(source.key)) defined.set(source.key, otherTrait(profile, collection, id, source))
  const traits = [...defined.values()].filter((trait) => trait !== undefined)
  for (const { key, value, ts } of profile.traits.entries())
    if (value !== null && !defined.has(key)) traits.push({ key, class: 'custom', value, updatedAt: ts })
  return traits.sort((a, b) => compareBytes(a.key, b.key))
}

/** Order of two texts by their UTF-8 bytes. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function ownTrait(profile: ProfileView, id: number, { kind, key }: DefinedTrait['source']): Trait | undefined {
  const held = profile.definedValue(id) ?? null
  const value = kind === 'audience' ? held === true : held
  return value === null ? undefined : { key, class: kind, value, updatedAt: undefined }
}

function otherTrait(
  profile: ProfileView,
  collection: Collection,
  id: number,
  { kind, key }: DefinedTrait['source'],
): Trait | undefined {
  if (collection === 'accounts' || kind !== 'audience') return undefined
  return { key, class: kind, value: profile.readAccountAudience(id), updatedAt: undefined }
}
