/** Definitions as the oracle evaluates them: parsed, and in the order in which they settle. */
import { parseQuery } from '../../src/language/parse.ts'
import type { Condition, EventField, Operand, Query, Reduction } from '../../src/language/tree.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { Quantifier } from './evaluation.ts'
import { pathParts } from './values.ts'

export interface Definition {
  readonly source: DefinitionSource
  readonly query: Query
  /** Events that arrived earlier do not count (`includeHistoricalData: false`). */
  readonly sinceArrival: number
  readonly quantifiers: readonly Quantifier[]
  /** Traits that it reads of its own actor, outside quantifiers. */
  readonly traitNames: readonly string[]
  /** Traits of users that it reads inside quantifiers. */
  readonly userTraitNames: readonly string[]
}

export function compile(source: DefinitionSource, sinceArrival: number): Definition {
  const query = parseQuery(source.query, source)
  const quantifiers = query.kind === 'audience' ? quantifiersIn(query.condition) : []
  const traitNames = query.kind === 'audience' ? traitsIn(query.condition) : traitsOf(query.reduction)
  const userTraitNames = quantifiers.flatMap((quantifier) => traitsIn(quantifier.operand))
  return { source, query, sinceArrival, quantifiers, traitNames, userTraitNames }
}

/** All quantifiers of the condition: there are none inside one another and none inside a `where`. */
function quantifiersIn(condition: Condition): Quantifier[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.operands.flatMap(quantifiersIn)
    case 'not':
      return quantifiersIn(condition.operand)
    case 'quantifier':
      return [condition]
    case 'comparison':
      return []
  }
}

/** The names of the traits read outside quantifiers. */
function traitsIn(condition: Condition): string[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.operands.flatMap(traitsIn)
    case 'not':
      return traitsIn(condition.operand)
    case 'quantifier':
      return []
    case 'comparison': {
      const right = 'right' in condition ? [condition.right].flat() : []
      return [condition.left, ...right].flatMap(traitsOf)
    }
  }
}

function traitsOf(operand: Operand | EventField | Reduction): string[] {
  if (operand.kind === 'trait') return [operand.name]
  if (operand.kind !== 'reduction') return []
  return operand.stream.filters.flatMap((filter) => (filter.kind === 'where' ? traitsIn(filter.condition) : []))
}

/** A trait's name, read among definitions: the key found and what of the path is left. */
interface Reference {
  readonly definition: Definition
  readonly rest: readonly string[]
}

/** Definitions of users and of accounts, by key. */
export class Definitions {
  readonly #all: readonly Definition[]
  /** Each after those that it reads. */
  readonly inOrder: readonly Definition[]

  constructor(all: readonly Definition[]) {
    this.#all = all
    this.inOrder = this.#sorted()
  }

  with(definition: Definition): Definitions {
    const { key, type } = definition.source
    return new Definitions([...this.without(key, type).#all, definition])
  }

  without(key: string, type: DefinitionSource['type']): Definitions {
    return new Definitions(this.#all.filter(({ source }) => source.key !== key || source.type !== type))
  }

  /** Resolves `trait(name)` for a user: its own definitions first, then its accounts'. */
  ofUser(name: string): Reference | undefined {
    return this.#find(name, ['USERS', 'ACCOUNTS'])
  }

  /** Resolves `trait(name)` for an account, outside quantifiers. */
  ofAccount(name: string): Reference | undefined {
    return this.#find(name, ['ACCOUNTS', 'USERS'])
  }

  /** Returns true if users see this account audience: in a definition of theirs, or inside a quantifier. */
  isReadByUsers(audience: Definition): boolean {
    return this.#all.some((reader) =>
      this.#userNames(reader).some((name) => this.ofUser(name)?.definition === audience),
    )
  }

  #userNames(reader: Definition): readonly string[] {
    return reader.source.type === 'USERS' ? reader.traitNames : reader.userTraitNames
  }

  /** The whole name is looked up first, then its first part. */
  #find(name: string, types: readonly DefinitionSource['type'][]): Reference | undefined {
    const [first = '', ...rest] = pathParts(name)
    for (const candidate of [
      { key: name, rest: [] },
      { key: first, rest },
    ])
      for (const type of types) {
        const definition = this.#all.find(({ source }) => source.key === candidate.key && source.type === type)
        if (definition) return { definition, rest: candidate.rest }
      }
    return undefined
  }

  /** Lists the definitions that it takes a value from; users see only the audiences of an account. */
  #reads(definition: Definition): Definition[] {
    const own = definition.source.type === 'USERS' ? [] : definition.traitNames.map((name) => this.ofAccount(name))
    const users = this.#userNames(definition).map((name) => this.ofUser(name))
    return [
      ...own.filter((reference) => reference?.definition.source.type === 'ACCOUNTS'),
      ...users.filter((reference) => reference?.definition.source.type === 'USERS' || isAudience(reference)),
    ].flatMap((reference) => reference?.definition ?? [])
  }

  #sorted(): Definition[] {
    const sorted = new Set<Definition>()
    const visit = (definition: Definition, readers: readonly Definition[]): void => {
      if (readers.includes(definition)) throw new Error(`a cycle through ${definition.source.key}`)
      if (sorted.has(definition)) return
      for (const read of this.#reads(definition)) visit(read, [...readers, definition])
      sorted.add(definition)
    }
    for (const definition of this.#all) visit(definition, [])
    return [...sorted]
  }
}

function isAudience(reference: Reference | undefined): boolean {
  return reference?.definition.source.kind === 'audience'
}
