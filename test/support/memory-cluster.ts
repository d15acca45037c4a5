/**
 * A cluster in memory, on virtual time: a queue of locks and a directory that several governors share, and nodes that
 * stand still, die, and cannot reach either.
 *
 * The queue does as BullMQ does, which `bull-ownership.test.ts` pins; a lock that has run out is noticed at once.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { ClusterView, NodeRecord, OwnerRecord } from '../../src/cluster/node-directory.ts'
import type { Claim, Ownership, Renewal } from '../../src/cluster/ownership.ts'
import { SpaceGovernor } from '../../src/cluster/space-governor.ts'
import type { HostedSpace, SpaceEnding, SpaceHost } from '../../src/cluster/space-host.ts'
import type { SetTimer } from '../../src/model/timer.ts'
import { VirtualTime } from './server.ts'

export const LOCK_MS = 2_000
export const LEASE_MS = 1_600
/** A node that is silent for so long is dead to the others. */
const DEAD_AFTER_MS = 2_000
/** An owner learns so late that its journal has been taken. */
const LOST_AFTER_MS = 100

/** A call fails before anything has come of it, or its answer is lost. */
export type Trouble = 'not asked' | 'not answered'

/** The calls of a node to what all of them share. */
export const CALLS = [
  'beat',
  'leave',
  'owners',
  'announce',
  'retire',
  'forget',
  'offer',
  'claim',
  'renew',
  'release',
  'withdraw',
  'list',
  'open',
  'prepare',
] as const
export type Call = (typeof CALLS)[number]

interface Lock {
  readonly nodeId: string
  readonly until: number
}

export class MemoryCluster {
  readonly time = new VirtualTime(0)
  readonly nodes: MemoryNode[] = []
  readonly spaceIds: string[]
  readonly drained = new Set<string>()
  readonly owners = new Map<string, { readonly epoch: number; readonly record: OwnerRecord }>()
  /** By space: how often its journal was opened, and by whom last. */
  readonly journals = new Map<string, { readonly epoch: number; readonly node: MemoryNode }>()
  /** Things that must not be. */
  readonly faults: string[] = []
  readonly beats = new Map<string, { readonly at: number; readonly record: NodeRecord }>()
  ownersVersion = 0
  /** False: an owner does not notice that its journal has been taken; nobody calls. */
  areLossesNoticed = true
  clearedAt = -Infinity
  #waiting: string[] = []
  readonly #locks = new Map<string, Lock>()
  #count = 0

  /** True if each space is followed by another node than its own. */
  readonly hasStandbys: boolean

  /** The time until a space that is followed can be gone on with, ms. */
  readonly followMs: number

  constructor(
    spaces: number,
    { hasStandbys = false, followMs = 0 }: { hasStandbys?: boolean; followMs?: number | undefined } = {},
  ) {
    this.hasStandbys = hasStandbys
    this.followMs = followMs
    this.spaceIds = Array.from({ length: spaces }, (_, number) => `space_${number}`)
  }

  /** Starts a node. @param latencyMs the time that each of its calls takes */
  join(latencyMs = 0, { isEngine = true } = {}): MemoryNode {
    const node = new MemoryNode(this, `node_${++this.#count}`, { latencyMs, isEngine })
    this.nodes.push(node)
    node.started = node.governor.start(node.ending.signal).catch((cause: unknown) => {
      node.troubles.push(cause)
    })
    return node
  }

  /** Lets so much time pass, and everything happen that is due. @param check called at each instant on the way */
  async pass(ms: number, check: () => void = () => undefined): Promise<void> {
    const end = this.time.now + ms
    for (;;) {
      await turn()
      check()
      const next = Math.min(...Array.from(this.time.timers, ({ at }) => at))
      if (next > end) break
      this.time.moveTo(next)
    }
    this.time.moveTo(end)
    await turn()
    check()
  }

  /** The queue loses all that it had. */
  clear(): void {
    this.#waiting = []
    this.#locks.clear()
    this.clearedAt = this.time.now
  }

  /** Returns the id of the node that has the lock of a space. */
  lockedBy(spaceId: string): string | undefined {
    const lock = this.#locks.get(spaceId)
    return lock && lock.until > this.time.now ? lock.nodeId : undefined
  }

  servedBy(spaceId: string): string[] {
    return this.nodes.filter(({ isDead, governor }) => !isDead && governor.serves(spaceId)).map(({ id }) => id)
  }

