/**
 * A connection to the Redis that has a key: the only one there is or, in a Redis Cluster, the master of the key's slot.
 * What is asked there is one command, or some that are sent in one turn, of this key and others of its slot.
 *
 * R1. Nothing is sent twice unasked: a command whose fate is not known fails, and the caller decides.
 * R2. In a cluster, a command that was refused because its key is elsewhere is sent there. After any other failure the
 *     cluster is asked again where the master is; while a slot moves, its keys are found at either end.
 * R3. A write that waits for replicas is followed by `WAIT` in the same turn, so on the same connection: on another one
 *     it would be answered at once, for nothing. One `WAIT` at a time is under way on a connection.
 */
import type { Redis } from 'ioredis'
import { clusterAddressOf } from './address.ts'
import { createRedis } from './client.ts'
import { ClusterMap, slotOf } from './cluster-map.ts'

/** Sends commands in the turn in which it is called. */
export type Ask<Answer> = (redis: Redis) => Promise<Answer>

export interface KeyConnection {
  /** Connects if it is not connected yet. Keeps R1 and R2. */
  ask<Answer>(ask: Ask<Answer>): Promise<Answer>
  /**
   * Resolves when so many replicas have what was written. Rejects if they have not in a short while: the write is to be
   * repeated then, and must write something again. Keeps R3; the caller awaits one before the next.
   */
  write<Answer>(ask: Ask<Answer>, replicas: number): Promise<Answer>
  disconnect(): void
}

/** A short time, since other commands of the connection wait meanwhile. */
const REPLICATED_WITHIN_MS = 250
const REDIRECTIONS_MAX = 5
/** The message of ioredis. */
const CLOSED = 'Connection is closed.'

/** By address: what one connection learns of a cluster, others know. */
const maps = new Map<string, ClusterMap>()

/** @param address `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket */
export function connectionFor(address: string, key: string): KeyConnection {
  const map = clusterMapOf(address)
  return map ? new SlotConnection(map, slotOf(key)) : new PlainConnection(address)
}

/** Returns undefined for a single Redis. */
export function clusterMapOf(address: string): ClusterMap | undefined {
  const held = maps.get(address)
  const cluster = held ? undefined : clusterAddressOf(address)
  if (!cluster) return held
  const map = new ClusterMap(cluster)
  maps.set(address, map)
  return map
}

class PlainConnection implements KeyConnection {
  readonly #redis: Redis
  #connecting: Promise<void> | undefined

  constructor(address: string) {
    this.#redis = createRedis(address)
  }

  ask<Answer>(ask: Ask<Answer>): Promise<Answer> {
    if (this.#redis.status === 'wait')
      this.#connecting = this.#redis.connect().finally(() => (this.#connecting = undefined))
    return this.#connecting ? this.#connecting.then(() => ask(this.#redis)) : ask(this.#redis)
  }

  write<Answer>(ask: Ask<Answer>, replicas: number): Promise<Answer> {
    return this.ask(replicatedTo(replicas, ask))
  }

  disconnect(): void {
    this.#redis.disconnect()
  }
}

interface MasterPlace {
  readonly url: string
  readonly connection: PlainConnection
}

class SlotConnection implements KeyConnection {
  readonly #map: ClusterMap
  readonly #slot: number
  #master: MasterPlace | undefined
  /** The other end, while the slot moves. */
  #target: MasterPlace | undefined
  #finding: Promise<MasterPlace> | undefined
  #isDoubted = false
  #isClosed = false

  constructor(map: ClusterMap, slot: number) {
    this.#map = map
    this.#slot = slot
  }

  /** Keeps R2. */
  async ask<Answer>(ask: Ask<Answer>): Promise<Answer> {
    let place = this.#isDoubted || !this.#master || this.#isClosed ? await this.#find() : this.#master
    let isAsking = false
    for (let redirections = 0; ; redirections++)
      try {
        return await place.connection.ask(isAsking ? askingFirst(ask) : ask)
      } catch (cause) {
        const redirection = this.#redirectionOf(cause, place.url)
        if (!redirection || redirections === REDIRECTIONS_MAX || this.#isClosed) {
          this.#isDoubted = true
          throw cause
        }
        isAsking = redirection.isAsking
        place = isAsking ? this.#atTarget(redirection.url) : this.#moveTo(redirection.url)
      }
  }

  write<Answer>(ask: Ask<Answer>, replicas: number): Promise<Answer> {
    return this.ask(replicatedTo(replicas, ask))
  }

  disconnect(): void {
    this.#isClosed = true
    this.#master?.connection.disconnect()
    this.#target?.connection.disconnect()
  }

  #find(): Promise<MasterPlace> {
    if (this.#isClosed) return Promise.reject(new Error(CLOSED))
    this.#finding ??= this.#map
      .masterOf(this.#slot, this.#isDoubted)
      .then((url) => this.#moveTo(url))
      .finally(() => (this.#finding = undefined))
    return this.#finding
  }

  /** A connection to the master stays as it is. */
  #moveTo(url: string): MasterPlace {
    if (this.#isClosed) throw new Error(CLOSED)
    this.#isDoubted = false
    if (this.#master?.url === url) return this.#master
    this.#master?.connection.disconnect()
    const isTarget = this.#target?.url === url
    this.#master = isTarget ? this.#target! : { url, connection: new PlainConnection(url) }
    if (!isTarget) this.#target?.connection.disconnect()
    this.#target = undefined
    return this.#master
  }

  #atTarget(url: string): MasterPlace {
    if (this.#target?.url === url) return this.#target
    this.#target?.connection.disconnect()
    this.#target = { url, connection: new PlainConnection(url) }
    return this.#target
  }

  #redirectionOf(cause: unknown, saidBy: string): { readonly isAsking: boolean; readonly url: string } | undefined {
    const [, kind, host, port] = (cause instanceof Error && /^(MOVED|ASK) \d+ (.*):(\d+)$/.exec(cause.message)) || []
    if (host === undefined) return undefined
    return { isAsking: kind === 'ASK', url: this.#map.urlOf(host, Number(port), saidBy) }
  }
}

/** The other end of a slot that moves answers whoever says that it was sent there. */
function askingFirst<Answer>(ask: Ask<Answer>): Ask<Answer> {
  return (redis) => {
    redis.asking().catch(() => undefined)
    return ask(redis)
  }
}

/** Keeps R3. */
function replicatedTo<Answer>(replicas: number, ask: Ask<Answer>): Ask<Answer> {
  if (replicas === 0) return ask
  return async (redis) => {
    const answered = ask(redis)
    const acknowledging = redis.wait(replicas, REPLICATED_WITHIN_MS)
    const [answer, acknowledged] = await Promise.all([answered, acknowledging])
    if (acknowledged < replicas) throw new Error(`${acknowledged} of ${replicas} replicas have acknowledged a write`)
    return answer
  }
}
