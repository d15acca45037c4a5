/**
 * The traits of a profile as the Profile API shows them: custom traits, audiences and computed traits as one.
 *
 * T1. An audience is true or false, never absent. A computed trait without a value is absent.
 * T2. An audience of accounts is true for a user if any of its accounts is in it.
 */
import { compareBytes } from '../model/byte-order.ts'
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

/** The traits that are asked for. */
export interface Choice {
  /** Only these keys; undefined: all. */
  readonly include?: ReadonlySet<string> | undefined
  /** Undefined: all. */
  readonly class?: TraitClass | undefined
  /** Those before this key are left out. */
  readonly from?: string
  /** The first so many of the rest; all by default. */
  readonly count?: number
}

/**
 * Returns the chosen traits of a profile of this collection, in byte order of their keys. What that takes grows with
 * the traits that are returned and the custom ones, not with the definitions.
 */
export function traitsOf(
  profile: ProfileView,
  collection: Collection,
  catalogue: TraitCatalogue,
  choice: Choice = {},
): Trait[] {
  const { class: wanted, from = '', count = Infinity } = choice
  const custom = customTraits(profile, catalogue.of(collection), choice)
  const defined = definedFor(collection, catalogue, choice)
  const found: Trait[] = []
  let [next, nextCustom] = [placeFrom(defined, from), 0]
  while (found.length < count) {
    const [definition, own] = [defined[next], custom[nextCustom]]
    if (own && (!definition || compareBytes(own.key, definition.source.key) < 0)) {
      found.push(own)
      nextCustom++
    } else if (definition) {
      next++
      const trait = wanted === undefined || wanted === definition.source.kind ? shownBy(profile, definition) : undefined
      if (trait) found.push(trait)
    } else break
  }
  return found
}

/** Lists the custom traits that are chosen, in byte order of their keys. Keeps C1 of the catalogue. */
function customTraits(
  profile: ProfileView,
  shown: ReadonlyMap<string, unknown>,
  { include, class: wanted, from = '' }: Choice,
): Trait[] {
  const custom: Trait[] = []
  if (wanted !== undefined && wanted !== 'custom') return custom
  for (const { key, value, ts, sourceId } of profile.traits.entries())
    if (value !== null && key !== CONSENT_KEY && !shown.has(key) && (include?.has(key) ?? true))
      if (compareBytes(key, from) >= 0)
        custom.push({ key, class: 'custom', value, sourceId, updatedAt: ts, definition: undefined })
  return custom.sort((a, b) => compareBytes(a.key, b.key))
}

/** Lists the definitions among which the chosen ones are, in byte order of their keys. */
function definedFor(
  collection: Collection,
  catalogue: TraitCatalogue,
  { include, class: wanted }: Choice,
): readonly ShownTrait[] {
  if (wanted === 'custom') return []
  if (!include) return catalogue.inOrder(collection)
  const shown = catalogue.of(collection)
  return Array.from(include)
    .flatMap((key) => shown.get(key) ?? [])
    .sort((a, b) => compareBytes(a.source.key, b.source.key))
}

/** Finds the first definition whose key is not before another. */
function placeFrom(defined: readonly ShownTrait[], key: string): number {
  let [low, high] = [0, defined.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(defined[middle]!.source.key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
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
  return shownBy(profile, definition)?.value
}

/** Returns what a definition makes a profile show; undefined if that is nothing. */
function shownBy(profile: Pick<ProfileView, 'defined' | 'accounts'>, definition: ShownTrait): Trait | undefined {
  return definition.isOfAccounts ? traitOfAccounts(profile, definition) : ownTrait(profile, definition)
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
