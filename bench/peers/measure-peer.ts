/** Measures a peer over a workload, in one of three ways; only one job runs in a process. */
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import { parseChunk } from '../harness/calls.ts'
import { Stopwatch } from '../harness/cost.ts'
import type { Change } from '../harness/subject.ts'
import { INTERVAL_MS, refreshAfter } from './freshness.ts'
import { type Job, type Measured, WARM_UP_CHUNKS } from './measured.ts'
import { type DatedDigest, digestOf, type Peer } from './peer.ts'
import { createPeer } from './peers.ts'
import { releaseMemory } from './release-memory.ts'
import { StepTimes } from './step-times.ts'
import { readWorkload } from './workload-file.ts'

type PeerJob = Exclude<Job, { kind: 'engine' }>
type DriveJob = Extract<Job, { kind: 'drive' }>
type Costs = Pick<Measured, 'cpuMs' | 'stepMs' | 'refreshCpuMs' | 'digests'>

export async function measurePeer(job: PeerJob): Promise<Measured> {
  await rehearse(job)
  await releaseMemory()
  const changes: Change[] = []
  const peer = await createPeer(job.peer, (made) => {
    if (job.kind === 'calls') for (const change of made) changes.push(change)
  })
  const costs = await measure(peer, job)
  await releaseMemory()
  const residentBytes = process.memoryUsage.rss()
  await peer.close()
  return { ...costs, residentBytes, tickMs: [], changes }
}

async function rehearse(job: PeerJob): Promise<void> {
  const peer = await createPeer(job.peer)
  await measure(peer, job, WARM_UP_CHUNKS)
  await peer.close()
}

function measure(peer: Peer, job: PeerJob, chunksMax = Infinity): Promise<Costs> {
  switch (job.kind) {
    case 'drive':
      return new Drive(peer, job).run(chunksMax)
    case 'sample':
      return sample(peer, job, job.points, chunksMax)
    case 'calls':
      return sample(peer, job, 0, chunksMax)
  }
}

/** Refreshes in the middle of equal stretches, never between two calls of one instant; at the end if one is left. */
async function sample(peer: Peer, { file, callCount }: PeerJob, points: number, chunksMax: number): Promise<Costs> {
  const [calls, stepTimes] = [new Stopwatch(), new StepTimes()]
  const refreshCpuMs: number[] = []
  const digests: DatedDigest[] = []
  const refresh = async (now: number): Promise<void> => {
    const stopwatch = new Stopwatch()
    stopwatch.start()
    await peer.refresh(now)
    stopwatch.stop()
    refreshCpuMs.push(stopwatch.cost.cpuMs)
    stepTimes.add(stopwatch.cost.wallMs)
    digests.push({ at: now, digest: digestOf(await peer.answers()) })
  }
  let [taken, now] = [0, 0]
  for (const chunk of readWorkload(file, chunksMax)) {
    const entries = parseChunk(chunk)
    const isPoint = taken >= ((refreshCpuMs.length + 0.5) / points) * callCount
    if (isPoint && entries[0]!.receivedAt > now) await refresh(now)
    calls.start()
    await peer.take(entries)
    calls.stop()
    taken += entries.length
    now = entries.at(-1)!.receivedAt
  }
  if (refreshCpuMs.length < points) await refresh(now)
  return { cpuMs: calls.cost.cpuMs, stepMs: stepTimes.quantiles(), refreshCpuMs, digests }
}

/** Takes all calls in and refreshes as often as the freshness says. */
class Drive {
  readonly #peer: Peer
  readonly #job: DriveJob
  readonly #intervalMs: number
  readonly #stopwatch = new Stopwatch()
  readonly #stepTimes = new StepTimes()
  readonly #digests: DatedDigest[] = []
  /** Instant of the last refresh. */
  #refreshedAt: number

  constructor(peer: Peer, job: DriveJob) {
    this.#peer = peer
    this.#job = job
    this.#intervalMs = INTERVAL_MS[job.freshness]
    this.#refreshedAt = job.start - 1
  }

  async run(chunksMax: number): Promise<Costs> {
    for (const chunk of readWorkload(this.#job.file, chunksMax)) {
      const entries = parseChunk(chunk)
      this.#stopwatch.start()
      for (const entry of entries) {
        if (this.#intervalMs > 0) await this.#refreshBefore(entry.receivedAt)
        if (this.#refreshedAt >= this.#checkAt() && this.#refreshedAt < entry.receivedAt) await this.#check()
        await this.#take(entry)
      }
      this.#stopwatch.stop()
    }
    const { cpuMs } = this.#stopwatch.cost
    return { cpuMs, stepMs: this.#stepTimes.quantiles(), refreshCpuMs: [], digests: this.#digests }
  }

  async #take(entry: CallsEntry<RawCall>): Promise<void> {
    const begun = performance.now()
    await this.#peer.take([entry])
    if (this.#intervalMs > 0) return
    await this.#peer.refresh(entry.receivedAt)
    this.#stepTimes.add(performance.now() - begun)
    this.#refreshedAt = entry.receivedAt
  }

  /** Refreshes at each interval up to the instant, exclusively; those that would find nothing to do are left out. */
  async #refreshBefore(instant: number): Promise<void> {
    const intervalMs = this.#intervalMs
    for (;;) {
      const now = refreshAfter(Math.max(this.#refreshedAt + 1, this.#peer.nextWork()), intervalMs)
      if (now >= instant) break
      const begun = performance.now()
      await this.#peer.refresh(now)
      this.#stepTimes.add(performance.now() - begun)
      this.#refreshedAt = now
    }
    this.#refreshedAt = Math.max(this.#refreshedAt, refreshAfter(instant, intervalMs) - intervalMs)
  }

  /** The middle of the next of as many equal stretches as there are points. */
  #checkAt(): number {
    const { start, end, points } = this.#job
    return start + ((end - start) / points) * (this.#digests.length + 0.5)
  }

  async #check(): Promise<void> {
    this.#stopwatch.stop()
    this.#digests.push({ at: this.#refreshedAt, digest: digestOf(await this.#peer.answers()) })
    this.#stopwatch.start()
  }
}
