/**
 * Question: how many calls a second get through the queue and the workers to a webhook, one by one and a hundred to a
 * request?
 * And does a webhook hear later when another fails and a third hangs?
 *   npm run bench -- deliveries        DELIVERIES_CALLS=50000 npm run bench -- deliveries
 *
 * Workload: that many users enter an audience, an identify call for each, from the outbox to a webhook on loopback;
 * ten times as many where a hundred go together, so that no run is over before its code is compiled.
 * Baseline: a job of BullMQ for each of such calls, added a hundred at a time, worked on fifty at a time, by the same
 * client. Queue and workers are as the server has them: a Redis with `everysec`, and a process of their own. Time
 * is that of the clock on the wall, from the first dispatch to the last answer, as all processes share the machine's
 * cores with the webhook. Checked: every call has come, by its id.
 *
 * For the second question, some hundreds of users a second enter, and a webhook is told beside one that fails one time
 * in ten, and then also beside one that never answers. Its latency is from the change to the arrival.
 *
 * It does not show: what a webhook costs that is far away, or does something.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { WorkerProcess } from '../../src/dispatch/worker-process.ts'
import { BullQueue } from '../../src/queue/bull-queue.ts'
import { callsOf } from '../../src/calls/calls.ts'
import { SpaceOutbox } from '../../src/outbox/space-outbox.ts'
import type { Delivery } from '../../src/outbox/delivery.ts'
import { DeliveryService } from '../../src/dispatch/service.ts'
import { Secrets } from '../../src/dispatch/secrets.ts'
import { limitsOf } from '../../src/space/destination-limits.ts'
import type { DestinationState } from '../../src/outbox/destination-state.ts'
import type { ConnectionRecord } from '../../src/model/destination.ts'
import { setTimer } from '../../src/model/timer.ts'
import { PrivateRedis } from '../../src/redis/private-redis.ts'
import { createRedis } from '../../src/redis/client.ts'
import { alternate } from '../harness/cost.ts'
import { inDirectory } from '../harness/directory.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { quantile, spreadOf } from '../harness/spread.ts'

const CALLS = setting('DELIVERIES_CALLS', 20_000)
const BATCH = 100
const SPACE = 'bench'
const AT = 1_767_225_600_000
const PACED_PER_SECOND = 300
const PACED_SECONDS = 20
/** Ratio of the latency beside one that hangs to that without. */
const DELAY_MAX = 1.2

const CONNECTION: ConnectionRecord = {
  id: 'con_1',
  destinationId: 'dst_1',
  definitionId: 'aud_1',
  kind: 'audience',
  type: 'USERS',
  key: 'big_spenders',
  includesAnonymous: false,
  enabled: true,
  sends: { identify: true, track: false, group: false },
  events: { entered: 'Audience Entered', exited: 'Audience Exited', computed: 'Trait Computed' },
  idSync: [],
  traits: {},
  approval: { members: Infinity, share: 1 },
  createdAt: AT,
  updatedAt: AT,
}

function deliveryTo(user: number, place: number, at: number): Delivery {
  const ids = [
    { type: 'user_id', value: `user-${user}` },
    { type: 'email', value: `user-${user}@example.com` },
  ]
  return {
    number: user + 1,
    connectionId: `con_${place}`,
    actor: user,
    owner: user,
    ownId: user,
    subject: { kind: 'user', ids, only: undefined },
    profile: `user_id:user-${user}`,
    value: true,
    sequence: 1,
    at,
    queuedAt: at,
    resync: 0,
    traits: undefined,
  }
}

interface Seen {
  readonly calls: number
  readonly latenciesMs: readonly number[]
}

async function seenBy(sink: ServerProcess): Promise<Seen> {
  return (await (await fetch(sink.url)).json()) as Seen
}

function inSetting<Result>(run: (redis: string, sink: ServerProcess) => Promise<Result>): Promise<Result> {
  return inDirectory(async (directory) => {
    const redis = await PrivateRedis.start({ directory, appendfsync: 'everysec' })
    const sink = await sinkOf('healthy')
    try {
      return await run(redis.address, sink)
    } finally {
      await sink.stop()
      await redis.stop()
    }
  })
}

function sinkOf(temper: string): Promise<ServerProcess> {
  return ServerProcess.start(new URL('./sink.js', import.meta.url), [temper], {})
}

async function checkAllSeen(sink: ServerProcess, count: number): Promise<void> {
  const { calls } = await seenBy(sink)
  if (calls !== count) throw new Error(`${calls} of ${count} calls have come`)
}

interface Begun {
  readonly service: DeliveryService
  readonly targets: readonly DestinationState[]
}

