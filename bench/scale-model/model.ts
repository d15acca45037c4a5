/**
 * Computes what an installation takes from what it is sent, by measured costs alone: nodes, workers, shards of Redis,
 * and the time of a takeover. A space that outgrows the core of its node is set apart: no placement helps it.
 */
import type { SpaceLoad } from '../../src/cluster/placement.ts'
import { CHOSEN, MEASURED, residentBytesOf } from './measured.ts'
import { loseOne, type Placed, placeAll, type PlacedNode } from './placed.ts'

export interface Demand {
  readonly callsPerSecond: number
  readonly profiles: number
  readonly spaces: number
  /** Exponent of the Zipf distribution by which calls and profiles fall to spaces; 0: all are alike. */
  readonly skew: number
  /** True if each space has a second copy, at another node. */
  readonly hasStandbys: boolean
  /** True if requests come to nodes of their own, which lead them on. */
  readonly hasEdges: boolean
}

export interface Installation {
  readonly engines: number
  /** If placement could make all nodes alike. */
  readonly enginesIfEven: number
  readonly edges: number
  readonly workers: number
  readonly shards: number
  /** Cores that Redis takes: at most if each request is an append, at least if its appends are full. */
  readonly redisCores: { readonly least: number; readonly most: number }
  /** Commands of Redis a second, at most. */
  readonly redisCommands: number
  /** Spaces that outgrow the core of a node, and their share of all calls. */
  readonly outgrown: number
  readonly outgrownShare: number
  /** The busiest node's share of a core, with all nodes, and when the most loaded one has been lost. */
  readonly cpuShare: { readonly usual: number; readonly lost: number }
  /** In memory, of all nodes. */
  readonly bytes: number
  /** From the death of the most loaded node until all of its spaces answer, s. */
  readonly takeoverSeconds: number
}

/** Shares calls and profiles out among spaces, the largest first. */
export function spacesOf({ callsPerSecond, profiles, spaces, skew }: Demand): ReadonlyMap<string, SpaceLoad> {
  const parts = Array.from({ length: spaces }, (_, rank) => (rank + 1) ** -skew)
  const sum = parts.reduce((total, part) => total + part, 0)
  return new Map(
    parts.map((part, rank) => [
      `space_${rank}`,
      { callsPerSecond: (callsPerSecond * part) / sum, profiles: (profiles * part) / sum },
    ]),
  )
}

/** Returns the share of a core that a space takes at its node. */
export function cpuShareOf({ callsPerSecond }: SpaceLoad, { hasStandbys, hasEdges }: Demand): number {
  const { engineCallUs, edgeCallUs, deliveryServerUs, replayCallUs } = MEASURED
  // Without edges, a node leads about as many calls on as are led on to it.
  const takenUs = engineCallUs.value + (hasEdges ? 0 : edgeCallUs.value)
  const deliveredUs = CHOSEN.deliveriesPerCall * deliveryServerUs.value
  const standbyUs = hasStandbys ? replayCallUs.value : 0
  return (callsPerSecond * (takenUs + deliveredUs + standbyUs)) / 1e6
}

/** Numbers of nodes are tried in steps of so much, at least of one. */
const SEARCH_STEP = 1.05
/** A space that takes more of a core has a node to itself: placement leaves nodes as they are that differ little. */
const APART_FROM = CHOSEN.cpuShareMax / 1.1

export function installationFor(demand: Demand): Installation {
  const { cpuShareMax } = CHOSEN
  const all = spacesOf(demand)
  const outgrown = [...all.values()].filter((space) => cpuShareOf(space, demand) > cpuShareMax)
  const apart = new Set([...all].flatMap(([id, space]) => (cpuShareOf(space, demand) > APART_FROM ? [id] : [])))
  const spaces = new Map([...all].filter(([id]) => !apart.has(id)))
  const { placed, lost, least } = leastPlaced(spaces, demand)
  const bytes = [...all.values()].reduce((sum, space) => sum + bytesOf(space, demand), 0)
  const outgrownCalls = outgrown.reduce((sum, { callsPerSecond }) => sum + callsPerSecond, 0)
  const ofLarge = apart.size > 0 ? apart.size + 1 : 0
  const engines = placed.nodes.length + ofLarge
  const edges = demand.hasEdges ? Math.ceil(edgeCores(demand) / cpuShareMax) + 1 : 0
  const cpuShare = {
    usual: Math.max(...cpuShares(placed, spaces, demand)),
    lost: Math.max(...cpuShares(lost, spaces, demand)),
  }
  return {
    engines,
    enginesIfEven: least + ofLarge,
    edges,
    workers: Math.ceil((perSecond(demand, MEASURED.deliveryWorkerUs.value) * CHOSEN.deliveriesPerCall) / cpuShareMax),
    ...redisFor(demand, engines + edges),
    outgrown: outgrown.length,
    outgrownShare: outgrownCalls / demand.callsPerSecond,
    cpuShare,
    bytes,
    takeoverSeconds: takeoverOf(placed, lost, spaces, demand),
  }
}