  offer(spaceIds: readonly string[]): void {
    for (const id of spaceIds) if (!this.#waiting.includes(id) && !this.#locks.has(id)) this.#waiting.push(id)
  }

  claim(nodeId: string): string | undefined {
    for (const [id, { until }] of this.#locks)
      if (until <= this.time.now) {
        this.#locks.delete(id)
        this.#waiting.unshift(id)
      }
    const id = this.#waiting.shift()
    if (id !== undefined) this.#locks.set(id, { nodeId, until: this.time.now + LOCK_MS })
    return id
  }

  renew(nodeId: string, spaceIds: readonly string[]): string[] {
    const lost = spaceIds.filter((id) => this.lockedBy(id) !== nodeId)
    for (const id of spaceIds) if (!lost.includes(id)) this.#locks.set(id, { nodeId, until: this.time.now + LOCK_MS })
    return lost
  }

  release(nodeId: string, spaceId: string, isForGood: boolean): void {
    if (this.lockedBy(spaceId) !== nodeId) throw new Error(`${nodeId} has no lock of ${spaceId}`)
    this.#locks.delete(spaceId)
    if (!isForGood) this.#waiting.unshift(spaceId)
  }

  beat(record: NodeRecord): ClusterView {
    const { now } = this.time
    this.beats.set(record.id, { at: now, record })
    const live = [...this.beats.values()].filter(({ at }) => now - at <= DEAD_AFTER_MS)
    return {
      ownersVersion: this.ownersVersion,
      nodes: live.map((beat) => beat.record),
      drained: new Set(this.drained),
    }
  }

  announce(spaceId: string, epoch: number, record: OwnerRecord): boolean {
    if ((this.owners.get(spaceId)?.epoch ?? 0) > epoch) return false
    this.owners.set(spaceId, { epoch, record })
    this.ownersVersion++
    return true
  }

  forget(spaceId: string): void {
    this.owners.delete(spaceId)
    this.ownersVersion++
  }

  /** Has the other nodes look again. */
  signal(sender: MemoryNode): void {
    for (const node of this.nodes) if (node !== sender) node.timer(() => node.governor.signalled(), 1)
  }

  /** Begins a new epoch of a journal; whoever had it before notices in a moment. */
  openJournal(spaceId: string, node: MemoryNode): number {
    const before = this.journals.get(spaceId)
    const epoch = (before?.epoch ?? 0) + 1
    this.journals.set(spaceId, { epoch, node })
    before?.node.timer(() => {
      if (this.areLossesNoticed && before.node.host.describe(spaceId)?.epoch === before.epoch)
        void before.node.governor.lostJournal(spaceId)
    }, LOST_AFTER_MS)
    return epoch
  }
}

export class MemoryNode {
  readonly id: string
  readonly governor: SpaceGovernor
  readonly host: MemoryHost
  readonly troubles: unknown[] = []
  /** Aborted when its process is to end. */
  readonly ending = new AbortController()
  /** Resolves when it has started, or is not to start any more. */
  started: Promise<void> = Promise.resolve()
  isDead = false
  /** By call: how it fails, and how often. */
  readonly #troubles = new Map<Call, { readonly trouble: Trouble; readonly left: number }>()
  readonly #cluster: MemoryCluster
  readonly #latencyMs: number
  #frozen: (() => void)[] | undefined

  constructor(
    cluster: MemoryCluster,
    id: string,
    { latencyMs, isEngine }: { readonly latencyMs: number; readonly isEngine: boolean },
  ) {
    this.#cluster = cluster
    this.#latencyMs = latencyMs
    this.id = id
    this.host = new MemoryHost(cluster, this)
    this.governor = new SpaceGovernor({
      nodeId: id,
      url: `http://${id}`,
      isEngine,
      hasStandbys: cluster.hasStandbys,
      signal: () => {
        cluster.signal(this)
        return Promise.resolve()
      },
      directory: {
        beat: (record) => this.ask('beat', () => cluster.beat(record)),
        leave: (nodeId) => this.ask('leave', () => void cluster.beats.delete(nodeId)),
        owners: () =>
          this.ask('owners', () => new Map(Array.from(cluster.owners, ([spaceId, { record }]) => [spaceId, record]))),
        announce: (spaceId, epoch, record) => this.ask('announce', () => cluster.announce(spaceId, epoch, record)),
        retire: (spaceId, epoch, record) =>
          this.ask('retire', () => void cluster.announce(spaceId, epoch, { ...record, nodeId: '', url: '' })),
        forget: (spaceId) => this.ask('forget', () => cluster.forget(spaceId)),
      },
      ownership: this.#ownership(),
      host: this.host,
      clock: cluster.time.clock,
      now: cluster.time.clock,
      timer: this.timer,
      onTrouble: (cause) => this.troubles.push(cause),
    })
  }

  /** Does nothing more until it is thawed; time passes. */
  freeze(): void {
    this.#frozen ??= []
  }

  thaw(): void {
    const missed = this.#frozen ?? []
    this.#frozen = undefined
    for (const callback of missed) callback()
  }

  /** Has its next calls of a kind fail. */
  fail(call: Call, trouble: Trouble, count: number): void {
    this.#troubles.set(call, { trouble, left: count })
  }

  /** Ends what was wrong with its calls. */
  heal(): void {
    this.#troubles.clear()
  }

  kill(): void {
    this.isDead = true
  }

  readonly timer: SetTimer = (callback, delayMs) =>
    this.#cluster.time.timer(() => {
      this.#run(callback)
    }, delayMs)

