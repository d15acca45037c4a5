/** The spaces of a node as its governor opens and closes them, and as the control API shows those of all nodes. */
import type { SpaceGovernor } from '../cluster/space-governor.ts'
import type { HostedSpace, SpaceEnding, SpaceHost } from '../cluster/space-host.ts'
import { digestOf } from '../http/access.ts'
import type { NodeMetrics, SpaceOpening } from '../http/node-metrics.ts'
import { EngineError } from '../model/errors.ts'
import type { ShownSpace, SpaceAdmin, SpaceDirectory, SpaceRecord } from '../model/space-record.ts'
import type { SetTimer } from '../model/timer.ts'
import type { Pipeline } from '../space/pipeline.ts'
import type { OpenRequests } from './open-requests.ts'
import { firstCredentials } from './space-credentials.ts'
import type { Spaces } from './spaces.ts'
import type { Standbys } from './standbys.ts'

export interface ClusterHostOptions {
  readonly nodeId: string
  readonly firstId: string
  /** The write key that the environment gives for the first space. */
  readonly writeKey: string
  readonly spaces: Spaces
  readonly standbys: Pick<Standbys, 'follow' | 'readyIds' | 'take'>
  readonly directory: SpaceDirectory
  readonly requests: OpenRequests
  /** The monotonic clock, ms. */
  readonly now: () => number
  readonly timer: SetTimer
  /** Counts the spaces that come and go. */
  readonly metrics: Pick<NodeMetrics, 'countOpened' | 'countClosed'>
}

const CLUSTER_SPACES_MAX = 1_000
/** A space that was made is waited for so long. */
const MADE_WITHIN_MS = 10_000
/** Requests under way are waited for so long before a space is closed. */
const ANSWERED_WITHIN_MS = 1_000
/** Calls are counted over so long. */
const COUNTED_MS = 5_000

export class ClusterHost implements SpaceHost, SpaceAdmin {
  /** Set once, before anything else happens: the governor needs the host, and the host the governor. */
  governor!: SpaceGovernor
  readonly #options: ClusterHostOptions
  readonly #digests = new Map<string, string>()
  readonly #rates = new WeakMap<Pipeline, CallRate>()
  #records: readonly SpaceRecord[] = []

  constructor(options: ClusterHostOptions) {
    this.#options = options
  }

  async listIds(): Promise<readonly string[]> {
    const { firstId, directory } = this.#options
    const others = (await directory.list()).filter(({ id }) => id !== firstId)
    this.#records = [{ id: firstId, name: firstId, createdAt: 0 }, ...others]
    return this.#records.map(({ id }) => id)
  }

