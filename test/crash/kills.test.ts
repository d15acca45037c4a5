/** The server, its Redis, or both are killed at any instant under load: nothing acknowledged is lost, none twice. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { signal } from '../support/processes.ts'
import { Rig } from './harness/rig.ts'
import { say, sized, spread } from './harness/runs.ts'

type Victim = 'server' | 'redis' | 'both'

const KILLS: Readonly<Record<Victim, number>> = {
  server: sized({ usual: 1, full: 200 }),
  redis: sized({ usual: 1, full: 50 }),
  both: sized({ usual: 1, full: 50 }),
}
/** From a start to the next kill, beyond the first acknowledgements: longer than to the next checkpoint. */
const ALIVE_MS_MAX = sized({ usual: 900, full: 1_200 })
/** Between two kills of `both`. */
const APART_MS_MAX = 50

async function killRedis(rig: Rig): Promise<void> {
  await vi.waitUntil(() => rig.privateRedis() !== undefined, { timeout: 10_000, interval: 5 })
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
  await delay(rig.chance.below(APART_MS_MAX))
  await Promise.all([first, killers[1]!()])
}

it('loses nothing and counts nothing twice over kills at any instant', { timeout: 3_600_000 }, async () => {
  const rig = await Rig.begin('kills', { redis: 'private' })
  const load = rig.load()
  const victims = Object.entries(KILLS).flatMap(([victim, times]) => Array<Victim>(times).fill(victim as Victim))
  const readyAfterMs: Record<Victim, number[]> = { server: [], redis: [], both: [] }
  for (const victim of rig.chance.shuffled(victims)) {
    await load.acknowledged(10)
    await delay(rig.chance.below(ALIVE_MS_MAX))
    const killedAt = performance.now()
    await kill(rig, victim)
    if (victim === 'redis') await rig.heals(30_000)
    else await rig.start()
    readyAfterMs[victim].push(performance.now() - killedAt)
  }
  await rig.verify(load)
  for (const victim of ['server', 'redis', 'both'] as const)
    say('kills', `${victim}, from a kill to ready:`, spread(readyAfterMs[victim]))
  expect(await rig.server.end('SIGTERM')).toBe(0)
})