/** Deliveries to some webhooks, each with a connection of its own; their workers have loaded all that they need. */
async function begin(address: string, urls: readonly string[], batchSize: number): Promise<Begun> {
  const outbox = new SpaceOutbox(limitsOf)
  for (const [place, url] of urls.entries()) {
    const id = `dst_${place}`
    const settings = { url, batchSize }
    const rest = { enabled: true, sealed: '', missing: [], createdAt: AT, updatedAt: AT }
    outbox.apply({ kind: 'put destination', destination: { id, type: 'webhook', name: id, settings, ...rest } })
    const connection = { ...CONNECTION, id: `con_${place}`, destinationId: id }
    outbox.apply({ kind: 'connect', connection })
  }
  const workers = new WorkerProcess({
    program: new URL('../../src/main.js', import.meta.url).pathname,
    config: { address, spaceId: SPACE, directory: '/nowhere', allowPrivate: true },
    onPrint: () => undefined,
    onSave: () => undefined,
    onFault: (message) => process.stderr.write(message),
    onDeath: (how) => process.stderr.write(how),
  })
  const service = new DeliveryService({
    outbox,
    secrets: new Secrets(Buffer.alloc(32)),
    command: () => Promise.resolve(),
    open: () => Promise.resolve({ queue: new BullQueue(address, SPACE), workers }),
    clock: Date.now,
    timer: setTimer,
    random: Math.random,
    onTrouble: (cause) => process.stderr.write(String(cause)),
    onWell: () => undefined,
  })
  const tried = { id: 'dst_bench', type: 'webhook', settings: { url: urls[0]! } }
  if ('failure' in (await service.ask(tried, { kind: 'test' }))) throw new Error('the webhook does not answer')
  service.changed()
  await delay(500)
  return { service, targets: [...outbox.destinations()] }
}

/** Calls a second. */
function runOurs(batchSize: number, count: number): Promise<number> {
  return inSetting(async (address, sink) => {
    const { service, targets } = await begin(address, [sink.url], batchSize)
    const [target] = targets
    for (let user = 0; user < count; user++) target!.queue(deliveryTo(user, 0, AT))
    const start = performance.now()
    service.changed()
    while (target!.outbox.size > 0) await delay(2)
    const seconds = (performance.now() - start) / 1000
    await service.stop()
    await checkAllSeen(sink, count)
    return count / seconds
  })
}

/** Latency of the first webhook, ms at the 99th percentile. */
function runPaced(neighbours: readonly string[]): Promise<number> {
  return inSetting(async (address, sink) => {
    const others = await Promise.all(neighbours.map(sinkOf))
    const { service, targets } = await begin(address, [sink, ...others].map(({ url }) => url), 1) // prettier-ignore
    const count = PACED_PER_SECOND * PACED_SECONDS
    const start = performance.now()
    for (let user = 0; user < count;) {
      const due = Math.min(count, ((performance.now() - start) / 1000) * PACED_PER_SECOND)
      const now = Date.now()
      for (; user < due; user++)
        for (const [place, target] of targets.entries()) target.queue(deliveryTo(user, place, now))
      service.changed()
      await delay(5)
    }
    while (targets[0]!.outbox.size > 0) await delay(2)
    await service.stop()
    await checkAllSeen(sink, count)
    const { latenciesMs } = await seenBy(sink)
    for (const other of others) await other.kill()
    return quantile([...latenciesMs].sort((a, b) => a - b), 0.99) // prettier-ignore
  })
}

/** Likewise, with a job for each call. */
function runBaseline(): Promise<number> {
  return inSetting(async (address, sink) => {
    const worker = await ServerProcess.start(new URL('./call-worker.js', import.meta.url), [address, sink.url], {})
    const connection = createRedis(address)
    await connection.connect()
    const queue = new Queue('calls', { connection })
    const setting = { connection: CONNECTION, destinationName: 'Webhooks', spaceId: SPACE }
    const start = performance.now()
    for (let from = 0; from < CALLS; from += BATCH) {
      const jobs = Array.from({ length: Math.min(BATCH, CALLS - from) }, (_, place) => {
        const [data] = callsOf(deliveryTo(from + place, 0, AT), setting)
        return { name: 'call', data, opts: { jobId: data!.messageId } }
      })
      await queue.addBulk(jobs)
    }
    while ((await queue.getJobCountByTypes('waiting', 'active')) > 0) await delay(5)
    const seconds = (performance.now() - start) / 1000
    await worker.stop()
    await queue.close()
    connection.disconnect()
    await checkAllSeen(sink, CALLS)
    return CALLS / seconds
  })
}

const runs = await alternate({
  batched: () => runOurs(BATCH, 10 * CALLS),
  single: () => runOurs(1, CALLS),
  baseline: runBaseline,
})
const baseline = spreadOf(runs.baseline).median
for (const [name, values, target] of [
  [`${BATCH} calls to a request`, runs.batched, 12],
  ['one call to a request', runs.single, 2],
] as const) {
  const result = spreadOf(values)
  const ratio = result.median / baseline
  report({
    bench: 'deliveries',
    case: name,
    result,
    unit: 'calls/s',
    baseline: { name: 'one job per call', value: baseline },
    ratio,
    target: { text: `≥ ${target} ×`, isMet: ratio >= target },
  })
}

const paced = await alternate({ without: () => runPaced(['failing']), beside: () => runPaced(['failing', 'hanging']) })
const beside = spreadOf(paced.beside)
const without = spreadOf(paced.without).median
report({
  bench: 'deliveries',
  case: 'p99 beside one that hangs',
  result: beside,
  unit: 'ms',
  baseline: { name: 'without it', value: without },
  ratio: beside.median / without,
  target: { text: `≤ ${DELAY_MAX} ×`, isMet: beside.median <= DELAY_MAX * without },
})
