/**
 * Question: what does an export over HTTP cost those who send events meanwhile, and how much memory does it take, at
 * full speed and to a reader that takes 100 KB a second, while every profile changes?
 *   npm run bench -- download        DOWNLOAD_PROFILES=1000000 npm run bench -- download
 *
 * Workload: users with an id and two traits, nearly all members of one audience. In each phase users change one trait,
 * in order, by batches of 50 at 2,000 events a second over one connection, and one in fifty enters or leaves. In the
 * first phase, of all users, nothing is exported (the baseline); in the second, of a fifth, one export follows another
 * at full speed; in the third, of all, one is read slowly. Calls have no `messageId`: those that are known take memory
 * too, and are more in each phase. Latency is counted from when a request was due. Checked: each file has the members
 * and their traits after so many changes and none of the later ones: as many as `rollcall replay` gives for these very
 * changes.
 *
 * It does not show: several exports at once; users that have left memory, unless there are more than fit.
 */
import { execFile } from 'node:child_process'
import { open, readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inDirectory } from '../harness/directory.ts'
import { AS_ADMINISTRATOR, AS_WRITER, KEYS } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { quantile } from '../harness/spread.ts'
import { sendPaced } from '../ingest/paced.ts'

const PROFILES = setting('DOWNLOAD_PROFILES', 40_000)
const EVENTS_PER_SECOND = 2_000
/** Over one connection, which keeps their order: it must not be busy all the time. */
const BATCH = 50
const FILL_BATCH = 250
const SLOW_BYTES_PER_SECOND = 100_000
const SLOW_TURN_MS = 50
const SAMPLE_MS = 100
const USERS_PER_MOVER = 50
const QUERY = "trait('group') = 'in'"
const LATER_MS_MAX = 10
const EXTRA_MIB_MAX = 50
const MEBIBYTE = 1024 * 1024

const main = new URL('../../src/main.js', import.meta.url)

interface Phase {
  /** ms, ascending. */
  readonly latencies: readonly number[]
  /** The most memory that the server had. */
  readonly residentBytes: number
}

/** Returns how many users change in a phase; before the first, all are made. */
function usersOf(phase: number): number {
  return phase === 2 ? Math.ceil(PROFILES / 5) : PROFILES
}

/** Traits of a user that changes in a phase. */
function traitsOf(user: number, phase: number): Record<string, string> {
  const isOut = user % USERS_PER_MOVER === 0 && phase % 2 === 1
  return { group: isOut ? 'out' : 'in', plan: `plan-${phase}` }
}

/** Returns the last phase, of those until one, in which a user changes. */
function lastPhase(user: number, until: number): number {
  let phase = until
  while (user >= usersOf(phase)) phase--
  return phase
}

function bodiesOf(phase: number, batch: number): Buffer[] {
  const count = usersOf(phase)
  return Array.from({ length: Math.ceil(count / batch) }, (_, at) => {
    const users = Array.from({ length: Math.min(batch, count - at * batch) }, (_, place) => at * batch + place)
    return Buffer.from(JSON.stringify({ batch: users.map((user) => callOf(user, phase)) }))
  })
}

function callOf(user: number, phase: number): object {
  return { type: 'identify', userId: `user-${user}`, traits: traitsOf(user, phase) }
}

/** Users change once more, while something else is done, again and again or once. */
async function runPhase(
  server: ServerProcess,
  phase: number,
  meanwhile?: (isOver: () => boolean) => Promise<void>,
): Promise<Phase> {
  const bodies = bodiesOf(phase, BATCH)
  let residentBytes = 0
  const sampling = setInterval(() => (residentBytes = Math.max(residentBytes, server.residentBytes())), SAMPLE_MS)
  let isOver = false
  const done = meanwhile?.(() => isOver)
  const pace = { perSecond: EVENTS_PER_SECOND / BATCH, connections: 1, headers: AS_WRITER }
  const { latencies, refused } = await sendPaced(server.url, bodies, pace)
  isOver = true
  await done
  clearInterval(sampling)
  if (refused > 0) throw new Error(`${refused} requests were refused`)
  return { latencies, residentBytes }
}

/**
 * Downloads an export; resolves with its chunks, as to put them together would hold up the measuring.
 * @param bytesPerSecond infinite for full speed
 */
function download(url: string, audience: string, bytesPerSecond: number): Promise<readonly Buffer[]> {
  const path = `/spaces/default/audiences/${audience}/export.csv?ids=user_id&traits=plan`
  return new Promise((resolve, reject) => {
    get(`${url}${path}`, { headers: AS_ADMINISTRATOR }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`an export was answered with ${response.statusCode}`))
      const chunks: Buffer[] = []
      const start = performance.now()
      let taken = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        taken += chunk.length
        if (taken <= ((performance.now() - start) / 1000) * bytesPerSecond) return
        response.pause()
        const early = (taken / bytesPerSecond) * 1000 - (performance.now() - start)
        setTimeout(() => response.resume(), Math.max(SLOW_TURN_MS, early))
      })
      response.on('end', () => resolve(chunks))
      response.on('error', reject)
    }).on('error', reject)
  })
}

