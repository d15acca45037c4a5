/**
 * Decides which node follows a space, so that it can go on with it, and which space is to go to another node. Every
 * node finds the same from the same records.
 *
 * N1. A space that is to move is followed first by the node that is to have it: so nobody waits for its loading.
 */
import type { ClusterView, NodeRecord } from './node-directory.ts'
import { type SpaceMove, moveOf, type NodeLoad, standbyOf } from './placement.ts'

export interface StandbyPlanOptions {
  readonly nodeId: string
  /** True if each space is followed by another node than its own. */
  readonly hasStandbys: boolean
  /** A lock that is not extended lasts so long, ms. */
  readonly lockMs: number
}

/** The cluster as a node knows it. */
export interface PlannedCluster extends Pick<ClusterView, 'nodes' | 'drained' | 'ownersVersion'> {
  /** By space: the node that has it, if that lives. */
  readonly owners: ReadonlyMap<string, string | undefined>
  /** The monotonic clock, ms. */
  readonly now: number
}

/** The time between two moves. */
const MOVE_MS = 5_000
/** A node that is to have a space can go on with it within so long, or it is not moved. */
const READY_WITHIN_MS = 60_000
/** Beyond the time that a lock lasts, a space is left so long to a node that can go on with it, or to any other. */
const LEFT_MS = { ready: 2_000, fair: 4_000 }
/** A space that could not be opened here is left to others for so long. */
const FAILED_MS = 10_000

export class StandbyPlan {
  readonly #options: StandbyPlanOptions
  #nodes: readonly NodeRecord[] = []
  /** By space that is to go to another node, or is on its way there: that node. */
  #moving: readonly (readonly [spaceId: string, to: string])[] = []
  #basis = ''
  #followed: readonly string[] = []
  #move: (SpaceMove & { readonly since: number; readonly isLetGo: boolean }) | undefined
  #movedAt = -Infinity
  /** By space that nobody has: since when. */
  readonly #ownerlessSince = new Map<string, number>()
  /** By space that could not be opened here: when. */
  readonly #failedAt = new Map<string, number>()

  constructor(options: StandbyPlanOptions) {
    this.#options = options
  }

  /** Lists the spaces that this node is to follow. */
  get followed(): readonly string[] {
    return this.#followed
  }

  /** By space of this node that is to go to another, or is on its way there: that node. */
  get moves(): Record<string, string> {
    return this.#move ? { [this.#move.spaceId]: this.#move.to } : {}
  }

  /** Takes the cluster as it is now. */
  update({ nodes, drained, owners, ownersVersion, now }: PlannedCluster): void {
    const { nodeId, hasStandbys } = this.#options
    this.#nodes = nodes.filter((node) => node.isEngine && !node.isEnding && !drained.has(node.id))
    for (const [spaceId, owner] of owners)
      if (owner !== undefined) this.#ownerlessSince.delete(spaceId)
      else if (!this.#ownerlessSince.has(spaceId)) this.#ownerlessSince.set(spaceId, now)
    const moved = this.#move?.isLetGo ? owners.get(this.#move.spaceId) : undefined
    if (moved !== undefined && moved !== nodeId) this.#move = undefined
    this.#moving = nodes.flatMap((node) => Object.entries(node.moves))
    const ids = this.#nodes.map(({ id }) => id).sort()
    const basis = JSON.stringify([ids, this.#moving, ownersVersion, [...owners]])
    if (basis === this.#basis) return
    this.#basis = basis
    if (!hasStandbys || !ids.includes(nodeId)) {
      this.#followed = []
      return
    }
    const followed = [...owners].filter(([spaceId, owner]) => {
      // One that is between two owners goes on being followed until somebody has it.
      if (owner === undefined) return this.#followed.includes(spaceId)
      const others = ids.filter((id) => id !== owner)
      return owner !== nodeId && standbyOf(spaceId, others) === nodeId
    })
    const moving = this.#moving.filter(([spaceId, to]) => to === nodeId && owners.get(spaceId) !== nodeId)
    this.#followed = [...new Set([...followed, ...moving].map(([spaceId]) => spaceId))]
  }

  /** True if a node other than this one can go on with a space at once. */
  isFollowed(spaceId: string): boolean {
    return this.#nodes.some(({ id, standbys }) => id !== this.#options.nodeId && standbys.includes(spaceId))
  }

  /**
   * True if this node may open a space that is nobody's. If another is to have it, or can go on with it at once, that
   * one is given a moment first.
   * @param isReady true if this one can go on with it at once
   */
  mayOpen(spaceId: string, isReady: boolean, now: number): boolean {
    const isAlone = this.#nodes.every(({ id }) => id === this.#options.nodeId)
    if (!isAlone && now - (this.#failedAt.get(spaceId) ?? -Infinity) < FAILED_MS) return false
    const target = this.#targetOf(spaceId)
    if (target === this.#options.nodeId) return true
    if (target === undefined && (isReady || !this.isFollowed(spaceId))) return true
    return this.#isOwnerlessFor(spaceId, this.#options.lockMs + LEFT_MS.ready, now)
  }

  /** True if a space has been nobody's for so long that whoever may open it is to, however much it has. */
  isOverdue(spaceId: string, now: number): boolean {
    return this.#isOwnerlessFor(spaceId, this.#options.lockMs + LEFT_MS.fair, now)
  }

  /** To be called when a space could not be opened here: others try before this node does again. */
  failed(spaceId: string, now: number): void {
    this.#failedAt.set(spaceId, now)
  }

  /** Returns a space that this node is to let go now; undefined if there is none. Keeps N1. */
  moveOf(engines: readonly NodeLoad[], now: number): string | undefined {
    const { nodeId, hasStandbys } = this.#options
    if (now - this.#movedAt < MOVE_MS) return undefined
    const better = moveOf(nodeId, engines)
    if (!better) {
      this.#move = undefined
      return undefined
    }
    // Loads change all the time: the move that was begun is as good as another that would begin anew.
    const isUnderWay = this.#move?.isLetGo === false && this.#move.to === better.to && has(engines, nodeId, this.#move)
    const move = isUnderWay ? this.#move! : { ...better, since: now, isLetGo: false }
    this.#move = move
    const target = this.#nodes.find(({ id }) => id === move.to)
    if (!hasStandbys || target?.standbys.includes(move.spaceId)) {
      this.#move = { ...move, isLetGo: true }
      this.#movedAt = now
      return move.spaceId
    }
    if (now - move.since >= READY_WITHIN_MS) {
      this.#move = undefined
      this.#movedAt = now
    }
    return undefined
  }

  #isOwnerlessFor(spaceId: string, ms: number, now: number): boolean {
    return now - (this.#ownerlessSince.get(spaceId) ?? now) >= ms
  }

  /** Returns the node that is to have a space, if it can. */
  #targetOf(spaceId: string): string | undefined {
    const target = this.#moving.find(([moving]) => moving === spaceId)?.[1]
    return this.#nodes.some(({ id }) => id === target) ? target : undefined
  }
}

function has(engines: readonly NodeLoad[], nodeId: string, { spaceId }: SpaceMove): boolean {
  return engines.some(({ id, weights }) => id === nodeId && weights.has(spaceId))
}
