/** The rows of the bench: costs, lags, wrong members and memory of a peer, each beside the engine's. */
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { quantile, type Spread, spreadOf } from '../harness/spread.ts'
import type { Change } from '../harness/subject.ts'
import { type Freshness, INTERVAL_MS } from './freshness.ts'
import { type Lag, lagOf, steadily, withCalls } from './lag.ts'
import type { Measured, PeerName } from './measured.ts'
import { membershipsAt } from './reference.ts'
import type { Trial } from './trial.ts'

const SEED = 20_260_103
const LOOKS = 200
const MIB = 2 ** 20

/** Returns how many refreshes a freshness takes over the whole workload. */
export function refreshCount({ callCount, start, end }: Trial['workload'], freshness: Freshness): number {
  return freshness === 'event' ? callCount : Math.floor((end - start) / INTERVAL_MS[freshness])
}

/** @param cpuMs CPU time of the whole workload */
export function reportCost(peer: PeerName, manner: string, { workload, engine }: Trial, cpuMs: Spread): void {
  const perMillion = (ms: number): number => (ms * 1000) / workload.callCount
  const value = perMillion(spreadOf(engine.map((run) => run.cpuMs)).median)
  const result = {
    median: perMillion(cpuMs.median),
    min: perMillion(cpuMs.min),
    max: perMillion(cpuMs.max),
  }
  report({
    bench: 'peers',
    case: `${peer}, ${manner}, ${workload.callCount.toLocaleString('en-US')} calls`,
    result,
    unit: 'CPU s/1M calls',
    baseline: { name: 'engine', value },
    ratio: result.median / value,
  })
}

/** @param stepMs quantiles of the time of a refresh */
export function reportLags(peer: PeerName, freshness: Freshness, trial: Trial, stepMs: readonly number[]): void {
  const { receivedAt, reference, engine, workload } = trial
  const meanMs = mean(stepMs)
  const paceMs = INTERVAL_MS[freshness] || (workload.end - workload.start) / workload.callCount
  const refreshAt = freshness === 'event' ? withCalls(receivedAt) : steadily(Math.max(paceMs, meanMs))
  const manner = `each ${freshness}${meanMs > paceMs ? ' (cannot keep up)' : ''}`
  const { stepMs: callMs, tickMs } = engine[0]!
  reportLag(`${peer}, ${manner}: an event is seen`, lagOf(receivedAt, refreshAt, stepMs), callMs)
  reportLag(`${peer}, ${manner}: the end of a window`, lagOf(reference.timed, refreshAt, stepMs), tickMs)
}

function reportLag(name: string, { p99, ...result }: Lag, engineMs: readonly number[]): void {
  report({
    bench: 'peers',
    case: name,
    result,
    unit: 'ms late',
    baseline: { name: 'engine', value: quantile(engineMs, 0.5) },
    larger: [{ name: 'p99', value: p99, ratio: p99 / result.median }],
  })
}

/** @param stepMs quantiles of the time of a refresh */
export function reportWrongEachMinute(peer: PeerName, trial: Trial, stepMs: readonly number[]): void {
  const meanMs = mean(stepMs)
  const refreshAt = steadily(Math.max(INTERVAL_MS.minute, meanMs))
  const told = trial.reference.changes.map((change) => ({ ...change, at: refreshAt(change.at) + meanMs }))
  reportWrong(peer, 'each minute', trial, told)
}

/** @param told the changes as the peer tells of them: `at` is when each is visible */
export function reportWrong(peer: PeerName, manner: string, trial: Trial, told: readonly Change[]): void {
  const { start, end } = trial.workload
  const random = new Random(SEED)
  const instants = Array.from({ length: LOOKS }, () => start + Math.floor((end - start) * (0.1 + 0.9 * random.next())))
  instants.sort((a, b) => a - b)
  const looks = membershipsAt(trial.reference.changes, told, instants).filter(({ members }) => members > 0)
  const { min, max } = spreadOf(looks.map(({ wrong, members }) => (wrong / members) * 100))
  const [wrong, members] = [sum(looks.map((look) => look.wrong)), sum(looks.map((look) => look.members))]
  report({
    bench: 'peers',
    case: `${peer}, ${manner}: wrong members, mean of ${looks.length} instants`,
    result: { median: (wrong / members) * 100, min, max },
    unit: '% of members',
    baseline: { name: 'engine', value: 0 },
  })
}

export function reportMemory(peer: PeerName, { engine, workload }: Trial, run: Measured): void {
  const value = spreadOf(engine.map(({ residentBytes }) => residentBytes / MIB)).median
  const result = spreadOf([run.residentBytes / MIB])
  report({
    bench: 'peers',
    case: `${peer}: resident set after ${workload.callCount.toLocaleString('en-US')} calls`,
    result,
    unit: 'MiB',
    baseline: { name: 'engine', value },
    ratio: result.median / value,
  })
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
