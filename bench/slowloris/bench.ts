/**
 * Question: does an honest client notice 2,000 connections that are slow on purpose, and how long does each live?
 *   npm run bench -- slowloris        SLOWLORIS_SOCKETS=300 SLOWLORIS_SECONDS=20 npm run bench -- slowloris
 *
 * Workload: single calls at a steady rate, each counted from when it was due; beside them, in a process of lower
 * priority, slow clients (`slow-clients.ts`) that come back as soon as they are cut. The baseline is the same rate
 * without them. Checked: every honest call is answered with 200, and slow clients of each kind have been cut.
 *
 * It does not show: more connections than the server takes; many addresses, which a proxy may bound.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { inDirectory } from '../harness/directory.ts'
import { AS_WRITER, KEYS } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { quantile, spreadOf } from '../harness/spread.ts'
import { sendPaced } from '../ingest/paced.ts'
import type { Cuts, Kind } from './slow-clients.ts'

const SOCKETS = setting('SLOWLORIS_SOCKETS', 2_000)
/** Longer than the slowest body may take. */
const SECONDS = setting('SLOWLORIS_SECONDS', 30)
const RUNS = setting('BENCH_RUNS', 5)
const PER_SECOND = 100
const CONNECTIONS = 16
const REHEARSAL_SECONDS = 5
const USERS = 1_000
const RATIO_MAX = 2
/** The server's bound and the time between two looks at it, with a second to spare, s. */
const CUT_WITHIN: Readonly<Record<Kind, number>> = { headers: 10, body: 17, reader: 12 }

function bodiesOf(seconds: number, run: string): Buffer[] {
  return Array.from({ length: seconds * PER_SECOND }, (_, at) => {
    const call = { type: 'track', messageId: `${run}-${at}`, userId: `user-${at % USERS}`, event: 'Seen' }
    return Buffer.from(JSON.stringify({ batch: [call] }))
  })
}

async function p99Of(url: string, seconds: number, run: string): Promise<number> {
  const pace = { perSecond: PER_SECOND, connections: CONNECTIONS, headers: AS_WRITER }
  const { latencies, refused } = await sendPaced(url, bodiesOf(seconds, run), pace)
  if (refused > 0) throw new Error(`${refused} honest calls were refused`)
  return quantile(latencies, 0.99)
}

interface Run {
  readonly p99: number
  readonly cuts: Cuts | undefined
}

function run(isAttacked: boolean): Promise<Run> {
  return inDirectory(async (directory) => {
    const main = new URL('../../src/main.js', import.meta.url)
    const env = { PATH: '/usr/bin:/bin', PORT: '0', DATA_DIR: directory, LOG_LEVEL: 'info', ...KEYS }
    const server = await ServerProcess.start(main, ['serve'], env)
    const slow = isAttacked ? await startSlow(new URL(server.url).port) : undefined
    await p99Of(server.url, REHEARSAL_SECONDS, 'rehearsal')
    const p99 = await p99Of(server.url, SECONDS, 'measured')
    const cuts = slow && (await endSlow(slow))
    await server.stop()
    return { p99, cuts }
  })
}

async function startSlow(port: string): Promise<ChildProcess> {
  const child = fork(new URL('./slow-clients.js', import.meta.url), [port, String(SOCKETS)])
  await once(child, 'message')
  return child
}

async function endSlow(child: ChildProcess): Promise<Cuts> {
  child.send('cuts')
  const [cuts] = (await once(child, 'message')) as [Cuts]
  child.disconnect()
  await once(child, 'exit')
  return cuts
}

const attacked: Run[] = []
const alone: Run[] = []
for (let at = 0; at < RUNS; at++) {
  alone.push(await run(false))
  attacked.push(await run(true))
}
const result = spreadOf(attacked.map(({ p99 }) => p99))
const baseline = spreadOf(alone.map(({ p99 }) => p99)).median
const ratio = result.median / baseline
report({
  bench: 'slowloris',
  case: `p99 beside ${SOCKETS} slow clients`,
  result,
  unit: 'ms',
  baseline: { name: 'without them', value: baseline },
  ratio,
  target: { text: `< ${RATIO_MAX} ×`, isMet: ratio < RATIO_MAX },
})
for (const kind of ['headers', 'body', 'reader'] as const) {
  const cuts = attacked.map((one) => one.cuts![kind])
  if (cuts.some(({ count }) => count === 0)) throw new Error(`no client of a slow ${kind} was cut`)
  const longest = spreadOf(cuts.map(({ longestMs }) => longestMs / 1000))
  report({
    bench: 'slowloris',
    case: `slow ${kind}: cut after at most`,
    result: longest,
    unit: 's',
    target: { text: `≤ ${CUT_WITHIN[kind]} s`, isMet: longest.max <= CUT_WITHIN[kind] },
  })
}
