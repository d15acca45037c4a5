/** Governors at one queue and one directory, in memory and on virtual time. */
import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { LEASE_MS, LOCK_MS, MemoryCluster, type MemoryNode } from '../support/memory-cluster.ts'

/** Long enough for what takes a few beats. */
const SOON_MS = 2_000

let cluster: MemoryCluster

beforeEach(() => {
  cluster = new MemoryCluster(4)
})

async function joined(count: number, latencyMs = 0): Promise<MemoryNode[]> {
  const nodes = Array.from({ length: count }, () => cluster.join(latencyMs))
  await cluster.pass(SOON_MS)
  return nodes
}

function servedByOne(): boolean {
  return cluster.spaceIds.every((id) => cluster.servedBy(id).length === 1)
}

function counts(): number[] {
  return cluster.nodes.filter(({ isDead }) => !isDead).map(({ host }) => host.ids.length)
}

describe('a node that joins', () => {
  it('has all spaces if it is alone, and makes them known', async () => {
    const [node] = (await joined(1)) as [MemoryNode]
    expect(node.host.ids).toEqual(cluster.spaceIds)
    expect(servedByOne()).toBe(true)
    expect(node.governor.routes.ownerOf('space_0')?.url).toBe('http://node_1')
    expect(node.governor.routes.spaceOfWriteKey('key of space_3')).toBe('space_3')
  })

  it('shares the spaces that wait with those that come with it', async () => {
    await joined(2)
    expect(counts()).toEqual([2, 2])
    expect(cluster.nodes[0]!.governor.routes.ownerOf(cluster.nodes[1]!.host.ids[0]!)?.nodeId).toBe('node_2')
  })

  it('gets some from one that has more, one every five seconds', async () => {
    await joined(1)
    cluster.join()
    await cluster.pass(1_500)
    expect(counts()).toEqual([3, 1])
    await cluster.pass(3_000)
    expect(counts()).toEqual([3, 1])
    await cluster.pass(4_000)
    expect(counts()).toEqual([2, 2])
    await cluster.pass(20_000)
    expect(counts()).toEqual([2, 2])
  })

  it('is tried again until it is known to the others', async () => {
    const node = cluster.join()
    node.fail('beat', 'not asked', 3)
    expect(node.governor.view).toBeUndefined()
    await cluster.pass(500)
    expect([node.governor.view, node.governor.isJoined]).toEqual([undefined, false])
    await cluster.pass(500)
    expect(node.governor.isJoined).toBe(true)
    expect(node.troubles).toHaveLength(3)
  })
})

describe('a node that is to end before it is known', () => {
  it('ends', async () => {
    const node = cluster.join()
    node.fail('beat', 'not asked', 1_000)
    await cluster.pass(500)
    node.ending.abort(new Error('told to end'))
    await cluster.pass(500)
    await node.started
    expect(node.troubles.at(-1)).toEqual(new Error('told to end'))
  })
})

