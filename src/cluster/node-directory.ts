/** The nodes of a cluster and the owners of its spaces, as Redis has them. */
import { z } from 'zod'
import { connectionFor, type KeyConnection } from '../redis/key-connection.ts'
import { DRAINED_KEY, NODES_KEY, OWNERS_KEY, OWNERS_VERSION_KEY } from '../redis/keys.ts'
import { ANNOUNCE, BEAT, FORGET } from './node-scripts.ts'

/** Description of a node, by itself. */
const NodeRecord = z.object({
  id: z.string(),
  /** Where other nodes reach it. */
  url: z.string(),
  /** False for one that only leads requests on. */
  isEngine: z.boolean(),
  /** True for an engine to which calls may be sent over a link. */
  takesLinks: z.boolean().optional(),
  /** Epoch ms, by its own clock. */
  startedAt: z.number(),
  /** True from when it was told to end. */
  isEnding: z.boolean(),
  /** By space: its weight. */
  weights: z.record(z.string(), z.number()),
  /** Spaces of other nodes that it can go on with at once. */
  standbys: z.array(z.string()).default([]),
  /** By space of its own that is to go to another node: that node. */
  moves: z.record(z.string(), z.string()).default({}),
})
export type NodeRecord = z.infer<typeof NodeRecord>

/** The owner of a space, with what leads requests to the space; between two owners, without the first two. */
const OwnerRecord = z.object({
  nodeId: z.string(),
  url: z.string(),
  /** SHA-256, in hex, of the write keys and of the tokens of the space. */
  writeKeys: z.array(z.string()),
  tokens: z.array(z.string()),
})
export type OwnerRecord = z.infer<typeof OwnerRecord>

/** The cluster, as a node learns of it with each of its beats. */
export interface ClusterView {
  readonly ownersVersion: number
  readonly nodes: readonly NodeRecord[]
  /** Ids of nodes that are to let go of their spaces. */
  readonly drained: ReadonlySet<string>
}

/** A node that is silent for so long is dead; for so long, forgotten. */
const DEAD_AFTER_MS = 2_000
const FORGOTTEN_AFTER_MS = 60_000

export class NodeDirectory {
  readonly #redis: KeyConnection

  /** @param address `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket */
  constructor(address: string) {
    this.#redis = connectionFor(address, NODES_KEY)
  }

  /** Says that a node lives; returns how the cluster stands. */
  async beat(record: NodeRecord): Promise<ClusterView> {
    const keys = [NODES_KEY, OWNERS_VERSION_KEY, DRAINED_KEY]
    const times = [DEAD_AFTER_MS, FORGOTTEN_AFTER_MS]
    const answer = await this.#redis.ask((redis) =>
      redis.eval(BEAT, keys.length, ...keys, record.id, JSON.stringify(record), ...times),
    )
    const [version, nodes, drained] = answer as [string, string[], string[]]
    return {
      ownersVersion: Number(version),
      nodes: nodes.map((text) => NodeRecord.parse(JSON.parse(text))),
      drained: new Set(drained),
    }
  }

  /** Forgets a node that ends. */
  async leave(nodeId: string): Promise<void> {
    await this.#redis.ask((redis) => redis.hdel(NODES_KEY, nodeId))
    await this.#redis.ask((redis) => redis.srem(DRAINED_KEY, nodeId))
  }

  /** Reads the owners, by space. */
  async owners(): Promise<ReadonlyMap<string, OwnerRecord>> {
    const texts = await this.#redis.ask((redis) => redis.hgetall(OWNERS_KEY))
    return new Map(Object.entries(texts).map(([spaceId, text]) => [spaceId, ownerOf(text)]))
  }

  /** Makes the owner of a space known; returns false if a later one is known. */
  async announce(spaceId: string, epoch: number, record: OwnerRecord): Promise<boolean> {
    const text = JSON.stringify(record)
    return (
      (await this.#redis.ask((redis) =>
        redis.eval(ANNOUNCE, 2, OWNERS_KEY, OWNERS_VERSION_KEY, spaceId, epoch, text),
      )) === 1
    )
  }

  /** Makes it known that a space is between two owners; its keys and tokens stay known. */
  async retire(spaceId: string, epoch: number, record: OwnerRecord): Promise<void> {
    await this.announce(spaceId, epoch, { ...record, nodeId: '', url: '' })
  }

  /** Forgets a space that was removed. */
  async forget(spaceId: string): Promise<void> {
    await this.#redis.ask((redis) => redis.eval(FORGET, 2, OWNERS_KEY, OWNERS_VERSION_KEY, spaceId))
  }

  /** Has a node let go of its spaces, or take some again. */
  async drain(nodeId: string, isDrained: boolean): Promise<void> {
    if (isDrained) await this.#redis.ask((redis) => redis.sadd(DRAINED_KEY, nodeId))
    else await this.#redis.ask((redis) => redis.srem(DRAINED_KEY, nodeId))
  }

  close(): void {
    this.#redis.disconnect()
  }
}

/** Stored as the epoch, a space, and the record. */
function ownerOf(text: string): OwnerRecord {
  return OwnerRecord.parse(JSON.parse(text.slice(text.indexOf(' ') + 1)))
}
