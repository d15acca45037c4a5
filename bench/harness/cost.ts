/**
 * The cost of a run: CPU time of the process, all its threads, beside wall time. Ratios are taken on CPU time, because
 * the machine is shared; a run's wall time also holds what its neighbours did.
 */
import { setting } from './setting.ts'

export interface Cost {
  readonly cpuMs: number
  readonly wallMs: number
}

/** Adds up the cost of the stretches between `start` and `stop`. */
export class Stopwatch {
  #cpuMs = 0
  #wallMs = 0
  #cpuStart = process.cpuUsage()
  #wallStart = 0

  start(): void {
    this.#cpuStart = process.cpuUsage()
    this.#wallStart = performance.now()
  }

  stop(): void {
    this.#wallMs += performance.now() - this.#wallStart
    const { user, system } = process.cpuUsage(this.#cpuStart)
    this.#cpuMs += (user + system) / 1000
  }

  get cost(): Cost {
    return { cpuMs: this.#cpuMs, wallMs: this.#wallMs }
  }
}

/**
 * Runs each case in turn, and again, so that a slow minute of the machine hits them all; every run's result but that of
 * the first round, in which the code is compiled.
 */
export async function alternate<Name extends string, Result>(
  cases: Readonly<Record<Name, () => Result | Promise<Result>>>,
  runs = setting('BENCH_RUNS', 5),
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(cases) as Name[]
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>
  for (let round = 0; round <= runs; round++)
    for (const name of names) {
      collectGarbage()
      const result = await cases[name]()
      if (round > 0) results[name].push(result)
    }
  return results
}

/** A full collection now, so that a run starts without its predecessor's garbage. */
export function collectGarbage(): void {
  if (!globalThis.gc) throw new Error('a bench must be run with node --expose-gc')
  globalThis.gc()
}
