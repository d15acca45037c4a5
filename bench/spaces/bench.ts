/**
 * Question: do 19 spaces notice that a twentieth of the same process is sent three times what it takes?
 *   npm run bench -- spaces        SPACES_SECONDS=5 npm run bench -- spaces
 *
 * Workload: twenty spaces with an audience each. Each of 19 has 20 calls a second, one at a time; the other has batches
 * of 15 at three times the rate that it took alone, over 1,000 connections, from a process of the lowest priority, as
 * the machine is not theirs. The result is the 99th percentile of the latency of all 19, each call counted from when it
 * was due; the baseline is the same without the flood. Checked: no call of the 19 is refused, each space has its users,
 * and the flood lasts until their last answer.
 *
 * It does not show: twenty spaces that are all busy; profiles that are not in memory.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { inDirectory } from '../harness/directory.ts'
import { AS_ADMINISTRATOR, KEYS } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { quantile, spreadOf } from '../harness/spread.ts'
import type { Paced } from '../ingest/paced.ts'
import type { Load } from './clients.ts'

const SPACES = 20
const SECONDS = setting('SPACES_SECONDS', 15)
const RUNS = setting('BENCH_RUNS', 5)
const PER_SECOND = 20
const TIMES = 3
/** Events that tell what a space takes: they come faster than that. */
const CAPACITY_EVENTS = 60_000
const CAPACITY_SECONDS = 1
const FLOOD = { batch: 15, connections: 1_000, priority: 19 }
const TARGET_MS = 25

interface MadeSpace {
  readonly writeKey: string
  readonly accessToken: string
}

async function madeSpace(url: string, name: string): Promise<MadeSpace> {
  const made = await ask(`${url}/spaces`, { name })
  const { space } = made['data'] as { space: MadeSpace & { id: string } }
  const query = "event('Order Completed').within(30 days).sum(property('revenue')) >= 200"
  await ask(`${url}/spaces/${space.id}/audiences`, { name: 'Buyers', definition: { query } })
  return space
}

async function ask(url: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', headers: AS_ADMINISTRATOR, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}: ${await response.text()}`)
  return (await response.json()) as Record<string, unknown>
}

function start(url: string, load: Load): ChildProcess {
  return fork(new URL('./clients.js', import.meta.url), [url, JSON.stringify(load)])
}

async function resultOf(child: ChildProcess): Promise<readonly Paced[]> {
  const [paced] = (await once(child, 'message')) as [readonly Paced[]]
  return paced
}

/** Returns the events a second that a space takes, batches of 15. */
async function capacityOf(url: string, key: string): Promise<number> {
  const load = { ...FLOOD, keys: [key], perSecond: CAPACITY_EVENTS / CAPACITY_SECONDS, seconds: CAPACITY_SECONDS }
  const startedAt = performance.now()
  const [paced] = await resultOf(start(url, { ...load, connections: 32 }))
  if (paced!.refused > 0) throw new Error('calls were refused that were not too many')
  return (CAPACITY_EVENTS / (performance.now() - startedAt)) * 1000
}

/** Returns the 99th percentile of the latency of the 19, ms. */
function run(isFlooded: boolean): Promise<number> {
  return inDirectory(async (directory) => {
    const main = new URL('../../src/main.js', import.meta.url)
    const env = { PATH: '/usr/bin:/bin', PORT: '0', DATA_DIR: directory, LOG_LEVEL: 'info', ...KEYS }
    const server = await ServerProcess.start(main, ['serve'], env)
    const spaces: MadeSpace[] = []
    for (let at = 0; at < SPACES; at++) spaces.push(await madeSpace(server.url, `Space ${at}`))
    const [flooded, ...others] = spaces
    // Of both kinds of run, so that the code is as warm in one as in the other.
    const capacity = await capacityOf(server.url, flooded!.writeKey)
    const load = { keys: [flooded!.writeKey], perSecond: TIMES * capacity, seconds: 2 * SECONDS }
    const flood = isFlooded ? start(server.url, { ...FLOOD, ...load }) : undefined
    const keys = others.map(({ writeKey }) => writeKey)
    const calm = { keys, perSecond: PER_SECOND, batch: 1, connections: 4, seconds: SECONDS, priority: 0 }
    const paced = await resultOf(start(server.url, calm))
    if (flood) await end(flood)
    const refused = paced.reduce((sum, one) => sum + one.refused, 0)
    if (refused > 0) throw new Error(`${refused} calls of other spaces were refused`)
    for (const { accessToken } of others) await checkUsers(server.url, accessToken)
    await server.stop()
    return quantile(
      paced.flatMap(({ latencies }) => latencies).sort((a, b) => a - b),
      0.99,
    )
  })
}

async function end(flood: ChildProcess): Promise<void> {
  if (flood.exitCode !== null) throw new Error('the flood was over too early')
  const ended = once(flood, 'exit')
  flood.kill()
  await ended
}

async function checkUsers(url: string, accessToken: string): Promise<void> {
  const last = `user_id:user-${Math.min(PER_SECOND * SECONDS, 1_000) - 1}`
  const headers = { authorization: `Bearer ${accessToken}` }
  const { ok } = await fetch(`${url}/v1/spaces//collections/users/profiles/${last}/traits`, { headers })
  if (!ok) throw new Error(`a space has no ${last}`)
}

const flooded: number[] = []
const alone: number[] = []
for (let at = 0; at < RUNS; at++) {
  alone.push(await run(false))
  flooded.push(await run(true))
}
const result = spreadOf(flooded)
const baseline = spreadOf(alone).median
report({
  bench: 'spaces',
  case: `p99 of ${SPACES - 1} beside one that is flooded`,
  result,
  unit: 'ms',
  baseline: { name: 'without the flood', value: baseline },
  ratio: result.median / baseline,
  target: { text: `≤ ${TARGET_MS} ms`, isMet: result.median <= TARGET_MS },
})