/** Places spaces on the fewest nodes of which one can be lost. */
function leastPlaced(
  spaces: ReadonlyMap<string, SpaceLoad>,
  demand: Demand,
): { readonly placed: Placed; readonly lost: Placed; readonly least: number } {
  const list = [...spaces.values()]
  const cores = list.reduce((sum, space) => sum + cpuShareOf(space, demand), 0)
  const bytes = list.reduce((sum, space) => sum + bytesOf(space, demand), 0)
  const least = Math.max(Math.ceil(cores / CHOSEN.cpuShareMax), Math.ceil(bytes / CHOSEN.nodeBytes), 1) + 1
  for (let count = least; count <= spaces.size + 1; count = Math.ceil(count * SEARCH_STEP)) {
    const placed = placeAll(spaces, count)
    const lost = loseOne(placed, spaces)
    if (fits(placed, spaces, demand) && fits(lost, spaces, demand)) return { placed, lost, least }
  }
  throw new Error(`${spaces.size} spaces fit on no number of nodes`)
}

function fits(placed: Placed, spaces: ReadonlyMap<string, SpaceLoad>, demand: Demand): boolean {
  const isSmall = ({ weights }: PlacedNode): boolean =>
    sumOf(weights, spaces, (space) => bytesOf(space, demand)) <= CHOSEN.nodeBytes
  return Math.max(...cpuShares(placed, spaces, demand)) <= CHOSEN.cpuShareMax && placed.nodes.every(isSmall)
}

function cpuShares({ nodes }: Placed, spaces: ReadonlyMap<string, SpaceLoad>, demand: Demand): number[] {
  return nodes.map(({ weights }) => sumOf(weights, spaces, (space) => cpuShareOf(space, demand)))
}

function sumOf(
  weights: ReadonlyMap<string, number>,
  spaces: ReadonlyMap<string, SpaceLoad>,
  valueOf: (space: SpaceLoad) => number,
): number {
  return [...weights.keys()].reduce((sum, id) => sum + valueOf(spaces.get(id)!), 0)
}

function bytesOf({ profiles }: SpaceLoad, { hasStandbys }: Demand): number {
  return residentBytesOf(profiles) * (hasStandbys ? 2 : 1)
}

/** Cores for a cost of each call, CPU µs. */
function perSecond({ callsPerSecond }: Demand, us: number): number {
  return (callsPerSecond * us) / 1e6
}

function edgeCores(demand: Demand): number {
  return perSecond(demand, MEASURED.edgeCallUs.value)
}

function redisFor(demand: Demand, nodes: number): Pick<Installation, 'shards' | 'redisCores' | 'redisCommands'> {
  const { redisCallUsBusy, redisCallUsSingle, redisNodeUs, redisCommands, checkpointBytes } = MEASURED
  const beats = (nodes * redisNodeUs.value) / 1e6
  const [least, most] = [redisCallUsBusy, redisCallUsSingle].map(({ value }) => perSecond(demand, value) + beats)
  let bytes = demand.profiles * checkpointBytes.value
  for (const { callsPerSecond } of spacesOf(demand).values()) bytes += journalBytesOf(callsPerSecond)
  const shards = Math.max(Math.ceil(most! / CHOSEN.cpuShareMax), Math.ceil(bytes / CHOSEN.shardBytes))
  return {
    shards,
    redisCores: { least: least!, most: most! },
    redisCommands: demand.callsPerSecond * redisCommands.value,
  }
}

/** Two intervals of checkpoints, as far as they may grow. */
function journalBytesOf(callsPerSecond: number): number {
  const { journalCallBytes, journalBytesMax } = MEASURED
  return Math.min(2 * CHOSEN.checkpointSeconds * callsPerSecond * journalCallBytes.value, journalBytesMax.value)
}

/**
 * A standby has read the journal as far as it goes, so that nothing is left but the lock. Without one, each of the
 * others loads the spaces that come to it one after another, with the calls since their last checkpoints.
 */
function takeoverOf(
  placed: Placed,
  lost: Placed,
  spaces: ReadonlyMap<string, SpaceLoad>,
  { hasStandbys }: Demand,
): number {
  const missed = CHOSEN.lockSeconds + CHOSEN.checkSeconds
  if (hasStandbys) return missed
  const left = new Set(lost.nodes.map(({ id }) => id))
  const gone = placed.nodes.find(({ id }) => !left.has(id))!
  const loads = lost.nodes.map(({ weights }) => {
    const taken = new Map([...weights].filter(([id]) => gone.weights.has(id)))
    return sumOf(taken, spaces, loadSecondsOf)
  })
  return missed + Math.max(...loads)
}

function loadSecondsOf({ profiles, callsPerSecond }: SpaceLoad): number {
  const { loadProfileUs, loadCallUs, journalCallBytes, journalBytesMax } = MEASURED
  const calls = Math.min(CHOSEN.checkpointSeconds * callsPerSecond, journalBytesMax.value / 2 / journalCallBytes.value)
  return (profiles * loadProfileUs.value + calls * loadCallUs.value) / 1e6
}
