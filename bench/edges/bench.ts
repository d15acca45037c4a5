/**
 * Question: what does an event cost an edge and an engine that are apart, beside a server by itself?
 *   npm run bench -- edges        EDGES_EVENTS=20000 npm run bench -- edges
 *
 * Workload: that of `ingest`, in batches of 15: 32 connections, 10,000 users, twenty definitions. The edge and the
 * engine are two nodes of a cluster at one Redis (`appendfsync always`); the clients know the edge alone. The baseline
 * is one server at a Redis of its own, with the same settings. CPU is that of each process, all its threads, without
 * Redis and without the clients; the runs of the two alternate. Checked: every request is answered with 200, and the
 * profiles have counted every event.
 *
 * It does not show: nodes on several machines, where connections cost more.
 */
import { PrivateRedis } from '../../src/redis/private-redis.ts'
import { alternate } from '../harness/cost.ts'
import { inDirectory } from '../harness/directory.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'
import { bodiesOf, checkCounts, prepare, sendAll, withServer } from '../ingest/server.ts'
import { KEYS } from '../harness/keys.ts'

const EVENTS = setting('EDGES_EVENTS', 60_000)
const REHEARSAL = 30_000
const BATCH = 15

/** Events for a CPU second. */
interface Run {
  readonly all: number
  readonly engine: number
}

const bodies = bodiesOf(BATCH, EVENTS, 'measured')
const rehearsal = bodiesOf(BATCH, REHEARSAL, 'rehearsal')
const sent = (bodies.length + rehearsal.length) * BATCH

/** Sends all by one server; returns the CPU seconds of each process. */
async function measure(edge: ServerProcess, all: readonly ServerProcess[]): Promise<number[]> {
  await sendAll(edge.url, rehearsal)
  const before = all.map((server) => server.cpuSeconds())
  await sendAll(edge.url, bodies)
  const spent = all.map((server, index) => server.cpuSeconds() - before[index]!)
  await checkCounts(edge.url, sent)
  return spent
}

function runAlone(): Promise<Run> {
  return withServer(async (server) => {
    const [cpu] = await measure(server, [server])
    return { all: (bodies.length * BATCH) / cpu!, engine: (bodies.length * BATCH) / cpu! }
  })
}

function runApart(): Promise<Run> {
  return inDirectory(async (directory) => {
    const redis = await PrivateRedis.start({ directory, appendfsync: 'always' })
    const start = (roles: string) =>
      ServerProcess.start(new URL('../../src/main.js', import.meta.url), ['serve'], {
        PATH: '/usr/bin:/bin',
        PORT: '0',
        DATA_DIR: `${directory}/${roles}`,
        LOG_LEVEL: 'info',
        OWNERSHIP: 'bullmq',
        ROLES: roles,
        REDIS_URL: redis.address,
        QUEUE_REDIS_URL: redis.address,
        SECRETS_KEY: Buffer.alloc(32).toString('base64'),
        ...KEYS,
      })
    const [engine, edge] = [await start('engine'), await start('edge')]
    await prepare(edge.url)
    const [ofEdge, ofEngine] = await measure(edge, [edge, engine])
    await edge.stop()
    await engine.stop()
    await redis.stop()
    const events = bodies.length * BATCH
    return { all: events / (ofEdge! + ofEngine!), engine: events / ofEngine! }
  })
}

const runs = await alternate({ apart: runApart, alone: runAlone })
const alone = spreadOf(runs.alone.map(({ all }) => all)).median
for (const [name, pick] of [
  ['edge and engine', ({ all }: Run) => all],
  ['the engine of them', ({ engine }: Run) => engine],
] as const) {
  const result = spreadOf(runs.apart.map(pick))
  report({
    bench: 'edges',
    case: name,
    result,
    unit: 'events/CPU-s',
    baseline: { name: 'a server by itself', value: alone },
    ratio: result.median / alone,
  })
}
