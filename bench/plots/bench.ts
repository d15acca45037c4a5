/**
 * Question: how do the costs grow with audiences, profiles, histories, and the events of a request?
 *   npm run bench -- plots        PLOTS_PROFILES_MAX=2000000 npm run bench -- plots
 *   BENCH_RUNS=1 PLOTS_CALLS=2000 PLOTS_EVENTS=2000 PLOTS_PROFILES_MAX=10000 REST_HISTORIES=5 npm run bench -- plots
 *
 * Workload: those of `plan`, `memory`, `rest` and `ingest`, at more sizes. Each curve runs in a process of its own, and
 * each number of profiles in one more. A point is the median of the runs, its bar the least and the greatest.
 * Checked: as in those benches. Over audiences, that transitions and work are the same at every size; over profiles,
 * their number and their events; over histories, every transition against the floor of `engine`; over HTTP, that each
 * event is counted. A curve that fails its check ends the bench before anything is written.
 *
 * It writes docs/plots/NAME.svg, a picture for each curve, and bench/results/plots.json with all figures, the machine,
 * the commit, its date, and the sizes.
 *
 * It does not show: baselines, which the benches have that it takes after; how several sizes grow together.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { commit, commitDate, describeMachine } from '../harness/machine.ts'
import { report } from '../harness/row.ts'
import { runApart } from './apart.ts'
import type { Chart } from './chart.ts'
import { drawChart } from './draw.ts'
import { SIZES } from './sizes.ts'

const CURVES = ['audiences', 'profiles', 'histories', 'batches']
/** Beside the compiled benches, the root of the repository. */
const ROOT = new URL('../../../', import.meta.url)
const PICTURES = new URL('docs/plots/', ROOT)
const RESULTS = new URL('bench/results/', ROOT)

/** As they are before this bench changes files. */
const origin = { commit: commit(), date: commitDate(), node: process.version, machine: describeMachine() }
const charts: Chart[] = []
for (const name of CURVES) {
  process.stderr.write(`plots: ${name} …\n`)
  charts.push(await runApart<Chart>(new URL(`./${name}.js`, import.meta.url)))
}
for (const chart of charts) reportChart(chart)
await mkdir(PICTURES, { recursive: true })
await mkdir(RESULTS, { recursive: true })
for (const chart of charts) await writeFile(new URL(`${chart.name}.svg`, PICTURES), drawChart(chart))
await writeFile(new URL('plots.json', RESULTS), `${JSON.stringify({ ...origin, sizes: SIZES, charts }, null, 2)}\n`)

function reportChart({ x: axis, panels }: Chart): void {
  for (const { y: unit, lines } of panels)
    for (const { label, points } of lines)
      for (const { x, y: result } of points)
        report({ bench: 'plots', case: `${label}: ${x.toLocaleString('en-US')} ${axis}`, result, unit })
}
