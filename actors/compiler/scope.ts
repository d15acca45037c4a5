/**
 * Shared by the parts of the compiler for one plan: the meaning of names, and the places where readers are registered.
 */
import type { Since } from '../plan/since.ts'
import type { Condition } from '../../src/language/tree.ts'
import type { ActorKind } from '../../src/model/definition.ts'
import type { TraitReader } from '../values/trait-reader.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { DefinitionInputs, DefinitionNode } from '../plan/plan.ts'
import type { KeyTable } from './references.ts'
import type { TraitIndex } from '../plan/trait-index.ts'

export interface PlanScope {
  readonly kind: ActorKind
  readonly keys: KeyTable
  /** Definitions of this plan. */
  readonly own: ReadonlyMap<string, DefinitionNode>
  /** Definitions of the accounts' plan. */
  readonly accounts: ReadonlyMap<string, DefinitionNode>
  readonly traits: TraitIndex
  /** Returns the node of a condition that accounts put to each user. */
  readonly conditionNode: (condition: Condition, since: Since) => DefinitionNode
  /** Called when a definition of accounts puts a condition to the users. */
  readonly onQuantifier: (definition: number) => void
}

/** The end of the resolution of a custom trait. */
export const CUSTOM = ' is custom'

/** Tells what a name stands for, so that it shows if that changes: a custom trait, or which definition. */
export function resolutionOf(name: string, reader: TraitReader): string {
  switch (reader.kind) {
    case 'defined':
      return `${name} is ${reader.isAudience ? 'audience' : 'trait'} ${reader.definition}`
    case 'account_audience':
      return `${name} is account audience ${reader.definition}`
    case 'hidden':
      return `${name} is hidden`
    case 'custom':
      return `${name}${CUSTOM}`
  }
}

/** The definition that is being compiled. */
export interface CompiledDefinition {
  /** Its index in the plan. */
  readonly definition: number
  readonly since: Since
  /** The inputs of the definition, to be filled. */
  readonly inputs: DefinitionInputs
}

/** Compiles a reference to a trait; `register` adds the reader to the dependents of the trait. */
export function compileTrait(scope: PlanScope, name: string, register: (dependents: Dependents) => void): TraitReader {
  const target = scope.keys.resolve(scope.kind, name)
  switch (target.kind) {
    case 'hidden':
      return target
    case 'account_audience': {
      const audience = scope.accounts.get(target.key)!
      register(audience.acrossDependents)
      return { kind: 'account_audience', definition: audience.id }
    }
    case 'own': {
      const defined = scope.own.get(target.key)!
      register(defined.dependents)
      return { kind: 'defined', definition: defined.id, isAudience: defined.kind === 'audience', read: target.read }
    }
    case 'custom':
      scope.traits.register(target.keys, (readers) => register(readers.always))
      return { kind: 'custom', read: target.read }
  }
}
