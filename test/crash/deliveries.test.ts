/**
 * Whatever is killed under load, destinations are told everything, each profile's values in order: a healthy webhook,
 * and one that fails one time in ten. One that hangs keeps nobody waiting. Nothing of it depends on what the queue
 * remembers.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DEADLINE_MS, eventually, until } from '../support/eventually.ts'
import { processesIn, signal, workersOf } from '../support/processes.ts'
import type { Load } from './harness/load.ts'
import { Rig } from './harness/rig.ts'
import { IS_FULL, say, sized } from './harness/runs.ts'
import { type Temper, WebhookSink } from './harness/webhook-sink.ts'

type Trouble = 'server' | 'workers' | 'queue' | 'journal' | 'queue emptied' | 'workers frozen'

const TIMES = sized({ usual: 1, full: 25 })
const TROUBLES: readonly Trouble[] = ['server', 'workers', 'queue', 'journal', 'queue emptied', 'workers frozen']
/** Until the next trouble, at most. */
const ALIVE_CALLS_MAX = 150
/** Longer than the locks of jobs last. */
const FROZEN_MS_MAX = 45_000

async function befall(rig: Rig, load: Load, trouble: Trouble): Promise<void> {
  const queue = (): number | undefined => processesIn(join(rig.directory, 'data', 'queue'))[0]
  switch (trouble) {
    case 'server':
      await rig.server.end('SIGKILL')
      await rig.start()
      return
    case 'workers':
    case 'workers frozen': {
      const workers = workersOf(rig.server.child.pid!)
      if (workers === undefined) return
      signal(workers, trouble === 'workers' ? 'SIGKILL' : 'SIGSTOP')
      if (trouble === 'workers') return
      if (IS_FULL) await delay(rig.chance.below(FROZEN_MS_MAX))
      else await load.acknowledged(rig.chance.below(ALIVE_CALLS_MAX))
      signal(workers, 'SIGCONT')
      return
    }
    case 'queue':
      await until(() => queue() !== undefined)
      signal(queue()!, 'SIGKILL')
      return
    case 'journal':
      signal(rig.privateRedis()!, 'SIGKILL')
      await rig.heals(30_000)
      return
    case 'queue emptied': {
      const redis = new Redis(join(rig.directory, 'data', 'queue', 'redis.sock'), { retryStrategy: () => 100 })
      await redis.flushall()
      redis.disconnect()
    }
  }
}

/** To a webhook of its own, a trait of its own: how often a user has clicked, each number once. */
async function connect(
  rig: Rig,
  sink: WebhookSink,
  { key, batchSize }: { key: string; batchSize: number },
): Promise<void> {
  const settings = { url: sink.url, batchSize, timeoutSeconds: 1 }
  const destination = await rig.made('destinations', { type: 'webhook', name: key, settings }, 'destination')
  const definition = { type: 'USERS', query: "event('Clicked').count()" }
  const trait = await rig.made('computed-traits', { name: key, key, definition }, 'computedTrait')
  const connectionSettings = { sendIdentify: true, sendTrack: false }
  const body = { destination: { id: destination.id }, connectionSettings }
  await rig.made(`computed-traits/${trait.id}/destination-connections`, body, 'connection')
}

it('tells everything, in order, whatever is killed', async () => {
  const rig = await Rig.begin('deliveries', {
    redis: 'private',
    environment: { DESTINATIONS_ALLOW_PRIVATE: '127.0.0.0/8' },
  })
  const random = (): number => rig.chance.below(1_000) / 1_000
  const sinkOf = async (temper: Temper): Promise<WebhookSink> => {
    const key = `clicks_${temper}`
    const sink = await WebhookSink.open(temper, key, random)
    await connect(rig, sink, { key, batchSize: temper === 'healthy' ? 20 : 1 })
    return sink
  }
  const [healthy, failing, hanging] = [await sinkOf('healthy'), await sinkOf('failing'), await sinkOf('hanging')]
  const load = rig.load({ clients: 3 })
  for (const trouble of rig.chance.shuffled(Array.from({ length: TIMES }, () => TROUBLES).flat())) {
    await load.acknowledged(30 + rig.chance.below(ALIVE_CALLS_MAX))
    await befall(rig, load, trouble)
  }
  await load.drain()
  const expected = rig.calls.clicksByUser()
  expect(expected.size).toBeGreaterThan(10)
  for (const [name, sink] of Object.entries({ healthy, failing })) {
    const told = (): unknown[] => [...expected.keys()].map((user) => [user, ...sink.valuesOf(user)])
    const all = [...expected].map(([user, clicks]) => [
      user,
      ...Array.from({ length: clicks }, (_, place) => place + 1),
    ])
    await eventually(() => expect(told()).toEqual(all), { timeout: DEADLINE_MS * 2, interval: 250 })
    say('deliveries', `${name}: ${sink.requests} requests, ${sink.repeats} calls came again`)
  }
  expect(hanging.requests).toBeGreaterThan(0)
  expect(await rig.server.end('SIGTERM')).toBe(0)
})
