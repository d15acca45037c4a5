/** A workload of one size, what the engine says of it and costs on it, and the processes that are measured over it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { generateWorkload, type WorkloadSize } from '../engine/workload.ts'
import type { Calls } from '../harness/calls.ts'
import { setting } from '../harness/setting.ts'
import type { Job, Measured, PeerName, WorkloadFile } from './measured.ts'
import { assertSameDigest } from './peer.ts'
import { digestsAt, type Reference, referenceOf } from './reference.ts'
import { writeWorkload } from './workload-file.ts'

const RUNS = setting('BENCH_RUNS', 3)

export interface Trial {
  readonly workload: WorkloadFile
  readonly reference: Reference
  /** Receive times of the calls, ascending. */
  readonly receivedAt: Float64Array
  /** Runs of the engine. */
  readonly engine: readonly Measured[]
}

export async function prepareTrial(directory: string, size: WorkloadSize): Promise<Trial> {
  const calls = generateWorkload(size)
  const workload = describe(join(directory, `${size.calls}-${size.profiles}`), calls)
  writeWorkload(workload.file, calls)
  const receivedAt = Float64Array.from(calls.chunks.flatMap((chunk) => chunk.receivedAt))
  const engine: Measured[] = []
  for (let run = 0; run < RUNS; run++) engine.push(await measure({ ...workload, kind: 'engine' }))
  return { workload, reference: referenceOf(calls), receivedAt, engine }
}

function describe(file: string, { chunks, count, duplicateCount, end }: Calls): WorkloadFile {
  return { file, callCount: count, duplicateCount, start: chunks[0]!.receivedAt[0]!, end }
}

/** Measures once, in a new process. */
export async function measure(job: Job): Promise<Measured> {
  const child = fork(new URL('./measured-process.js', import.meta.url), {
    execArgv: ['--expose-gc'],
    serialization: 'advanced',
  })
  let measured: Measured | undefined
  child.once('message', (message) => (measured = message as Measured))
  child.send(job)
  const [code] = (await once(child, 'close')) as [number | null]
  if (measured === undefined) throw new Error(`${job.kind === 'engine' ? 'engine' : job.peer}: exited with ${code}`)
  return measured
}

/** Throws unless a peer answered what the engine does, at every point that was looked at. */
export function assertSameAnswers(peer: PeerName, { digests }: Measured, { changes }: Reference): void {
  if (digests.length === 0) throw new Error(`${peer}: answers were never looked at`)
  const expected = digestsAt(
    changes,
    digests.map(({ at }) => at),
  )
  for (const [index, digest] of digests.entries()) assertSameDigest(peer, digest, expected[index]!)
}
