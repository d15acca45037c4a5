/**
 * Question: what does a durable event cost the server, sent in batches of 1, 15 and 100?
 *   npm run bench -- ingest        INGEST_EVENTS=20000 npm run bench -- ingest
 *
 * Workload: 32 connections, each with one request under way; events of an online shop over 10,000 users; twenty
 * definitions live on our side. The floor parses the JSON and appends the raw body to a Redis with the same settings
 * (`appendfsync always`): no checks, no engine. CPU is that of the server's process, all its threads, without Redis and
 * without the clients; the runs of the two alternate. Checked: every request is answered with 200, the floor's stream
 * has every body, and the profiles of our side have counted every event.
 *
 * Latency: requests at a steady rate for ten seconds, over 64 connections, each counted from when it was due; batches
 * of 15 at 5,000 events a second, and single events at half of the greatest rate of before.
 *
 * It does not show: many sources; profiles that are not in memory.
 */
import { createRedis } from '../../src/redis/client.ts'
import { PrivateRedis } from '../../src/redis/private-redis.ts'
import { alternate } from '../harness/cost.ts'
import { inDirectory } from '../harness/directory.ts'
import { AS_WRITER } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { quantile, spreadOf } from '../harness/spread.ts'
import { sendPaced } from './paced.ts'
import { bodiesOf, checkCounts, sendAll, withServer } from './server.ts'

const EVENTS = setting('INGEST_EVENTS', 60_000)
/** Events before the clock runs, and requests at most: the server's code is compiled by then. */
const REHEARSAL = 30_000
const REHEARSAL_REQUESTS_MAX = 10_000
const PACED_CONNECTIONS = 64
const PACED_SECONDS = 10
const RUNS = setting('BENCH_RUNS', 5)
const TARGETS = new Map([
  [1, 0.45],
  [15, 0.5],
  [100, 0.5],
])

function rehearsalOf(batch: number): number {
  return Math.min(REHEARSAL, batch * REHEARSAL_REQUESTS_MAX)
}

/** Events of the bodies and of the rehearsal before them. */
function sentWith(bodies: readonly Buffer[], batch: number): number {
  return (bodies.length + Math.ceil(rehearsalOf(batch) / batch)) * batch
}

interface Run {
  readonly perCpuSecond: number
  readonly perSecond: number
}

async function measure(server: ServerProcess, bodies: readonly Buffer[], batch: number): Promise<Run> {
  await sendAll(server.url, bodiesOf(batch, rehearsalOf(batch), 'rehearsal'))
  const [cpu, start] = [server.cpuSeconds(), performance.now()]
  await sendAll(server.url, bodies)
  const events = bodies.length * batch
  return {
    perCpuSecond: events / (server.cpuSeconds() - cpu),
    perSecond: (events / (performance.now() - start)) * 1000,
  }
}

function runFloor(bodies: readonly Buffer[], batch: number): Promise<Run> {
  return inDirectory(async (directory) => {
    const redis = await PrivateRedis.start({ directory, appendfsync: 'always' })
    const server = await ServerProcess.start(new URL('./floor-server.js', import.meta.url), [redis.address], {})
    const run = await measure(server, bodies, batch)
    const client = createRedis(redis.address)
    await client.connect()
    if ((await client.xlen('floor')) < bodies.length) throw new Error('the floor has lost bodies')
    client.disconnect()
    await server.stop()
    await redis.stop()
    return run
  })
}

function runOurs(bodies: readonly Buffer[], batch: number): Promise<Run> {
  return withServer(async (server) => {
    const run = await measure(server, bodies, batch)
    await checkCounts(server.url, sentWith(bodies, batch))
    return run
  })
}

/** Latency at so many events a second. */
function runPaced(bodies: readonly Buffer[], batch: number, eventsPerSecond: number): Promise<readonly number[]> {
  return withServer(async ({ url }) => {
    await sendAll(url, bodiesOf(batch, rehearsalOf(batch), 'rehearsal'))
    const pace = { perSecond: eventsPerSecond / batch, connections: PACED_CONNECTIONS, headers: AS_WRITER }
    const { latencies, refused } = await sendPaced(url, bodies, pace)
    if (refused > 0) throw new Error(`${refused} requests were refused`)
    await checkCounts(url, sentWith(bodies, batch))
    return latencies
  })
}

let singlesPerSecond = 0
for (const batch of [1, 15, 100]) {
  const bodies = bodiesOf(batch, batch === 1 ? EVENTS / 4 : EVENTS, 'measured')
  const runs = await alternate({ ours: () => runOurs(bodies, batch), floor: () => runFloor(bodies, batch) })
  const result = spreadOf(runs.ours.map(({ perCpuSecond }) => perCpuSecond))
  const floor = spreadOf(runs.floor.map(({ perCpuSecond }) => perCpuSecond)).median
  const ratio = result.median / floor
  const target = TARGETS.get(batch)
  const wall = spreadOf(runs.ours.map(({ perSecond }) => perSecond)).median
  if (batch === 1) singlesPerSecond = wall
  report({
    bench: 'ingest',
    case: batch === 1 ? 'one at a time' : `batches of ${batch}`,
    result,
    unit: 'events/CPU-s',
    wall,
    baseline: { name: 'http + XADD', value: floor },
    ratio,
    ...(target !== undefined && { target: { text: `≥ ${target} ×`, isMet: ratio >= target } }),
  })
}

/** Reports the latency at a rate: median and 99th percentile of a run, spread over the runs. */
async function reportLatency(name: string, batch: number, rate: number, targets: ReadonlyMap<number, number>) {
  const bodies = bodiesOf(batch, rate * PACED_SECONDS, 'paced')
  const runs: (readonly number[])[] = []
  for (let run = 0; run < RUNS; run++) runs.push(await runPaced(bodies, batch, rate))
  for (const share of [0.5, 0.99]) {
    const result = spreadOf(runs.map((latencies) => quantile(latencies, share)))
    const limit = targets.get(share)
    report({
      bench: 'ingest',
      case: `${name}, ${Math.round(rate)}/s: p${share * 100}`,
      result,
      unit: 'ms',
      ...(limit !== undefined && { target: { text: `≤ ${limit} ms`, isMet: result.median <= limit } }),
    })
  }
}

const LATENCY_TARGETS = new Map([
  [0.5, 2],
  [0.99, 15],
])
await reportLatency('batches of 15', 15, 5_000, LATENCY_TARGETS)
await reportLatency('one at a time', 1, singlesPerSecond / 2, new Map([[0.99, 20]]))
