/**
 * Question: how long is it from the start of the process, with Redis running, to a `/readyz` that answers 200?
 *   npm run bench -- recovery        RECOVERY_PROFILES=1000000 RECOVERY_EVENTS=2 npm run bench -- recovery
 *
 * Workload: 100,000 profiles of an identify and ten events each, under twenty definitions, from a checkpoint that holds
 * all of it; and 20,000 of them from the journal alone, after a kill, for which a million calls are given. All is wall
 * time; the code is cold, as it is at a start. Checked: the server then knows the last profile, and has counted its
 * events; where the journal is asked for, that there is no checkpoint.
 *
 * It does not show: what the first request for a profile that is not in memory waits for.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { checkpointIndexKey } from '../../src/redis/keys.ts'
import { PrivateRedis } from '../../src/redis/private-redis.ts'
import { createRedis } from '../../src/redis/client.ts'
import { DEFINITIONS } from '../engine/definitions.ts'
import { inDirectory } from '../harness/directory.ts'
import { AS_ADMINISTRATOR, AS_READER, AS_WRITER, KEYS } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'

const PROFILES = setting('RECOVERY_PROFILES', 100_000)
const RUNS = setting('BENCH_RUNS', 3)
const EVENTS = setting('RECOVERY_EVENTS', 10)
/** Checkpoints of the server that is filled come as often. */
const CHECKPOINT_SECONDS = 5
/** A batch has the calls of so many profiles. */
const BATCH_PROFILES = 100
const CONNECTIONS = 8
/** Few enough that the journal does not grow to where a checkpoint is made of it. */
const JOURNAL_PROFILES = Math.min(PROFILES, 20_000)

interface Run {
  readonly journalMs: number
  readonly checkpointMs: number
}

function start(directory: string, address: string, checkpointSeconds: number): Promise<ServerProcess> {
  const main = new URL('../../src/main.js', import.meta.url)
  const settings = { PORT: '0', DATA_DIR: directory, REDIS_URL: address, CHECKPOINT_SECONDS: String(checkpointSeconds) }
  return ServerProcess.start(main, ['serve'], { PATH: '/usr/bin:/bin', ...settings, ...KEYS })
}

function callsOf(profile: number): object[] {
  const userId = `user-${profile}`
  const events = Array.from({ length: EVENTS }, (_, index) => ({
    type: 'track',
    userId,
    messageId: `message-${profile}-${index}`,
    event: 'Order Completed',
    properties: { category: 'shoes', price: 20 + index, quantity: 1, total: 40 },
  }))
  return [{ type: 'identify', userId, messageId: `message-${profile}`, traits: { plan: 'pro' } }, ...events]
}

async function post(url: string, headers: Record<string, string>, body: unknown): Promise<void> {
  for (;;) {
    const { status } = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (status === 200) return
    if (status !== 429) throw new Error(`${url} was answered with ${status}`)
    await delay(1_000)
  }
}

async function fill(url: string, profiles: number): Promise<void> {
  const orders = { name: 'Orders', definition: { query: "event('Order Completed').count()" } }
  await post(`${url}/spaces/default/computed-traits`, AS_ADMINISTRATOR, orders)
  for (const { kind, key, type, query } of DEFINITIONS) {
    const isAudience = kind === 'audience'
    const body = { name: key, key, definition: { query, ...(isAudience ? {} : { type }) } }
    await post(`${url}/spaces/default/${isAudience ? 'audiences' : 'computed-traits'}`, AS_ADMINISTRATOR, body)
  }
  let next = 0
  const connection = async (): Promise<void> => {
    while (next < profiles) {
      const first = next
      next += BATCH_PROFILES
      const batch = Array.from({ length: BATCH_PROFILES }, (_, place) => callsOf(first + place)).flat()
      await post(`${url}/v1/batch`, AS_WRITER, { batch })
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
}

/** From the start of the process to its first 200 of `/readyz`, ms. */
async function readyAfter(startServer: () => Promise<ServerProcess>): Promise<[number, ServerProcess]> {
  const startedAt = performance.now()
  // It says where it is once it is ready; that its `/readyz` agrees is asked then.
  const server = await startServer()
  const { status } = await fetch(`${server.url}/readyz`)
  if (status !== 200) throw new Error(`/readyz was answered with ${status}`)
  return [performance.now() - startedAt, server]
}

async function check(url: string, profiles: number): Promise<void> {
  const path = `${url}/v1/spaces//collections/users/profiles/user_id:user-${profiles - 1}/traits?include=orders`
  const body = (await (await fetch(path, { headers: AS_READER })).json()) as { traits?: unknown }
  if (JSON.stringify(body.traits) !== `{"orders":${EVENTS}}`)
    throw new Error(`the last profile has ${JSON.stringify(body)}`)
}

/** From what a server has left that ended so, ms. */
function recoveryAfter(end: 'stop' | 'kill', profiles: number): Promise<number> {
  return inDirectory(async (directory) => {
    const redis = await PrivateRedis.start({ directory: join(directory, 'redis'), appendfsync: 'always' })
    const first = await start(directory, redis.address, end === 'stop' ? CHECKPOINT_SECONDS : 86_400)
    await fill(first.url, profiles)
    // A server that is told to end gives up after a while: at its end, only what is new may be left to be stored.
    if (end === 'stop') await storeAll(first.url)
    await first[end]()
    if (end === 'kill' && (await hasCheckpoint(redis.address))) throw new Error('a checkpoint was made meanwhile')
    const [elapsedMs, second] = await readyAfter(() => start(directory, redis.address, 86_400))
    await check(second.url, profiles)
    await second.kill()
    await redis.stop()
    return elapsedMs
  })
}

/**
 * Resolves when a checkpoint is stored that has all: the second since then. The first may have been begun before, and
 * none is made while nothing happens.
 */
async function storeAll(url: string): Promise<void> {
  for (let count = 0; count < 2; count++) {
    const since = Date.now()
    await post(`${url}/v1/identify`, AS_WRITER, { userId: 'user-0', traits: { plan: 'pro' } })
    while ((await checkpointAt(url)) <= since) await delay(500)
  }
}

/** Returns when the last checkpoint was stored, epoch ms; 0 before the first. */
async function checkpointAt(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^rollcall_checkpoint_timestamp_seconds\S* (\S+)$/m.exec(text)?.[1] ?? 0) * 1_000
}

async function hasCheckpoint(address: string): Promise<boolean> {
  const client = createRedis(address)
  await client.connect()
  const count = await client.exists(checkpointIndexKey('default'))
  client.disconnect()
  return count > 0
}

async function run(): Promise<Run> {
  const journalMs = await recoveryAfter('kill', JOURNAL_PROFILES)
  return { journalMs, checkpointMs: await recoveryAfter('stop', PROFILES) }
}

const JOURNAL_CALLS = JOURNAL_PROFILES * (EVENTS + 1)
const runs: Run[] = []
for (let count = 0; count < RUNS; count++) runs.push(await run())
const checkpoint = spreadOf(runs.map(({ checkpointMs }) => checkpointMs / 1000))
const size = PROFILES.toLocaleString('en')
const isMillion = PROFILES >= 1_000_000
report({
  bench: 'recovery',
  case: `${size} profiles, from a checkpoint`,
  result: checkpoint,
  unit: 's',
  ...(isMillion && { target: { text: '≤ 8 s', isMet: checkpoint.median <= 8 } }),
})
report({
  bench: 'recovery',
  case: 'a million calls of the journal',
  result: spreadOf(runs.map(({ journalMs }) => (journalMs / 1000 / JOURNAL_CALLS) * 1_000_000)),
  unit: 's',
})
