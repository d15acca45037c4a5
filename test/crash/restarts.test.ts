/** The server is told to end and started again under load: clients see only what tells them to come again. */
import { expect, it } from 'vitest'
import { Rig } from './harness/rig.ts'
import { expectWithin, say, sized, spread, stopwatch } from './harness/runs.ts'

const RESTARTS = sized({ usual: 1, full: 200 })
const DRAINED_WITHIN_MS = 5_000
/** From a start to its end, at most. */
const ALIVE_CALLS_MAX = 150

it('loses nothing, and refuses in order, over restarts under load', async () => {
  const rig = await Rig.begin('restarts', { redis: 'private' })
  const load = rig.load()
  const drainedAfterMs: number[] = []
  for (let restart = 0; restart < RESTARTS; restart++) {
    await load.acknowledged(10 + rig.chance.below(ALIVE_CALLS_MAX))
    const elapsedMs = stopwatch()
    expect(await rig.server.end('SIGTERM')).toBe(0)
    drainedAfterMs.push(elapsedMs())
    await rig.start()
  }
  await rig.verify(load)
  say('restarts', 'from SIGTERM to the end:', spread(drainedAfterMs))
  expectWithin(Math.max(...drainedAfterMs), DRAINED_WITHIN_MS)
  expect(load.strangeOutcomes()).toEqual([])
})
