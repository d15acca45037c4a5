/**
 * Question: how late is the last of 100,000 exits out, where all their windows close within one second?
 *   npm run bench -- expiry        EXPIRY_WINDOWS=10000 npm run bench -- expiry
 *
 * Workload: one event of each of 100,000 profiles, an hour before its window closes; the instants are spread over a
 * second. The engine's clock then follows the real one: a timer sleeps until the next instant due and applies a tick,
 * as a server does. The delay of an exit runs from its due instant until `apply` has returned it; all is wall time. The
 * baseline is a `setTimeout` for each window, which judges nothing and survives no restart.
 * Checked: exactly one exit of each profile, carrying the instant at which its own window closed.
 *
 * It does not show: making the tick durable before its exits leave; sending them; calls that come at the same time.
 */
import { alternate } from '../harness/cost.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { quantile, spreadOf } from '../harness/spread.ts'
import { closeWindows } from './close-windows.ts'
import { setTimeouts } from './set-timeouts.ts'

const WINDOWS = setting('EXPIRY_WINDOWS', 100_000)
const SEED = 20_260_103
const TARGET_MS = 250

const random = new Random(SEED)
/** Ascending, in ms after the second begins. */
const offsets = Array.from({ length: WINDOWS }, () => random.below(1000)).sort((a, b) => a - b)

const delays = await alternate({
  engine: () => closeWindows(offsets),
  baseline: () => setTimeouts(offsets),
})
reportDelay('last exit', (run) => run.at(-1)!, TARGET_MS)
reportDelay('99 of 100 exits', (run) =>
  quantile(
    [...run].sort((a, b) => a - b),
    0.99,
  ),
)

/** @param delayOf one run's delays, ms, in the order in which the exits came out */
function reportDelay(name: string, delayOf: (run: readonly number[]) => number, targetMs?: number): void {
  const result = spreadOf(delays.engine.map(delayOf))
  report({
    bench: 'expiry',
    case: `${name} of ${WINDOWS.toLocaleString('en-US')}`,
    result,
    unit: 'ms late',
    baseline: { name: 'setTimeout', value: spreadOf(delays.baseline.map(delayOf)).median },
    ...(targetMs !== undefined && { target: { text: `≤ ${targetMs} ms`, isMet: result.median <= targetMs } }),
  })
}
