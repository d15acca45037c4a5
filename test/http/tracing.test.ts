/** Traces of a server, as a collector receives them. */
import { expect, it, onTestFinished } from 'vitest'
import { openTracing } from '../../src/tracing/otlp.ts'
import { attributesOf, startCollector } from '../support/collector.ts'
import { until } from '../support/eventually.ts'
import { basic, CONFIG, startTestServer } from '../support/server.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

it('requests, appends and deliveries are exported, without ids and secrets; a caller is followed', async () => {
  const collector = await startCollector()
  const tracing = openTracing(collector.url)
  const server = await startTestServer({ config: { trace: tracing.trace } })
  onTestFinished(() => server.stop())
  const authorization = basic(`${CONFIG.writeKey}:`)
  const call = { userId: 'somebody', event: 'Order' }
  await server.ingest('track', call, { authorization, traceparent: `00-${TRACE}-${PARENT}-01` })
  await server.ingest('track', call, { authorization, traceparent: `00-${TRACE}-${PARENT}-00` })
  await server.traits('user_id:somebody')
  const { body } = await server.control('POST', 'audiences', {
    name: 'Buyers',
    definition: { query: "event('Order').count() >= 1" },
  })
  const { id } = (body['data'] as { audience: { id: string } }).audience
  const made = await server.control('POST', 'destinations', { type: 'console' })
  const { destination } = made.body['data'] as { destination: { id: string } }
  await server.control('POST', `audiences/${id}/destination-connections`, { destination: { id: destination.id } })
  await until(() => server.delivery.workers.printed.length > 0)
  await tracing.stop()

  expect(new Set(collector.paths)).toEqual(new Set(['/v1/traces']))
  // The second caller has asked for no trace of its call.
  const tracks = collector.named('POST /v1/track')
  expect(tracks).toHaveLength(1)
  expect(tracks[0]).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, kind: 2 })
  expect(attributesOf(tracks[0]!)).toEqual({
    'http.request.method': 'POST',
    'http.route': '/v1/track',
    'http.response.status_code': 200,
    'rollcall.space': 'space1',
  })
  const [read] = collector.spans.filter(({ name }) => name.startsWith('GET '))
  expect(attributesOf(read!)).toMatchObject({ 'rollcall.space': 'space1' })
  const appends = collector.named('journal append').map((span) => attributesOf(span)['rollcall.entry'])
  expect(appends).toEqual(expect.arrayContaining(['requests', 'command']))
  expect(attributesOf(collector.named('deliver console')[0]!)).toMatchObject({
    'rollcall.destination.type': 'console',
    'rollcall.deliveries': 1,
    'rollcall.delivered': 1,
  })
  expect(JSON.stringify(collector.spans)).not.toMatch(/somebody|write-key|access-token/)
})
