/**
 * Spreads spaces over nodes by what they cost. Every node computes the same from the same loads; one that errs costs
 * time and no data, as it only decides who asks.
 *
 * Example: of nodes at 5, 2 and 0, three spaces of weight 1 that wait go to the last, to the last, and to the second.
 */

import { createHash } from 'node:crypto'

/** A node with the spaces that it has. */
export interface NodeLoad {
  readonly id: string
  /** By space. */
  readonly weights: ReadonlyMap<string, number>
}

/** The measured cost of a space. */
export interface SpaceLoad {
  /** Over the last seconds. */
  readonly callsPerSecond: number
  readonly profiles: number
}

/** Calls a second, and profiles, that weigh as much as a space with nothing in it. */
const CALLS_OF_ONE = 50
const PROFILES_OF_ONE = 50_000
/** Two nodes between which a space is moved differ by so much of the mean load: less is not worth a move. */
const GAP_MIN = 0.2

/** Returns the weight of a space: at least 1. */
export function weightOf({ callsPerSecond, profiles }: SpaceLoad): number {
  return 1 + callsPerSecond / CALLS_OF_ONE + profiles / PROFILES_OF_ONE
}

/** Returns how many of `waiting` spaces a node is to claim: they go to the least loaded, one after another. */
export function claimsOf(nodeId: string, nodes: readonly NodeLoad[], waiting: number): number {
  const loads = new Map(nodes.map((node) => [node.id, loadOf(node)]))
  let claims = 0
  for (let left = waiting; left > 0; left--) {
    const id = leastOf(loads)
    if (id === undefined) return claims
    loads.set(id, loads.get(id)! + 1)
    if (id === nodeId) claims++
  }
  return claims
}

/** A space that is to go to another node. */
export interface SpaceMove {
  readonly spaceId: string
  readonly to: string
}

/**
 * Returns the space that a node is to let go to the least loaded node, which is better placed; undefined: none. Of the
 * nodes that have one, the most loaded lets go: one whose only space is large must not keep the others from it.
 */
export function moveOf(nodeId: string, nodes: readonly NodeLoad[]): SpaceMove | undefined {
  const loads = new Map(nodes.map((node) => [node.id, loadOf(node)]))
  const lightest = leastOf(loads)
  if (lightest === undefined) return undefined
  const low = loads.get(lightest)!
  const gapMin = (GAP_MIN * [...loads.values()].reduce((sum, load) => sum + load, 0)) / loads.size
  const others = nodes.filter(({ id }) => id !== lightest)
  for (const node of others.sort((a, b) => loads.get(b.id)! - loads.get(a.id)! || (a.id < b.id ? -1 : 1))) {
    const high = loads.get(node.id)!
    if (high - low < gapMin) return undefined
    const moved = betterPlaced(node, high, low)
    if (moved !== undefined) return node.id === nodeId ? { spaceId: moved, to: lightest } : undefined
  }
  return undefined
}

/** Returns the space that leaves a node and the least loaded one least apart; undefined: none takes anything off. */
function betterPlaced({ weights }: NodeLoad, high: number, low: number): string | undefined {
  let [best, peak]: [string | undefined, number] = [undefined, high]
  for (const [spaceId, weight] of weights) {
    const after = Math.max(high - weight, low + weight)
    if (after < peak) [best, peak] = [spaceId, after]
  }
  return best
}

/**
 * Returns the node that is to follow a space of another, so that it can go on with it: of the given nodes always the
 * same one, and about as many spaces for each (rendezvous hashing: Thaler and Ravishankar, 1998). Undefined if there is
 * none.
 * @param nodeIds those that may take the space over
 */
export function standbyOf(spaceId: string, nodeIds: readonly string[]): string | undefined {
  let [best, greatest]: [string | undefined, string] = [undefined, '']
  for (const nodeId of nodeIds) {
    const score = createHash('sha256').update(`${spaceId} ${nodeId}`).digest('hex')
    if (score > greatest) [best, greatest] = [nodeId, score]
  }
  return best
}

export function loadOf({ weights }: NodeLoad): number {
  let load = 0
  for (const weight of weights.values()) load += weight
  return load
}

function leastOf(loads: ReadonlyMap<string, number>): string | undefined {
  let least: string | undefined
  for (const [id, load] of loads) {
    const known = least === undefined ? Infinity : loads.get(least)!
    if (load < known || (load === known && id < least!)) least = id
  }
  return least
}
