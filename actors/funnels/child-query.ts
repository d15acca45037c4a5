/**
 * A child stream of a funnel, as one parent occurrence sees it: the child's occurrences strictly after the parent,
 * within the parent's reach and a window relative to the clock, that pass the child's test and the test of the pair.
 */
import type { Reducer } from '../../src/language/tree.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Horizon } from '../values/comparators.ts'
import { compareEvents } from '../../src/model/event.ts'
import type { Host } from '../plan/host.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import type { Reached } from '../values/values.ts'
import type { Window } from '../plan/stream-node.ts'
import { firstAfter, type Occurrence, type Occurrences } from '../plan/occurrence.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'

/** The test of a child that looks at its parent's properties too. */
export type PairTest = (child: Occurrence, parent: Occurrence, host: Host, horizon: Horizon) => boolean

export interface ChildQuery {
  readonly node: OccurrenceNode
  /** Relative to the parent's event time. */
  readonly reach: Window
  /** Relative to the clock; `to` is infinite if there is no window. */
  readonly window: Window
  readonly sessionGap: number
  readonly pairTest: PairTest | undefined
  readonly reducer: Reducer
  /** For a count that is compared with a constant: more children make no difference. Otherwise infinite. */
  readonly countMax: number
  /** A child that counts once counts for ever: neither time nor later events change that. */
  readonly isLasting: boolean
  /** Reads the reducer's input of a child, or of its parent; undefined for a count. */
  readonly valueOf: ((child: Occurrence, parent: Occurrence) => Reached) | undefined
}

/** Returns the reduced value for one parent; lowers the horizon to the instant until which it holds. */
export function evaluateChild(query: ChildQuery, parent: Occurrence, host: Host, horizon: Horizon): JsonValue {
  const state = host.occurrencesOf(query.node.id)
  const counted = state ? countedChildren(query, state, parent, host, horizon) : []
  if (!query.isLasting || counted.length < query.countMax) horizon.isSettled = false
  const session = latestSession(query, counted, host, horizon)
  if (query.reducer.kind === 'count') return session.length
  const accumulator = createAccumulator(query.reducer, false)
  for (const child of session) accumulator.add(child, query.valueOf?.(child, parent))
  return accumulator.result()
}

/** Lists the children that count, oldest first: as many as can make a difference. */
function countedChildren(
  query: ChildQuery,
  state: Occurrences,
  parent: Occurrence,
  host: Host,
  horizon: Horizon,
): Occurrence[] {
  const { reach, window, pairTest, countMax } = query
  const counted: Occurrence[] = []
  const children = state.occurrences
  const first = firstAfter(children, Math.max(parent.ts + reach.from - 1, host.now - window.to))
  for (let index = first; index < children.length && counted.length < countMax; index++) {
    const child = children[index]!
    if (child.ts - parent.ts >= reach.to) break
    if (!child.passes || compareEvents(child, parent) <= 0) continue
    if (pairTest && !pairTest(child, parent, host, horizon)) continue
    if (child.ts + window.from > host.now) {
      horizon.at = Math.min(horizon.at, child.ts + window.from)
      break
    }
    horizon.at = Math.min(horizon.at, child.ts + window.to)
    counted.push(child)
  }
  return counted
}

function latestSession(query: ChildQuery, counted: Occurrence[], host: Host, horizon: Horizon): Occurrence[] {
  const last = counted.at(-1)
  if (query.sessionGap === Infinity || !last) return counted
  const end = last.ts + query.sessionGap
  if (host.now >= end) return []
  horizon.at = Math.min(horizon.at, end)
  let start = counted.length - 1
  while (start > 0 && counted[start]!.ts - counted[start - 1]!.ts < query.sessionGap) start--
  return counted.slice(start)
}
