/**
 * Places the streams that events feed into groups: one for each event name. Predicates that ask one property to
 * equal a constant get a group for each constant once there are many: a user holds only what its own events have
 * touched.
 *
 * Example: `event('A').where(property('kind') = 'x')` for a hundred kinds makes a hundred groups; a user who has only
 * had 'x' holds one.
 */
import { SlidingDistinct } from '../groups/distinct/sliding-distinct.ts'
import { TotalDistinct } from '../groups/distinct/total-distinct.ts'
import { SlidingEdge } from '../groups/edges/sliding-edge.ts'
import { TotalEdge } from '../groups/edges/total-edge.ts'
import { SlidingExtreme } from '../groups/extremes/sliding-extreme.ts'
import { TotalExtreme } from '../groups/extremes/total-extreme.ts'
import { TotalTextExtreme } from '../groups/extremes/total-text-extreme.ts'
import { NewestCount } from '../groups/newest-count.ts'
import { NewestTimes } from '../groups/newest-times.ts'
import { PlacedGroup } from '../groups/placed-group.ts'
import { RingCount } from '../groups/ring-count.ts'
import { RingTimes } from '../groups/ring-times.ts'
import { TotalCount } from '../groups/total-count.ts'
import { TotalSum } from '../groups/total-sum.ts'
import { RunCount } from '../groups/sessions/run-count.ts'
import { Session } from '../groups/sessions/session.ts'
import { SessionRun } from '../groups/sessions/session-run.ts'
import { SlidingSum } from '../groups/sliding-sum.ts'
import { SlidingWindow } from '../groups/sliding-window.ts'
import type { Sink, StreamLayout } from '../groups/grouped.ts'
import type { SlidingReducer } from '../groups/sliding-reducer.ts'
import type { Group } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { NodeRegistry, PlacedPredicate } from './node-registry.ts'

/** Larger constants of a count are compared over a ring of times: to place a time among so many would cost more. */
const NEWEST_MAX = 16
/** Up to so many constants share the group of their event name. */
const VALUES_TOGETHER = 12

/** Places the streams, and sets where each lies. Returns the groups; their ids follow those of the nodes. */
export function placeStreams(registry: NodeRegistry): readonly Group[] {
  const groups = new Map<string, PlacedGroup>()
  const keyOf = groupKeys(registry.placed())
  for (const placed of registry.placed()) {
    const { predicate } = placed
    const streams = predicate.nodes.filter((node) => node.kind === 'stream')
    predicate.states = predicate.nodes.filter((node) => node.kind === 'occurrences')
    if (streams.length === 0) continue
    const key = keyOf(placed)
    let group = groups.get(key)
    if (!group) groups.set(key, (group = new PlacedGroup(groups.size, registry.nodes.length)))
    addMember(group, placed, streams)
  }
  return [...groups.values()]
}

function groupKeys(all: readonly PlacedPredicate[]): (placed: PlacedPredicate) => string {
  const counts = new Map<string, number>()
  for (const { event, discriminator } of all) if (discriminator) counts.set(event, (counts.get(event) ?? 0) + 1)
  return ({ event, discriminator }) =>
    discriminator && counts.get(event)! > VALUES_TOGETHER
      ? JSON.stringify([event, discriminator.field, ...discriminator.values])
      : JSON.stringify([event])
}

function addMember(group: PlacedGroup, { predicate }: PlacedPredicate, nodes: readonly StreamNode[]): void {
  const sinks: Sink[] = []
  const streams: StreamLayout[] = []
  const newest = nodes.filter(looksAtNewest)
  if (newest.length > 0) {
    const times = new NewestTimes(group, Math.max(...newest.map(({ countMax }) => countMax)))
    sinks.push(times)
    streams.push(...newest.map((node) => new NewestCount(group, node, times)))
  }
  const ringed = nodes.filter((node) => isWindowCount(node) && !looksAtNewest(node))
  if (ringed.length > 0) {
    const times = new RingTimes(group, Math.max(...ringed.map(({ window }) => window.to)))
    sinks.push(times)
    streams.push(...ringed.map((node) => new RingCount(group, node, times)))
  }
  for (const node of nodes) {
    if (isWindowCount(node)) continue
    const state = ownStateOf(group, node)
    sinks.push(state)
    streams.push(state)
  }
  predicate.member = group.addMember(sinks, streams)
  for (const stream of streams)
    stream.node.place = { group: group.index, value: (rings, block) => stream.value(rings, block) }
}

function ownStateOf(group: PlacedGroup, node: StreamNode): Sink & StreamLayout {
  if (node.sessionGap < Infinity) return sessionOf(group, node)
  return node.totalKey === undefined ? new SlidingWindow(slidingReducerOf(group, node)) : totalOf(group, node)
}

function sessionOf(group: PlacedGroup, node: StreamNode): Session {
  const run = new SessionRun(group)
  const isCount = node.reducer.kind === 'count'
  return new Session(run, isCount ? new RunCount(group, node, run) : slidingReducerOf(group, node))
}

function slidingReducerOf(group: PlacedGroup, node: StreamNode): SlidingReducer {
  switch (node.reducer.kind) {
    case 'sum':
    case 'avg':
      return new SlidingSum(group, node)
    case 'min':
    case 'max':
      return new SlidingExtreme(group, node)
    case 'first':
    case 'last':
      return new SlidingEdge(group, node)
    default:
      return new SlidingDistinct(group, node)
  }
}

function totalOf(group: PlacedGroup, node: StreamNode): Sink & StreamLayout {
  const { reducer } = node
  switch (reducer.kind) {
    case 'count':
      return new TotalCount(group, node)
    case 'sum':
    case 'avg':
      return new TotalSum(group, node)
    case 'min':
    case 'max':
      return reducer.as === 'string' ? new TotalTextExtreme(group, node) : new TotalExtreme(group, node)
    case 'first':
    case 'last':
      return new TotalEdge(group, node)
    default:
      return new TotalDistinct(group, node)
  }
}

function isWindowCount({ reducer, totalKey, sessionGap }: StreamNode): boolean {
  return reducer.kind === 'count' && totalKey === undefined && sessionGap === Infinity
}

function looksAtNewest(node: StreamNode): boolean {
  return isWindowCount(node) && node.window.from === 0 && node.countMax <= NEWEST_MAX
}
