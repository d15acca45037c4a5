/** The text that Prometheus reads. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createMetrics, type DestinationDeliveries, type SpaceGauges } from '../../src/http/metrics.ts'
import type { DeliveryOverview } from '../../src/model/destination-admin.ts'
import { DeliveryCounts } from '../../src/outbox/delivery-counts.ts'

const OVERVIEW: DeliveryOverview = {
  created: 7,
  filtered: 1,
  delivered: 4,
  collapsed: 0,
  waiting: 1,
  pendingRetry: 0,
  held: 0,
  retries: 2,
  failed: { total: 1, byReason: { status_503: 1 } },
  latencyMs: { p50: 4, p95: 1_024, p99: 1_024 },
}

/** The metrics of a server with one space, which has these figures. */
function metricsOf(gauges: Partial<SpaceGauges> = {}) {
  const metrics = createMetrics()
  const space = metrics.ofSpace('s')
  space.follow({
    profiles: () => 0,
    messageIdsKnownSince: () => undefined,
    deliveries: () => [],
    journal: () => ({ reachable: 1, requests: 0, bytes: 0 }),
    ...gauges,
  })
  return { ...metrics, ...space }
}

function deliveriesTo(destination: string, ...latenciesMs: readonly number[]): DestinationDeliveries {
  const counts = new DeliveryCounts()
  for (const ms of latenciesMs) counts.arrived(ms)
  return { destination, isReachable: destination !== 'down', overview: OVERVIEW, latencies: counts.latencies() }
}

/** The samples of a metric, `labels value`, in order. */
async function samples(metrics: ReturnType<typeof metricsOf>, name: string): Promise<string[]> {
  const lines = (await metrics.text()).split('\n')
  return lines.filter((line) => /^\w+/.exec(line)?.[0] === name).map((line) => line.slice(name.length).trim())
}

describe('the latency of deliveries', () => {
  const name = 'rollcall_delivery_latency_seconds'

  it('is a histogram: each bucket counts all that took no longer', async () => {
    const metrics = metricsOf({ deliveries: () => [deliveriesTo('a', 0, 3, 4, 1_000)] })
    expect(await metrics.text()).toContain(`# TYPE ${name} histogram\n`)
    const buckets = await samples(metrics, `${name}_bucket`)
    expect(buckets.slice(0, 4)).toEqual([
      '{space="s",destination="a",le="0.001"} 1',
      '{space="s",destination="a",le="0.002"} 1',
      '{space="s",destination="a",le="0.004"} 3',
      '{space="s",destination="a",le="0.008"} 3',
    ])
    expect(buckets).toContain('{space="s",destination="a",le="0.512"} 3')
    expect(buckets).toContain('{space="s",destination="a",le="1.024"} 4')
    expect(buckets.slice(-2)).toEqual([
      '{space="s",destination="a",le="4194.304"} 4',
      '{space="s",destination="a",le="+Inf"} 4',
    ])
    expect(await samples(metrics, `${name}_count`)).toEqual(['{space="s",destination="a"} 4'])
  })

  it('that is beyond the last bucket is counted all the same', async () => {
    const metrics = metricsOf({ deliveries: () => [deliveriesTo('a', 86_400_000)] })
    const buckets = await samples(metrics, `${name}_bucket`)
    expect(buckets.slice(-2)).toEqual([
      '{space="s",destination="a",le="4194.304"} 0',
      '{space="s",destination="a",le="+Inf"} 1',
    ])
  })

  it('is of each destination that there is when it is asked for', async () => {
    let destinations = ['a', 'b']
    const metrics = metricsOf({ deliveries: () => destinations.map((id) => deliveriesTo(id, 5)) })
    expect(await samples(metrics, `${name}_count`)).toEqual([
      '{space="s",destination="a"} 1',
      '{space="s",destination="b"} 1',
    ])
    destinations = ['c']
    expect(await samples(metrics, `${name}_count`)).toEqual(['{space="s",destination="c"} 1'])
    destinations = []
    expect(await samples(metrics, `${name}_bucket`)).toEqual([])
  })
})

