/** The server, its Redis, or both are killed at any instant under load: nothing acknowledged is lost, none twice. */
import { expect, it } from 'vitest'
import { until } from '../support/eventually.ts'
import { signal } from '../support/processes.ts'
import { Rig } from './harness/rig.ts'
import { say, sized, spread, stopwatch } from './harness/runs.ts'

type Victim = 'server' | 'redis' | 'both'

const KILLS: Readonly<Record<Victim, number>> = {
  server: sized({ usual: 1, full: 200 }),
  redis: sized({ usual: 1, full: 50 }),
  both: sized({ usual: 1, full: 50 }),
}
/** From a start to the next kill, at most: more than come until the next checkpoint. */
const ALIVE_CALLS_MAX = sized({ usual: 200, full: 400 })

async function killRedis(rig: Rig): Promise<void> {
  await until(() => rig.privateRedis() !== undefined)
  signal(rig.privateRedis()!, 'SIGKILL')
}

async function kill(rig: Rig, victim: Victim): Promise<void> {
  if (victim === 'redis') return killRedis(rig)
  if (victim === 'server') {
    await rig.server.end('SIGKILL')
    return
  }
  const killers = rig.chance.shuffled([() => killRedis(rig), () => rig.server.end('SIGKILL')])
  const first = killers[0]!()
  // At once, or when the first is gone.
  if (rig.chance.below(2) === 0) await first
  await Promise.all([first, killers[1]!()])
}

it('loses nothing and counts nothing twice over kills at any instant', async () => {
  const rig = await Rig.begin('kills', { redis: 'private' })
  const load = rig.load()
  const victims = Object.entries(KILLS).flatMap(([victim, times]) => Array<Victim>(times).fill(victim as Victim))
  const readyAfterMs: Record<Victim, number[]> = { server: [], redis: [], both: [] }
  for (const victim of rig.chance.shuffled(victims)) {
    await load.acknowledged(10 + rig.chance.below(ALIVE_CALLS_MAX))
    const elapsedMs = stopwatch()
    await kill(rig, victim)
    if (victim === 'redis') await rig.heals(30_000)
    else await rig.start()
    readyAfterMs[victim].push(elapsedMs())
  }
  await rig.verify(load)
  for (const victim of ['server', 'redis', 'both'] as const)
    say('kills', `${victim}, from a kill to ready:`, spread(readyAfterMs[victim]))
  expect(await rig.server.end('SIGTERM')).toBe(0)
})
