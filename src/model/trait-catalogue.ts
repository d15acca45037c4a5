/**
 * The definitions that a profile shows as traits, found once for each set of definitions.
 *
 * C1. A defined key shadows a custom trait of that name, even where its value is absent.
 * C2. A user sees the audiences of its accounts too. A definition of users comes before one of accounts that has the
 *     same key. Other traits of accounts are not seen.
 */
import { compareBytes } from './byte-order.ts'
import type { DefinitionSource } from './definition.ts'

export type Collection = 'users' | 'accounts'

export interface DefinedTrait {
  readonly id: number
  /** `aud_…` or `tra_…`. */
  readonly recordId: string
  readonly source: Pick<DefinitionSource, 'kind' | 'key' | 'type'>
}

/** A key that is defined for a collection. */
export interface ShownTrait extends DefinedTrait {
  /** It is an audience of the user's accounts. */
  readonly isOfAccounts: boolean
}

export class TraitCatalogue {
  readonly #users: ReadonlyMap<string, ShownTrait | undefined>
  readonly #accounts: ReadonlyMap<string, ShownTrait | undefined>
  readonly #usersInOrder: readonly ShownTrait[]
  readonly #accountsInOrder: readonly ShownTrait[]

  constructor(definitions: readonly DefinedTrait[]) {
    this.#users = shownOf('users', definitions)
    this.#accounts = shownOf('accounts', definitions)
    this.#usersInOrder = inOrder(this.#users)
    this.#accountsInOrder = inOrder(this.#accounts)
  }

  /** By key; undefined where the key is defined, and this collection does not see it. */
  of(collection: Collection): ReadonlyMap<string, ShownTrait | undefined> {
    return collection === 'users' ? this.#users : this.#accounts
  }

  /** Lists the definitions that a collection sees, in byte order of their keys. */
  inOrder(collection: Collection): readonly ShownTrait[] {
    return collection === 'users' ? this.#usersInOrder : this.#accountsInOrder
  }
}

/** Keeps C2. */
function shownOf(collection: Collection, definitions: readonly DefinedTrait[]): Map<string, ShownTrait | undefined> {
  const own = collection === 'users' ? 'USERS' : 'ACCOUNTS'
  const shown = new Map<string, ShownTrait | undefined>()
  for (const definition of definitions)
    if (definition.source.type === own) shown.set(definition.source.key, { ...definition, isOfAccounts: false })
  for (const definition of definitions) {
    const { key, kind } = definition.source
    if (shown.has(key)) continue
    shown.set(key, collection === 'users' && kind === 'audience' ? { ...definition, isOfAccounts: true } : undefined)
  }
  return shown
}

function inOrder(shown: ReadonlyMap<string, ShownTrait | undefined>): ShownTrait[] {
  return [...shown.values()]
    .filter((definition) => definition !== undefined)
    .sort((a, b) => compareBytes(a.source.key, b.source.key))
}
