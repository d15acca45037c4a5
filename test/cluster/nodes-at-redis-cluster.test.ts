/**
 * Nodes at a Redis Cluster of three masters with two replicas each, whose masters are killed under load. It takes
 * minutes, so it runs with `npm run test:cluster` alone.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { journalKey, NODES_KEY } from '../../src/redis/keys.ts'
import { IS_FULL, say, spread, stopwatch } from '../crash/harness/runs.ts'
import { Cluster } from '../support/cluster.ts'
import { until } from '../support/eventually.ts'
import { RedisCluster } from '../support/redis-cluster.ts'

const KILLS = 6
const SPACES = 4

if (!IS_FULL) console.warn('Nodes at a Redis Cluster are left out: `npm run test:cluster` has them.')

describe.skipIf(!IS_FULL)('nodes at a Redis Cluster', () => {
  let redis: RedisCluster
  let cluster: Cluster

  beforeAll(async () => {
    redis = await RedisCluster.start({ masters: 3, replicas: 2 })
    cluster = await Cluster.start(3, { JOURNAL_REPLICAS: '1', LOCK_SECONDS: '12' }, redis.address)
    for (let number = 0; number < SPACES; number++) await cluster.make(`space_${number}`)
    await cluster.settles()
  })
  afterAll(async () => {
    await cluster.stop()
    await redis.stop()
  })

  it('lose no call, and count none twice, when masters are killed', async () => {
    let [isOver, turn] = [false, 0]
    const senders = cluster.spaces.map(async (space) => {
      while (!isOver) await cluster.order(space, () => cluster.nodes[turn++ % cluster.nodes.length]!)
    })
    const keys = [NODES_KEY, ...cluster.spaces.map(({ id }) => journalKey(id))]
    const outagesMs: number[] = []
    for (let kills = 0; kills < KILLS; kills++) {
      await eachAcknowledges(20)
      const master = await redis.masterOf(keys[kills % keys.length]!)
      const elapsed = stopwatch()
      await master.kill()
      await eachAcknowledges(20)
      outagesMs.push(elapsed())
      await master.start()
      await redis.settles()
    }
    isOver = true
    await Promise.all(senders)
    const sum = cluster.spaces.reduce((total, { acknowledged }) => total + acknowledged, 0)
    say('nodes at a Redis Cluster', `${sum} acknowledged; until every space took calls again: ${spread(outagesMs)}`)
    for (const node of cluster.nodes)
      for (const space of cluster.spaces) expect(await cluster.counted(space, node)).toBe(space.acknowledged)
  })

  /** Resolves when so many more calls of each space have been acknowledged. */
  async function eachAcknowledges(count: number): Promise<void> {
    const wanted = cluster.spaces.map((space) => ({ space, acknowledged: space.acknowledged + count }))
    await until(() => wanted.every(({ space, acknowledged }) => space.acknowledged >= acknowledged))
  }
})
