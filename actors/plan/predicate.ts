/** A predicate, which the index of events leads to, and the counts of work done on the way. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { OccurrenceNode } from './occurrence-node.ts'
import type { GroupMember } from './group.ts'
import type { Since } from './since.ts'
import type { StreamNode } from './stream-node.ts'

/** A predicate of the index: events that pass it go to its nodes. */
export interface Predicate {
  readonly test: ((event: ProfileEvent) => boolean) | undefined
  readonly excludedSources: ReadonlySet<string> | undefined
  readonly since: Since
  /** Streams and occurrences that take the events, by ascending id. */
  readonly nodes: (StreamNode | OccurrenceNode)[]
  /** Those of the nodes whose state is by itself. */
  states: readonly OccurrenceNode[]
  /** The part of a group where the states of the other nodes lie; undefined if there are none. */
  member: GroupMember | undefined
  /** The search that last tested it: a predicate under several keys is tested once. */
  lastSearch: number
}

/** Work done, counted: tests use it to prove that an event does not do more than it must. */
export interface Work {
  predicates: number
  nodes: number
  definitions: number
  /** Verdicts on occurrences of funnels and their like. */
  verdicts: number
}

export function sumOfWork(a: Work, b: Work): Work {
  return {
    predicates: a.predicates + b.predicates,
    nodes: a.nodes + b.nodes,
    definitions: a.definitions + b.definitions,
    verdicts: a.verdicts + b.verdicts,
  }
}
