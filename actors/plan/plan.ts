/**
 * The shared plan of a space: every definition of users, and every one of accounts, as one graph in which equal
 * sub-expressions are one node, with the indexes by which a change finds the nodes that it can affect.
 */
import type { ActorKind } from '../../src/model/definition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { OccurrenceNode } from './occurrence-node.ts'
import type { DefinitionHost } from './host.ts'
import type { Group } from './group.ts'
import type { StreamNode } from './stream-node.ts'
import type { Dependents } from './dependents.ts'
import type { EventIndex } from './event-index.ts'
import type { Work } from './predicate.ts'
import type { TimedNode } from './timed-node.ts'
import type { TraitIndex } from './trait-index.ts'

export type StatefulNode = StreamNode | OccurrenceNode | TimedNode

/** The parts of the plan that a definition reads. */
export interface DefinitionInputs {
  readonly nodes: Set<StatefulNode>
  /** Traits and conditions, as their names are resolved. */
  readonly names: Set<string>
}

export interface DefinitionNode {
  /** Index in the order in which a plan's definitions settle: inputs come before readers. */
  readonly index: number
  /** Stable number of the definition in its space, across both plans. */
  readonly id: number
  /** A condition is put to each of an account's users. */
  readonly kind: 'audience' | 'computed_trait' | 'condition'
  readonly key: string
  /** Even for users, odd for accounts: a level settles after all lower ones. */
  readonly level: number
  evaluate: (host: DefinitionHost) => JsonValue
  /** Id types of which a member needs one; undefined if none is needed. */
  readonly eligibleTypes: ReadonlySet<string> | undefined
  /** `count` and `unique(…).count()`: absent until they have once been at least 1. */
  readonly absentUntilOne: boolean
  /** True while its states are computed beforehand, and it has no value yet. */
  readonly isPrepared: boolean
  readonly inputs: DefinitionInputs
  readonly dependents: Dependents
  /** Its readers in the other plan: accounts read a condition, users an audience of accounts. */
  readonly acrossDependents: Dependents
}

/** Returns the value that a definition has for an actor about which nothing is known. */
export function emptyValueOf({ kind }: DefinitionNode): null | false {
  return kind === 'computed_trait' ? null : false
}

export interface Plan {
  readonly kind: ActorKind
  /** In the order in which they settle. */
  readonly definitions: readonly DefinitionNode[]
  /** All but those that are prepared. */
  readonly byId: ReadonlyMap<number, DefinitionNode>
  /** By number, as in an actor's directory; nothing for numbers that are no longer in use. */
  readonly states: readonly (StatefulNode | Group | undefined)[]
  readonly events: EventIndex
  readonly traits: TraitIndex
  /** Conditions that accounts put to each user. */
  readonly conditions: readonly DefinitionNode[]
  /** Definitions that hold for an actor about which nothing is known. */
  readonly trueOfNothing: readonly number[]
  /** Streams over all history that depend on their events alone. */
  readonly totals: readonly StreamNode[]
  /** The longest of its finite windows, ms. */
  readonly windowMsMax: number
  /** True if some stream looks at single events however old they are, such as a funnel without a window. */
  readonly looksBackForEver: boolean
  /** The longest window of events that are judged by more than themselves, ms; infinite if one has no end. */
  readonly judgedMsMax: number
  readonly hasSessions: boolean
  /** Definitions of accounts that put a condition to the users, so that one user more or less matters. */
  readonly quantified: readonly number[]
  /** Readers of audiences of accounts, in the users' plan. */
  readonly readersOfAccounts: Dependents
  readonly work: Work
}
