/** Damaged data in Redis: the end of its file is cut off, or a byte of a checkpoint is another. */
import { copyFileSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { checkpointIndexKey, checkpointKey } from '../../src/redis/keys.ts'
import { Rig } from './harness/rig.ts'
import { IS_FULL, say, sized, within } from './harness/runs.ts'

const CUTS = 100
const FLIPS = sized({ usual: 1, full: 50 })
const CALLS = 60
const SPACE = 'default'

function fileOf(rig: Rig): string {
  const folder = join(rig.redis.directory, 'appendonlydir')
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.incr.aof'))!,
  )
}

/** Numbers the calls of one user from `from` on, one after another. */
async function count(rig: Rig, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const call = { userId: 'counted', event: 'Clicked', messageId: `n${n}`, properties: { n } }
    expect((await rig.ingest('track', call)).status).toBe(200)
  }
}

async function newestCheckpoint(rig: Rig): Promise<number> {
  return Number(await rig.redis.ask((redis) => redis.hget(checkpointIndexKey(SPACE), 'newest')))
}

it.runIf(IS_FULL)('a file whose end is cut off gives a state that once was, or none', async () => {
  const rig = await Rig.begin('cut file', { redis: 'own' })
  await count(rig, 1, CALLS)
  // Its end makes a checkpoint of all that was sent.
  expect(await rig.server.end('SIGTERM')).toBe(0)
  await rig.start()
  const checkpointed = CALLS - 1
  const { length: safe } = readFileSync(fileOf(rig))
  await count(rig, CALLS, 2 * CALLS)
  await rig.server.end('SIGKILL')
  await rig.redis.kill()
  const file = fileOf(rig)
  const { length } = readFileSync(file)
  copyFileSync(file, join(rig.directory, 'whole.aof'))
  for (let cut = 0; cut < CUTS; cut++) {
    copyFileSync(join(rig.directory, 'whole.aof'), file)
    truncateSync(file, safe + rig.chance.below(length - safe))
    await rig.redis.start()
    await rig.start()
    const { clicks, amount } = (await rig.traits('user_id:counted')).body['traits'] as Record<string, number>
    expect(clicks).toBeGreaterThanOrEqual(checkpointed)
    expect(amount).toBe((clicks! * (clicks! + 1)) / 2)
    await rig.server.end('SIGKILL')
    await rig.redis.kill()
  }
  say(rig.story, `${CUTS} cuts, each a prefix of what was sent, never behind the checkpoint`)
})

it('a server notices that its Redis has come back without its newest entries', async () => {
  const rig = await Rig.begin('cut file under a server', { redis: 'own' })
  await count(rig, 1, CALLS)
  const { length: before } = readFileSync(fileOf(rig))
  await count(rig, CALLS, CALLS + 20)
  await rig.redis.kill()
  truncateSync(fileOf(rig), before)
  await rig.redis.start()
  expect(rig.server.child.exitCode).toBe(null)
  // A checkpoint may have noticed it before, and nobody is there any more.
  const answer = await rig.call().catch(() => undefined)
  expect([503, undefined]).toContain(answer?.status)
  await eventually(() => expect(rig.server.child.exitCode).toBe(1), { timeout: within(10_000) })
  expect(rig.server.output()).toContain('before its last durable entry')
})

it('a damaged part of a checkpoint is noticed, and nothing is lost', async () => {
  const rig = await Rig.begin('damaged checkpoint', { redis: 'own' })
  const load = rig.load()
  for (let flip = 0; flip < FLIPS; flip++) {
    const before = await newestCheckpoint(rig)
    const pace = { timeout: within(10_000), interval: 50 }
    await eventually(async () => expect(await newestCheckpoint(rig)).toBeGreaterThan(before + 1), pace)
    await rig.server.end('SIGKILL')
    // What the server sent last, the commit of a further one perhaps, may still be on its way.
    for (let damaged = -1; damaged !== (await newestCheckpoint(rig));) {
      damaged = await newestCheckpoint(rig)
      const key = checkpointKey(SPACE, damaged)
      await rig.redis.ask(async (redis) => {
        // That it was begun is a mark, and no part.
        const parts = (await redis.hkeys(key)).filter((field) => field !== 'begun')
        const name = rig.chance.of(parts)
        const part = (await redis.hgetBuffer(key, name))!
        part[1 + rig.chance.below(part.length - 1)]! ^= 1 << rig.chance.below(8)
        await redis.hset(key, name, part)
      })
    }
    const server = await rig.start()
    expect(server.output()).toContain('a checkpoint is damaged')
    await load.acknowledged(10)
  }
  await rig.verify(load)
})
