/** What the parts of the compiler share for one plan: what names mean, and where readers are registered. */
import type { Condition } from '../../src/language/tree.ts'
import type { ActorKind } from '../../src/model/definition.ts'
import type { TraitReader } from '../values/trait-reader.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { DefinitionNode } from '../plan/plan.ts'
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
  /** The condition that accounts ask of each user. */
  readonly conditionNode: (condition: Condition, sinceArrival: number) => DefinitionNode
  /** A definition of accounts asks something of the users. */
  readonly onQuantifier: (definition: number) => void
}

/** The definition that is being compiled. */
export interface CompiledDefinition {
  /** Its index in the plan. */
  readonly definition: number
  readonly sinceArrival: number
}

/** How the reference is read; `register` puts the reader among the dependents of what it reads. */
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
