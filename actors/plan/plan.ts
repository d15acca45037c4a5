/**
 * The shared plan of a space: every definition of users, and every one of accounts, as one graph in which equal
 * sub-expressions are one node, and the indexes by which a change finds the nodes that it can affect.
 */
import type { ActorKind } from '../../src/model/definition.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/transition.ts'
import type { TimedTest } from '../comparators.ts'
import type { OccurrenceNode } from '../funnels/occurrence-node.ts'
import type { DefinitionHost } from '../host.ts'
import type { StreamNode, StreamState } from '../streams/stream-node.ts'
import type { Reached } from '../values.ts'
import type { EventIndex } from './event-index.ts'
import type { TraitIndex } from './trait-index.ts'

/** A comparison of a trait or of a reduced value with the clock: it flips by time alone. */
export interface TimedNode {
  readonly kind: 'timed'
  readonly id: number
  readonly read: (host: DefinitionHost) => Reached
  readonly test: TimedTest
  readonly definitions: Set<number>
}

export type StatefulNode = StreamNode | OccurrenceNode | TimedNode

/** A stream together with how an actor's state for it is made. */
export interface StreamEntry {
  readonly node: StreamNode
  readonly create: () => StreamState
  /** Truth of the comparisons over nothing, one bit each. */
  bitsOfNothing: number
}

/** What a changed value reaches within one actor. */
export interface Dependents {
  /** By index in the plan. */
  readonly definitions: Set<number>
  readonly timed: Set<TimedNode>
  readonly occurrences: Set<OccurrenceNode>
}

export function noDependents(): Dependents {
  return { definitions: new Set(), timed: new Set(), occurrences: new Set() }
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
  readonly dependents: Dependents
  /** What reads it in the other plan: accounts read a condition, users an audience of accounts. */
  readonly acrossDependents: Dependents
}

/** Work done, counted: what is incremental is tested by these, not claimed. */
export interface Work {
  predicates: number
  nodes: number
  definitions: number
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
  /** Definitions that hold for an actor about which nothing is known. */
  readonly trueOfNothing: readonly number[]
  /** Of accounts: definitions that ask something of the users, so that a user more or less matters. */
  readonly quantified: readonly number[]
  /** Of users: what reads audiences of accounts. */
  readonly readersOfAccounts: Dependents
  readonly work: Work
}

/** A predicate of the index: events that pass it go to its nodes. */
export interface Predicate {
  readonly test: ((event: ProfileEvent) => boolean) | undefined
  readonly excludedSources: ReadonlySet<string> | undefined
  /** Only events that arrived later count; -1 for all. */
  readonly sinceArrival: number
  /** Streams and occurrences that take up the events, by ascending id. */
  readonly nodes: (StreamNode | OccurrenceNode)[]
  /** The search that last tested it: a predicate under several keys is tested once. */
  lastSearch: number
}
