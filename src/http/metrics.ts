/** The counts of the server, for Prometheus. Labels have few values, and none of them is personal. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client'
import type { DeliveryOverview } from '../model/destination-admin.ts'
import type { AnsweredRequest } from './app.ts'
import { addNode, type NodeMetrics } from './node-metrics.ts'

/** Present figures of a space. */
export interface SpaceGauges {
  readonly profiles: () => number
  /** Epoch ms since when every `messageId` is known; undefined while there is none. */
  readonly messageIdsKnownSince: () => number | undefined
  readonly deliveries: () => readonly DestinationDeliveries[]
  readonly journal: () => JournalGauges
}

export interface JournalGauges {
  /** 1 if it answers, 0 if it does not. */
  readonly reachable: number
  /** Requests that are not in it yet, and their bytes. */
  readonly requests: number
  readonly bytes: number
}

/** Deliveries to one destination. */
export interface DestinationDeliveries {
  readonly destination: string
  /** False while it is known that it cannot be reached. */
  readonly isReachable: boolean
  readonly overview: DeliveryOverview
  /** Counts of those that arrived, each with the longest latency that it stands for, ms; from the shortest on. */
  readonly latencies: readonly (readonly [upToMs: number, count: number])[]
}

export interface Metrics {
  /** In the text format of Prometheus. */
  readonly text: () => Promise<string>
  readonly contentType: string
  readonly countAnswer: (answer: AnsweredRequest) => void
  /** Counts a notice of an alert, by what has become of it. */
  readonly countNotice: (result: string) => void
  /** Returns the metrics of a space, which have its id as a label. */
  readonly ofSpace: (spaceId: string) => SpaceMetrics
  /** The metrics of this node, if it is one of a cluster. */
  readonly ofNode: NodeMetrics
}

export interface SpaceMetrics {
  /** Shows the figures of the space from now on. */
  readonly follow: (gauges: SpaceGauges) => void
  readonly forget: () => void
  readonly countTransition: (type: string) => void
  readonly countSuppressed: (calls: number) => void
  readonly setCheckpoint: (checkpoint: Checkpoint) => void
  readonly countCheckpointFailure: () => void
  /** Counts a fault of the engine. */
  readonly countFault: () => void
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

type Spaces = ReadonlyMap<string, SpaceGauges>

export function createMetrics(): Metrics {
  const registry = new Registry()
  const spaces = new Map<string, SpaceGauges>()
  collectDefaultMetrics({ register: registry })
  addSpaces(registry, spaces)
  addDeliveries(registry, spaces)
  addReachability(registry, spaces)
  addDeliveryLatency(registry, spaces)
  const [countTransition, countSuppressed] = [transitionCounter(registry), suppressedCounter(registry)]
  const [countCheckpointFailure, countFault] = troubleCounters(registry)
  const checkpoints = checkpointGauges(registry)
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    countAnswer: answerCounter(registry),
    countNotice: noticeCounter(registry),
    ofSpace: (space) => ({
      follow: (gauges) => {
        spaces.set(space, gauges)
        // A counter that begins with its first trouble would hide it from whoever compares with before.
        for (const count of [countCheckpointFailure, countFault]) count(space, 0)
      },
      forget: () => {
        spaces.delete(space)
        // It may be at another node from now on, which tells of it.
        checkpoints.forget(space)
      },
      countTransition: (type) => countTransition(space, type),
      countSuppressed: (calls) => countSuppressed(space, calls),
      setCheckpoint: (checkpoint) => checkpoints.set(space, checkpoint),
      countCheckpointFailure: () => countCheckpointFailure(space, 1),
      countFault: () => countFault(space, 1),
    }),
    ofNode: addNode(registry),
  }
}

/** The gauges of a space: name, help, and the present value. */
const SPACE_GAUGES: readonly (readonly [name: string, help: string, valueOf: (gauges: SpaceGauges) => number])[] = [
  ['rollcall_profiles', 'Users that are known.', ({ profiles }) => profiles()],
  [
    'rollcall_message_ids_known_since_seconds',
    'Calls received since then are recognised when they are sent again; epoch seconds, 0 while there are none.',
    ({ messageIdsKnownSince }) => (messageIdsKnownSince() ?? 0) / 1000,
  ],
  ['rollcall_journal_reachable', '1 if the journal answers, 0 if it does not.', ({ journal }) => journal().reachable],
  [
    'rollcall_journal_waiting_requests',
    'Requests that are not in the journal yet.',
    ({ journal }) => journal().requests,
  ],
  [
    'rollcall_journal_waiting_bytes',
    'Bytes of requests that are not in the journal yet.',
    ({ journal }) => journal().bytes,
  ],
]

function addSpaces(registry: Registry, spaces: Spaces): void {
  for (const [name, help, valueOf] of SPACE_GAUGES)
    new Gauge({
      name,
      help,
      labelNames: ['space'],
      registers: [registry],
      collect() {
        this.reset()
        for (const [space, gauges] of spaces) this.set({ space }, valueOf(gauges))
      },
    })
}

/** Yields the destinations of all spaces. */
function* destinationsOf(spaces: Spaces): Generator<DestinationDeliveries & { readonly space: string }> {
  for (const [space, { deliveries }] of spaces) for (const each of deliveries()) yield { space, ...each }
}

