/** Counts the results of deliveries: the overview of a destination, or of one connection. */

export interface DeliveryCountsState {
  readonly created: number
  /** Deliveries that addressed nobody, no id that the connection sends to; or for which the destination has no use. */
  readonly filtered: number
  readonly delivered: number
  /** Deliveries that were replaced by a later value before they were sent. */
  readonly collapsed: number
  readonly retries: number
  /** Deliveries that failed for good, by reason. */
  readonly failed: Readonly<Record<string, number>>
  /** By n, the deliveries that took up to 2^n / 8 ms from the change to their arrival. */
  readonly latencies: readonly number[]
}

/** An eighth of a millisecond up to some nine years. */
const LATENCY_BUCKETS = 42
/** Beyond so many reasons, others are counted together. */
const REASONS_MAX = 50
const OTHER_REASONS = 'other'

export class DeliveryCounts {
  created = 0
  filtered = 0
  delivered = 0
  collapsed = 0
  retries = 0
  readonly #failed = new Map<string, number>()
  readonly #latencies = new Array<number>(LATENCY_BUCKETS).fill(0)

  static of({ failed, latencies, ...numbers }: DeliveryCountsState): DeliveryCounts {
    const counts = Object.assign(new DeliveryCounts(), numbers)
    for (const [reason, count] of Object.entries(failed)) counts.#failed.set(reason, count)
    for (const [bucket, count] of latencies.entries()) counts.#latencies[bucket] = count
    return counts
  }

  state(): DeliveryCountsState {
    const { created, filtered, delivered, collapsed, retries } = this
    const failed = Object.fromEntries(this.#failed)
    return { created, filtered, delivered, collapsed, retries, failed, latencies: [...this.#latencies] }
  }

  arrived(latencyMs: number): void {
    this.delivered++
    const bucket = Math.ceil(Math.log2(Math.max(latencyMs, 1 / 8) * 8))
    this.#latencies[Math.min(bucket, LATENCY_BUCKETS - 1)]!++
  }

  failedBy(reason: string): void {
    const isKnown = this.#failed.has(reason) || this.#failed.size < REASONS_MAX
    const name = isKnown ? reason : OTHER_REASONS
    this.#failed.set(name, (this.#failed.get(name) ?? 0) + 1)
  }

  /** By reason. */
  get failed(): ReadonlyMap<string, number> {
    return this.#failed
  }

  /** Returns, by bucket, how many took up to so many ms, and longer than the bound before. */
  latencies(): (readonly [upToMs: number, count: number])[] {
    return this.#latencies.map((count, bucket) => [2 ** bucket / 8, count])
  }

  /**
   * Returns an upper bound of the latency of so great a share, ms, within a factor of two; 0 if nothing has arrived.
   */
  latencyMs(share: number): number {
    const total = this.#latencies.reduce((sum, count) => sum + count, 0)
    if (total === 0) return 0
    let count = 0
    const bucket = this.#latencies.findIndex((held) => (count += held) >= share * total)
    return 2 ** bucket / 8
  }
}
