import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ordinalOf, StaticOwnership } from '../../src/cluster/static-ownership.ts'
import { propertyRuns } from '../support/runs.ts'

const IDS = Array.from({ length: 40 }, (_, number) => `space_${number}`)
const now = () => 17

async function claimed(ownership: StaticOwnership): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const claim = await ownership.claim()
    if (!claim) return ids
    ids.push(claim.spaceId)
  }
}

it('gives each space to one of the nodes', async () => {
  const nodes = 3
  const all: string[] = []
  for (let ordinal = 0; ordinal < nodes; ordinal++) {
    const ownership = new StaticOwnership({ ordinal, nodes, now })
    await ownership.offer(IDS)
    const ids = await claimed(ownership)
    expect(ids.length).toBeGreaterThan(0)
    expect(ids.map((id) => ordinalOf(id, nodes))).toEqual(ids.map(() => ordinal))
    all.push(...ids)
  }
  expect(all.sort()).toEqual([...IDS].sort())
})

it('keeps a space at its node, as long as there are as many', () => {
  // As they were when nodes were first started with them: another way to count would move every space.
  expect(['space1', 'shop_1', 'default'].map((id) => ordinalOf(id, 7))).toEqual([3, 1, 3])
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (id, nodes) => {
      const ordinal = ordinalOf(id, nodes)
      expect(ordinal).toBeGreaterThanOrEqual(0)
      expect(ordinal).toBeLessThan(nodes)
    }),
    propertyRuns(200),
  )
})

it('gives a space once, however often it is offered, until it is released', async () => {
  const ownership = new StaticOwnership({ ordinal: 0, nodes: 1, now })
  await ownership.offer(['a', 'a'])
  expect(await ownership.claim()).toEqual({ spaceId: 'a', askedAt: 17 })
  await ownership.offer(['a'])
  expect(await ownership.claim()).toBeUndefined()
  await ownership.release('a')
  expect(await ownership.claim()).toBeUndefined()
  await ownership.offer(['a'])
  expect((await ownership.claim())?.spaceId).toBe('a')
})

it('forgets a space that was removed', async () => {
  const ownership = new StaticOwnership({ ordinal: 0, nodes: 1, now })
  await ownership.offer(['waiting', 'claimed'])
  await ownership.withdraw('waiting')
  expect((await ownership.claim())?.spaceId).toBe('claimed')
  await ownership.withdraw('claimed')
  await ownership.offer(['claimed'])
  expect((await ownership.claim())?.spaceId).toBe('claimed')
})

it('loses nothing, ever', async () => {
  const ownership = new StaticOwnership({ ordinal: 0, nodes: 1, now })
  await ownership.offer(['a'])
  await ownership.claim()
  expect(await ownership.renew()).toEqual({ askedAt: 17, lost: [] })
  expect(ownership.leaseMs).toBe(Infinity)
})
