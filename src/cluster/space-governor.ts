/**
 * Beats for a node: says that it lives, renews the locks of its spaces, learns who has which, and claims or lets go.
 *
 * G1. The lock says who may ask for a space; the epoch of the journal fences. So an error here costs time, and no data.
 * G2. A journal that somebody has taken over while the lock is ours is taken back: whoever did that came late. One that
 *     has lost entries in a failover of Redis is opened again from what there is.
 * G3. A queue that has lost its locks gives each space back to the node that has it.
 * G4. A space is claimed unless a node has it that lives: its owner may have lost it, and found nobody to tell.
 * G5. A space is left to a node that can go on with it at once, for a moment: it may be about to end as well.
 */
import type { SetTimer } from '../model/timer.ts'
import { ClaimedSpaces } from './claimed-spaces.ts'
import type { ClusterView, NodeDirectory, NodeRecord, OwnerRecord } from './node-directory.ts'
import type { Ownership } from './ownership.ts'
import { claimsOf, type NodeLoad, weightOf } from './placement.ts'
import { StandbyPlan } from './standby-plan.ts'
import { RouteTable } from './route-table.ts'
import type { HostedSpace, SpaceHost } from './space-host.ts'

export interface SpaceGovernorOptions {
  readonly nodeId: string
  readonly url: string
  /** False for a node that only leads requests on. */
  readonly isEngine: boolean
  /** True if each space is followed by another node than its own. */
  readonly hasStandbys: boolean
  /** True if calls may be sent to it over a link. */
  readonly takesLinks?: boolean
  readonly directory: Pick<NodeDirectory, 'beat' | 'leave' | 'owners' | 'announce' | 'retire' | 'forget'>
  readonly ownership: Ownership
  readonly host: SpaceHost
  /** Tells the other nodes that a space can be claimed. */
  readonly signal: () => Promise<void>
  /** Epoch ms. */
  readonly clock: () => number
  /** The monotonic clock, ms. */
  readonly now: () => number
  readonly timer: SetTimer
  readonly onTrouble: (cause: unknown) => void
}

/** The time between two beats; while a space is waited for with which this node can go on at once. */
const BEAT_MS = 250
const QUICK_BEAT_MS = 50
/** Locks are extended so often within the time that a lease lasts. */
const RENEWALS = 3
/** Spaces are listed so often: one may have been made. */
const LIST_MS = 1_000
/** The time between two looks that somebody asks for. */
const REFRESH_MS = 50
/** A node whose last beat is so long ago is on its own. */
const JOINED_MS = 3_000
/** Spaces that are claimed with one beat. */
const CLAIMS_MAX = 8
const NO_LOAD = { callsPerSecond: 0, profiles: 0 }

export class SpaceGovernor {
  readonly routes = new RouteTable()
  readonly #options: SpaceGovernorOptions
  readonly #claimed: ClaimedSpaces
  readonly #startedAt: number
  readonly #plan: StandbyPlan
  /** By space, what was last announced of it. */
  readonly #announced = new Map<string, string>()
  #view: ClusterView | undefined
  #spaceIds: readonly string[] = []
  #ownersVersion = -1
  #renewedAt = -Infinity
  #listedAt = -Infinity
  #isWaitedFor = false
  #isSignalled = false
  #refreshedAt = -Infinity
  #joinedAt = -Infinity
  #failedBeats = 0
  #isEnding = false
  #isStopped = false
  #beating: Promise<void> | undefined
  #cancel: () => void = () => undefined
  readonly #waiting: (() => void)[] = []

