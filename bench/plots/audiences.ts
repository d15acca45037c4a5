/** Curve: the cost of a call against the number of audiences, which is that of the bench `plan` at more sizes. */
import type { DefinitionSource } from '../../src/model/definition.ts'
import { spreadOf } from '../harness/spread.ts'
import { onOtherCounts, onOtherEvents } from '../plan/definitions.ts'
import { compareSizes, generateVisits } from '../plan/sizes.ts'
import { handOver } from './apart.ts'
import { type Chart, type Line, pointsOf } from './chart.ts'
import { SIZES } from './sizes.ts'

const AUDIENCES = [10, 30, 100, 300, 1000, 3000, 10_000]

const calls = generateVisits(SIZES.PLOTS_CALLS)
const chart: Chart = {
  name: 'audiences',
  title: 'Does a call cost more where more audiences are defined?',
  x: 'audiences',
  panels: [
    {
      y: 'CPU µs per call',
      lines: [
        await measureLine('on events that do not come', onOtherEvents),
        await measureLine('on other counts of one event', onOtherCounts),
      ],
    },
  ],
}
handOver(chart)

async function measureLine(label: string, definitionsOf: (count: number) => DefinitionSource[]): Promise<Line> {
  const outcomes = await compareSizes({ name: label, sizes: AUDIENCES, definitionsOf }, calls)
  const results = outcomes.map((runs) => spreadOf(runs.map(({ cost }) => (cost.cpuMs / calls.count) * 1000)))
  return { label, points: pointsOf(AUDIENCES, results) }
}
