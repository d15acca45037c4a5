/**
 * The figures that the model is fed with: measured ones, each with the bench that gives it and where it is written
 * down, and apart from these the few that whoever plans chooses. A figure that is derived says from which.
 */

export interface Measured {
  readonly value: number
  readonly unit: string
  readonly bench: string
  /** Where the value, or what it follows from, is written down. */
  readonly from: string
}

const MIB = 1024 * 1024
export const GIB = 1024 * MIB
const INGEST = 'docs/benchmarks.md, ingest in a quiet hour'
const EDGES = 'docs/scaling.md, Requests'
const SIZING = 'docs/operations/sizing.md'
const COMMANDS = 'docs/scaling.md, Redis by the call'

/** CPU µs for a call, from calls for a second of CPU. */
function usOf(callsPerCpuSecond: number): number {
  return 1e6 / callsPerCpuSecond
}

export const MEASURED = {
  serverCallUs1: { value: usOf(9_554), unit: 'CPU µs/call in batches of 1', bench: 'ingest', from: INGEST },
  serverCallUs15: { value: usOf(32_432), unit: 'CPU µs/call in batches of 15', bench: 'ingest', from: INGEST },
  serverCallUs100: { value: usOf(38_217), unit: 'CPU µs/call in batches of 100', bench: 'ingest', from: INGEST },
  engineCallUs: { value: usOf(30_928), unit: 'CPU µs/call, batches of 15, led on to it', bench: 'edges', from: EDGES },
  edgeCallUs: {
    value: usOf(22_901) - usOf(30_928),
    unit: 'CPU µs/call, batches of 15',
    bench: 'edges',
    from: `${EDGES}: both, less the engine`,
  },
  replayCallUs: { value: 20.9, unit: 'CPU µs/call', bench: 'engine', from: 'docs/benchmarks.md, engine' },
  residentBytes: { value: 1_361, unit: 'B/profile at a million', bench: 'memory', from: SIZING },
  residentBound: { value: 512 * MIB, unit: 'B of users of a space in memory', bench: 'memory', from: SIZING },
  checkpointBytes: { value: 903, unit: 'B/profile in Redis', bench: 'memory', from: SIZING },
  journalBytesMax: { value: 2 * 64 * MIB, unit: 'B of a journal at most', bench: 'memory', from: SIZING },
  journalCallBytes: { value: 353, unit: 'B/call, batches of 15', bench: 'commands', from: COMMANDS },
  redisCallUsBusy: { value: 2.93, unit: 'Redis CPU µs/call, 32 at once', bench: 'commands', from: COMMANDS },
  redisCallUsSingle: { value: 15.3, unit: 'Redis CPU µs/call, one by one', bench: 'commands', from: COMMANDS },
  redisCommands: { value: 0.2, unit: 'commands/call, one by one', bench: 'commands', from: COMMANDS },
  redisNodeUs: { value: 3_512, unit: 'Redis CPU µs/s of an idle node', bench: 'commands', from: COMMANDS },
  deliveryServerUs: { value: 29, unit: 'CPU µs/delivery', bench: 'deliveries', from: 'docs/benchmarks.md, deliveries' },
  deliveryWorkerUs: { value: 40, unit: 'CPU µs/delivery', bench: 'deliveries', from: 'docs/benchmarks.md, deliveries' },
  loadProfileUs: {
    value: 8.7,
    unit: 'µs/profile from a checkpoint',
    bench: 'recovery',
    from: 'docs/benchmarks.md, recovery: 10.2 s of a million, less 1.5 s of the process',
  },
  loadCallUs: { value: 20.8, unit: 'µs/call of the journal', bench: 'recovery', from: 'docs/benchmarks.md, recovery' },
} as const satisfies Record<string, Measured>

/** Chosen, not measured. */
export const CHOSEN = {
  /** A core may be used so far when a node has been lost. */
  cpuShareMax: 0.7,
  nodeBytes: 64 * GIB,
  /** Data of a shard of Redis; it has as much again for its fork. */
  shardBytes: 32 * GIB,
  deliveriesPerCall: 0.1,
  /** Those of `LOCK_SECONDS` and `CHECKPOINT_SECONDS` by default, and a check for lost locks. */
  lockSeconds: 5,
  checkSeconds: 0.5,
  checkpointSeconds: 60,
} as const

/** Returns the bytes that a space takes in the memory of its node: users beyond the bound leave it. */
export function residentBytesOf(profiles: number): number {
  const { residentBytes, residentBound } = MEASURED
  const ofUsers = Math.min((profiles * residentBound.value) / 1e6, residentBound.value)
  const ofOthers = residentBytes.value - residentBound.value / 1e6
  return profiles * ofOthers + ofUsers
}