  constructor(options: SpaceGovernorOptions) {
    const { directory, clock } = options
    this.#options = options
    this.#startedAt = clock()
    // A lease is shorter than the lock, by a fifth.
    this.#plan = new StandbyPlan({ ...options, lockMs: options.ownership.leaseMs * 1.25 })
    this.#claimed = new ClaimedSpaces({
      ...options,
      announce: (spaceId) => this.#announce(spaceId),
      retire: (spaceId, described) => directory.retire(spaceId, described.epoch, this.#ownerBy(described)),
      onFailed: (spaceId) => this.#plan.failed(spaceId, options.now()),
      onChange: () => this.#wake(),
    })
  }

  /** Begins to beat; resolves when the node is known to the others. Rejects if it is to end before. */
  async start(ending = new AbortController().signal): Promise<void> {
    await this.beat()
    while (!this.#view) {
      ending.throwIfAborted()
      await new Promise<void>((resolve) => this.#options.timer(resolve, BEAT_MS))
      await this.beat()
    }
    this.#beatLater()
  }

  /** The cluster as it was with the last beat; undefined before the first. */
  get view(): ClusterView | undefined {
    return this.#view
  }

  /** True while the cluster hears of this node. */
  get isJoined(): boolean {
    return this.#options.now() - this.#joinedAt < JOINED_MS
  }

  get failedBeats(): number {
    return this.#failedBeats
  }

  /** By space that this node has claimed, the time that its lease lasts, ms. */
  get leases(): ReadonlyMap<string, number> {
    return this.#claimed.leases
  }

  /** All spaces that there are. */
  get spaceIds(): readonly string[] {
    return this.#spaceIds
  }

  /** True while this node may answer for a space. */
  serves(spaceId: string): boolean {
    return this.#claimed.serves(spaceId)
  }

  /** Resolves with the next change of what is known. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isStopped) this.#options.timer(resolve, BEAT_MS)
      else this.#waiting.push(resolve)
    })
  }

  /** Looks again: somebody asks for what is not known here. Resolves at once if that was done a moment ago. */
  async refresh(): Promise<void> {
    const { now } = this.#options
    if (now() - this.#refreshedAt < REFRESH_MS) return
    this.#refreshedAt = now()
    this.#ownersVersion = -1
    this.#listedAt = -Infinity
    await this.beat()
  }

  /** To be called when another node has signalled: looks again, after the beat that is under way if there is one. */
  signalled(): void {
    if (this.#beating) this.#isSignalled = true
    else void this.beat()
  }

  /** To be called when the journal of a space has another owner, or has lost entries. Keeps G2. */
  async lostJournal(spaceId: string): Promise<void> {
    const { ownership, onTrouble, timer } = this.#options
    while (this.#claimed.has(spaceId) && !this.#isStopped)
      try {
        const renewal = await ownership.renew([spaceId])
        this.#claimed.renewed([spaceId], renewal)
        if (renewal.lost.length === 0) this.#claimed.reopen(spaceId)
        else this.#claimed.drop(spaceId)
        return
      } catch (cause) {
        onTrouble(cause)
        // What has failed over may have the locks as well.
        await new Promise<void>((resolve) => timer(resolve, BEAT_MS))
      }
  }

  /** To be called when a space was closed and removed. */
  async removed(spaceId: string): Promise<void> {
    const { ownership, directory } = this.#options
    this.#claimed.forget(spaceId)
    this.#announced.delete(spaceId)
    // As long as it can be claimed, somebody does, and tries this again.
    await directory.forget(spaceId)
    await ownership.withdraw(spaceId)
  }

  /** Hands all spaces over to other nodes, and leaves; requests are still led on meanwhile. */
  async stop(): Promise<void> {
    const { directory, nodeId, ownership, onTrouble } = this.#options
    this.#isEnding = true
    this.#options.host.follow([])
    await this.#claimed.letAllGo((spaceId) => this.#plan.isFollowed(spaceId))
    this.#isStopped = true
    this.#cancel()
    await this.#beating
    await directory.leave(nodeId).catch(onTrouble)
    await ownership.close()
    this.#wake()
  }

  /** Takes one beat; a second one at the same time is the same. */
  beat(): Promise<void> {
    // It has left.
    if (this.#isStopped) return Promise.resolve()
    this.#beating ??= this.#beat()
      .catch((cause: unknown) => {
        this.#failedBeats++
        this.#options.onTrouble(cause)
      })
      .finally(() => {
        this.#beating = undefined
        this.#wake()
        if (!this.#isSignalled) return
        this.#isSignalled = false
        void this.beat()
      })
    return this.#beating
  }

  #beatLater(): void {
    if (this.#isStopped) return
    const waitMs = this.#isWaitedFor ? QUICK_BEAT_MS : BEAT_MS
    this.#cancel = this.#options.timer(() => void this.beat().then(() => this.#beatLater()), waitMs)
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async #beat(): Promise<void> {
    const { directory, isEngine, now } = this.#options
    await this.#renew()
    this.#view = await directory.beat(this.#record())
    this.#joinedAt = now()
    if (this.#view.ownersVersion !== this.#ownersVersion) {
      this.routes.update(await directory.owners())
      this.#ownersVersion = this.#view.ownersVersion
    }
    this.#dropWhatOthersHave()
    await this.#list(this.#view)
    this.#follow(this.#view)
    for (const spaceId of this.#claimed.announcedIds) await this.#announce(spaceId)
    if (isEngine && !this.#isEnding) await this.#place(this.#view)
  }

  #record(): NodeRecord {
    const { nodeId, url, isEngine, takesLinks, host } = this.#options
    // Spaces that are being opened count: they are about to be here.
    const weights = this.#claimed.stayingIds.map((id) => [id, weightOf(host.describe(id)?.load ?? NO_LOAD)] as const)
    const common = { id: nodeId, url, isEngine, startedAt: this.#startedAt, ...(takesLinks && { takesLinks }) }
    const { standbyIds: standbys } = host
    return {
      ...common,
      isEnding: this.#isEnding,
      weights: Object.fromEntries(weights),
      standbys: [...standbys],
      moves: this.#plan.moves,
    }
  }

  async #renew(): Promise<void> {
    const { ownership, now } = this.#options
    const { ids } = this.#claimed
    if (ids.length === 0 || now() - this.#renewedAt < ownership.leaseMs / (RENEWALS + 1)) return
    const renewal = await ownership.renew(ids)
    this.#renewedAt = renewal.askedAt
    this.#claimed.renewed(ids, renewal)
    // Keeps G3: a job that is there stays as it is.
    await ownership.offer(renewal.lost)
  }

  async #list(view: ClusterView): Promise<void> {
    const { host, ownership, isEngine, now } = this.#options
    if (now() - this.#listedAt < LIST_MS) return
    this.#listedAt = now()
    this.#spaceIds = await host.listIds()
    if (isEngine) await ownership.offer(this.#ownerless(view.nodes))
  }

  /** A space without its lock that another node has announced is that node's. */
  #dropWhatOthersHave(): void {
    for (const spaceId of this.#claimed.parkedIds) {
      const owner = this.routes.ownerOf(spaceId)
      if (owner && owner.nodeId !== this.#options.nodeId) this.#claimed.drop(spaceId)
    }
  }

  async #announce(spaceId: string): Promise<void> {
    const { directory, host, nodeId, signal } = this.#options
    const described = host.describe(spaceId)
    if (!described) return
    const { epoch } = described
    const record = this.#ownerBy(described)
    const text = JSON.stringify([epoch, record])
    if (text === this.#announced.get(spaceId) && this.routes.ownerOf(spaceId)?.nodeId === nodeId) return
    if (!(await directory.announce(spaceId, epoch, record))) return
    this.#announced.set(spaceId, text)
    this.#ownersVersion = -1
    await signal()
  }

  #ownerBy({ writeKeys, tokens }: HostedSpace): OwnerRecord {
    const { nodeId, url } = this.#options
    return { nodeId, url, writeKeys: [...writeKeys], tokens: [...tokens] }
  }

  async #place({ nodes, drained }: ClusterView): Promise<void> {
    const { nodeId, ownership, now } = this.#options
    if (drained.has(nodeId)) {
      // One at a time, so that not all of them are away at once.
      if (!this.#claimed.isAnyLeaving)
        for (const id of this.#claimed.stayingIds.slice(0, 1)) this.#claimed.letGo(id, this.#plan.isFollowed(id))
      return
    }
    const engines = nodes.filter((node) => node.isEngine && !node.isEnding && !drained.has(node.id)).map(loadedNode)
    const ownerless = this.#ownerless(nodes)
    const mine = ownerless.filter((id) => this.#mayTake(id, nodes))
    const waiting = mine.length
    const overdue = mine.filter((id) => this.#plan.isOverdue(id, now())).length
    const ready = ownerless.filter((id) => this.#options.host.standbyIds.includes(id)).length
    this.#isWaitedFor = ready > 0
    const share = ownership.isFixed ? waiting : Math.max(ready, overdue, claimsOf(nodeId, engines, waiting))
    await this.#claim(Math.min(CLAIMS_MAX, share) + this.#claimed.parkedIds.length, nodes)
    if (ownership.isFixed || ownerless.length > 0 || this.#claimed.isAnyLeaving) return
    const moved = this.#plan.moveOf(engines, now())
    if (moved !== undefined) this.#claimed.letGo(moved, this.#plan.isFollowed(moved))
  }

  /** Follows what this node is to be able to go on with. */
  #follow({ nodes, drained }: ClusterView): void {
    const { host, isEngine, now } = this.#options
    const owners = new Map(this.#spaceIds.map((spaceId) => [spaceId, this.#holderOf(spaceId, nodes)]))
    this.#plan.update({ nodes, drained, owners, ownersVersion: this.#ownersVersion, now: now() })
    if (isEngine && !this.#isEnding) host.follow(this.#plan.followed)
  }

  /** True if this node may open a space now. Keeps G4, G5. */
  #mayTake(spaceId: string, nodes: readonly NodeRecord[]): boolean {
    const { nodeId, host, now } = this.#options
    const holder = this.#holderOf(spaceId, nodes)
    // It may have been told to end while it asked.
    if (this.#isEnding || (holder !== undefined && holder !== nodeId)) return false
    return holder === nodeId || this.#plan.mayOpen(spaceId, host.standbyIds.includes(spaceId), now())
  }

  /** Claims so many spaces that are nobody's, or were this node's all the time. */
  async #claim(count: number, nodes: readonly NodeRecord[]): Promise<void> {
    const { ownership, onTrouble } = this.#options
    const others: string[] = []
    let taken = 0
    try {
      while (taken < count && !this.#isEnding) {
        const claim = await ownership.claim()
        if (!claim) break
        if (this.#mayTake(claim.spaceId, nodes)) {
          this.#claimed.take(claim)
          taken++
        } else others.push(claim.spaceId)
      }
    } finally {
      // Keeps G3. Not before: the next claim would be for the same.
      for (const spaceId of others) await ownership.release(spaceId).catch(onTrouble)
    }
  }

  /** Lists the spaces that no node has which lives. */
  #ownerless(nodes: readonly NodeRecord[]): string[] {
    return this.#spaceIds.filter((spaceId) => this.#holderOf(spaceId, nodes) === undefined)
  }

  /** Returns the id of the node that has a space and lives; undefined if there is none. Keeps G4. */
  #holderOf(spaceId: string, nodes: readonly NodeRecord[]): string | undefined {
    const { nodeId } = this.#options
    if (this.#claimed.has(spaceId)) return nodeId
    const owner = this.routes.ownerOf(spaceId)
    const holds = ({ id, weights }: NodeRecord): boolean => id === owner?.nodeId && spaceId in weights
    return nodes.some((node) => node.id !== nodeId && holds(node)) ? owner?.nodeId : undefined
  }
}

function loadedNode({ id, weights }: NodeRecord): NodeLoad {
  return { id, weights: new Map(Object.entries(weights)) }
}
