/**
 * The shared plan of a space: every definition of users, and every one of accounts, as one graph in which equal
 * sub-expressions are one node, and the indexes by which a change finds the nodes that it can affect.
 */
import type { ActorKind } from '../../src/model/definition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { OccurrenceNode } from './occurrence-node.ts'
import type { DefinitionHost } from './host.ts'
import type { StreamNode, StreamState } from './stream-node.ts'
import type { Dependents } from './dependents.ts'
import type { EventIndex } from './event-index.ts'
import type { Work } from './predicate.ts'
import type { TimedNode } from './timed-node.ts'
import type { TraitIndex } from './trait-index.ts'

export type StatefulNode = StreamNode | OccurrenceNode | TimedNode

/** A stream together with how an actor's state for it is made. */
export interface StreamEntry {
  readonly node: StreamNode
  readonly create: () => StreamState
  /** Truth of the comparisons over nothing, one bit each. */
  bitsOfNothing: number
}

export interface DefinitionNode {
  /** Place in the order in which a plan's definitions settle: what a definition reads comes before it. */
  readonly index: number
  /** Stable number of the definition in its space, across both plans. */
  readonly id: number
  /** A condition is what accounts ask of each of their users. */
  readonly kind: 'audience' | 'computed_trait' | 'condition'
  readonly key: string
  /** Even for users, odd for accounts: a level settles after all lower ones. */
  readonly level: number
  evaluate: (host: DefinitionHost) => JsonValue
  /** Id types of which a member needs one; undefined: none needed. */
  readonly eligibleTypes: ReadonlySet<string> | undefined
  /** `count` and `unique(…).count()`: absent until they have once been at least 1. */
  readonly absentUntilOne: boolean
  /** For how long an event matters to it by itself, ms; 0 where running totals are enough. */
  lookbackMs: number
  readonly dependents: Dependents
  /** What reads it in the other plan: accounts read a condition, users an audience of accounts. */
  readonly acrossDependents: Dependents
}

export interface Plan {
  readonly kind: ActorKind
  /** In the order in which they settle. */
  readonly definitions: readonly DefinitionNode[]
  readonly byId: ReadonlyMap<number, DefinitionNode>
  readonly nodes: readonly StatefulNode[]
  readonly streams: ReadonlyMap<number, StreamEntry>
  readonly events: EventIndex
  readonly traits: TraitIndex
  /** Of users: what accounts ask of each of them. */
  readonly conditions: readonly DefinitionNode[]
  /** Definitions that hold for an actor about which nothing is known. */
  readonly trueOfNothing: readonly number[]
  /** Streams over all history that depend on their events alone. */
  readonly totals: readonly StreamNode[]
  /** The longest of its finite windows, ms. */
  readonly windowMsMax: number
  /** Some stream looks at single events however old they are: a funnel without a window, say. */
  readonly looksBackForEver: boolean
  /** Of accounts: definitions that ask something of the users, so that a user more or less matters. */
  readonly quantified: readonly number[]
  /** Of users: what reads audiences of accounts. */
  readonly readersOfAccounts: Dependents
  readonly work: Work
}