describe('metrics', () => {
  it('are those of docs/http-api.md, each of its type', async () => {
    const text = await metricsOf().text()
    const found = Array.from(text.matchAll(/^# TYPE (rollcall_\w+) (\w+)$/gm), ([, name, type]) => `${name} ${type}`)
    const document = readFileSync(new URL('../../docs/http-api.md', import.meta.url), 'utf8')
    const rows = document.matchAll(/^\| `(rollcall_\w+)` +\| (\w+)/gm)
    expect(Array.from(rows, ([, name, type]) => `${name} ${type}`).sort()).toEqual(found.sort())
  })

  it('have the deliveries of a destination by state', async () => {
    const found = await samples(metricsOf({ deliveries: () => [deliveriesTo('a')] }), 'rollcall_deliveries')
    const states = { ...OVERVIEW, failed: 1, latencyMs: undefined }
    const expected = Object.entries(states).filter(([, count]) => count !== undefined)
    expect(found.sort()).toEqual(
      expected.map(([state, count]) => `{space="s",destination="a",state="${state}"} ${count}`).sort(),
    )
  })

  it('have the users, and the instant since when ids are known, as they are when asked for', async () => {
    const known: { since?: number } = {}
    const metrics = metricsOf({ profiles: () => 3, messageIdsKnownSince: () => known.since })
    expect(await samples(metrics, 'rollcall_profiles')).toEqual(['{space="s"} 3'])
    expect(await samples(metrics, 'rollcall_message_ids_known_since_seconds')).toEqual(['{space="s"} 0'])
    known.since = 1_500
    expect(await samples(metrics, 'rollcall_message_ids_known_since_seconds')).toEqual(['{space="s"} 1.5'])
  })

  it('tell what waits for the journal, and what cannot be reached', async () => {
    const metrics = metricsOf({
      journal: () => ({ reachable: 0, requests: 7, bytes: 900 }),
      deliveries: () => [deliveriesTo('a'), deliveriesTo('down')],
    })
    expect(await samples(metrics, 'rollcall_journal_reachable')).toEqual(['{space="s"} 0'])
    expect(await samples(metrics, 'rollcall_journal_waiting_requests')).toEqual(['{space="s"} 7'])
    expect(await samples(metrics, 'rollcall_journal_waiting_bytes')).toEqual(['{space="s"} 900'])
    expect(await samples(metrics, 'rollcall_destination_reachable')).toEqual([
      '{space="s",destination="a"} 1',
      '{space="s",destination="down"} 0',
    ])
  })

  it.each(['rollcall_checkpoint_failures_total', 'rollcall_faults_total'])('%s counts from 0 on', async (name) => {
    const metrics = metricsOf()
    expect(await samples(metrics, name)).toEqual(['{space="s"} 0'])
    metrics.countCheckpointFailure()
    metrics.countFault()
    expect(await samples(metrics, name)).toEqual(['{space="s"} 1'])
  })

  it('count notices of alerts by what has become of them', async () => {
    const metrics = metricsOf()
    for (const result of ['delivered', 'dropped', 'delivered']) metrics.countNotice(result)
    expect(await samples(metrics, 'rollcall_alert_notices_total')).toEqual([
      '{result="delivered"} 2',
      '{result="dropped"} 1',
    ])
  })

  it('count answers and transitions', async () => {
    const metrics = metricsOf()
    for (const durationMs of [0.2, 30])
      metrics.countAnswer({ requestId: 'r', method: 'POST', route: '/v1/track', status: 200, durationMs })
    for (const type of ['entered', 'entered', 'trait']) metrics.countTransition(type)
    const labels = 'method="POST",route="/v1/track",status="200"'
    const buckets = await samples(metrics, 'rollcall_http_request_duration_seconds_bucket')
    expect(buckets).toContain(`{le="0.00025",${labels}} 1`)
    expect(buckets).toContain(`{le="0.05",${labels}} 2`)
    expect(await samples(metrics, 'rollcall_transitions_total')).toEqual([
      '{space="s",type="entered"} 2',
      '{space="s",type="trait"} 1',
    ])
  })

  it('have the size and instant of the last checkpoint, and how long each took', async () => {
    const metrics = metricsOf()
    metrics.setCheckpoint({ bytes: 10, durationMs: 40 })
    metrics.setCheckpoint({ bytes: 20, durationMs: 3_000 })
    expect(await samples(metrics, 'rollcall_checkpoint_bytes')).toEqual(['{space="s"} 20'])
    const buckets = await samples(metrics, 'rollcall_checkpoint_duration_seconds_bucket')
    expect(buckets).toEqual(
      expect.arrayContaining(['{le="0.05",space="s"} 1', '{le="2.5",space="s"} 1', '{le="5",space="s"} 2']),
    )
    expect(await samples(metrics, 'rollcall_checkpoint_duration_seconds_sum')).toEqual(['{space="s"} 3.04'])
    expect(Number((await samples(metrics, 'rollcall_checkpoint_timestamp_seconds'))[0]!.split(' ')[1])).toBeGreaterThan(
      0,
    )
  })
})

describe('a space that is here no more', () => {
  it('leaves no figures behind, as it may be at another node', async () => {
    const metrics = metricsOf()
    metrics.setCheckpoint({ bytes: 9, durationMs: 5 })
    expect(await samples(metrics, 'rollcall_checkpoint_bytes')).toEqual(['{space="s"} 9'])
    expect(await samples(metrics, 'rollcall_checkpoint_timestamp_seconds')).toHaveLength(1)
    metrics.forget()
    for (const name of ['profiles', 'checkpoint_bytes', 'checkpoint_timestamp_seconds'])
      expect(await samples(metrics, `rollcall_${name}`)).toEqual([])
  })
})
