/**
 * The way from one plan to the next, for the actors that have states of the first: what goes, what moves, and what is
 * new and must be computed from kept events. All else stays as it is.
 */
import type { EventIndex } from './event-index.ts'
import type { Heir, Succession } from './group.ts'
import type { Plan } from './plan.ts'
import type { StreamNode } from './stream-node.ts'
import type { TimedNode } from './timed-node.ts'

export interface Adoption {
  readonly before: Plan
  readonly plan: Plan
  /** Numbers of states that are no more. */
  readonly dropped: ReadonlySet<number>
  /** By the number of a group: the one in its place. */
  readonly successions: ReadonlyMap<number, Succession>
  /** Windows that are computed anew though they were there before. */
  readonly heirs: readonly Heir[]
  /** Leads events to the new states, and to the new parts of groups. */
  readonly events: EventIndex
  readonly timed: readonly TimedNode[]
  /** New streams that reduce occurrences which were there before. */
  readonly judged: readonly StreamNode[]
  /** New streams over all history. */
  readonly totals: readonly StreamNode[]
  /** Definitions to evaluate, by index in the plan. */
  readonly marked: readonly number[]
  /** True if states are new that no present definition reads. */
  readonly prepares: boolean
  /** Whoever has a value of one of these definitions is concerned. */
  readonly valued: ReadonlySet<number>
  /** Whoever has an event of one of these names is concerned. */
  readonly names: ReadonlySet<string>
  /** True if a marked definition holds for an actor about which nothing is known. */
  readonly concernsAll: boolean
  /** True if a marked or prepared definition reads custom traits. */
  readonly readsTraits: boolean
  /** True if a marked or prepared definition reads other definitions, accounts or users. */
  readonly readsDefined: boolean
}

/** True if no actor is concerned. */
export function isEmptyAdoption({ marked, prepares, dropped, successions, valued }: Adoption): boolean {
  return !prepares && marked.length + dropped.size + successions.size + valued.size === 0
}
