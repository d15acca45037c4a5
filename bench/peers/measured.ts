/** A measurement as it is asked of a process, and as that process answers. */
import type { Change } from '../harness/subject.ts'
import type { Freshness } from './freshness.ts'
import type { DatedDigest } from './peer.ts'

export const PEER_NAMES = ['duckdb', 'json-rules-engine', 'rxjs', 'db-ivm', 'pglite'] as const

export type PeerName = (typeof PEER_NAMES)[number]

/** Calls of the first chunks go to another subject of the kind before: code is compiled when the measurement begins. */
export const WARM_UP_CHUNKS = 100

/** The calls that a process works on. */
export interface WorkloadFile {
  readonly file: string
  readonly callCount: number
  readonly duplicateCount: number
  /** Receive times of the first call and the last. */
  readonly start: number
  readonly end: number
}

export type Job = WorkloadFile &
  (
    | { readonly kind: 'engine' }
    /** Takes all calls in, and refreshes at few points spread over them. */
    | { readonly kind: 'sample'; readonly peer: PeerName; readonly points: number }
    /** Takes all calls in, and refreshes as often as the freshness says; answers are checked at the points. */
    | { readonly kind: 'drive'; readonly peer: PeerName; readonly points: number; readonly freshness: Freshness }
    /** Takes all calls in without a refresh, and tells of the changes. */
    | { readonly kind: 'calls'; readonly peer: PeerName }
  )

export interface Measured {
  /** CPU time of calls, and of refreshes if the job is to drive them. */
  readonly cpuMs: number
  /** Resident set of the process after the last call and a full collection. */
  readonly residentBytes: number
  /** Quantiles of the wall time of a call, or of a refresh where there are refreshes. */
  readonly stepMs: readonly number[]
  /** Quantiles of the wall time of a tick of the engine. */
  readonly tickMs: readonly number[]
  /** CPU time of each refresh of a sample. */
  readonly refreshCpuMs: readonly number[]
  readonly digests: readonly DatedDigest[]
  readonly changes: readonly Change[]
}
