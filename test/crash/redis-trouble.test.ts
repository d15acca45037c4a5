/** Redis is in trouble and gets over it: frozen, restarted, without memory, read-only. Input waits or is refused. */
import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Rig } from './harness/rig.ts'
import { IS_FULL, say, within } from './harness/runs.ts'

const HEALED_WITHIN_MS = 5_000
/** So long that what waits is refused. */
const FROZEN_MS = 10_000
/** Answers of Redis before it froze are acknowledged within this. */
const ON_THE_WAY_MS = 300
/** Entries of 7 MB each; Redis reads some 20 of them in a second. */
const FILLERS = 60

async function begin(story: string) {
  const rig = await Rig.begin(story, { redis: 'own' })
  const load = rig.load()
  await load.acknowledged(50)
  return { rig, load }
}

async function healed(story: string, rig: Rig): Promise<void> {
  say(story, `healed after ${Math.round(await rig.heals(HEALED_WITHIN_MS))} ms`)
}

it.runIf(IS_FULL)('a second of silence is waited out: nothing is refused', async () => {
  const { rig, load } = await begin('Redis frozen, 1 s')
  rig.redis.signal('SIGSTOP')
  await delay(ON_THE_WAY_MS)
  const before = rig.calls.acknowledgedCount
  await delay(1_000 - ON_THE_WAY_MS)
  expect(rig.calls.acknowledgedCount).toBe(before)
  rig.redis.signal('SIGCONT')
  await healed(rig.story, rig)
  await rig.verify(load)
  expect([...load.outcomes.keys()]).toEqual(['200'])
})

it.runIf(IS_FULL)('ten seconds of silence: input is refused, reads go on', async () => {
  const { rig, load } = await begin('Redis frozen, 10 s')
  rig.redis.signal('SIGSTOP')
  const thawed = delay(FROZEN_MS)
  await eventually(() => rig.refusesAndReads(), { timeout: within(8_000), interval: 50 })
  const before = rig.calls.acknowledgedCount
  await thawed
  expect(rig.calls.acknowledgedCount).toBe(before)
  rig.redis.signal('SIGCONT')
  await healed(rig.story, rig)
  await rig.verify(load)
})

it.runIf(IS_FULL)('a Redis that is restarted, and reads its file at length, is waited for', async () => {
  const { rig, load } = await begin('Redis loading')
  await rig.redis.kill()
  const file = readdirSync(join(rig.redis.directory, 'appendonlydir')).find((name) => name.endsWith('.incr.aof'))!
  const value = 'x'.repeat(100)
  const set = (key: string): string => `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`
  const block = Array.from({ length: 50_000 }, (_, index) => set(`filler:${index}`)).join('')
  for (let times = 0; times < FILLERS; times++) appendFileSync(join(rig.redis.directory, 'appendonlydir', file), block)
  rig.redis.spawn()
  await eventually(async () => expect(await rig.redis.pong()).toContain('LOADING'), { interval: 5 })
  await rig.refusesAndReads()
  await rig.redis.answers()
  await healed(rig.story, rig)
  await rig.verify(load)
})

it.runIf(IS_FULL)('a Redis without memory: input is refused until there is some', async () => {
  const { rig, load } = await begin('Redis out of memory')
  await rig.redis.ask((redis) => redis.config('SET', 'maxmemory', '1'))
  await eventually(() => rig.refusesAndReads(), { timeout: within(10_000), interval: 50 })
  await rig.redis.ask((redis) => redis.config('SET', 'maxmemory', '0'))
  await healed(rig.story, rig)
  await rig.verify(load)
})

it('a Redis that takes no writes: input is refused until it does', async () => {
  const { rig, load } = await begin('Redis read-only')
  await rig.redis.ask((redis) => redis.replicaof('127.0.0.1', 1))
  await eventually(() => rig.refusesAndReads(), { timeout: within(10_000), interval: 50 })
  await rig.redis.ask((redis) => redis.replicaof('NO', 'ONE'))
  await healed(rig.story, rig)
  await rig.verify(load)
})
