/**
 * How many calls a second get through the queue and the workers to a webhook, one by one and a hundred to a request?
 *   npm run bench -- deliveries        DELIVERIES_CALLS=50000 npm run bench -- deliveries
 *
 * Workload: that many users enter an audience, an identify call for each, from the outbox to a webhook on loopback.
 * Baseline: a job of BullMQ for each of the same calls, added a hundred at a time, worked on fifty at a time, by the
 * same client. Queue and workers are as the server has them: a Redis with `everysec`, and a process of their own. Time
 * is that of the clock on the wall, from the first dispatch to the last answer, as all processes share the machine's
 * cores with the webhook. Checked: every call has come, by its id.
 *
 * It does not show: what a webhook costs that is far away, or does something.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { WorkerProcess } from '../../src/delivery/worker-process.ts'
import { BullQueue } from '../../src/delivery/bull-queue.ts'
import { callsOf } from '../../src/delivery/calls.ts'
import { Deliveries } from '../../src/delivery/deliveries.ts'
import type { Delivery } from '../../src/delivery/delivery.ts'
import { DeliveryService } from '../../src/delivery/delivery-service.ts'
import { Secrets } from '../../src/delivery/secrets.ts'
import { limitsOf } from '../../src/delivery/target-limits.ts'
import type { ConnectionRecord, DestinationRecord } from '../../src/model/destination.ts'
import { setTimer } from '../../src/persistence/alarm.ts'
import { PrivateRedis } from '../../src/persistence/private-redis.ts'
import { createRedis } from '../../src/persistence/redis-client.ts'
import { alternate } from '../harness/cost.ts'
import { inDirectory } from '../harness/directory.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'

const CALLS = setting('DELIVERIES_CALLS', 20_000)
const BATCH = 100
const SPACE = 'bench'
const AT = 1_767_225_600_000

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

function deliveryTo(user: number): Delivery {
  const ids = [
    { type: 'user_id', value: `user-${user}` },
    { type: 'email', value: `user-${user}@example.com` },
  ]
  return {
    number: user + 1,
    connectionId: CONNECTION.id,
    actor: user,
    owner: user,
    subject: { kind: 'user', ids, only: undefined },
    profile: `user_id:user-${user}`,
    value: true,
    sequence: 1,
    at: AT,
    queuedAt: AT,
    resync: 0,
    traits: undefined,
  }
}

function inSetting<Result>(run: (redis: string, sink: string) => Promise<Result>): Promise<Result> {
  return inDirectory(async (directory) => {
    const redis = await PrivateRedis.start({ directory, appendfsync: 'everysec' })
    const sink = await ServerProcess.start(new URL('./sink.js', import.meta.url), [], {})
    try {
      const result = await run(redis.address, sink.url)
      const { calls } = (await (await fetch(sink.url)).json()) as { calls: number }
      if (calls !== CALLS) throw new Error(`${calls} of ${CALLS} calls have come`)
      return result
    } finally {
      await sink.stop()
      await redis.stop()
    }
  })
}

/** Calls a second. */
function runOurs(batchSize: number): Promise<number> {
  return inSetting(async (address, url) => {
    const record: DestinationRecord = {
      id: CONNECTION.destinationId,
      type: 'webhook',
      name: 'bench',
      enabled: true,
      settings: { url, batchSize },
      sealed: '',
      missing: [],
      createdAt: AT,
      updatedAt: AT,
    }
    const deliveries = new Deliveries(limitsOf)
    deliveries.apply({ kind: 'put destination', destination: record })
    deliveries.apply({ kind: 'connect', connection: CONNECTION })
    const target = deliveries.target(record.id)!
    const workers = new WorkerProcess({
      program: new URL('../../src/main.js', import.meta.url).pathname,
      config: { address, spaceId: SPACE, directory: '/nowhere', allowPrivate: true },
      onPrint: () => undefined,
      onFault: (message) => process.stderr.write(message),
      onDeath: (how) => process.stderr.write(how),
    })
    const service = new DeliveryService({
      deliveries,
      spaceId: SPACE,
      secrets: new Secrets(Buffer.alloc(32)),
      command: () => Promise.resolve(),
      open: () => Promise.resolve({ queue: new BullQueue(address, SPACE), workers }),
      clock: Date.now,
      timer: setTimer,
      random: Math.random,
      onTrouble: (cause) => process.stderr.write(String(cause)),
      onWell: () => undefined,
    })
    // The process is up, and has loaded all that it needs, once it has answered.
    if (await service.test('webhook', { url })) throw new Error('the webhook does not answer')
    await delay(500)
    for (let user = 0; user < CALLS; user++) target.queue(deliveryTo(user))
    const start = performance.now()
    service.changed()
    while (target.outbox.size > 0) await delay(2)
    const seconds = (performance.now() - start) / 1000
    await service.stop()
    return CALLS / seconds
  })
}

/** Likewise, with a job for each call. */
function runBaseline(): Promise<number> {
  return inSetting(async (address, url) => {
    const worker = await ServerProcess.start(new URL('./call-worker.js', import.meta.url), [address, url], {})
    const connection = createRedis(address)
    await connection.connect()
    const queue = new Queue('calls', { connection })
    const setting = { connection: CONNECTION, destinationName: 'Webhooks', spaceId: SPACE }
    const start = performance.now()
    for (let from = 0; from < CALLS; from += BATCH) {
      const jobs = Array.from({ length: Math.min(BATCH, CALLS - from) }, (_, place) => {
        const [data] = callsOf(deliveryTo(from + place), setting)
        return { name: 'call', data, opts: { jobId: data!.messageId } }
      })
      await queue.addBulk(jobs)
    }
    while ((await queue.getJobCountByTypes('waiting', 'active')) > 0) await delay(5)
    const seconds = (performance.now() - start) / 1000
    await worker.stop()
    await queue.close()
    connection.disconnect()
    return CALLS / seconds
  })
}

const runs = await alternate({ batched: () => runOurs(BATCH), single: () => runOurs(1), baseline: runBaseline })
const baseline = spreadOf(runs.baseline).median
for (const [name, values, target] of [
  [`${BATCH} calls to a request`, runs.batched, 10],
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
