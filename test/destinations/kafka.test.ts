/**
 * The Kafka destination against librdkafka's mock cluster, read back by librdkafka: what it writes is what others read.
 * `script/ensure-kcat` finds or installs kcat. The mock cluster has no logins, refuses nothing and forgets nothing:
 * those are held by kafka-broker.test.ts.
 */
import { setMaxListeners } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { onPath } from '../support/on-path.ts'
import { freePort } from '../support/processes.ts'
import { group, identify, track } from './calls.ts'
import { listen, outcome } from './contract/loopback.ts'
import { connectKafka, shown } from './kafka-connected.ts'
import { headersOf, MockCluster } from './kafka/mock-cluster.ts'

const kcat = onPath('kcat', 'kafkacat')

if (kcat === undefined) {
  const message = 'kcat is not on the PATH: see script/ensure-kcat'
  if (process.env['CI'] === 'true') throw new Error(message)
  console.warn(`\n!!! ${message}: the tests with a mock cluster of Kafka are SKIPPED !!!\n`)
}

const { signal } = new AbortController()
// Tests deliver many batches at once under it, each of which has its own elsewhere.
setMaxListeners(0, signal)
const NOW = Date.parse('2026-03-05T08:00:00Z')

describe.skipIf(kcat === undefined)('to a mock cluster', () => {
  it('a call is written as a message: JSON under its key, with headers, at the present', async () => {
    const cluster = await MockCluster.start(kcat!)
    const destination = connectKafka({ brokers: cluster.brokers, topic: 'audiences.{key}' }, { clock: () => NOW })
    const call = identify('u1', { vips: true, name: 'Ä "quoted" 🙂' })
    await destination.deliver(call, signal)
    const messages = await cluster.read('audiences.vips')
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatchObject({ topic: 'audiences.vips', key: 'u1', ts: NOW })
    expect(messages[0]!.payload).toBe(JSON.stringify(call))
    expect(headersOf(messages[0]!)).toEqual({ messageId: 'personas_u1', type: 'identify', computationKey: 'vips' })
  })

  it.each(['none', 'gzip'])(
    'batches arrive whole, compressed by %s, and in order for each key',
    async (compression) => {
      const cluster = await MockCluster.start(kcat!)
      const destination = connectKafka({ brokers: cluster.brokers, compression })
      const keys = ['ada', 'bo', 'cy', 'dee', 'eve', 'fay', 'gil']
      const all = Array.from({ length: 600 }, (_, n) => {
        return identify(keys[n % keys.length]!, { n }, { messageId: `personas_${n}` })
      })
      const batches = Array.from({ length: 6 }, (_, n) => all.slice(n * 100, n * 100 + 100))
      // Under way at once, as those of several lanes are.
      const found = await Promise.all(batches.map((batch) => destination.deliverBatch(batch, signal)))
      expect(new Set(found.flatMap(shown))).toEqual(new Set(['arrived']))
      const messages = await cluster.read('calls')
      expect(messages).toHaveLength(all.length)
      for (const key of keys) {
        const own = messages.filter((message) => message.key === key)
        const wanted = all.filter(({ userId }) => userId === key)
        expect(own.map((message) => headersOf(message)['messageId'])).toEqual(wanted.map(({ messageId }) => messageId))
        expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
      }
      expect(new Set(messages.map(({ partition }) => partition)).size).toBeGreaterThan(1)
    },
  )

  it('keys are in the partitions in which other clients put them', async () => {
    const cluster = await MockCluster.start(kcat!)
    const keys = Array.from({ length: 60 }, (_, n) => `${'k'.repeat(n % 7)}${n * 7_919}é`)
    await connectKafka({ brokers: cluster.brokers }).deliverBatch(
      keys.map((key) => identify(key)),
      signal,
    )
    await cluster.writeByMurmur2('theirs', keys)
    const places = async (topic: string) =>
      new Map((await cluster.read(topic)).map(({ key, partition }) => [key, partition]))
    const ours = await places('calls')
    expect(ours.size).toBe(keys.length)
    expect(ours).toEqual(await places('theirs'))
  })

  it('calls of all types have their type as a header', async () => {
    const cluster = await MockCluster.start(kcat!)
    const destination = connectKafka({ brokers: cluster.brokers })
    const all = [identify('u1'), track('u1', { vips: true }), group('acme', { vips: true })]
    await destination.deliverBatch(all, signal)
    const messages = await cluster.read('calls')
    const found = messages.map((message) => [message.key, headersOf(message)['type']].join(' '))
    expect(found.sort()).toEqual(['acme group', 'u1 identify', 'u1 track'])
  })

  it('a client that begins anew goes on, and a call that comes again has the same id', async () => {
    const cluster = await MockCluster.start(kcat!)
    const first = connectKafka({ brokers: cluster.brokers })
    await first.deliverBatch([identify('u1'), identify('u2')], signal)
    await first.close()
    const second = connectKafka({ brokers: cluster.brokers })
    await second.deliverBatch([identify('u1'), identify('u2'), identify('u3')], signal)
    const ids = (await cluster.read('calls')).map((message) => headersOf(message)['messageId'])
    expect(ids.sort()).toEqual(['u1', 'u1', 'u2', 'u2', 'u3'].map((id) => `personas_${id}`))
  })

  it('a message that is larger than a batch is arrives by itself', async () => {
    const cluster = await MockCluster.start(kcat!)
    const destination = connectKafka({ brokers: cluster.brokers })
    const large = identify('u2', { text: 'x'.repeat(3_000_000) })
    expect(shown(await destination.deliverBatch([identify('u1'), large, identify('u3')], signal))).toEqual([
      'arrived',
      'arrived',
      'arrived',
    ])
    const messages = await cluster.read('calls')
    expect(messages.find(({ key }) => key === 'u2')?.payload).toBe(JSON.stringify(large))
    expect(messages).toHaveLength(3)
  })

  it('the test of the settings passes', async () => {
    const cluster = await MockCluster.start(kcat!)
    await connectKafka({ brokers: cluster.brokers }).testConnection(signal)
    await connectKafka({ brokers: cluster.brokers.slice(2), topic: '{key}' }).testConnection(signal)
  })

  it('nothing arrives once it has died, and all does once another is there', async () => {
    const first = await MockCluster.start(kcat!)
    let [bootstrap] = first.brokers
    const { port } = await listen(
      createServer((socket) => {
        const [host, target] = bootstrap!.split(':')
        const through = connect({ host: host!, port: Number(target) })
        const end = () => {
          socket.destroy()
          through.destroy()
        }
        for (const side of [socket, through]) side.on('error', end).on('close', end)
        socket.pipe(through).pipe(socket)
      }),
    )
    const destination = connectKafka({ brokers: [`127.0.0.1:${port}`] })
    const calls = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6'].map((id) => identify(id))
    expect(shown(await destination.deliverBatch(calls, signal))).toEqual(Array(6).fill('arrived'))
    await first.kill()
    const failures = await destination.deliverBatch(calls, signal)
    for (const failure of failures) {
      expect(failure?.kind).toBe('retryable')
      expect(failure?.reason).toMatch(/^connection_(re(fused|set))$/)
    }
    const second = await MockCluster.start(kcat!)
    bootstrap = second.brokers[0]
    expect(shown(await destination.deliverBatch(calls, signal))).toEqual(Array(6).fill('arrived'))
    expect(await second.read('calls')).toHaveLength(6)
  })

  it('a cluster that dies while calls are on their way loses none without saying so', async () => {
    const cluster = await MockCluster.start(kcat!)
    const destination = connectKafka({ brokers: cluster.brokers })
    await destination.deliver(identify('u0'), signal)
    const batches = Array.from({ length: 50 }, (_, n) => [identify(`u${n}`, { text: 'x'.repeat(50_000) })])
    const delivered = Promise.all(batches.map((batch) => destination.deliverBatch(batch, signal)))
    await cluster.kill()
    const found = new Set((await delivered).flatMap(shown))
    expect([...found].filter((one) => one !== 'arrived' && !one.startsWith('retryable connection_'))).toEqual([])
    expect([...found]).toContain('retryable connection_refused')
  })

  it('where nobody listens has calls tried again', async () => {
    const destination = connectKafka({ brokers: [`127.0.0.1:${await freePort()}`] })
    expect(await outcome(destination.deliver(identify('u1'), signal))).toBe('retryable connection_refused')
    expect(await outcome(destination.testConnection(signal))).toBe('retryable connection_refused')
  })

  it('an aborted call is not written', async () => {
    const cluster = await MockCluster.start(kcat!)
    const destination = connectKafka({ brokers: cluster.brokers })
    await destination.deliver(identify('u1'), signal)
    expect(await outcome(destination.deliver(identify('u2'), AbortSignal.abort()))).toBe('retryable timeout')
    await destination.close()
    expect((await cluster.read('calls')).map(({ key }) => key)).toEqual(['u1'])
  })

  it('a private address that a broker names is not connected to', async () => {
    const cluster = await MockCluster.start(kcat!)
    const { port } = await listen(
      createServer((socket) => {
        const [host, target] = cluster.brokers[0]!.split(':')
        const through = connect({ host: host!, port: Number(target) })
        for (const side of [socket, through]) side.on('error', () => undefined)
        socket.pipe(through).pipe(socket)
      }),
      '127.0.0.2',
    )
    const destination = connectKafka({ brokers: [`127.0.0.2:${port}`] }, { allowPrivate: ['127.0.0.2'] })
    expect(await outcome(destination.deliver(identify('u1'), signal))).toBe('terminal blocked_address')
    expect(await cluster.read('calls')).toEqual([])
  })
})
