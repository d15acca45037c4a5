/**
 * Question: how many commands does a call cost Redis, how much CPU, and how many bytes? What does an idle node ask?
 *   npm run bench -- commands        COMMANDS_CALLS=10000 npm run bench -- commands
 *
 * Workload: the events of `ingest`, in batches of 1, 15 and 100, sent one request after another and by 32 connections
 * at once, to a server with twenty definitions at a Redis of its own (`appendfsync always`). Commands are those of
 * `INFO commandstats`, those within scripts among them; CPU is that of all threads of Redis; bytes are those of the
 * stream. No checkpoint is made meanwhile, and there is no destination. Then a node with one space that nobody asks.
 * Checked: each request is one append at most, the stream has an entry for each append, and the profiles have counted
 * every event.
 *
 * It does not show: the commands of checkpoints and of deliveries; a Redis across a network.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { journalKey } from '../../src/redis/keys.ts'
import { PrivateRedis } from '../../src/redis/private-redis.ts'
import { inDirectory } from '../harness/directory.ts'
import { AS_WRITER, KEYS } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { type Spread, spreadOf } from '../harness/spread.ts'
import { bodiesOf, checkCounts, prepare, sendAll } from '../ingest/server.ts'

const CALLS = setting('COMMANDS_CALLS', 1_000)
const RUNS = setting('BENCH_RUNS', 5)
const BATCHES = [1, 15, 100]
const IDLE_MS = 10_000
const JOURNAL = journalKey('default')

/** Counts of Redis since it was started, or since its counts were reset. */
interface Counts {
  readonly commands: number
  readonly appends: number
  readonly cpuSeconds: number
  readonly bytes: number
}

interface Run {
  readonly commands: number
  readonly cpuUs: number
  readonly bytes: number
}

const SENDERS: Readonly<Record<string, (url: string, bodies: readonly Buffer[]) => Promise<void>>> = {
  'one after another': sendInTurn,
  '32 at once': sendAll,
}

await inDirectory(async (directory) => {
  const privateRedis = await PrivateRedis.start({ directory: `${directory}/redis`, appendfsync: 'always' })
  const redis = new Redis(privateRedis.address)
  try {
    await withServer(`${directory}/server`, privateRedis.address, {}, (server) => measureCalls(server, redis))
    await redis.flushall()
    const asNode = {
      OWNERSHIP: 'bullmq',
      QUEUE_REDIS_URL: privateRedis.address,
      SECRETS_KEY: Buffer.alloc(32).toString('base64'),
    }
    await withServer(`${directory}/node`, privateRedis.address, asNode, () => measureIdle(redis))
  } finally {
    redis.disconnect()
    await privateRedis.stop()
  }
})

async function withServer(
  directory: string,
  address: string,
  settings: Readonly<Record<string, string>>,
  use: (server: ServerProcess) => Promise<void>,
): Promise<void> {
  const env = { PATH: '/usr/bin:/bin', PORT: '0', DATA_DIR: directory, LOG_LEVEL: 'info', CHECKPOINT_SECONDS: '86400' }
  const all = { ...env, ...KEYS, REDIS_URL: address, ...settings }
  const server = await ServerProcess.start(new URL('../../src/main.js', import.meta.url), ['serve'], all)
  try {
    await prepare(server.url)
    await use(server)
  } finally {
    await server.stop()
  }
}

async function measureCalls({ url }: ServerProcess, redis: Redis): Promise<void> {
  let [sent, runs] = [0, 0]
  for (const batch of BATCHES)
    for (const [how, send] of Object.entries(SENDERS)) {
      const found: Run[] = []
      // The first run does not count.
      for (let run = 0; run <= RUNS; run++) {
        const bodies = bodiesOf(batch, CALLS, `run-${runs++}`)
        const calls = bodies.length * batch
        const [before, length] = [await countsOf(redis), await redis.xlen(JOURNAL)]
        await send(url, bodies)
        const after = await countsOf(redis)
        const appends = after.appends - before.appends
        if (appends > bodies.length) throw new Error(`${bodies.length} requests were ${appends} appends`)
        const entries = (await redis.xlen(JOURNAL)) - length
        if (entries !== appends) throw new Error(`${appends} appends are ${entries} entries`)
        sent += calls
        if (run > 0)
          found.push({
            commands: (after.commands - before.commands) / calls,
            cpuUs: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / calls,
            bytes: (after.bytes - before.bytes) / calls,
          })
      }
      reportRun(`batches of ${batch}, ${how}`, found)
    }
  await checkCounts(url, sent)
}

function reportRun(name: string, runs: readonly Run[]): void {
  const rows: readonly (readonly [unit: string, valueOf: (run: Run) => number])[] = [
    ['commands/call', ({ commands }) => commands],
    ['Redis CPU µs/call', ({ cpuUs }) => cpuUs],
    ['B/call of the stream', ({ bytes }) => bytes],
  ]
  for (const [unit, valueOf] of rows) reportRow(name, spreadOf(runs.map(valueOf)), unit)
}

async function measureIdle(redis: Redis): Promise<void> {
  const found: Pick<Counts, 'commands' | 'cpuSeconds'>[] = []
  for (let run = 0; run < RUNS; run++) {
    const before = await countsOf(redis)
    await delay(IDLE_MS)
    const after = await countsOf(redis)
    const of = (count: number) => (count * 1000) / IDLE_MS
    found.push({ commands: of(after.commands - before.commands), cpuSeconds: of(after.cpuSeconds - before.cpuSeconds) })
  }
  reportRow('an idle node with one space', spreadOf(found.map(({ commands }) => commands)), 'commands/s')
  reportRow('an idle node with one space', spreadOf(found.map(({ cpuSeconds }) => cpuSeconds * 1e6)), 'Redis CPU µs/s')
}

function reportRow(name: string, result: Spread, unit: string): void {
  report({ bench: 'commands', case: name, result, unit })
}

async function sendInTurn(url: string, bodies: readonly Buffer[]): Promise<void> {
  for (const body of bodies) {
    const answer = await fetch(`${url}/v1/batch`, { method: 'POST', headers: AS_WRITER, body })
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`a request was answered with ${answer.status}`)
  }
}

/** Counts everything but what this bench asks itself. */
async function countsOf(redis: Redis): Promise<Counts> {
  const [stats, cpu] = [await redis.info('commandstats'), await redis.info('cpu')]
  const calls = new Map(
    Array.from(stats.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm), ([, name, count]) => [name!, Number(count)]),
  )
  let commands = 0
  for (const [name, count] of calls) if (!['info', 'xlen', 'memory|usage'].includes(name)) commands += count
  const seconds = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(cpu)![1])
  return {
    commands,
    appends: calls.get('xadd') ?? 0,
    cpuSeconds: seconds('used_cpu_user') + seconds('used_cpu_sys'),
    bytes: Number(await redis.call('MEMORY', 'USAGE', JOURNAL, 'SAMPLES', '0')),
  }
}
