/**
 * Question: what does an event cost an edge and an engine that are apart, beside a server by itself?
 *   npm run bench -- edges        EDGES_EVENTS=20000 npm run bench -- edges
 *
 * Workload: that of `ingest`, in batches of 15 and one by one: 32 connections, 10,000 users, twenty definitions. The
 * edge and the engine are two nodes of a cluster at one Redis (`appendfsync always`); the clients know the edge alone.
 * Calls go from it to the engine over a link, read already, or, where the nodes have no secret, as HTTP. The baseline
 * is one server at a Redis of its own, with the same settings. CPU is that of each process, all its threads, without
 * Redis and without the clients; the runs alternate. Checked: every request is answered with 200, and the profiles
 * have counted every event.
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
/** Fewer events, as each costs more. */
const SIZES = [
  { batch: 15, share: 1 },
  { batch: 1, share: 0.2 },
]
const SECRET = { CLUSTER_SECRET: 'what both nodes of this bench know' }

/** Events for a CPU second. */
interface Run {
  readonly all: number
  readonly engine: number
}

interface Workload {
  readonly rehearsal: readonly Buffer[]
  readonly bodies: readonly Buffer[]
  readonly events: number
  /** With those of the rehearsal. */
  readonly sent: number
}

function workloadOf({ batch, share }: (typeof SIZES)[number]): Workload {
  const bodies = bodiesOf(batch, EVENTS * share, 'measured')
  const rehearsal = bodiesOf(batch, REHEARSAL * share, 'rehearsal')
  return { rehearsal, bodies, events: bodies.length * batch, sent: (bodies.length + rehearsal.length) * batch }
}

/** Sends all by one server; returns the CPU seconds of each process. */
async function measure(
  { rehearsal, bodies, sent }: Workload,
  edge: ServerProcess,
  all: readonly ServerProcess[],
): Promise<number[]> {
  await sendAll(edge.url, rehearsal)
  const before = all.map((server) => server.cpuSeconds())
  await sendAll(edge.url, bodies)
  const spent = all.map((server, index) => server.cpuSeconds() - before[index]!)
  await checkCounts(edge.url, sent)
  return spent
}

function runAlone(workload: Workload): Promise<Run> {
  return withServer(async (server) => {
    const [cpu] = await measure(workload, server, [server])
    return { all: workload.events / cpu!, engine: workload.events / cpu! }
  })
}

function runApart(workload: Workload, settings: Readonly<Record<string, string>> = {}): Promise<Run> {
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
        ...settings,
      })
    const [engine, edge] = [await start('engine'), await start('edge')]
    await prepare(edge.url)
    const [ofEdge, ofEngine] = await measure(workload, edge, [edge, engine])
    await edge.stop()
    await engine.stop()
    await redis.stop()
    return { all: workload.events / (ofEdge! + ofEngine!), engine: workload.events / ofEngine! }
  })
}

for (const size of SIZES) {
  const workload = workloadOf(size)
  const runs = await alternate({
    link: () => runApart(workload, SECRET),
    http: () => runApart(workload),
    alone: () => runAlone(workload),
  })
  const alone = spreadOf(runs.alone.map(({ all }) => all)).median
  for (const way of ['link', 'http'] as const)
    for (const [name, part] of [
      ['edge and engine', 'all'],
      ['the engine of them', 'engine'],
    ] as const) {
      const result = spreadOf(runs[way].map((run) => run[part]))
      report({
        bench: 'edges',
        case: `${name}, by ${way}, ${size.batch} a request`,
        result,
        unit: 'events/CPU-s',
        baseline: { name: 'a server by itself', value: alone },
        ratio: result.median / alone,
      })
    }
}
