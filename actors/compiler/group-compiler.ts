/**
 * Puts streams into groups: those whose state is a few numbers or ordered times share a block with the others that the
 * same event name feeds. Where many predicates of a name ask for constants of one property, each constant has a group
 * of its own, as an event can satisfy few of them. A group of the plan before stays as it is if all that is asked for
 * has its part there.
 */
import type { Sink, StreamLayout, WordAllocator } from '../groups/grouped.ts'
import { SlidingDistinct } from '../groups/distinct/sliding-distinct.ts'
import { TotalDistinct } from '../groups/distinct/total-distinct.ts'
import { SlidingEdge } from '../groups/edges/sliding-edge.ts'
import { TotalEdge } from '../groups/edges/total-edge.ts'
import { SlidingExtreme } from '../groups/extremes/sliding-extreme.ts'
import { TotalExtreme } from '../groups/extremes/total-extreme.ts'
import { TotalTextExtreme } from '../groups/extremes/total-text-extreme.ts'
import { NewestCount } from '../groups/newest-count.ts'
import { NewestTimes } from '../groups/newest-times.ts'
import { type MakePart, type Part, PlacedGroup } from '../groups/placed-group.ts'
import { RingCount } from '../groups/ring-count.ts'
import { RingTimes } from '../groups/ring-times.ts'
import { TotalCount } from '../groups/total-count.ts'
import { TotalSum } from '../groups/total-sum.ts'
import type { GroupMember } from '../plan/group.ts'
import type { Predicate } from '../plan/predicate.ts'
import { RunCount } from '../groups/sessions/run-count.ts'
import { Session } from '../groups/sessions/session.ts'
import { SessionRun } from '../groups/sessions/session-run.ts'
import { SlidingSum } from '../groups/sliding-sum.ts'
import { SlidingWindow } from '../groups/sliding-window.ts'
import type { SlidingReducer } from '../groups/sliding-reducer.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { NodeRegistry, PlacedPredicate } from './node-registry.ts'
import type { StateNumbers } from './state-numbers.ts'

/** Larger constants of a count are compared over a ring of times: to place a time among so many would cost more. */
const NEWEST_MAX = 16
/** Up to so many constants share the group of their event name. */
const VALUES_TOGETHER = 12

/** By what they hold: an event name, and the constants of a property. */
export type Groups = ReadonlyMap<string, PlacedGroup>

/** A part that a predicate asks for. */
interface Wanted {
  readonly key: string
  readonly size: number
  /** @param size the size of the part, at least the wanted one */
  readonly make: (words: WordAllocator, size: number) => ReturnType<MakePart>
}

interface PlacedStreams {
  readonly predicate: Predicate
  readonly wanted: readonly Wanted[]
}

export interface Placement {
  readonly groups: Groups
  /** The members for what is new of predicates whose streams lie in groups; none where nothing is. */
  readonly newMembers: ReadonlyMap<Predicate, GroupMember>
  /** Streams whose part is new. */
  readonly newStreams: ReadonlySet<StreamNode>
}

/** Places the streams, and sets where each lies. */
export function placeStreams(registry: NodeRegistry, numbers: StateNumbers, before: Groups): Placement {
  const streamsOf = new Map<string, PlacedStreams[]>()
  const keyOf = groupKeys(registry.placed())
  for (const placed of registry.placed()) {
    const { predicate } = placed
    const streams = predicate.nodes.filter((node) => node.kind === 'stream')
    predicate.states = predicate.nodes.filter((node) => node.kind === 'occurrences')
    if (streams.length === 0) continue
    const key = keyOf(placed)
    const wanted = { predicate, wanted: partsOf(placed, streams) }
    const known = streamsOf.get(key)
    if (known) known.push(wanted)
    else streamsOf.set(key, [wanted])
  }
  const groups = new Map<string, PlacedGroup>()
  const newMembers = new Map<Predicate, GroupMember>()
  const newStreams = new Set<StreamNode>()
  for (const [key, streams] of streamsOf) {
    const held = before.get(key)
    const group = placeGroup(streams, held, numbers)
    groups.set(key, group)
    for (const { predicate, wanted } of streams) {
      const parts = wanted.map((part) => group.find(part.key, part.size)!)
      predicate.member = group.member(parts)
      const fresh = parts.filter((part) => !held?.find(part.key, part.size))
      if (fresh.length > 0) newMembers.set(predicate, group.member(fresh))
      for (const { stream } of fresh) if (stream) newStreams.add(stream.node)
    }
  }
  return { groups, newMembers, newStreams }
}

function placeGroup(
  streams: readonly PlacedStreams[],
  before: PlacedGroup | undefined,
  numbers: StateNumbers,
): PlacedGroup {
  const wanted = streams.flatMap((placed) => placed.wanted)
  const isThere = before !== undefined && wanted.every(({ key, size }) => before.find(key, size))
  const key = isThere ? before.key : numbers.freshKey()
  const group = new PlacedGroup(key, numbers.numberOf(key))
  for (const part of wanted) {
    const held = before?.find(part.key, part.size)
    const size = held?.size ?? part.size
    const make: MakePart = (words) => part.make(words, size)
    const { stream } = isThere ? group.addAs(held!, make) : group.add(part.key, size, make)
    if (stream) stream.node.place = { group: group.id, value: (rings, block) => stream.value(rings, block) }
  }
  if (isThere) group.keepLayoutOf(before)
  return group
}

