/** The way between the server and its Redis fails: cut after any byte, half open, slow. It heals by itself. */
import { expect, it } from 'vitest'
import { Rig } from './harness/rig.ts'
import { IS_FULL, say, sized, spread, stopwatch, within } from './harness/runs.ts'

const BYTES_MAX = 600
const COMMANDS = ['append', 'write', 'commit', 'trim'] as const
const ENDS = ['request', 'reply'] as const
const CUTS = sized({ usual: 5, full: BYTES_MAX + 1 })
const HEALED_WITHIN_MS = 5_000
const SLOW_MS = 150
const SLOW_CALLS = 1_000

it('loses nothing and stores nothing twice where a connection is cut after any byte', async () => {
  const rig = await Rig.begin('cut links', { redis: 'linked' })
  const load = rig.load()
  const healedAfterMs: number[] = []
  for (let number = 0; number < CUTS; number++) {
    const bytes = IS_FULL ? number : rig.chance.below(BYTES_MAX + 1)
    const command = rig.chance.below(3) > 0 ? 'append' : rig.chance.of(COMMANDS)
    await rig.link.cut({ command, nth: 1, of: rig.chance.of(ENDS), bytes })
    healedAfterMs.push(await rig.heals(HEALED_WITHIN_MS))
  }
  await rig.verify(load)
  say('cut links', 'from a cut to the next acknowledgement:', spread(healedAfterMs))
})

it('finds another way where answers do not come back any more', async () => {
  const rig = await Rig.begin('half-open link', { redis: 'linked' })
  const load = rig.load()
  await load.acknowledged(50)
  rig.link.swallowReplies()
  const elapsedMs = stopwatch()
  await load.acknowledged(50, within(HEALED_WITHIN_MS))
  say('half-open link', 'healed after', `${Math.round(elapsedMs())} ms`)
  await rig.verify(load)
})

it.runIf(IS_FULL)('goes on, later, over a slow link', async () => {
  const rig = await Rig.begin('slow link', { redis: 'linked' })
  const load = rig.load()
  await load.acknowledged(20)
  rig.link.delayMs = SLOW_MS
  await load.acknowledged(SLOW_CALLS, 60_000)
  rig.link.delayMs = 0
  const refused = [...load.outcomes.keys()].filter((outcome) => outcome !== '200')
  expect(refused).toEqual([])
  await rig.verify(load)
})
