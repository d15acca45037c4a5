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
/** A move must take off so much of the mean load. */
const GAIN_MIN = 0.1

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

/** Returns the space that a node is to let go to the least loaded node, which is better placed; undefined: none. */
export function moveOf(nodeId: string, nodes: readonly NodeLoad[]): SpaceMove | undefined {
  const loads = new Map(nodes.map((node) => [node.id, loadOf(node)]))
  const heaviest = [...loads].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]
  const lightest = leastOf(loads)
  if (heaviest?.[0] !== nodeId || lightest === undefined || lightest === nodeId) return undefined
  const [high, low] = [heaviest[1], loads.get(lightest)!]
  const mean = [...loads.values()].reduce((sum, load) => sum + load, 0) / loads.size
  let [best, peak]: [string | undefined, number] = [undefined, high - GAIN_MIN * mean]
  for (const [spaceId, weight] of nodes.find(({ id }) => id === nodeId)!.weights) {
    const after = Math.max(high - weight, low + weight)
    if (after < peak) [best, peak] = [spaceId, after]
  }
  return best === undefined ? undefined : { spaceId: best, to: lightest }
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
