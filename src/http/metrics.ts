/** The counts of the server, for Prometheus. Labels have few values, and none of them is personal. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client'
import type { DeliveryOverview } from '../model/destination-admin.ts'
import type { AnsweredRequest } from './app.ts'

export interface Gauges {
  readonly profiles: () => number
  /** Epoch ms since when every `messageId` is known; undefined while there is none. */
  readonly messageIdsKnownSince: () => number | undefined
  readonly deliveries: () => readonly DestinationDeliveries[]
}

/** Deliveries to one destination. */
export interface DestinationDeliveries {
  readonly destination: string
  readonly overview: DeliveryOverview
  /** Counts of those that arrived, each with the longest latency that it stands for, ms; from the shortest on. */
  readonly latencies: readonly (readonly [upToMs: number, count: number])[]
}

export interface Metrics {
  /** In the text format of Prometheus. */
  readonly text: () => Promise<string>
  readonly contentType: string
  readonly countAnswer: (answer: AnsweredRequest) => void
  readonly countTransition: (type: string) => void
  readonly countSuppressed: (calls: number) => void
  readonly setCheckpoint: (checkpoint: Checkpoint) => void
}

interface Checkpoint {
  readonly bytes: number
  readonly durationMs: number
}

/** From a tenth of a millisecond to ten seconds. */
const ANSWER_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const CHECKPOINT_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100]
/** The buckets of delivery latencies that are shown: powers of two from a millisecond to an hour. */
const LATENCY_MS = { min: 1, max: 4_194_304 }

export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  addSpace(registry, gauges)
  addDeliveries(registry, gauges.deliveries)
  addDeliveryLatency(registry, gauges.deliveries)
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    countAnswer: answerCounter(registry),
    countTransition: transitionCounter(registry),
    countSuppressed: suppressedCounter(registry),
    setCheckpoint: checkpointSetter(registry),
  }
}

function addSpace(registry: Registry, { profiles, messageIdsKnownSince }: Gauges): void {
  new Gauge({
    name: 'rollcall_profiles',
    help: 'Users that are known.',
    registers: [registry],
    collect() {
      this.set(profiles())
    },
  })
  new Gauge({
    name: 'rollcall_message_ids_known_since_seconds',
    help: 'Calls received since then are recognised when they are sent again; epoch seconds, 0 while there are none.',
    registers: [registry],
    collect() {
      this.set((messageIdsKnownSince() ?? 0) / 1000)
    },
  })
}

function addDeliveries(registry: Registry, deliveries: Gauges['deliveries']): void {
  new Gauge({
    name: 'rollcall_deliveries',
    help: 'What there is to be told to a destination, and what has become of it, by state.',
    labelNames: ['destination', 'state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { destination, overview } of deliveries()) {
        const { failed, ...counts } = overview
        for (const [state, count] of Object.entries({ ...counts, failed: failed.total }))
          if (typeof count === 'number') this.set({ destination, state }, count)
      }
    },
  })
}

/**
 * Adds a histogram of counts that the outbox keeps over restarts. prom-client's own takes values one by one, so this is
 * as little as its registry asks of a metric. There is no `_sum`, as nobody keeps the latencies themselves.
 */
function addDeliveryLatency(registry: Registry, deliveries: Gauges['deliveries']): void {
  const name = 'rollcall_delivery_latency_seconds'
  const help = 'From a change to its arrival at a destination; counted by powers of two, without a sum.'
  const get = () => {
    const values = deliveries().flatMap((each) => histogramSamples(name, each))
    return Promise.resolve({ name, help, type: 'histogram', values })
  }
  registry.registerMetric({ name, get } as unknown as Metric)
}

/** Returns the samples of one destination: a bucket counts all that took no longer. */
function histogramSamples(name: string, { destination, latencies }: DestinationDeliveries) {
  let count = 0
  const cumulative = latencies.map(([upToMs, held]) => [upToMs, (count += held)] as const)
  const shown = cumulative.filter(([upToMs]) => upToMs >= LATENCY_MS.min && upToMs <= LATENCY_MS.max)
  const bucket = (le: number | string, value: number) => {
    return { metricName: `${name}_bucket`, labels: { destination, le }, value }
  }
  return [
    ...shown.map(([upToMs, value]) => bucket(upToMs / 1000, value)),
    bucket('+Inf', count),
    { metricName: `${name}_count`, labels: { destination }, value: count },
  ]
}

function answerCounter(registry: Registry): Metrics['countAnswer'] {
  const duration = new Histogram({
    name: 'rollcall_http_request_duration_seconds',
    help: 'Time from a request to its answer, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: ANSWER_SECONDS,
    registers: [registry],
  })
  /** To look labels up costs more than to count; there are as many as routes, methods and statuses. */
  const durations = new Map<string, Histogram.Internal<string>>()
  return ({ method, route, status, durationMs }) => {
    const name = `${method} ${route} ${status}`
    let child = durations.get(name)
    if (!child) durations.set(name, (child = duration.labels({ method, route, status: String(status) })))
    child.observe(durationMs / 1000)
  }
}

function transitionCounter(registry: Registry): Metrics['countTransition'] {
  const transitions = new Counter({
    name: 'rollcall_transitions_total',
    help: 'Memberships entered and exited, and computed traits that changed.',
    labelNames: ['type'],
    registers: [registry],
  })
  return (type) => transitions.inc({ type })
}

function suppressedCounter(registry: Registry): Metrics['countSuppressed'] {
  const calls = new Counter({
    name: 'rollcall_suppressed_calls_total',
    help: 'Calls that were dropped, as their ids are suppressed.',
    registers: [registry],
  })
  return (count) => calls.inc(count)
}

function checkpointSetter(registry: Registry): Metrics['setCheckpoint'] {
  const registers = [registry]
  const size = new Gauge({ name: 'rollcall_checkpoint_bytes', help: 'What the last checkpoint wrote.', registers })
  const duration = new Histogram({
    name: 'rollcall_checkpoint_duration_seconds',
    help: 'How long checkpoints took.',
    buckets: CHECKPOINT_SECONDS,
    registers,
  })
  const committedAt = new Gauge({
    name: 'rollcall_checkpoint_timestamp_seconds',
    help: 'When the last checkpoint was committed; epoch seconds, 0 before the first.',
    registers,
  })
  return ({ bytes, durationMs }) => {
    size.set(bytes)
    duration.observe(durationMs / 1000)
    committedAt.setToCurrentTime()
  }
}