/** Returns how many users had changed in a phase when the file was made. Throws if it is of no one instant. */
function changedIn(csv: string, phase: number): number {
  const plans = new Array<string | undefined>(PROFILES)
  for (const line of csv.split('\r\n').slice(1)) {
    const [, userId, plan] = line.split(',')
    if (userId !== undefined) plans[Number(userId.slice('user-'.length))] = plan
  }
  const planOf = (user: number, until: number): string | undefined => {
    const { group, plan } = traitsOf(user, lastPhase(user, until))
    return group === 'in' ? plan : undefined
  }
  let changed = 0
  while (changed < usersOf(phase) && plans[changed] === planOf(changed, phase)) changed++
  for (let user = changed; user < PROFILES; user++)
    if (plans[user] !== planOf(user, phase - 1)) throw new Error(`user-${user} has ${plans[user]}, in no one instant`)
  return changed
}

/** Throws unless a replay of the same changes has the same members. */
async function compareWithReplay(chunks: readonly Buffer[], phase: number, directory: string): Promise<void> {
  const csv = Buffer.concat(chunks).toString()
  const changed = changedIn(csv, phase)
  const [definitions, events, out] = ['definitions.json', 'events.ndjson', 'out.ndjson'].map((name) =>
    join(directory, name),
  ) as [string, string, string]
  await writeFile(definitions, JSON.stringify({ definitions: [{ kind: 'audience', key: 'all', query: QUERY }] }))
  const timestamp = new Date(0).toISOString()
  const writing = await open(events, 'w')
  for (let made = 0; made <= phase; made++) {
    const users = Array.from({ length: made < phase ? usersOf(made) : changed }, (_, user) => user)
    const lines = users.map((user) => `${JSON.stringify({ ...callOf(user, made), timestamp })}\n`)
    await writing.writeFile(lines.join(''))
  }
  await writing.close()
  await promisify(execFile)(process.execPath, [
    ...[main.pathname, 'replay', '--definitions', definitions],
    ...['--events', events, '--out', out],
  ])
  const members = new Set<string>()
  for (const line of (await readFile(out, 'utf8')).split('\n').filter(Boolean)) {
    const { type, profile } = JSON.parse(line) as { type: string; profile: string }
    if (type === 'entered') members.add(profile)
    else members.delete(profile)
  }
  const exported = csv.split('\r\n').slice(1).filter(Boolean)
  const strangers = exported.filter((line) => !members.has(line.slice(0, line.indexOf(','))))
  if (strangers.length > 0 || exported.length !== members.size)
    throw new Error(`the file has ${exported.length} members, the replay ${members.size}`)
}

function reportPhase(name: string, phase: Phase, baseline: Phase): void {
  const [p99, before] = [quantile(phase.latencies, 0.99), quantile(baseline.latencies, 0.99)]
  const extraMiB = (phase.residentBytes - baseline.residentBytes) / MEBIBYTE
  const one = (value: number) => ({ median: value, min: value, max: value })
  report({
    bench: 'download',
    case: `p99 of ingestion, ${name}`,
    result: one(p99),
    unit: 'ms',
    baseline: { name: 'no export', value: before },
    ratio: p99 / before,
    target: { text: `≤ ${LATER_MS_MAX} ms more`, isMet: p99 - before <= LATER_MS_MAX },
  })
  report({
    bench: 'download',
    case: `memory, ${name}`,
    result: one(phase.residentBytes / MEBIBYTE),
    unit: 'MiB',
    baseline: { name: 'no export', value: baseline.residentBytes / MEBIBYTE },
    ratio: phase.residentBytes / baseline.residentBytes,
    target: { text: `≤ ${EXTRA_MIB_MAX} MiB more`, isMet: extraMiB <= EXTRA_MIB_MAX },
  })
}

async function measure(server: ServerProcess, directory: string): Promise<void> {
  const made = await fetch(`${server.url}/spaces/default/audiences`, {
    method: 'POST',
    headers: AS_ADMINISTRATOR,
    body: JSON.stringify({ name: 'All', key: 'all', definition: { query: QUERY } }),
  })
  const { data } = (await made.json()) as { data: { audience: { id: string } } }
  const fill = { perSecond: 100, connections: 4, headers: AS_WRITER }
  if ((await sendPaced(server.url, bodiesOf(0, FILL_BATCH), fill)).refused > 0) throw new Error('the fill was refused')
  const baseline = await runPhase(server, 1)
  let fast: readonly Buffer[] = []
  const quick = await runPhase(server, 2, async (isOver) => {
    while (!isOver()) fast = await download(server.url, data.audience.id, Infinity)
  })
  await compareWithReplay(fast, 2, directory)
  reportPhase('exports at full speed', quick, baseline)
  let slow: readonly Buffer[] = []
  const patient = await runPhase(server, 3, async () => {
    slow = await download(server.url, data.audience.id, SLOW_BYTES_PER_SECOND)
  })
  await compareWithReplay(slow, 3, directory)
  reportPhase('one to a reader of 100 KB/s', patient, baseline)
}

await inDirectory(async (directory) => {
  const env = { PATH: '/usr/bin:/bin', PORT: '0', DATA_DIR: directory, LOG_LEVEL: 'info', ...KEYS }
  const server = await ServerProcess.start(main, ['serve'], env)
  try {
    await measure(server, directory)
  } finally {
    await server.stop()
  }
})
