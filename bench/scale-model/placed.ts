/**
 * Spaces on nodes as the product's own placement has them: nodes claim what waits, at most eight with a beat and by the
 * loads that are known before it, and then move spaces one after another until none is to be moved.
 */
import { Random } from '../harness/random.ts'
import { claimsOf, loadOf, moveOf, type SpaceLoad, weightOf } from '../../src/cluster/placement.ts'

export interface PlacedNode {
  readonly id: string
  /** By space. */
  readonly weights: Map<string, number>
}

export interface Placed {
  readonly nodes: readonly PlacedNode[]
  readonly moves: number
}

const CLAIMS_MAX = 8

/** Places all spaces on so many nodes that come at one time. @param seed of the order in which spaces wait */
export function placeAll(spaces: ReadonlyMap<string, SpaceLoad>, count: number, seed = 1): Placed {
  const random = new Random(seed)
  const waiting = Array.from(spaces.keys(), (id) => [random.next(), id] as const).sort(([a], [b]) => a - b)
  const nodes = Array.from({ length: count }, (_, number) => ({ id: `node_${number}`, weights: new Map() }))
  return settle(
    nodes,
    waiting.map(([, id]) => id),
    spaces,
  )
}

/** Places what the most loaded node had on the others. */
export function loseOne({ nodes }: Placed, spaces: ReadonlyMap<string, SpaceLoad>): Placed {
  const lost = nodes.reduce((most, node) => (loadOf(node) > loadOf(most) ? node : most))
  const left = nodes.filter((node) => node !== lost).map(({ id, weights }) => ({ id, weights: new Map(weights) }))
  return settle(left, [...lost.weights.keys()], spaces)
}

/** Returns the load of the most loaded node, by the mean of all. */
export function imbalanceOf(loads: readonly number[]): number {
  return (Math.max(...loads) * loads.length) / loads.reduce((sum, load) => sum + load, 0)
}

/** Finds the one node that moves a space; to ask the more loaded ones first finds it soon. */
function moveIn(nodes: readonly PlacedNode[]): { readonly from: PlacedNode; readonly moved: string } | undefined {
  const loaded = nodes.map((node) => [loadOf(node), node] as const).sort(([a], [b]) => b - a)
  for (const [, from] of loaded) {
    const moved = moveOf(from.id, nodes)?.spaceId
    if (moved !== undefined) return { from, moved }
  }
  return undefined
}

function settle(nodes: PlacedNode[], waiting: string[], spaces: ReadonlyMap<string, SpaceLoad>): Placed {
  const expected = waiting.length + nodes.reduce((sum, { weights }) => sum + weights.size, 0)
  while (waiting.length > 0) {
    const claims = nodes.map(({ id }) => Math.min(CLAIMS_MAX, claimsOf(id, nodes, waiting.length)))
    for (const [index, { weights }] of nodes.entries())
      for (const id of waiting.splice(0, claims[index])) weights.set(id, weightOf(spaces.get(id)!))
  }
  let moves = 0
  for (; ; moves++) {
    if (moves > 100 * expected) throw new Error('spaces are moved without end')
    const found = moveIn(nodes)
    if (!found) break
    const { from, moved } = found
    const to = nodes.reduce((least, node) => (loadOf(node) < loadOf(least) ? node : least))
    to.weights.set(moved, from.weights.get(moved)!)
    from.weights.delete(moved)
  }
  const placed = new Set(nodes.flatMap(({ weights }) => [...weights.keys()]))
  const held = nodes.reduce((sum, { weights }) => sum + weights.size, 0)
  if (held !== expected || placed.size !== expected) throw new Error(`${expected} spaces are ${held} on the nodes`)
  return { nodes, moves }
}
