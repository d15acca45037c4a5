/**
 * Question: how fast is `Shard.apply`, with twenty definitions of the usual kinds over 100,000 profiles?
 *   npm run bench -- engine        ENGINE_CALLS=100000 ENGINE_PROFILES=10000 npm run bench -- engine
 *
 * Workload: a shop's calls over sixty days of virtual time, one to an entry (workload.ts); then the clock goes on until
 * every window has closed, so that each exit by time is paid for. Compared with
 *   floor              a loop written by hand for exactly these definitions; same transitions, in the same order
 *   rxjs               a chain of operators per profile and definition; a tenth of the profiles and calls
 *   json-rules-engine  a rule engine over facts counted per call; fewer profiles with two hundred calls each, as
 *                      regular visitors have: what is counted anew grows with the history
 * each on the same calls as the engine beside it. Checked: the engine and the floor agree on every transition; the
 * others agree with the engine on what holds at the end (they do nothing by time alone, so they get a last look at each
 * profile).
 *
 * It does not show: HTTP, the journal, parsing; merges of profiles, accounts; state larger than memory; a cold start.
 */
import type { Calls } from '../harness/calls.ts'
import { alternate } from '../harness/cost.ts'
import { engineSubject } from '../harness/engine-subject.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { type Spread, spreadOf } from '../harness/spread.ts'
import { assertSameChanges, assertSameStanding, type Outcome, run, type Subject } from '../harness/subject.ts'
import { UNITS } from '../../src/model/time.ts'
import { DEFINITIONS } from './definitions.ts'
import { floorSubject } from './floor-subject.ts'
import { rulesSubject } from './rules-subject.ts'
import { rxjsSubject } from './rxjs-subject.ts'
import { generateWorkload } from './workload.ts'

const CALLS = setting('ENGINE_CALLS', 1_000_000)
const PROFILES = setting('ENGINE_PROFILES', 100_000)
/** No window is longer. */
const DRAIN_MS = 31 * UNITS.day

await againstFloor(generateWorkload({ profiles: PROFILES, calls: CALLS }))
const tenth = generateWorkload({ profiles: Math.ceil(PROFILES / 10), calls: Math.ceil(CALLS / 10) })
await againstSlower('rxjs', rxjsSubject, tenth, 12)
const busy = generateWorkload({ profiles: Math.ceil(PROFILES / 500), calls: Math.ceil(CALLS / 25) })
await againstSlower('json-rules-engine', rulesSubject, busy, 25)

async function againstFloor(workload: Calls): Promise<void> {
  const until = workload.end + DRAIN_MS
  const outcomes = await alternate({
    engine: () => run(engineSubject(DEFINITIONS, workload), workload, until),
    floor: () => run(floorSubject(), workload, until),
  })
  assertSameChanges([...outcomes.engine, ...outcomes.floor], 'engine and floor')
  reportRatio('floor', workload, outcomes.engine, outcomes.floor, 0.5)
}

async function againstSlower(name: string, create: () => Subject, workload: Calls, target: number): Promise<void> {
  const outcomes = await alternate({
    engine: () => run(engineSubject(DEFINITIONS, workload), workload, workload.end),
    baseline: () => run(create(), workload, workload.end),
  })
  assertSameChanges(outcomes.engine, 'engine')
  assertSameStanding(outcomes.engine[0]!, outcomes.baseline[0]!, name)
  reportRatio(name, workload, outcomes.engine, outcomes.baseline, target)
}

function reportRatio(
  name: string,
  { count }: Calls,
  engine: readonly Outcome[],
  baseline: readonly Outcome[],
  target: number,
): void {
  const result = callsPerSecond(count, engine)
  const value = callsPerSecond(count, baseline).median
  const ratio = result.median / value
  report({
    bench: 'engine',
    case: `${count.toLocaleString('en-US')} calls, as ${name}`,
    result,
    unit: 'calls/CPU-s',
    wall: spreadOf(engine.map(({ cost }) => (count / cost.wallMs) * 1000)).median,
    baseline: { name, value },
    ratio,
    target: { text: `≥ ${target} ×`, isMet: ratio >= target },
  })
}

function callsPerSecond(callCount: number, outcomes: readonly Outcome[]): Spread {
  return spreadOf(outcomes.map(({ cost }) => (callCount / cost.cpuMs) * 1000))
}
