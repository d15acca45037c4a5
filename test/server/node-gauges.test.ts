/** The figures of nodes at one queue and one directory, in memory and on virtual time. */
import { beforeEach, describe, expect, it } from 'vitest'
import { nodeGauges } from '../../src/server/node-gauges.ts'
import { LEASE_MS, LOCK_MS, MemoryCluster, type MemoryNode } from '../support/memory-cluster.ts'

let cluster: MemoryCluster
let first: MemoryNode
let second: MemoryNode

beforeEach(async () => {
  cluster = new MemoryCluster(4)
  ;[first, second] = [cluster.join(), cluster.join()]
  await cluster.pass(2_000)
})

function gaugesOf(node: MemoryNode) {
  return nodeGauges(node.governor, node.id)
}

function unserved(node: MemoryNode): string[] {
  return Array.from(gaugesOf(node).spaces()).flatMap(([id, isServed]) => (isServed ? [] : [id]))
}

describe('the figures of a node', () => {
  it('have its spaces with their weights and leases, and all that there are', () => {
    const gauges = gaugesOf(second)
    expect([gauges.isJoined(), gauges.nodeCount(), gauges.failedBeats()]).toEqual([true, 2, 0])
    expect(Array.from(gauges.own()!.weights.keys()).sort()).toEqual(second.host.ids)
    expect(gauges.own()!.isLeaving).toBe(false)
    expect(Array.from(gauges.spaces().keys())).toEqual(cluster.spaceIds)
    expect(unserved(second)).toEqual([])
    const leases = gauges.leases()
    expect(Array.from(leases.keys()).sort()).toEqual(second.host.ids)
    for (const left of leases.values()) {
      expect(left).toBeGreaterThan(LEASE_MS / 2)
      expect(left).toBeLessThanOrEqual(LEASE_MS)
    }
  })

  it('say which spaces nobody serves when their node is lost, until another has them', async () => {
    const lost = second.host.ids
    second.kill()
    first.fail('open', 'not asked', 1_000)
    await cluster.pass(1_000)
    // It may have been silent for so long and live.
    expect(unserved(first)).toEqual([])
    await cluster.pass(LOCK_MS + 1_000)
    expect(unserved(first)).toEqual(lost)
    first.heal()
    await cluster.pass(10_000)
    expect(unserved(first)).toEqual([])
  })

  it('say that it is leaving while it is drained', async () => {
    cluster.drained.add(second.id)
    await cluster.pass(500)
    expect([gaugesOf(first).own()!.isLeaving, gaugesOf(second).own()!.isLeaving]).toEqual([false, true])
  })

  it('count the beats that failed, and say that it is alone after some seconds of them', async () => {
    first.fail('beat', 'not answered', 1_000)
    await cluster.pass(1_000)
    expect(gaugesOf(first).failedBeats()).toBe(4)
    await cluster.pass(4_000)
    expect(gaugesOf(first).isJoined()).toBe(false)
  })

  it('are none before the first beat', () => {
    const late = cluster.join()
    late.fail('beat', 'not asked', 1)
    const gauges = gaugesOf(late)
    expect([gauges.own(), gauges.nodeCount(), gauges.isJoined(), gauges.leases().size]).toEqual([
      undefined,
      0,
      false,
      0,
    ])
  })
})