describe('a node that is lost', () => {
  it('is followed by the others when its locks have run out', async () => {
    const [, lost] = (await joined(2)) as [MemoryNode, MemoryNode]
    lost.kill()
    await cluster.pass(LOCK_MS + 1_000)
    expect(counts()).toEqual([4])
    expect(servedByOne()).toBe(true)
  })

  it('serves nothing from the end of its lease, before anybody else does', async () => {
    const [, frozen] = (await joined(2)) as [MemoryNode, MemoryNode]
    const ids = frozen.host.ids
    frozen.freeze()
    await cluster.pass(LEASE_MS)
    expect(ids.flatMap((id) => cluster.servedBy(id))).toEqual([])
    await cluster.pass(LOCK_MS)
    expect(ids.flatMap((id) => cluster.servedBy(id))).toEqual(['node_1', 'node_1'])
  })

  it('throws its spaces away when it comes back, and stores nothing of them', async () => {
    cluster.areLossesNoticed = false
    const [other, frozen] = (await joined(2)) as [MemoryNode, MemoryNode]
    frozen.freeze()
    await cluster.pass(LOCK_MS + 1_000)
    expect(other.host.ids).toEqual(cluster.spaceIds)
    frozen.thaw()
    await turn()
    expect([frozen.host.ids, frozen.host.closed.dropped.length, frozen.host.closed.stored]).toEqual([[], 2, []])
    await cluster.pass(SOON_MS)
    expect(servedByOne()).toBe(true)
  })

  it('throws a space away that it lost without noticing, once it learns whose that is', async () => {
    cluster.areLossesNoticed = false
    const [node] = (await joined(1)) as [MemoryNode]
    const record = { nodeId: 'another', url: 'http://another', writeKeys: [], tokens: [] }
    cluster.announce('space_0', 2, record)
    await cluster.pass(250)
    expect(node.governor.routes.ownerOf('space_0')?.nodeId).toBe('another')
    expect(node.governor.serves('space_0')).toBe(true)
    // It hears of the lock after it has heard of the owner.
    cluster.release(node.id, 'space_0', true)
    cluster.beat({
      id: 'another',
      url: '',
      isEngine: true,
      startedAt: 0,
      isEnding: false,
      weights: { space_0: 4 },
      standbys: [],
      moves: {},
    })
    await cluster.pass(LEASE_MS)
    expect(node.host.closed.dropped).toEqual(['space_0'])
  })

  it('goes on at once if it comes back before another has its spaces', async () => {
    const [node] = (await joined(1)) as [MemoryNode]
    node.freeze()
    await cluster.pass(LOCK_MS + 1_000)
    expect(servedByOne()).toBe(false)
    node.thaw()
    await cluster.pass(500)
    expect(servedByOne()).toBe(true)
    expect(node.host.closed.dropped).toEqual([])
  })

  it('says that it is alone when it cannot reach the directory for long', async () => {
    const [node] = (await joined(1)) as [MemoryNode]
    node.fail('beat', 'not asked', 1_000)
    await cluster.pass(2_500)
    expect(node.governor.isJoined).toBe(true)
    await cluster.pass(1_000)
    expect(node.governor.isJoined).toBe(false)
    // Its locks are extended all the same.
    expect(servedByOne()).toBe(true)
  })
})

describe('the queue loses all that it had', () => {
  it('and each node gets its own spaces back, without opening them again', async () => {
    const nodes = await joined(3)
    const before = nodes.map(({ host }) => host.ids)
    const epochs = [...cluster.journals.values()].map(({ epoch }) => epoch)
    cluster.clear()
    await cluster.pass(LEASE_MS + 1_000)
    expect(nodes.map(({ host }) => host.ids)).toEqual(before)
    expect([...cluster.journals.values()].map(({ epoch }) => epoch)).toEqual(epochs)
    expect(servedByOne()).toBe(true)
  })

  describe('of many spaces', () => {
    let nodes: MemoryNode[]
    let [first, second]: [string[], string[]] = [[], []]

    beforeEach(async () => {
      cluster = new MemoryCluster(100)
      nodes = [cluster.join()]
      // Their beats are at different instants.
      await cluster.pass(100)
      nodes.push(cluster.join())
      await cluster.pass(60_000)
      expect(servedByOne()).toBe(true)
      ;[first, second] = nodes.map(({ host }) => host.ids) as [string[], string[]]
      cluster.clear()
      // In the worst order: each is in the way of the next.
      cluster.offer(first.flatMap((id, number) => [second[number]!, id]))
    })

    it('and all of them come back as soon as one', async () => {
      // Within a lease, each finds that its locks are gone.
      await cluster.pass(LEASE_MS / 3 + 500)
      expect(servedByOne()).toBe(true)
      expect(nodes.map(({ host }) => host.ids)).toEqual([first, second])
      expect(nodes.map(({ host }) => host.closed.dropped)).toEqual([[], []])
    })

    it('and one that cannot be given back keeps no other waiting', async () => {
      for (const node of nodes) node.fail('release', 'not asked', 1)
      await cluster.pass(LEASE_MS / 3 + 500)
      const missed = cluster.spaceIds.filter((id) => cluster.servedBy(id).length !== 1)
      expect(missed.length).toBeLessThanOrEqual(2)
      await cluster.pass(LOCK_MS + 500)
      expect(servedByOne()).toBe(true)
    })
  })
})

