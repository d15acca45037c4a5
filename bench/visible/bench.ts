/**
 * Question: how long after it is sent does an event show in answers, in all but one of a thousand cases, with half a
 * million users in memory?
 *   npm run bench -- visible        VISIBLE_USERS=50000 npm run bench -- visible
 *
 * Workload: users with an event each; then 10,000 events a second of random users, in batches of 50 over 64
 * connections, for forty seconds, with twenty definitions. An event shows as soon as its batch is answered: that says
 * that it is applied; the time is from when a batch was due to be sent. With checkpoints twice in that time, and
 * without any, each in a server of its own. Checked: every batch is answered with 200, and all events are counted.
 *
 * It does not show: how long a client takes to notice; more events a second than a core can take.
 */
import { AS_READER, AS_WRITER } from '../harness/keys.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { quantile, type Spread, spreadOf } from '../harness/spread.ts'
import { sendPaced } from '../ingest/paced.ts'
import { NAMES, withServer } from '../ingest/server.ts'

const USERS = setting('VISIBLE_USERS', 500_000)
const RUNS = setting('BENCH_RUNS', 3)
const FILL_BATCH = 500
const BATCH = 50
const PER_SECOND = 10_000
const SECONDS = 40
const REHEARSAL_SECONDS = 10
const CONNECTIONS = 64
const TARGET_MS = 50
const SHARE = 0.999
const COUNTS = NAMES.map((_, place) => `events_${place}`).join(',')
/** Users whose counts are looked at after the run. */
const CHECKED = 200

const random = new Random(20_260_113)

function eventOf(user: number): object {
  const properties = { category: 'shoes', price: random.below(200), quantity: 1, total: random.below(300) }
  return { type: 'track', userId: `user-${user}`, event: NAMES[random.below(NAMES.length)], properties }
}

function bodyOf(events: readonly object[]): Buffer {
  return Buffer.from(JSON.stringify({ batch: events }))
}

async function fill(url: string): Promise<void> {
  for (let first = 0; first < USERS; first += FILL_BATCH) {
    const batch = Array.from({ length: Math.min(FILL_BATCH, USERS - first) }, (_, place) => eventOf(first + place))
    const { ok } = await fetch(`${url}/v1/batch`, { method: 'POST', headers: AS_WRITER, body: bodyOf(batch) })
    if (!ok) throw new Error('a batch was refused')
  }
}

/** Sends for so long; returns the latencies, ms. */
async function sendFor(url: string, seconds: number, sent: number[]): Promise<readonly number[]> {
  const bodies = Array.from({ length: (seconds * PER_SECOND) / BATCH }, () => {
    const users = Array.from({ length: BATCH }, () => random.below(USERS))
    for (const user of users) sent[user]!++
    return bodyOf(users.map(eventOf))
  })
  const pace = { perSecond: PER_SECOND / BATCH, connections: CONNECTIONS, headers: AS_WRITER }
  const { latencies, refused } = await sendPaced(url, bodies, pace)
  if (refused > 0) throw new Error(`${refused} batches were refused`)
  return latencies
}

async function checkCounts(url: string, sent: readonly number[]): Promise<void> {
  for (let check = 0; check < CHECKED; check++) {
    const user = random.below(USERS)
    const path = `${url}/v1/spaces//collections/users/profiles/user_id:user-${user}/traits?include=${COUNTS}`
    const { traits } = (await (await fetch(path, { headers: AS_READER })).json()) as { traits: Record<string, number> }
    const counted = Object.values(traits).reduce((total, count) => total + count, 0)
    if (counted !== sent[user]) throw new Error(`user ${user}: ${counted} events were counted, ${sent[user]} sent`)
  }
}

/** Runs a server; returns the latencies, ms. */
function run(checkpointSeconds: number): Promise<readonly number[]> {
  const measure = async ({ url }: ServerProcess): Promise<readonly number[]> => {
    await fill(url)
    const sent = Array.from({ length: USERS }, () => 1)
    await sendFor(url, REHEARSAL_SECONDS, sent)
    const latencies = await sendFor(url, SECONDS, sent)
    await checkCounts(url, sent)
    return latencies
  }
  return withServer(measure, { CHECKPOINT_SECONDS: String(checkpointSeconds) })
}

/** Reports a quantile, spread over the runs. */
function reportAt(share: number, name: string, result: Spread, baseline: number | undefined): void {
  report({
    bench: 'visible',
    case: `p${share * 100}, ${name}`,
    result,
    unit: 'ms',
    ...(baseline !== undefined && {
      baseline: { name: 'without a checkpoint', value: baseline },
      ratio: result.median / baseline,
    }),
    ...(share === SHARE && { target: { text: `≤ ${TARGET_MS} ms`, isMet: result.median <= TARGET_MS } }),
  })
}

const runs: Record<'with' | 'without', (readonly number[])[]> = { with: [], without: [] }
for (let round = 0; round < RUNS; round++) {
  runs.with.push(await run(SECONDS / 2))
  runs.without.push(await run(3_600))
}
for (const share of [0.5, 0.99, SHARE]) {
  const without = spreadOf(runs.without.map((latencies) => quantile(latencies, share)))
  reportAt(share, 'without a checkpoint', without, undefined)
  const beside = spreadOf(runs.with.map((latencies) => quantile(latencies, share)))
  reportAt(share, 'with two checkpoints', beside, without.median)
}
