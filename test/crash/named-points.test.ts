/** The server is killed between two steps of its own: the way to Redis tells when, and holds back what follows. */
import { expect, it } from 'vitest'
import { Rig } from './harness/rig.ts'
import { IS_FULL, say, sized } from './harness/runs.ts'

interface Point {
  readonly command: string
  readonly moment: 'before' | 'after'
  /** The kill comes at one of so many of these, by chance. */
  readonly amongst: number
}

/** In the order in which they come; `trim` follows the commit and what it leaves over. */
const WHILE_RUNNING = ['append', 'begin', 'write', 'commit', 'remove', 'trim'].flatMap((command) => points(command))
const WHILE_STARTING = ['own', 'xrevrange', 'hmget', 'xrange'].flatMap((command) => points(command))
const TIMES = sized({ usual: 1, full: 10 })
const USUAL_POINTS = 1
/** Profiles so large that a checkpoint has several writes. */
const LARGE_PROFILES = 300
const LARGE_BYTES = 9_000

function points(command: string): Point[] {
  const amongst = { append: 40, write: 3, hmget: 4 }[command] ?? 1
  return (['before', 'after'] as const).map((moment) => ({ command, moment, amongst }))
}

async function begin(story: string): Promise<Rig> {
  const rig = await Rig.begin(story, { redis: 'linked' })
  const traits = { text: 'x'.repeat(LARGE_BYTES) }
  for (let from = 0; from < LARGE_PROFILES; from += 50) {
    const batch = Array.from({ length: 50 }, (_, index) => ({ type: 'identify', userId: `l${from + index}`, traits }))
    expect((await rig.ingest('batch', { batch })).status).toBe(200)
  }
  return rig
}

function chosen(rig: Rig, all: readonly Point[]): Point[] {
  const repeated = Array.from({ length: TIMES }, () => all).flat()
  return rig.chance.shuffled(repeated).slice(0, IS_FULL ? repeated.length : USUAL_POINTS)
}

/** Resolves when the server is killed there. */
async function killAt(rig: Rig, { command, moment, amongst }: Point): Promise<void> {
  const { child, end } = rig.server
  const nth = 1 + rig.chance.below(amongst)
  await rig.link.trap({ command, nth }, moment, () => child.kill('SIGKILL'))
  await end('SIGKILL')
}

it('loses nothing when it is killed at a step of the journal or of a checkpoint', async () => {
  const rig = await begin('named points')
  const load = rig.load()
  for (const point of chosen(rig, WHILE_RUNNING)) {
    await killAt(rig, point)
    await rig.start()
    await load.acknowledged(10)
  }
  await rig.verify(load)
})

it.runIf(IS_FULL)('loses nothing when it is killed at a step of its recovery', async () => {
  const rig = await begin('named points of recovery')
  const load = rig.load()
  for (const point of chosen(rig, WHILE_STARTING)) {
    await load.acknowledged(100)
    await rig.server.end('SIGKILL')
    rig.launch()
    await killAt(rig, point)
    await rig.start()
  }
  await rig.verify(load)
  say('named points', `${WHILE_RUNNING.length + WHILE_STARTING.length} points, ${TIMES} times each in a full run`)
})
