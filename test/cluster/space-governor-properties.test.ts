/**
 * Nodes under random events, on virtual time. At every instant a space is served by one node at most, and by none whose
 * lock another has; when things are quiet again, each is served by one that lives, and no node has more than its share.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { moveOf } from '../../src/cluster/placement.ts'
import { type Call, CALLS, LOCK_MS, MemoryCluster, type MemoryNode, type Trouble } from '../support/memory-cluster.ts'
import { propertyRuns } from '../support/runs.ts'

const QUIET_MS = 100_000

type Event =
  | { readonly kind: 'join'; readonly latencyMs: number }
  | { readonly kind: 'clear' }
  | { readonly kind: 'kill' | 'drain' | 'undrain' | 'stop'; readonly node: number }
  | { readonly kind: 'freeze'; readonly node: number; readonly forMs: number }
  | {
      readonly kind: 'fail'
      readonly node: number
      readonly call: Call
      readonly trouble: Trouble
      readonly count: number
    }

const node = fc.nat(5)
const latencyMs = fc.constantFrom(0, 3, 40)
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), latencyMs }),
  fc.record({ kind: fc.constant('clear' as const) }),
  fc.record({ kind: fc.constantFrom('kill', 'drain', 'undrain', 'stop'), node }),
  fc.record({ kind: fc.constantFrom('drain', 'undrain'), node }),
  fc.record({ kind: fc.constant('freeze' as const), node, forMs: fc.constantFrom(100, 1_500, 2_100, 2_600, 6_000) }),
  fc.record({
    kind: fc.constant('fail' as const),
    node,
    call: fc.constantFrom(...CALLS),
    trouble: fc.constantFrom<Trouble[]>('not asked', 'not answered'),
    count: fc.constantFrom(1, 2, 5),
  }),
)
const waitMs = fc.constantFrom(0, 1, 10, 45, 130, 300, 700, 1_900, 2_500)
const story = fc.array(fc.tuple(waitMs, event), { maxLength: 30, size: 'max' })
const size = fc.record({
  spaces: fc.integer({ min: 1, max: 6 }),
  nodes: fc.array(latencyMs, { minLength: 1, maxLength: 3 }),
  /** The time until a space that is followed can be gone on with; undefined: none is followed. */
  followMs: fc.constantFrom(undefined, 0, 500, 3_000),
})

function living({ nodes }: MemoryCluster): MemoryNode[] {
  return nodes.filter(({ isDead }) => !isDead)
}

/** Has a node end in order, as far as it gets. */
function stop(cluster: MemoryCluster, stopped: MemoryNode): void {
  void stopped.governor.stop().then(() => {
    if (stopped.host.ids.length > 0) cluster.faults.push(`${stopped.id} has ended with ${stopped.host.ids.join(', ')}`)
    stopped.kill()
  })
}

function act(cluster: MemoryCluster, given: Event): void {
  if (given.kind === 'join') {
    cluster.join(given.latencyMs)
    return
  }
  if (given.kind === 'clear') {
    cluster.clear()
    return
  }
  const nodes = living(cluster)
  const chosen = nodes[given.node % nodes.length]
  if (!chosen) return
  switch (given.kind) {
    case 'fail':
      chosen.fail(given.call, given.trouble, given.count)
      return
    case 'kill':
      chosen.kill()
      return
    case 'freeze':
      chosen.freeze()
      cluster.time.timer(() => chosen.thaw(), given.forMs)
      return
    case 'drain':
      cluster.drained.add(chosen.id)
      return
    case 'undrain':
      cluster.drained.delete(chosen.id)
      return
    case 'stop':
      stop(cluster, chosen)
  }
}

/** Keeps what holds at every instant. A queue that has lost its locks lets two have a space, until leases are over. */
function check(cluster: MemoryCluster): void {
  expect(cluster.faults).toEqual([])
  if (cluster.time.now - cluster.clearedAt < LOCK_MS) return
  for (const id of cluster.spaceIds) {
    const serving = cluster.servedBy(id)
    const lockedBy = cluster.lockedBy(id)
    expect(serving.length, `${id} is served by ${serving.join(', ')}`).toBeLessThanOrEqual(1)
    if (serving.length > 0 && lockedBy !== undefined) expect(serving).toEqual([lockedBy])
  }
}

/** Ends all that is wrong; one node at least may have spaces. */
function calm(cluster: MemoryCluster): void {
  for (const one of living(cluster)) {
    one.heal()
    one.thaw()
  }
  cluster.drained.delete(cluster.join().id)
}

it('has each space at one node at a time, whatever happens, and at one that lives in the end', async () => {
  await fc.assert(
    fc.asyncProperty(size, story, async ({ spaces, nodes, followMs }, events) => {
      const cluster = new MemoryCluster(spaces, { hasStandbys: followMs !== undefined, followMs })
      for (const latency of nodes) cluster.join(latency)
      for (const [beforeMs, given] of events) {
        await cluster.pass(beforeMs, () => check(cluster))
        act(cluster, given)
      }
      calm(cluster)
      await cluster.pass(QUIET_MS, () => check(cluster))
      const takers = living(cluster).filter(({ id }) => !cluster.drained.has(id))
      for (const id of cluster.spaceIds) {
        const serving = cluster.servedBy(id)
        expect(takers.map((taker) => taker.id)).toEqual(expect.arrayContaining(serving))
        expect([id, serving.length]).toEqual([id, 1])
      }
      const loads = takers.map(({ id, host }) => ({ id, weights: new Map(host.ids.map((spaceId) => [spaceId, 1])) }))
      expect(loads.map(({ id }) => moveOf(id, loads)).filter((moved) => moved !== undefined)).toEqual([])
    }),
    propertyRuns(40),
  )
})