describe('a journal that another has taken', () => {
  it('is taken back while the lock is held', async () => {
    const [node, other] = (await joined(2)) as [MemoryNode, MemoryNode]
    const [id] = node.host.ids as [string]
    cluster.openJournal(id, other)
    await cluster.pass(500)
    expect(cluster.journals.get(id)?.node).toBe(node)
    expect(cluster.servedBy(id)).toEqual([node.id])
    expect(node.host.closed.stored).toEqual([])
  })

  it('is let be if the lock is another node`s', async () => {
    const [node, other] = (await joined(2)) as [MemoryNode, MemoryNode]
    const [id] = node.host.ids as [string]
    cluster.release(node.id, id, true)
    await node.governor.lostJournal(id)
    await turn()
    expect(node.host.ids).not.toContain(id)
    expect([node.governor.serves(id), node.troubles]).toEqual([false, []])
    await other.governor.lostJournal(id)
    expect(cluster.faults).toEqual([])
  })

  it('is opened again by whoever has it, once somebody can tell whose the lock is', async () => {
    const [node] = (await joined(2)) as [MemoryNode, MemoryNode]
    const [id] = node.host.ids as [string]
    const epoch = cluster.journals.get(id)!.epoch
    node.fail('renew', 'not asked', 3)
    void node.governor.lostJournal(id)
    await cluster.pass(1_000)
    expect(cluster.servedBy(id)).toEqual([node.id])
    expect(cluster.journals.get(id)).toMatchObject({ node, epoch: epoch + 1 })
  })

  it('is looked after no more by a node that has let it go', async () => {
    const [node, other] = (await joined(2)) as [MemoryNode, MemoryNode]
    const [id] = node.host.ids as [string]
    node.fail('renew', 'not asked', 1_000)
    void node.governor.lostJournal(id)
    await cluster.pass(LOCK_MS + 2_000)
    expect(cluster.servedBy(id)).toEqual([other.id])
    expect(cluster.faults).toEqual([])
  })
})

describe('a node that is drained', () => {
  it('lets its spaces go one at a time, and takes some again afterwards', async () => {
    // It takes longer to store a space than from one beat to the next.
    const [drained] = (await joined(2)) as [MemoryNode, MemoryNode]
    drained.host.prepareMs = 400
    cluster.drained.add(drained.id)
    let preparing = 0
    await cluster.pass(SOON_MS, () => {
      preparing = Math.max(preparing, drained.host.preparing)
    })
    expect([counts(), preparing]).toEqual([[0, 4], 1])
    expect(drained.host.closed.stored).toHaveLength(2)
    cluster.drained.delete(drained.id)
    await cluster.pass(15_000)
    expect(counts()).toEqual([2, 2])
  })

  it('is followed by another though its last word was lost', async () => {
    const [drained] = (await joined(2)) as [MemoryNode, MemoryNode]
    drained.fail('retire', 'not asked', 2)
    drained.fail('release', 'not asked', 2)
    cluster.drained.add(drained.id)
    await cluster.pass(LOCK_MS + SOON_MS)
    expect([counts(), servedByOne()]).toEqual([[0, 4], true])
  })
})

