/** The masters of a Redis Cluster and their slots, as its nodes say when they are asked. */
import { Command } from 'ioredis'
import { z } from 'zod'
import type { ClusterAddress } from './address.ts'
import { createRedis } from './client.ts'

/** A master with its replicas, by their urls. */
export interface ClusterShard {
  readonly master: string
  readonly replicas: readonly string[]
}

interface SlotRange extends ClusterShard {
  readonly from: number
  readonly to: number
}

/** Nodes that are asked at once: one that stands still holds nobody up. */
const ASKED_AT_ONCE = 3
/** An answer of so long ago is given to others who ask, ms. */
const FRESH_MS = 100

const NodeAnswer = z.tuple([z.string().nullable(), z.number()], z.unknown())
const RangeAnswer = z.tuple([z.number(), z.number(), NodeAnswer], NodeAnswer)
const SlotsAnswer = z.array(RangeAnswer).min(1)

export class ClusterMap {
  readonly #address: ClusterAddress
  #known: readonly string[]
  #ranges: readonly SlotRange[] = []
  #askedAt = -Infinity
  #asking: Promise<void> | undefined
  #turn = 0

  constructor(address: ClusterAddress) {
    this.#address = address
    this.#known = address.seeds
  }

  /** Rejects if no node answers. @param isDoubted true if what was known of it has turned out to be wrong */
  async masterOf(slot: number, isDoubted: boolean): Promise<string> {
    if (isDoubted || this.#ranges.length === 0) await this.#askAgain()
    const range = this.#ranges.find(({ from, to }) => from <= slot && slot <= to)
    if (!range) throw new Error(`CLUSTERDOWN no master has the slot ${slot}`)
    return range.master
  }

  /** Lists the masters as they are now. */
  async shards(): Promise<readonly ClusterShard[]> {
    await this.#askAgain()
    return [...new Map(this.#ranges.map((range) => [range.master, range])).values()]
  }

  /** Returns the url of a node that another has named, which leaves out the host if it is its own. */
  urlOf(host: string, port: number, saidBy: string): string {
    return this.#address.urlOf(host === '' ? new URL(saidBy).hostname : host, port)
  }

  async #askAgain(): Promise<void> {
    if (performance.now() - this.#askedAt < FRESH_MS) return
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    await this.#asking
  }

  /** Takes the first answer; each time others are asked first. */
  async #ask(): Promise<void> {
    const { seeds } = this.#address
    const nodes = [...new Set([...this.#known, ...seeds])]
    const first = this.#turn++ % nodes.length
    const inTurn = [...nodes.slice(first), ...nodes.slice(0, first)]
    let cause: unknown
    for (let at = 0; at < inTurn.length; at += ASKED_AT_ONCE)
      try {
        this.#ranges = await Promise.any(inTurn.slice(at, at + ASKED_AT_ONCE).map((url) => this.#rangesBy(url)))
        this.#known = this.#ranges.flatMap(({ master, replicas }) => [master, ...replicas])
        this.#askedAt = performance.now()
        return
      } catch (error) {
        cause = error instanceof AggregateError ? error.errors[0] : error
      }
    throw new Error('no node of the Redis Cluster can be reached', { cause })
  }

  async #rangesBy(url: string): Promise<SlotRange[]> {
    const redis = createRedis(url)
    try {
      await redis.connect()
      return SlotsAnswer.parse(await redis.cluster('SLOTS')).map(([from, to, ...nodes]) => {
        const [master, ...replicas] = nodes.map(([host, port]) => this.urlOf(host ?? '', port, url))
        return { from, to, master: master!, replicas }
      })
    } finally {
      redis.disconnect()
    }
  }
}

/** Returns the slot of a key. */
export function slotOf(key: string): number {
  return new Command('get', [key]).getSlot()
}
