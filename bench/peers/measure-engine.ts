/** Measures the engine over a workload. It is exact after each call and tick, so one run serves all freshnesses. */
import { parseChunk } from '../harness/calls.ts'
import { Stopwatch } from '../harness/cost.ts'
import { LiveEngine } from './live-engine.ts'
import { type Measured, WARM_UP_CHUNKS, type WorkloadFile } from './measured.ts'
import { releaseMemory } from './release-memory.ts'
import { StepTimes } from './step-times.ts'
import { readWorkload } from './workload-file.ts'

export async function measureEngine({ file, duplicateCount, end }: WorkloadFile): Promise<Measured> {
  rehearse(file)
  await releaseMemory()
  const engine = new LiveEngine({ duplicateCount })
  const stopwatch = new Stopwatch()
  const [calls, ticks] = [new StepTimes(), new StepTimes()]
  for (const chunk of readWorkload(file)) {
    const entries = parseChunk(chunk)
    stopwatch.start()
    for (const entry of entries) {
      while (engine.isDueBefore(entry.receivedAt)) time(ticks, () => engine.tick())
      time(calls, () => engine.apply(entry))
    }
    stopwatch.stop()
  }
  stopwatch.start()
  engine.finish(end)
  stopwatch.stop()
  await releaseMemory()
  const residentBytes = process.memoryUsage.rss()
  const tickMs = ticks.quantiles()
  const rest = { refreshCpuMs: [], digests: [], changes: [] }
  return { cpuMs: stopwatch.cost.cpuMs, residentBytes, stepMs: calls.quantiles(), tickMs, ...rest }
}

function rehearse(file: string): void {
  const engine = new LiveEngine({ duplicateCount: 0 })
  for (const chunk of readWorkload(file, WARM_UP_CHUNKS))
    for (const entry of parseChunk(chunk)) {
      while (engine.isDueBefore(entry.receivedAt)) engine.tick()
      engine.apply(entry)
    }
}

function time(times: StepTimes, step: () => unknown): void {
  const begun = performance.now()
  step()
  times.add(performance.now() - begun)
}