describe('a node that ends', () => {
  it('hands over all that it has, and is forgotten', async () => {
    const [ending] = (await joined(2)) as [MemoryNode, MemoryNode]
    const stopped = ending.governor.stop()
    await cluster.pass(0)
    await stopped
    expect(ending.host.ids).toEqual([])
    expect(ending.host.closed.stored).toHaveLength(2)
    expect([...cluster.beats.keys()]).toEqual(['node_2'])
    await cluster.pass(500)
    expect(servedByOne()).toBe(true)
  })

  it('is given none of the spaces that wait, though its last word was lost', async () => {
    const [ending] = (await joined(2)) as [MemoryNode, MemoryNode]
    ending.host.prepareMs = 400
    ending.fail('leave', 'not asked', 1)
    const stopped = ending.governor.stop()
    await cluster.pass(1_500)
    await stopped
    expect([[...cluster.beats.keys()], servedByOne()]).toEqual([['node_1', 'node_2'], true])
  })

  it('keeps nothing that it was claiming', async () => {
    const ending = cluster.join(100)
    await cluster.pass(950)
    // It has asked for a space, and not heard of it.
    expect([cluster.lockedBy('space_0'), ending.host.ids]).toEqual([ending.id, []])
    let isOver = false
    void ending.governor.stop().then(() => (isOver = true))
    await cluster.pass(10_000)
    expect([isOver, ending.host.ids, cluster.time.timers.size]).toEqual([true, [], 0])
    expect(cluster.spaceIds.map((id) => cluster.lockedBy(id))).toEqual(cluster.spaceIds.map(() => undefined))
  })

  it('is not heard of any more, whoever asks it', async () => {
    const [ending] = (await joined(1)) as [MemoryNode]
    const stopped = ending.governor.stop()
    await cluster.pass(0)
    await stopped
    await cluster.pass(1_000)
    await ending.governor.refresh()
    await cluster.pass(1_000)
    expect([...cluster.beats.keys()]).toEqual([])
    expect(cluster.time.timers.size).toBe(0)
  })

  it('ends though the directory cannot be reached', async () => {
    const [ending] = (await joined(1)) as [MemoryNode]
    for (const call of ['beat', 'leave', 'retire', 'release', 'renew'] as const) ending.fail(call, 'not asked', 1_000)
    let isOver = false
    void ending.governor.stop().then(() => (isOver = true))
    await cluster.pass(10_000)
    expect([isOver, ending.host.ids]).toEqual([true, []])
  })
})

describe('whoever waits for a change', () => {
  it('is woken by the next beat, and after the end by time', async () => {
    const [node] = (await joined(1)) as [MemoryNode]
    let changes = 0
    void node.governor.changed().then(() => changes++)
    await cluster.pass(250)
    expect(changes).toBe(1)
    const stopped = node.governor.stop()
    await cluster.pass(0)
    await stopped
    void node.governor.changed().then(() => changes++)
    await turn()
    expect(changes).toBe(1)
    await cluster.pass(250)
    expect(changes).toBe(2)
  })

  it('sees what is new at once if it asks for that, and not more often than is useful', async () => {
    const [node, other] = (await joined(2)) as [MemoryNode, MemoryNode]
    cluster.spaceIds.push('made')
    await node.governor.refresh()
    expect(node.governor.spaceIds).toContain('made')
    cluster.spaceIds.push('made later')
    await node.governor.refresh()
    expect(node.governor.spaceIds).not.toContain('made later')
    await cluster.pass(50)
    await node.governor.refresh()
    expect(node.governor.spaceIds).toContain('made later')
    expect(other.governor.spaceIds).not.toContain('made later')
  })
})

describe('a space that', () => {
  it('cannot be opened is tried again, and served when it can be', async () => {
    const nodes = await joined(2)
    for (const { host } of nodes) host.broken.add('made')
    cluster.spaceIds.push('made')
    await cluster.pass(10_000)
    expect(cluster.servedBy('made')).toEqual([])
    expect(cluster.faults).toEqual([])
    for (const { host } of nodes) host.broken.clear()
    await cluster.pass(15_000)
    expect(cluster.servedBy('made')).toHaveLength(1)
  })

  it('was removed is forgotten, by the directory before the queue', async () => {
    const [node] = (await joined(1)) as [MemoryNode]
    cluster.spaceIds.pop()
    await node.host.close('space_3', 'stored')
    node.fail('forget', 'not asked', 1)
    await expect(node.governor.removed('space_3')).rejects.toThrow('forget')
    expect(cluster.lockedBy('space_3')).toBe(node.id)
    await node.governor.removed('space_3')
    expect([cluster.lockedBy('space_3'), cluster.owners.has('space_3')]).toEqual([undefined, false])
    expect(node.governor.serves('space_3')).toBe(false)
  })
})

it('lets a node that only leads requests on have no space', async () => {
  const edge = cluster.join(0, { isEngine: false })
  await joined(1)
  expect(counts()).toEqual([0, 4])
  expect(edge.governor.routes.ownerOf('space_0')?.nodeId).toBe('node_2')
})

