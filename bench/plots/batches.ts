/** Curve: the server's CPU for an event against the events of a request, over HTTP as in the bench `ingest`. */
import { alternate } from '../harness/cost.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { spreadOf } from '../harness/spread.ts'
import { bodiesOf, checkCounts, sendAll, withServer } from '../ingest/server.ts'
import { handOver } from './apart.ts'
import { type Chart, pointsOf } from './chart.ts'
import { SIZES } from './sizes.ts'

const BATCHES = [1, 2, 5, 15, 50, 100, 500]

let runs = 0
let sent = 0

const costs = await withServer(async (server) => {
  const costs = await alternate(Object.fromEntries(BATCHES.map((batch) => [batch, () => measure(server, batch)])))
  await checkCounts(server.url, sent)
  return costs
})
const results = BATCHES.map((batch) => spreadOf(costs[batch]!))
const chart: Chart = {
  name: 'batches',
  title: 'How much does an event cost the server in larger batches?',
  x: 'events per request',
  panels: [
    { y: 'CPU µs per event', lines: [{ label: 'server, twenty definitions', points: pointsOf(BATCHES, results) }] },
  ],
}
handOver(chart)

/** Returns the server's CPU µs per event. */
async function measure(server: ServerProcess, batch: number): Promise<number> {
  const count = batch === 1 ? Math.ceil(SIZES.PLOTS_EVENTS / 4) : SIZES.PLOTS_EVENTS
  const bodies = bodiesOf(batch, count, `run-${runs++}`)
  const events = bodies.length * batch
  const before = server.cpuSeconds()
  await sendAll(server.url, bodies)
  sent += events
  return ((server.cpuSeconds() - before) / events) * 1e6
}
