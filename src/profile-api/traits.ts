/**
 * The traits of a profile as the Profile API shows them: custom traits, audiences and computed traits as one.
 *
 * T1. An audience is true or false, never absent. A computed trait without a value is absent.
 * T2. An audience of accounts is true for a user if any of its accounts is in it.
 */
import { CONSENT_KEY } from '../model/consent.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import type { Collection, ShownTrait, TraitCatalogue } from '../model/trait-catalogue.ts'

export type TraitClass = 'custom' | 'audience' | 'computed_trait'

export interface Trait {
  readonly key: string
  readonly class: TraitClass
  readonly value: JsonValue
  /** The source of the call that set it; otherwise the audience or computed trait. */
  readonly sourceId: string
  /** Epoch ms: event time of the call that set it, or when its value last changed; undefined if it never has. */
  readonly updatedAt: number | undefined
  /** Number of its definition, if that is of the profile itself. */
  readonly definition: number | undefined
}

/** The part of a user or an account that is read. */
export interface ProfileView {
  readonly traits: { entries(): Iterable<CustomTrait> }
  readonly defined: { get(definition: number): HeldValue | undefined }
  /** Only for a user. */
  readonly accounts?: Iterable<Pick<ProfileView, 'defined'>>
}

/** The part of a user or an account that single values are read of. */
export interface ValuedProfile extends Pick<ProfileView, 'defined' | 'accounts'> {
  readonly traits: { readonly values: JsonObject }
}

export interface CustomTrait {
  readonly key: string
  readonly value: JsonValue
  /** Epoch ms. */
  readonly ts: number
  readonly sourceId: string
}

export interface HeldValue {
  readonly value: JsonValue
  /** Epoch ms; 0: never. */
  readonly changedAt: number
}

/** The traits that are asked for; undefined: any. */
export interface Choice {
  readonly include: ReadonlySet<string> | undefined
  readonly class: TraitClass | undefined
}

const ANY: Choice = { include: undefined, class: undefined }

/** Returns the chosen traits of a profile of this collection, in byte order of their keys. */
export function traitsOf(
  profile: ProfileView,
  collection: Collection,
  catalogue: TraitCatalogue,
  { include, class: wanted }: Choice = ANY,
): Trait[] {
  const traits: Trait[] = []
  const shown = catalogue.of(collection)
  if (wanted !== 'custom')
    for (const [key, definition] of shown) {
      if (!definition || (include && !include.has(key))) continue
      if (wanted !== undefined && wanted !== definition.source.kind) continue
      const trait = definition.isOfAccounts ? traitOfAccounts(profile, definition) : ownTrait(profile, definition)
      if (trait) traits.push(trait)
    }
  if (wanted === undefined || wanted === 'custom')
    for (const { key, value, ts, sourceId } of profile.traits.entries())
      if (value !== null && key !== CONSENT_KEY && !shown.has(key) && (include?.has(key) ?? true))
        traits.push({ key, class: 'custom', value, sourceId, updatedAt: ts, definition: undefined })
  return traits.sort((a, b) => compareBytes(a.key, b.key))
}

/** Returns the value of one trait, as `traitsOf` shows it; undefined if there is none. */
export function traitValue(
  profile: ValuedProfile,
  collection: Collection,
  catalogue: TraitCatalogue,
  key: string,
): JsonValue | undefined {
  const shown = catalogue.of(collection)
  const definition = shown.get(key)
  if (!definition) return shown.has(key) ? undefined : profile.traits.values[key]
  return (definition.isOfAccounts ? traitOfAccounts(profile, definition) : ownTrait(profile, definition))?.value
}

const SURROGATES = 0xd800
const AFTER_SURROGATES = 0xe000

/** Orders two texts by their UTF-8 bytes: as their code units, but that surrogates stand for greater bytes. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [ours, theirs] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (ours === theirs) continue
    if (ours < SURROGATES || theirs < SURROGATES) return ours - theirs
    if (ours < AFTER_SURROGATES === theirs < AFTER_SURROGATES) return ours - theirs
    return theirs - ours
  }
  return a.length - b.length
}

/** Keeps T1. */
function ownTrait(
  profile: Pick<ProfileView, 'defined'>,
  { id, recordId, source: { kind, key } }: ShownTrait,
): Trait | undefined {
  const held = profile.defined.get(id)
  const value = kind === 'audience' ? held?.value === true : (held?.value ?? null)
  if (value === null) return undefined
  return { key, class: kind, value, sourceId: recordId, updatedAt: instantOf(held?.changedAt ?? 0), definition: id }
}

/** Keeps T2. */
function traitOfAccounts(
  { accounts = [] }: Pick<ProfileView, 'accounts'>,
  { id, recordId, source: { kind, key } }: ShownTrait,
): Trait {
  let value = false
  let changedAt = 0
  for (const { defined } of accounts) {
    const held = defined.get(id)
    value ||= held?.value === true
    changedAt = Math.max(changedAt, held?.changedAt ?? 0)
  }
  return { key, class: kind, value, sourceId: recordId, updatedAt: instantOf(changedAt), definition: undefined }
}

function instantOf(changedAt: number): number | undefined {
  return changedAt === 0 ? undefined : changedAt
}