  async open(spaceId: string): Promise<void> {
    const { spaces, standbys, metrics, now } = this.#options
    const [after, startedAt] = [this.#lastOwnerOf(spaceId), now()]
    // What is known of it may be old: it may have been begun, or be being removed.
    await this.listIds()
    const record = this.#records.find(({ id }) => id === spaceId)
    const followed = record && standbys.take(spaceId)
    try {
      if (record) await spaces.take(record, followed?.standby)
    } finally {
      followed?.release()
    }
    if (spaces.has(spaceId)) metrics.countOpened(after, now() - startedAt)
    else await this.governor.removed(spaceId)
  }

  async prepare(spaceId: string): Promise<void> {
    await this.#options.spaces.open(spaceId)?.server.pipeline.checkpoint()
  }

  follow(spaceIds: readonly string[]): void {
    this.#options.standbys.follow(spaceIds)
  }

  get standbyIds(): readonly string[] {
    return this.#options.standbys.readyIds
  }

  /** Requests that are under way are answered first: no new ones come. */
  async close(spaceId: string, ending: SpaceEnding): Promise<void> {
    const { spaces, requests, timer, metrics } = this.#options
    if (spaces.open(spaceId)) metrics.countClosed(ending === 'dropped' ? 'lost' : 'handed_over')
    try {
      if (ending !== 'dropped') {
        await spaces.open(spaceId)?.server.dismiss()
        await new Promise<void>((resolve) => {
          const cancel = timer(resolve, ANSWERED_WITHIN_MS)
          void requests.none(spaceId).then(() => {
            cancel()
            resolve()
          })
        })
      }
    } finally {
      await spaces.letGo(spaceId, ending)
    }
  }

  describe(spaceId: string): HostedSpace | undefined {
    const { spaces, firstId, writeKey } = this.#options
    const pipeline = spaces.open(spaceId)?.server.pipeline
    const epoch = spaces.epochOf(spaceId)
    if (!pipeline || epoch === undefined) return undefined
    const { tokens, sources } = pipeline.registry
    const keys = sources.list().flatMap(({ writeKeys }) => writeKeys.map(({ key }) => key))
    return {
      epoch,
      load: { callsPerSecond: this.#rateOf(pipeline), profiles: pipeline.shard.profileCount },
      writeKeys: [...keys, ...(spaceId === firstId ? [writeKey] : [])].map((key) => this.#digestOf(key)),
      tokens: tokens.list().map(({ digest }) => digest),
    }
  }

  list(): ShownSpace[] {
    return this.#records.map((record) => this.#shown(record))
  }

  find(id: string): ShownSpace | undefined {
    const record = this.#records.find((one) => one.id === id)
    return record && this.#shown(record)
  }

  /** Resolves when some node has opened the space, with what opens it for its users. */
  async create(record: SpaceRecord): Promise<{ readonly accessToken: string; readonly writeKey: string }> {
    const { directory, now } = this.#options
    const ids = await this.listIds()
    if (ids.includes(record.id)) throw new EngineError('in_use', 'id: there is a space of this id', 'id')
    if (ids.length >= CLUSTER_SPACES_MAX)
      throw new EngineError('validation_error', `spaces: expected at most ${CLUSTER_SPACES_MAX}; remove one first`)
    const { accessToken, writeKey, token } = firstCredentials(record.createdAt)
    await directory.put({ ...record, first: { token, writeKey } })
    const until = now() + MADE_WITHIN_MS
    while (!this.governor.routes.ownerOf(record.id) && now() < until) {
      await this.governor.refresh()
      await this.governor.changed()
    }
    return { accessToken, writeKey }
  }

  async remove(id: string): Promise<void> {
    await this.#options.spaces.remove(id)
    await this.governor.removed(id)
    await this.listIds()
  }

  #shown(record: SpaceRecord): ShownSpace {
    const owner = this.governor.routes.ownerOf(record.id)
    return { record, isOpen: owner !== undefined }
  }

  /** Returns what has become of the last owner of a space, as far as is known. */
  #lastOwnerOf(spaceId: string): SpaceOpening {
    const { routes } = this.governor
    if (!routes.spaceIds.includes(spaceId)) return 'new'
    const owner = routes.ownerOf(spaceId)
    if (!owner) return 'handed_over'
    return owner.nodeId === this.#options.nodeId ? 'own' : 'taken_over'
  }

  #digestOf(key: string): string {
    let digest = this.#digests.get(key)
    if (digest === undefined) this.#digests.set(key, (digest = digestOf(key)))
    return digest
  }

  #rateOf(pipeline: Pipeline): number {
    const { now } = this.#options
    let rate = this.#rates.get(pipeline)
    if (!rate) this.#rates.set(pipeline, (rate = new CallRate()))
    return rate.perSecond(pipeline.shard.callCount, now())
  }
}

/** The calls a second that a space has taken of late. */
class CallRate {
  #count = -1
  #at = 0
  #perSecond = 0

  perSecond(count: number, now: number): number {
    if (this.#count < 0) [this.#count, this.#at] = [count, now]
    const passedMs = now - this.#at
    if (passedMs < COUNTED_MS) return this.#perSecond
    this.#perSecond = ((count - this.#count) * 1000) / passedMs
    ;[this.#count, this.#at] = [count, now]
    return this.#perSecond
  }
}
