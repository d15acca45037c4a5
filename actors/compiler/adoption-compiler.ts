/**
 * Compares a plan with the one before: finds which states go, move or are new, and whom that concerns.
 *
 * Example: with an audience `event('A').count() >= 1` added to others over 'A', the group of 'A' has a successor with
 * one part more; whoever has an event 'A' is concerned, and nobody else.
 */
import type { Adoption } from '../plan/adoption.ts'
import { EventIndex } from '../plan/event-index.ts'
import type { Heir, Succession } from '../plan/group.ts'
import { isWindowSink, type WindowSink } from '../groups/grouped.ts'
import type { PlacedGroup } from '../groups/placed-group.ts'
import type { DefinitionNode, Plan, StatefulNode } from '../plan/plan.ts'
import type { Groups, Placement } from './group-compiler.ts'
import { CUSTOM } from './scope.ts'
import type { NodeRegistry } from './node-registry.ts'

export interface PlanChange {
  readonly before: Plan
  readonly groupsBefore: Groups
  readonly plan: Plan
  readonly registry: NodeRegistry
  readonly placement: Placement
  /** Definitions that begin, or begin anew, by number. */
  readonly begun: ReadonlySet<number>
  /** Those of them that were kept aside: actors may have values of them. */
  readonly resumed: ReadonlySet<number>
  /** True for a node whose state was not there before. */
  readonly isNew: (node: StatefulNode) => boolean
}

export function adoptionOf(change: PlanChange): Adoption {
  const { before, plan, registry, placement, isNew } = change
  const marked = plan.definitions.filter((node) => !node.isPrepared && isMarked(node, change))
  const prepared = plan.definitions.filter((node) => node.isPrepared && newInputsOf(node, change).length > 0)
  const markedIds = new Set(marked.map(({ id }) => id))
  const trueOfNothing = new Set(plan.trueOfNothing)
  const successions = successionsOf(change.groupsBefore, placement.groups)
  // A timed node may read whatever its definition names.
  const [timed, untimed] = partition(prepared, (node) => newInputsOf(node, change).some(({ kind }) => kind === 'timed'))
  const readers = [...marked, ...timed]
  const names = readers.flatMap(({ inputs }) => [...inputs.names])
  const read = [
    ...readers.flatMap(({ inputs }) => [...inputs.nodes]),
    ...untimed.flatMap((node) => newInputsOf(node, change)),
  ]
  const events = newEvents(change)
  const streams = registry.nodes.filter((node) => node.kind === 'stream')
  return {
    before,
    plan,
    dropped: new Set(
      before.states.flatMap((state) =>
        state && !plan.states[state.id] && !successions.has(state.id) ? [state.id] : [],
      ),
    ),
    successions,
    heirs: heirsOf(change.groupsBefore, placement.groups),
    events,
    timed: registry.nodes.filter((node) => node.kind === 'timed').filter(isNew),
    judged: streams.filter((node) => node.occurrences && isNew(node) && !isNew(node.occurrences)),
    totals: plan.totals.filter((node) => (node.place ? placement.newStreams.has(node) : isNew(node))),
    marked: marked.map(({ index }) => index),
    prepares: prepared.length > 0,
    valued: new Set([
      ...[...before.byId.keys()].filter((id) => !plan.byId.has(id) || markedIds.has(id)),
      ...[...change.resumed].filter((id) => plan.byId.has(id)),
    ]),
    names: new Set([...events.names(), ...namesOfEvents(read, registry)]),
    concernsAll: marked.some(({ index }) => trueOfNothing.has(index)),
    readsTraits: names.some((name) => name.endsWith(CUSTOM)),
    readsDefined: names.some((name) => !name.endsWith(CUSTOM)),
  }
}

/** True for a definition that may have another value now. */
function isMarked(node: DefinitionNode, change: PlanChange): boolean {
  const held = change.before.byId.get(node.id)
  return change.begun.has(node.id) || !readsSame(held, node) || newInputsOf(node, change).length > 0
}

/** True if the names that a definition reads mean what they meant before. */
export function readsSame(held: DefinitionNode | undefined, { inputs }: DefinitionNode): boolean {
  return held !== undefined && isSameSet(held.inputs.names, inputs.names)
}

/** Lists the nodes that a definition reads, and whose states were not there before. */
function newInputsOf({ inputs }: DefinitionNode, { placement, isNew }: PlanChange): StatefulNode[] {
  return [...inputs.nodes].filter(
    (input) => isNew(input) || (input.kind === 'stream' && placement.newStreams.has(input)),
  )
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [first: Item[], second: Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name))
}

function successionsOf(before: Groups, after: Groups): Map<number, Succession> {
  const successions = new Map<number, Succession>()
  for (const [key, group] of before) {
    const successor = after.get(key)
    if (successor && successor.id !== group.id) successions.set(group.id, successor.succeeding(group))
  }
  return successions
}

/** Finds the windows that lie elsewhere now, or in a larger part, and do not move there with their group. */
function heirsOf(before: Groups, after: Groups): Heir[] {
  const held = new Map<string, { readonly group: PlacedGroup; readonly sink: WindowSink }>()
  for (const group of before.values())
    for (const { key, sink } of group.parts()) if (isWindowSink(sink)) held.set(key, { group, sink })
  const heirs: Heir[] = []
  for (const [holds, group] of after)
    for (const { key, size, sink } of group.parts()) {
      const origin = held.get(key)
      if (!origin || !isWindowSink(sink)) continue
      if (before.get(holds) === origin.group && origin.group.find(key, size)) continue
      const inherit: Heir['inherit'] = (rings, block, from, host) => sink.inherit(rings, block, origin.sink, from, host)
      heirs.push({ from: origin.group.id, group, inherit })
    }
  return heirs
}

/** Indexes the predicates by what is new of them. */
function newEvents({ registry, placement, isNew }: PlanChange): EventIndex {
  const events = new EventIndex()
  for (const { event, predicate, discriminator } of registry.placed()) {
    const states = predicate.states.filter(isNew)
    const member = placement.newMembers.get(predicate)
    if (states.length > 0 || member) events.add(event, { ...predicate, states, member }, discriminator)
  }
  return events
}

/** Lists the names of the events that nodes look at themselves. */
function namesOfEvents(nodes: readonly StatefulNode[], registry: NodeRegistry): Set<string> {
  const read = new Set(nodes.map((node) => (node.kind === 'stream' ? (node.occurrences ?? node) : node)))
  const placed = registry.placed().filter(({ predicate }) => predicate.nodes.some((node) => read.has(node)))
  return new Set(placed.map(({ event }) => event))
}