  /** Asks what the nodes share; the answer comes when the node can take it. */
  async ask<Answer>(call: Call, act: () => Answer): Promise<Answer> {
    await this.#wait()
    const { trouble, left } = this.#troubles.get(call) ?? { trouble: undefined, left: 0 }
    if (trouble && left > 1) this.#troubles.set(call, { trouble, left: left - 1 })
    else this.#troubles.delete(call)
    if (trouble === 'not asked') throw new Error(`${this.id} cannot ask: ${call}`)
    const answer = act()
    await this.#wait()
    if (trouble === 'not answered') throw new Error(`${this.id} gets no answer: ${call}`)
    return answer
  }

  async #wait(): Promise<void> {
    if (this.#latencyMs > 0) await new Promise<void>((resolve) => this.timer(resolve, this.#latencyMs))
    else if (this.isDead || this.#frozen) await new Promise<void>((resolve) => this.#run(resolve))
  }

  #run(callback: () => void): void {
    if (this.isDead) return
    if (this.#frozen) this.#frozen.push(callback)
    else callback()
  }

  #ownership(): Ownership {
    const { id } = this
    const cluster = this.#cluster
    const now = cluster.time.clock
    return {
      isFixed: false,
      leaseMs: LEASE_MS,
      offer: (spaceIds) => this.ask('offer', () => cluster.offer(spaceIds)),
      claim: async (): Promise<Claim | undefined> => {
        const askedAt = now()
        const spaceId = await this.ask('claim', () => cluster.claim(id))
        return spaceId === undefined ? undefined : { spaceId, askedAt }
      },
      renew: async (spaceIds): Promise<Renewal> => {
        const askedAt = now()
        return { askedAt, lost: await this.ask('renew', () => cluster.renew(id, spaceIds)) }
      },
      release: (spaceId) => this.ask('release', () => cluster.release(id, spaceId, false)),
      withdraw: (spaceId) => this.ask('withdraw', () => cluster.release(id, spaceId, true)),
      close: () => Promise.resolve(),
    }
  }
}

/** Opens and closes as it is told, and notes what must not be asked of it. */
export class MemoryHost implements SpaceHost {
  /** By space: the epoch of its journal. */
  readonly #epochs = new Map<string, number>()
  readonly #opening = new Map<string, Promise<void>>()
  readonly #cluster: MemoryCluster
  readonly #node: MemoryNode
  /** The time that it takes to store a space. */
  prepareMs = 0
  /** Spaces that are being stored. */
  preparing = 0
  /** Spaces that cannot be opened here. */
  readonly broken = new Set<string>()
  /** Spaces that were closed, by the way in which they were. */
  readonly closed: Record<SpaceEnding, string[]> = { stored: [], 'handed over': [], dropped: [] }
  /** Spaces that were opened without having been followed. */
  readonly loaded: string[] = []
  /** By space that is followed: when it is ready. */
  readonly #standbys = new Map<string, number>()

  constructor(cluster: MemoryCluster, node: MemoryNode) {
    this.#cluster = cluster
    this.#node = node
  }

  get ids(): string[] {
    return [...this.#epochs.keys()].sort()
  }

  listIds(): Promise<readonly string[]> {
    return this.#node.ask('list', () => [...this.#cluster.spaceIds])
  }

  async open(spaceId: string): Promise<void> {
    if (this.#epochs.has(spaceId) || this.#opening.has(spaceId))
      this.#cluster.faults.push(`${this.#node.id} opened ${spaceId} twice`)
    const opening = this.#node.ask('open', () => {
      if (!this.standbyIds.includes(spaceId)) this.loaded.push(spaceId)
      this.#standbys.delete(spaceId)
      if (this.broken.has(spaceId)) throw new Error(`${spaceId} cannot be opened`)
      this.#epochs.set(spaceId, this.#cluster.openJournal(spaceId, this.#node))
    })
    this.#opening.set(spaceId, opening)
    await opening.finally(() => this.#opening.delete(spaceId))
  }

  async prepare(): Promise<void> {
    this.preparing++
    if (this.prepareMs > 0) await new Promise<void>((resolve) => this.#node.timer(resolve, this.prepareMs))
    await this.#node.ask('prepare', () => undefined).finally(() => this.preparing--)
  }

  async close(spaceId: string, ending: SpaceEnding): Promise<void> {
    await this.#opening.get(spaceId)?.catch(() => undefined)
    if (this.#epochs.has(spaceId)) this.closed[ending].push(spaceId)
    this.#epochs.delete(spaceId)
  }

  follow(spaceIds: readonly string[]): void {
    for (const id of [...this.#standbys.keys()]) if (!spaceIds.includes(id)) this.#standbys.delete(id)
    for (const id of spaceIds)
      if (!this.#standbys.has(id)) this.#standbys.set(id, this.#cluster.time.now + this.#cluster.followMs)
  }

  get standbyIds(): readonly string[] {
    return [...this.#standbys].filter(([, readyAt]) => this.#cluster.time.now >= readyAt).map(([id]) => id)
  }

  describe(spaceId: string): HostedSpace | undefined {
    const epoch = this.#epochs.get(spaceId)
    const load = { callsPerSecond: 0, profiles: 0 }
    return epoch === undefined ? undefined : { epoch, load, writeKeys: [`key of ${spaceId}`], tokens: [] }
  }
}
