/** Sizes of the curves, from the environment. */
import { setting } from '../harness/setting.ts'

export const SIZES = {
  BENCH_RUNS: setting('BENCH_RUNS', 5),
  /** Calls of a run of the curves over audiences and profiles. */
  PLOTS_CALLS: setting('PLOTS_CALLS', 20_000),
  /** Events of a run over batches; a quarter of them if they come one at a time. */
  PLOTS_EVENTS: setting('PLOTS_EVENTS', 30_000),
  PLOTS_PROFILES_MAX: setting('PLOTS_PROFILES_MAX', 1_000_000),
  /** Users with a history that are called at a time. */
  REST_HISTORIES: setting('REST_HISTORIES', 25),
}