function addDeliveries(registry: Registry, spaces: Spaces): void {
  new Gauge({
    name: 'rollcall_deliveries',
    help: 'What there is to be told to a destination, and what has become of it, by state.',
    labelNames: ['space', 'destination', 'state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { space, destination, overview } of destinationsOf(spaces)) {
        const { failed, ...counts } = overview
        for (const [state, count] of Object.entries({ ...counts, failed: failed.total }))
          if (typeof count === 'number') this.set({ space, destination, state }, count)
      }
    },
  })
}

function addReachability(registry: Registry, spaces: Spaces): void {
  new Gauge({
    name: 'rollcall_destination_reachable',
    help: '0 while a destination cannot be reached, 1 otherwise.',
    labelNames: ['space', 'destination'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { space, destination, isReachable } of destinationsOf(spaces))
        this.set({ space, destination }, isReachable ? 1 : 0)
    },
  })
}

/**
 * Adds a histogram of counts that the outbox keeps over restarts. prom-client's own takes values one by one, so this is
 * as little as its registry asks of a metric. There is no `_sum`, as nobody keeps the latencies themselves.
 */
function addDeliveryLatency(registry: Registry, spaces: Spaces): void {
  const name = 'rollcall_delivery_latency_seconds'
  const help = 'From a change to its arrival at a destination; counted by powers of two, without a sum.'
  const get = () => {
    const values = [...destinationsOf(spaces)].flatMap((each) => histogramSamples(name, each))
    return Promise.resolve({ name, help, type: 'histogram', values })
  }
  registry.registerMetric({ name, get } as unknown as Metric)
}

/** Returns the samples of one destination: a bucket counts all that took no longer. */
function histogramSamples(
  name: string,
  { space, destination, latencies }: DestinationDeliveries & { readonly space: string },
) {
  let count = 0
  const cumulative = latencies.map(([upToMs, held]) => [upToMs, (count += held)] as const)
  const shown = cumulative.filter(([upToMs]) => upToMs >= LATENCY_MS.min && upToMs <= LATENCY_MS.max)
  const bucket = (le: number | string, value: number) => {
    return { metricName: `${name}_bucket`, labels: { space, destination, le }, value }
  }
  return [
    ...shown.map(([upToMs, value]) => bucket(upToMs / 1000, value)),
    bucket('+Inf', count),
    { metricName: `${name}_count`, labels: { space, destination }, value: count },
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

function noticeCounter(registry: Registry): Metrics['countNotice'] {
  const notices = new Counter({
    name: 'rollcall_alert_notices_total',
    help: 'Notices of alerts that were delivered, dropped for newer ones, or refused by who is told.',
    labelNames: ['result'],
    registers: [registry],
  })
  return (result) => notices.inc({ result })
}

function transitionCounter(registry: Registry): (space: string, type: string) => void {
  const transitions = new Counter({
    name: 'rollcall_transitions_total',
    help: 'Memberships entered and exited, and computed traits that changed.',
    labelNames: ['space', 'type'],
    registers: [registry],
  })
  return (space, type) => transitions.inc({ space, type })
}

function suppressedCounter(registry: Registry): (space: string, calls: number) => void {
  const calls = new Counter({
    name: 'rollcall_suppressed_calls_total',
    help: 'Calls that were dropped, as their ids are suppressed.',
    labelNames: ['space'],
    registers: [registry],
  })
  return (space, count) => calls.inc({ space }, count)
}

type CountTrouble = (space: string, count: number) => void

function troubleCounters(registry: Registry): [checkpointFailures: CountTrouble, faults: CountTrouble] {
  const [labelNames, registers] = [['space'], [registry]]
  const failures = new Counter({
    name: 'rollcall_checkpoint_failures_total',
    help: 'Checkpoints that could not be made.',
    labelNames,
    registers,
  })
  const faults = new Counter({
    name: 'rollcall_faults_total',
    help: 'Messages that were set aside, and times that the space has failed, through a fault of the server.',
    labelNames,
    registers,
  })
  return [(space, count) => failures.inc({ space }, count), (space, count) => faults.inc({ space }, count)]
}

interface CheckpointGauges {
  readonly set: (space: string, checkpoint: Checkpoint) => void
  readonly forget: (space: string) => void
}

function checkpointGauges(registry: Registry): CheckpointGauges {
  const registers = [registry]
  const labelNames = ['space']
  const size = new Gauge({
    name: 'rollcall_checkpoint_bytes',
    help: 'What the last checkpoint wrote.',
    labelNames,
    registers,
  })
  const duration = new Histogram({
    name: 'rollcall_checkpoint_duration_seconds',
    help: 'How long checkpoints took.',
    labelNames,
    buckets: CHECKPOINT_SECONDS,
    registers,
  })
  const committedAt = new Gauge({
    name: 'rollcall_checkpoint_timestamp_seconds',
    help: 'When the last checkpoint was committed; epoch seconds, 0 before the first.',
    labelNames,
    registers,
  })
  return {
    set: (space, { bytes, durationMs }) => {
      size.set({ space }, bytes)
      duration.observe({ space }, durationMs / 1000)
      committedAt.setToCurrentTime({ space })
    },
    forget: (space) => {
      for (const gauge of [size, committedAt]) gauge.remove({ space })
    },
  }
}
