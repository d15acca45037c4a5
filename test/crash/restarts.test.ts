/** The server is told to end and started again under load: clients see only what tells them to come again. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Rig } from './harness/rig.ts'
import { say, sized, spread } from './harness/runs.ts'

const RESTARTS = sized({ usual: 1, full: 200 })
const DRAINED_WITHIN_MS = 5_000
const ALIVE_MS_MAX = 600

it('loses nothing, and refuses in order, over restarts under load', { timeout: 3_600_000 }, async () => {
  const rig = await Rig.begin('restarts', { redis: 'private' })
  const load = rig.load()
  const drainedAfterMs: number[] = []
  for (let restart = 0; restart < RESTARTS; restart++) {
    await load.acknowledged(10)
    await delay(rig.chance.below(ALIVE_MS_MAX))
    const toldAt = performance.now()
    expect(await rig.server.end('SIGTERM')).toBe(0)
    drainedAfterMs.push(performance.now() - toldAt)
    await rig.start()
  }
  await rig.verify(load)
  say('restarts', 'from SIGTERM to the end:', spread(drainedAfterMs))
  expect(Math.max(...drainedAfterMs)).toBeLessThan(DRAINED_WITHIN_MS)
  expect(load.strangeOutcomes()).toEqual([])
})