function groupKeys(all: readonly PlacedPredicate[]): (placed: PlacedPredicate) => string {
  const counts = new Map<string, number>()
  for (const { event, discriminator } of all) if (discriminator) counts.set(event, (counts.get(event) ?? 0) + 1)
  return ({ event, discriminator }) =>
    discriminator && counts.get(event)! > VALUES_TOGETHER
      ? JSON.stringify([event, discriminator.field, ...discriminator.values])
      : JSON.stringify([event])
}

/** Lists the parts that the streams of a predicate ask for; a stream comes after the times that it looks at. */
function partsOf({ key }: PlacedPredicate, nodes: readonly StreamNode[]): Wanted[] {
  const newest = nodes.filter(looksAtNewest)
  const ringed = nodes.filter((node) => isWindowCount(node) && !looksAtNewest(node))
  return [
    ...newestParts(key, newest),
    ...ringParts(key, ringed),
    ...nodes.filter((node) => !isWindowCount(node)).map((node) => ownPart(node)),
  ]
}

function newestParts(predicate: string, nodes: readonly StreamNode[]): Wanted[] {
  if (nodes.length === 0) return []
  let times: NewestTimes
  return [
    {
      key: JSON.stringify(['newest times', predicate]),
      size: Math.max(...nodes.map(({ countMax }) => countMax)),
      make: (words, size) => ({ sink: (times = new NewestTimes(words, size)), stream: undefined }),
    },
    ...nodes.map((node) => streamPart(node, (words) => new NewestCount(words, node, times))),
  ]
}

function ringParts(predicate: string, nodes: readonly StreamNode[]): Wanted[] {
  if (nodes.length === 0) return []
  let times: RingTimes
  return [
    {
      key: JSON.stringify(['times', predicate]),
      size: Math.max(...nodes.map(({ window }) => window.to)),
      make: (words, size) => ({ sink: (times = new RingTimes(words, size)), stream: undefined }),
    },
    ...nodes.map((node) => streamPart(node, (words) => new RingCount(words, node, times))),
  ]
}

function streamPart(node: StreamNode, make: (words: WordAllocator) => Part['stream']): Wanted {
  return { key: partKey(node), size: 0, make: (words) => ({ sink: undefined, stream: make(words) }) }
}

function ownPart(node: StreamNode): Wanted {
  const make: MakePart = (words) => {
    const state = ownStateOf(words, node)
    return { sink: state, stream: state }
  }
  return { key: partKey(node), size: 0, make }
}

/** Names the state of a stream with all that it depends on: when it is due next, too. */
function partKey({ key, countMax, thresholds }: StreamNode): string {
  return JSON.stringify([key, String(countMax), thresholds])
}

function ownStateOf(words: WordAllocator, node: StreamNode): Sink & StreamLayout {
  if (node.sessionGap < Infinity) return sessionOf(words, node)
  return node.totalKey === undefined ? new SlidingWindow(slidingReducerOf(words, node)) : totalOf(words, node)
}

function sessionOf(words: WordAllocator, node: StreamNode): Session {
  const run = new SessionRun(words)
  const isCount = node.reducer.kind === 'count'
  return new Session(run, isCount ? new RunCount(words, node, run) : slidingReducerOf(words, node))
}

function slidingReducerOf(words: WordAllocator, node: StreamNode): SlidingReducer {
  switch (node.reducer.kind) {
    case 'sum':
    case 'avg':
      return new SlidingSum(words, node)
    case 'min':
    case 'max':
      return new SlidingExtreme(words, node)
    case 'first':
    case 'last':
      return new SlidingEdge(words, node)
    default:
      return new SlidingDistinct(words, node)
  }
}

function totalOf(words: WordAllocator, node: StreamNode): Sink & StreamLayout {
  const { reducer } = node
  switch (reducer.kind) {
    case 'count':
      return new TotalCount(words, node)
    case 'sum':
    case 'avg':
      return new TotalSum(words, node)
    case 'min':
    case 'max':
      return reducer.as === 'string' ? new TotalTextExtreme(words, node) : new TotalExtreme(words, node)
    case 'first':
    case 'last':
      return new TotalEdge(words, node)
    default:
      return new TotalDistinct(words, node)
  }
}

function isWindowCount({ reducer, totalKey, sessionGap }: StreamNode): boolean {
  return reducer.kind === 'count' && totalKey === undefined && sessionGap === Infinity
}

function looksAtNewest(node: StreamNode): boolean {
  return isWindowCount(node) && node.window.from === 0 && node.countMax <= NEWEST_MAX
}
