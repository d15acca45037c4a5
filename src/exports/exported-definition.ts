/**
 * The definition of an export, and the traits that go with its members, under the names and numbers that these had when
 * it began: definitions may change while it goes on.
 */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { DefinitionSource } from '../model/definition.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import type { ExportedMember } from '../model/export.ts'
import type { AccountValues, AccountsAsOf } from './accounts-as-of.ts'

/** A user or an account, with the values that its accounts had. */
export interface ExportedProfile {
  readonly traits: { readonly values: JsonObject }
  readonly defined: SpaceActor['defined']
  readonly accounts: readonly AccountValues[]
}

/** The traits of a space by name, as of when it was made. */
export interface TraitReading {
  /** Returns the number of the account audience that a trait of users stands for; undefined for any other. */
  audienceOfAccounts(name: string): number | undefined
  read(profile: ExportedProfile, collection: Collection, name: string): JsonValue | undefined
}

export interface ExportedDefinitionOptions {
  readonly source: DefinitionSource
  readonly number: number
  readonly collection: Collection
  readonly ids: readonly string[] | undefined
  readonly traits: readonly string[]
  readonly reading: TraitReading
}

export class ExportedDefinition {
  readonly #options: ExportedDefinitionOptions
  readonly kind: SpaceActor['kind']
  /** Numbers of the account audiences that are read of each user. */
  readonly readOfAccounts: readonly number[]
  readonly #isOfAccounts: boolean

  constructor(options: ExportedDefinitionOptions) {
    const { source, collection, number, traits, reading } = options
    this.#options = options
    this.kind = collection === 'users' ? 'user' : 'account'
    this.#isOfAccounts = source.type === 'ACCOUNTS' && collection === 'users'
    const ofTraits = collection === 'users' ? traits.map((name) => reading.audienceOfAccounts(name)) : []
    const own = this.#isOfAccounts ? [number] : []
    this.readOfAccounts = [...new Set([...own, ...ofTraits.filter((read) => read !== undefined)])]
  }

  /** Returns a member as it is written; undefined for an actor that is none, or of the other kind. */
  memberOf(actor: SpaceActor, accountsAsOf: AccountsAsOf): ExportedMember | undefined {
    const { source, number, collection, ids, traits, reading } = this.#options
    if (actor.kind !== this.kind) return undefined
    const value = this.#isOfAccounts ? undefined : (actor.definedValue(number) ?? null)
    if (source.kind === 'audience' ? !this.#isOfAccounts && value !== true : value === null) return undefined
    const accounts =
      actor.kind === 'user' && this.readOfAccounts.length > 0
        ? actor.accounts.map((account) => accountsAsOf.valuesOf(account))
        : []
    if (this.#isOfAccounts && !accounts.some(({ defined }) => defined.get(number)?.value === true)) return undefined
    const profile = { traits: actor.traits, defined: actor.defined, accounts }
    const shown = traits.map((name) => [name, reading.read(profile, collection, name)] as const)
    return {
      id: actor.label,
      externalIds: actor.kind === 'user' ? chosen(actor.ids, ids) : [],
      ...(source.kind === 'computed_trait' && { value: value! }),
      traits: Object.fromEntries(shown.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)),
    }
  }
}

function chosen(ids: readonly ExternalId[], types: readonly string[] | undefined): readonly ExternalId[] {
  return types ? ids.filter(({ type }) => types.includes(type)) : ids
}