describe('a space that another node follows', () => {
  let nodes: MemoryNode[]

  /** Lets all be settled: each space is followed by a node that can go on with it. */
  async function settled(count: number, options: { followMs?: number } = {}): Promise<void> {
    cluster = new MemoryCluster(6, { hasStandbys: true, ...options })
    nodes = await joined(count)
    await cluster.pass(1_000)
  }

  function followersOf(spaceId: string): string[] {
    return nodes.filter(({ isDead, host }) => !isDead && host.standbyIds.includes(spaceId)).map(({ id }) => id)
  }

  function ownerOf(spaceId: string): MemoryNode {
    return nodes.find(({ id }) => cluster.servedBy(spaceId).includes(id))!
  }

  it('is followed by one node other than its own', async () => {
    await settled(3)
    for (const id of cluster.spaceIds) {
      expect(followersOf(id)).toHaveLength(1)
      expect(followersOf(id)).not.toContain(ownerOf(id).id)
    }
  })

  it('is followed by none where that is not asked for', async () => {
    nodes = await joined(3)
    expect(cluster.spaceIds.flatMap(followersOf)).toEqual([])
  })

  it('goes to its follower once the lock has run out, which loads nothing', async () => {
    await settled(3)
    const lost = ownerOf('space_0')
    const ids = lost.host.ids
    const followers = ids.map(followersOf)
    for (const { host } of nodes) host.loaded.length = 0
    lost.kill()
    await cluster.pass(LOCK_MS + 300)
    expect(ids.map((id) => cluster.servedBy(id))).toEqual(followers)
    expect(nodes.flatMap(({ host }) => host.loaded)).toEqual([])
    // Others follow it now.
    await cluster.pass(1_000)
    for (const id of ids) expect(followersOf(id)).toHaveLength(1)
  })

  it('goes to another if its follower cannot take it', async () => {
    await settled(3)
    const [id] = cluster.spaceIds as [string]
    const follower = nodes.find((one) => followersOf(id).includes(one.id))!
    follower.host.broken.add(id)
    ownerOf(id).kill()
    await cluster.pass(LOCK_MS + 6_000)
    expect(cluster.servedBy(id)).toHaveLength(1)
    expect(cluster.servedBy(id)).not.toContain(follower.id)
  })

  it('is handed over without being stored, in a moment, when its node is drained or ends', async () => {
    for (const how of ['drained', 'ends']) {
      await settled(3)
      for (const { host } of nodes) host.loaded.length = 0
      const [leaving] = nodes as [MemoryNode]
      const { ids } = leaving.host
      let longest = 0
      const missing = new Map<string, number>()
      if (how === 'drained') cluster.drained.add(leaving.id)
      else void leaving.governor.stop()
      await cluster.pass(3_000, () => {
        for (const id of ids) {
          if (cluster.servedBy(id).length > 0) missing.delete(id)
          else if (!missing.has(id)) missing.set(id, cluster.time.now)
          longest = Math.max(longest, cluster.time.now - (missing.get(id) ?? cluster.time.now))
        }
      })
      expect([leaving.host.ids, servedByOne(), longest <= 20]).toEqual([[], true, true])
      expect([leaving.host.closed.stored, leaving.host.closed.dropped]).toEqual([[], []])
      expect([...leaving.host.closed['handed over']].sort()).toEqual(ids)
      expect(nodes.flatMap(({ host }) => host.loaded)).toEqual([])
    }
  })

  it('is followed by the node that is to have it before it is moved', async () => {
    await settled(1, { followMs: 700 })
    const added = cluster.join()
    nodes.push(added)
    await cluster.pass(60_000, () => expect(added.host.loaded).toEqual([]))
    expect(counts()).toEqual([3, 3])
    expect(nodes[0]!.host.closed['handed over']).toHaveLength(3)
  })

  it('stays where it is if that node does not get it ready', async () => {
    await settled(1, { followMs: Infinity })
    cluster.join()
    await cluster.pass(70_000)
    expect(counts()).toEqual([6, 0])
  })
})
