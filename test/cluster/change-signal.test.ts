/** Signals of nodes by a real Redis. */
import { afterEach, expect, it } from 'vitest'
import { ChangeSignal } from '../../src/cluster/change-signal.ts'
import { setTimer } from '../../src/model/timer.ts'
import { createRedis } from '../../src/redis/client.ts'
import { eventually } from '../support/eventually.ts'
import { useRedis } from '../support/private-redis.ts'
import { VirtualTime } from '../support/server.ts'

const redis = useRedis()
const signals: ChangeSignal[] = []
afterEach(() => {
  for (const signal of signals.splice(0)) signal.close()
})

function signal(timer = setTimer): ChangeSignal {
  const made = new ChangeSignal(redis().address, timer)
  signals.push(made)
  return made
}

it('is heard by all nodes that listen, once', async () => {
  const heard: string[] = []
  for (const name of ['a', 'b']) await signal().listen(() => heard.push(name))
  await signal().send()
  await eventually(() => expect([...heard].sort()).toEqual(['a', 'b']))
})

it('is heard again after its connection was lost', async () => {
  const time = new VirtualTime(0)
  let heard = 0
  await signal(time.timer).listen(() => heard++)
  const killer = createRedis(redis().address)
  await killer.connect()
  await killer.client('KILL', 'TYPE', 'pubsub')
  killer.disconnect()
  const sender = signal()
  let sent = 0
  await eventually(async () => {
    time.moveTo(time.now + 1_000)
    sent++
    await sender.send()
    expect(heard).toBeGreaterThan(10)
  })
  // One listener for one connection, however often it has made sure.
  expect(heard).toBeLessThanOrEqual(sent)
})
