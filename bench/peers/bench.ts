/**
 * Question: what does the engine cost beside what people would do otherwise, at equal freshness of the answers?
 *   npm ci --prefix bench/peers && npm run bench -- peers        PEERS_CALLS=100000 npm run bench -- peers
 *
 * Workload: the shop's calls and the twenty definitions of the bench `engine`, over sixty days. Peers:
 *   duckdb             every refresh computes all answers anew, by SQL over the facts; all calls
 *   db-ivm             incremental views, with windows as rows that are taken back; all calls. Chosen over d2ts, which
 *                      is older and keeps versions of each row that nothing here needs
 *   pglite             the same SQL as duckdb, in PostgreSQL; a tenth of the calls and profiles
 *   rxjs               a chain of operators per profile and definition; a tenth
 *   json-rules-engine  rules over facts counted per call; few profiles with two hundred calls each
 * each in a process of its own, beside the engine on the very same calls. The last two judge a profile when it calls
 * and at no other time, so a refresh of theirs is a look at every profile; `as calls come` is without any.
 *
 * Freshness: answers are brought up to date, ends of windows included, with each event, each second or each minute of
 * the workload's time, in which a call comes every five seconds, and more seldom where there are fewer. The engine is
 * exact at each event and at each end of a window, for which it gets a tick as in a server: it has one cost for all
 * three. db-ivm is really run, refreshes without work left out. The others would take days: a refresh is measured at
 * points spread over the workload, with the facts of that point. The cost of the whole is that of all calls, taken in
 * 500 at a time, and of as many refreshes of the mean cost; least and greatest are those of the cheapest and of the
 * dearest refresh. Costs are CPU time of all threads, without JSON.parse.
 *
 * Lags are the wait for the next refresh and the measured wall time of one; the engine's are the wall time of a call,
 * or of a tick. Column `larger` has their 99th percentile. Wrong members are pairs of profile and audience. Checked:
 * every peer answers what the engine does at each point, all twenty definitions, value by value.
 *
 * It does not show: the transitions, which the engine tells one by one and most peers do not; identities, durability,
 * other definitions: db-ivm's views and windows are written by hand for these twenty; events one at a time into a
 * database; more calls a second, which make a steady refresh cheaper for each call; what a peer would save by knowing
 * whose windows end. Memory holds what reading the answers has left behind.
 */
import type { WorkloadSize } from '../engine/workload.ts'
import { inDirectory } from '../harness/directory.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'
import { FRESHNESSES } from './freshness.ts'
import type { PeerName } from './measured.ts'
import { isInstalled } from './packages.ts'
import { PACKAGES } from './peers.ts'
import { refreshCount, reportCost, reportLags, reportMemory, reportWrong, reportWrongEachMinute } from './rows.ts'
import { assertSameAnswers, measure, prepareTrial, type Trial } from './trial.ts'

const CALLS = setting('PEERS_CALLS', 1_000_000)
const PROFILES = setting('PEERS_PROFILES', Math.ceil(CALLS / 10))
const POINTS = setting('PEERS_POINTS', 8)

type Against = (peer: PeerName, trial: Trial) => Promise<void>

await inDirectory(async (directory) => {
  const whole = { profiles: PROFILES, calls: CALLS }
  await compare(directory, whole, [
    ['duckdb', againstSampled],
    ['db-ivm', againstDriven],
  ])
  const tenth = { profiles: Math.ceil(PROFILES / 10), calls: Math.ceil(CALLS / 10) }
  await compare(directory, tenth, [
    ['pglite', againstSampled],
    ['rxjs', againstJudging],
  ])
  const busy = { profiles: Math.ceil(PROFILES / 500), calls: Math.ceil(CALLS / 25) }
  await compare(directory, busy, [['json-rules-engine', againstJudging]])
})

/** Compares with each peer whose package is installed. */
async function compare(
  directory: string,
  size: WorkloadSize,
  peers: readonly (readonly [peer: PeerName, against: Against])[],
): Promise<void> {
  const present = peers.filter(([peer]) => isPresent(peer))
  if (present.length === 0) return
  const trial = await prepareTrial(directory, size)
  for (const [peer, against] of present) await against(peer, trial)
}

/** Says so aloud if a peer is missing. */
function isPresent(peer: PeerName): boolean {
  const name = PACKAGES[peer]
  if (name === undefined || isInstalled(name)) return true
  process.stderr.write(`peers: ${peer} IS SKIPPED, ${name} is not installed: npm ci --prefix bench/peers\n`)
  return false
}

/** Compares with a peer of which a few refreshes stand for all. */
async function againstSampled(peer: PeerName, trial: Trial): Promise<void> {
  const sample = await measure({ ...trial.workload, kind: 'sample', peer, points: POINTS })
  assertSameAnswers(peer, sample, trial.reference)
  const { cpuMs, refreshCpuMs } = sample
  const mean = refreshCpuMs.reduce((total, ms) => total + ms, 0) / refreshCpuMs.length
  const { min, max } = spreadOf(refreshCpuMs)
  for (const freshness of FRESHNESSES) {
    const count = refreshCount(trial.workload, freshness)
    reportCost(peer, `each ${freshness}, extrapolated from ${refreshCpuMs.length} refreshes`, trial, {
      median: cpuMs + count * mean,
      min: cpuMs + count * min,
      max: cpuMs + count * max,
    })
    reportLags(peer, freshness, trial, sample.stepMs)
  }
  reportWrongEachMinute(peer, trial, sample.stepMs)
  reportMemory(peer, trial, sample)
}

/** Compares with a peer that judges each call as it comes. */
async function againstJudging(peer: PeerName, trial: Trial): Promise<void> {
  const { cpuMs, changes } = await measure({ ...trial.workload, kind: 'calls', peer })
  reportCost(peer, 'as calls come', trial, spreadOf([cpuMs]))
  reportWrong(peer, 'as calls come', trial, changes)
  await againstSampled(peer, trial)
}

/** Compares with a peer that is refreshed as often as each freshness says. */
async function againstDriven(peer: PeerName, trial: Trial): Promise<void> {
  for (const freshness of FRESHNESSES) {
    const run = await measure({ ...trial.workload, kind: 'drive', peer, points: POINTS, freshness })
    assertSameAnswers(peer, run, trial.reference)
    reportCost(peer, `each ${freshness}`, trial, spreadOf([run.cpuMs]))
    reportLags(peer, freshness, trial, run.stepMs)
    if (freshness === 'event') reportMemory(peer, trial, run)
    if (freshness === 'minute') reportWrongEachMinute(peer, trial, run.stepMs)
  }
}
