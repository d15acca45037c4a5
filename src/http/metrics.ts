/** What the server counts, for Prometheus. Labels have few values, and none of them is personal. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { DeliveryOverview } from '../model/destination-admin.ts'
import type { Answer } from './app.ts'

export interface Gauges {
  readonly profiles: () => number
  /** Epoch ms since when every `messageId` is known; undefined while there is none. */
  readonly messageIdsKnownSince: () => number | undefined
  /** Of every destination, by its id. */
  readonly deliveries: () => readonly (readonly [destination: string, overview: DeliveryOverview])[]
}

export interface Metrics {
  /** In the text format of Prometheus. */
  readonly text: () => Promise<string>
  readonly contentType: string
  readonly countAnswer: (answer: Answer) => void
  readonly countTransition: (type: string) => void
  readonly setCheckpoint: (checkpoint: { readonly bytes: number; readonly durationMs: number }) => void
}

/** From a tenth of a millisecond to ten seconds. */
const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createMetrics({ profiles, messageIdsKnownSince, deliveries }: Gauges): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'rollcall_http_request_duration_seconds',
    help: 'Time from a request to its answer, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  })
  /** To look labels up costs more than to count; there are as many as routes, methods and statuses. */
  const durations = new Map<string, Histogram.Internal<string>>()
  const transitions = new Counter({
    name: 'rollcall_transitions_total',
    help: 'Memberships entered and exited, and computed traits that changed.',
    labelNames: ['type'],
    registers,
  })
  new Gauge({
    name: 'rollcall_profiles',
    help: 'Users that are known.',
    registers,
    collect() {
      this.set(profiles())
    },
  })
  new Gauge({
    name: 'rollcall_message_ids_known_since_seconds',
    help: 'Calls received since then are recognised when they are sent again; epoch seconds, 0 while there are none.',
    registers,
    collect() {
      this.set((messageIdsKnownSince() ?? 0) / 1000)
    },
  })
  new Gauge({
    name: 'rollcall_deliveries',
    help: 'What there is to be told to a destination, and what has become of it, by state.',
    labelNames: ['destination', 'state'],
    registers,
    collect() {
      this.reset()
      for (const [destination, { failed, ...counts }] of deliveries())
        for (const [state, count] of Object.entries({ ...counts, failed: failed.total }))
          if (typeof count === 'number') this.set({ destination, state }, count)
    },
  })
  new Gauge({
    name: 'rollcall_delivery_latency_seconds',
    help: 'From a change to its arrival at a destination, by quantile; within a factor of two.',
    labelNames: ['destination', 'quantile'],
    registers,
    collect() {
      this.reset()
      for (const [destination, { latencyMs }] of deliveries())
        for (const [quantile, ms] of Object.entries(latencyMs)) this.set({ destination, quantile }, ms / 1000)
    },
  })
  const checkpointBytes = new Gauge({
    name: 'rollcall_checkpoint_bytes',
    help: 'What the last checkpoint wrote.',
    registers,
  })
  const checkpointSeconds = new Gauge({
    name: 'rollcall_checkpoint_duration_seconds',
    help: 'How long the last checkpoint took.',
    registers,
  })
  const checkpointAt = new Gauge({
    name: 'rollcall_checkpoint_timestamp_seconds',
    help: 'When the last checkpoint was committed; epoch seconds, 0 before the first.',
    registers,
  })
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    countAnswer: ({ method, route, status, durationMs }) => {
      const name = `${method} ${route} ${status}`
      let child = durations.get(name)
      if (!child) durations.set(name, (child = duration.labels({ method, route, status: String(status) })))
      child.observe(durationMs / 1000)
    },
    countTransition: (type) => transitions.inc({ type }),
    setCheckpoint: ({ bytes, durationMs }) => {
      checkpointBytes.set(bytes)
      checkpointSeconds.set(durationMs / 1000)
      checkpointAt.setToCurrentTime()
    },
  }
}
