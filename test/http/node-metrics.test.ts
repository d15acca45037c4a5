/** The metrics of a node as Prometheus reads them. */
import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/http/metrics.ts'
import type { NodeGauges } from '../../src/http/node-metrics.ts'

const GAUGES: NodeGauges = {
  isJoined: () => true,
  failedBeats: () => 3,
  own: () => ({
    isLeaving: false,
    weights: new Map([
      ['a', 1.5],
      ['b', 4],
    ]),
  }),
  nodeCount: () => 2,
  spaces: () =>
    new Map([
      ['a', true],
      ['b', true],
      ['c', false],
    ]),
  leases: () =>
    new Map([
      ['a', 3_500],
      ['b', 0],
    ]),
}

function followed(gauges: Partial<NodeGauges> = {}) {
  const metrics = createMetrics()
  metrics.ofNode.follow({ ...GAUGES, ...gauges })
  return metrics
}

/** The samples of all metrics of nodes but of buckets, without values that are 0 by count. */
async function samples(metrics: ReturnType<typeof createMetrics>, pattern: RegExp): Promise<string[]> {
  const lines = (await metrics.text()).split('\n')
  return lines.filter((line) => pattern.test(line) && !line.startsWith('#'))
}

const OF_NODES = /^rollcall_(node|beat|lease|space|forwarded)/

describe('a node', () => {
  it('tells of itself, of the spaces that it has, and of all that there are', async () => {
    expect(await samples(followed(), /^rollcall_(node|beat|lease|space_(served|load))/)).toEqual([
      'rollcall_node_joined 1',
      'rollcall_node_spaces 2',
      'rollcall_node_load 5.5',
      'rollcall_node_leaving 0',
      'rollcall_nodes 2',
      'rollcall_space_served{space="a"} 1',
      'rollcall_space_served{space="b"} 1',
      'rollcall_space_served{space="c"} 0',
      'rollcall_space_load{space="a"} 1.5',
      'rollcall_space_load{space="b"} 4',
      'rollcall_lease_remaining_seconds{space="a"} 3.5',
      'rollcall_lease_remaining_seconds{space="b"} 0',
      'rollcall_beat_failures_total 3',
    ])
  })

  it('says nothing of the spaces while it is not joined, as it knows nothing', async () => {
    const metrics = followed({ isJoined: () => false })
    expect(await samples(metrics, /^rollcall_(node_joined|nodes|space_served)/)).toEqual([
      'rollcall_node_joined 0',
      'rollcall_nodes 0',
    ])
  })

  it('has no figures of itself before its first beat', async () => {
    const metrics = followed({ own: () => undefined })
    expect(await samples(metrics, /^rollcall_(node_spaces|node_load|space_load)/)).toEqual([])
  })

  it('shows what is there when it is asked', async () => {
    let weights = new Map([['a', 1]])
    const metrics = followed({ own: () => ({ isLeaving: true, weights }) })
    await metrics.text()
    weights = new Map([['b', 2]])
    expect(await samples(metrics, /^rollcall_(node_leaving|space_load)/)).toEqual([
      'rollcall_node_leaving 1',
      'rollcall_space_load{space="b"} 2',
    ])
  })

  it('counts failed beats once, however often it is asked', async () => {
    const metrics = followed()
    await metrics.text()
    expect(await samples(metrics, /^rollcall_beat/)).toEqual(['rollcall_beat_failures_total 3'])
  })
})

describe('the counts of a node', () => {
  it('begin at none, for whoever compares with before', async () => {
    expect(await samples(followed(), /^rollcall_spaces_/)).toEqual([
      'rollcall_spaces_opened_total{after="new"} 0',
      'rollcall_spaces_opened_total{after="handed_over"} 0',
      'rollcall_spaces_opened_total{after="taken_over"} 0',
      'rollcall_spaces_opened_total{after="own"} 0',
      'rollcall_spaces_closed_total{as="handed_over"} 0',
      'rollcall_spaces_closed_total{as="lost"} 0',
    ])
    expect(await samples(followed(), /^rollcall_space_opening_seconds_count/)).toEqual([
      'rollcall_space_opening_seconds_count 0',
    ])
  })

  it('are of the spaces that come and go, and of the time that opening them takes', async () => {
    const metrics = followed()
    const { countOpened, countClosed } = metrics.ofNode
    countOpened('taken_over', 2_000)
    countOpened('taken_over', 1_000)
    countClosed('lost')
    expect(await samples(metrics, /^rollcall_space(s_\w+_total.*[1-9]$|_opening_seconds_(sum|count))/)).toEqual([
      'rollcall_spaces_opened_total{after="taken_over"} 2',
      'rollcall_spaces_closed_total{as="lost"} 1',
      'rollcall_space_opening_seconds_sum 3',
      'rollcall_space_opening_seconds_count 2',
    ])
  })

  it('are of the requests that were led on, by outcome, and of the time for which they were held', async () => {
    const metrics = followed()
    const { countForwarded } = metrics.ofNode
    countForwarded({ purpose: 'space', outcome: 'answered', heldMs: 0 })
    countForwarded({ purpose: 'space', outcome: 'answered', heldMs: 1_500 })
    countForwarded({ purpose: 'session', outcome: 'refused', heldMs: 5_000 })
    expect(await samples(metrics, /^rollcall_forwarded_(requests|held_seconds_(sum|count))/)).toEqual([
      'rollcall_forwarded_requests_total{purpose="space",outcome="answered"} 2',
      'rollcall_forwarded_requests_total{purpose="session",outcome="refused"} 1',
      'rollcall_forwarded_held_seconds_sum 6.5',
      'rollcall_forwarded_held_seconds_count 3',
    ])
  })
})

it('a server by itself has no figures of nodes, but that nothing has happened', async () => {
  const found = await samples(createMetrics(), OF_NODES)
  expect(found.filter((line) => !line.endsWith(' 0'))).toEqual([])
  expect(found.filter((line) => /^rollcall_(node|space_|lease)/.test(line) && !line.includes('_seconds'))).toEqual([])
})
