/**
 * The Kafka destination against made-up brokers in the process: what librdkafka's mock cluster cannot do, such as
 * refuse, forget, lose an answer, ask for a login, or keep each batch once.
 */
import { createServer } from 'node:net'
import { createSecureContext } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAddresses } from '../../destinations/contract/address-guard.ts'
import { partitionOf } from '../../destinations/kafka/client/partition.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { makeCertificate } from '../support/certificates.ts'
import { until } from '../support/eventually.ts'
import { freePort } from '../support/processes.ts'
import { group, identify, track } from './calls.ts'
import { listen, outcome, serve } from './contract/loopback.ts'
import { connectKafka, shown } from './kafka-connected.ts'
import { FakeCluster, type Reaction } from './kafka/fake-broker.ts'

const { signal } = new AbortController()

/** Reacts to batches in this order, and stores all later ones. */
function script(...reactions: Reaction[]): () => Reaction {
  return () => reactions.shift() ?? 'store'
}

/** A reaction that is given later. */
function held() {
  let release: (reaction: Reaction) => void = () => undefined
  const reaction = new Promise<Reaction>((resolve) => (release = resolve))
  return { reaction, release: (as: Reaction = 'store') => release(as) }
}

/** Lets the pauses between tries pass without waiting for them. Too few pass to be out of time. */
async function withoutPauses<Result>(act: () => Promise<Result>): Promise<Result> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let isOver = false
  const result = act().finally(() => (isOver = true))
  while (!isOver) {
    await new Promise(setImmediate)
    vi.advanceTimersByTime(10)
  }
  return result
}

/** True if two keys are in different ones of two partitions. */
function isApart(one: string, other: string): boolean {
  return partitionOf(Buffer.from(one), 2) !== partitionOf(Buffer.from(other), 2)
}

function withoutUser(call: DeliveryCall): DeliveryCall {
  const others: { userId?: string } & DeliveryCall = { ...call }
  delete others.userId
  return others
}

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const named = (...ids: string[]) => ids.map((id) => `personas_${id}`)
const calls = (...ids: string[]) => ids.map((id) => identify(id))

afterEach(() => vi.useRealTimers())

describe('a batch', () => {
  it('is stored in order, with increasing sequences under one producer id', async () => {
    const cluster = await FakeCluster.start()
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(shown(await destination.deliverBatch(calls('a', 'b'), signal))).toEqual(['arrived', 'arrived'])
    expect(shown(await destination.deliverBatch(calls('c'), signal))).toEqual(['arrived'])
    expect(cluster.ids()).toEqual(named('a', 'b', 'c'))
    expect(cluster.seen.map(({ producerId, sequence }) => [producerId, sequence])).toEqual([
      [1_000n, 0],
      [1_000n, 2],
    ])
  })

  it('of no calls asks nobody', async () => {
    const cluster = await FakeCluster.start()
    expect(await connectKafka({ brokers: cluster.addresses }).deliverBatch([], signal)).toEqual([])
    expect(cluster.sockets).toEqual([])
  })

  it('says of each call what has become of it, where a topic is missing', async () => {
    const cluster = await FakeCluster.start({ topics: { 'of.vips': 1 } })
    const destination = connectKafka({ brokers: cluster.addresses, topic: 'of.{key}' })
    const other = identify('b')
    const personas = { ...other.context.personas, computation_key: 'buyers' }
    const mixed = [identify('a'), { ...other, context: { personas } }, identify('c')]
    expect(shown(await destination.deliverBatch(mixed, signal))).toEqual([
      'arrived',
      'retryable unknown_topic',
      'arrived',
    ])
    expect(cluster.ids('of.vips')).toEqual(named('a', 'c'))
  })

  it('says so where one of its partitions refuses', async () => {
    const cluster = await FakeCluster.start({
      topics: { calls: 2 },
      onProduce: ({ partition }) => (partition === 0 ? 29 : 'store'),
    })
    const destination = connectKafka({ brokers: cluster.addresses })
    const all = calls(...KEYS)
    const found = shown(await destination.deliverBatch(all, signal))
    expect(new Set(found)).toEqual(new Set(['arrived', 'terminal topic_authorization_failed']))
    const arrived = all.filter((_, index) => found[index] === 'arrived').map(({ messageId }) => messageId)
    expect(cluster.ids('calls', 1)).toEqual(arrived)
    expect(cluster.ids('calls', 0)).toEqual([])
  })

  it('whose one message is too large is halved until that one is by itself; the others are stored once', async () => {
    const isLarge = ({ value }: { value: string }) => value.length > 5_000
    const cluster = await FakeCluster.start({ onProduce: ({ messages }) => (messages.some(isLarge) ? 10 : 'store') })
    const destination = connectKafka({ brokers: cluster.addresses })
    const all = [...calls('a', 'b', 'c'), identify('large', { text: 'x'.repeat(5_000) }), ...calls('d', 'e')]
    expect(shown(await destination.deliverBatch(all, signal))).toEqual([
      'arrived',
      'arrived',
      'arrived',
      'terminal message_too_large',
      'arrived',
      'arrived',
    ])
    expect(cluster.ids()).toEqual(named('a', 'b', 'c', 'd', 'e'))
  })

  it('that would be larger than brokers take is several, in order', async () => {
    const cluster = await FakeCluster.start()
    const destination = connectKafka({ brokers: cluster.addresses })
    const all = KEYS.slice(0, 5).map((id) => identify(id, { text: id.repeat(400_000) }))
    expect(shown(await destination.deliverBatch(all, signal))).toEqual(Array(5).fill('arrived'))
    expect(cluster.seen.map(({ messages }) => messages.length)).toEqual([2, 2, 1])
    expect(cluster.ids()).toEqual(named(...KEYS.slice(0, 5)))
  })

  it('waits until the one before in its partition is answered, and for no other partition', async () => {
    const first = held()
    const reactions = [first.reaction]
    const cluster = await FakeCluster.start({ topics: { calls: 2 }, onProduce: () => reactions.shift() ?? 'store' })
    const destination = connectKafka({ brokers: cluster.addresses })
    const other = KEYS.find((key) => isApart('a', key))!
    const all = [identify('a'), identify('a', { vips: false }), identify(other)]
    const delivered = Promise.all(all.map((call) => destination.deliver(call, signal)))
    await until(() => cluster.seen.length === 2)
    expect(cluster.seen.map(({ messages }) => messages[0]!.key)).toEqual(['a', other])
    first.release()
    await delivered
    expect(cluster.seen.map(({ messages }) => messages[0]!.key)).toEqual(['a', other, 'a'])
  })

  it('of calls to accounts and to emails is keyed by what each addresses', async () => {
    const cluster = await FakeCluster.start()
    const destination = connectKafka({ brokers: cluster.addresses })
    const { personas } = identify('m').context
    const mobile = { id: 'idfa-1', type: 'ios.idfa', collection: 'users', encoding: 'none' } as const
    const all = [
      group('acme', { vips: true }),
      withoutUser(identify('e', { email: 'e@example.com', vips: true })),
      withoutUser({ ...track('t', { vips: true }, 't@example.com'), anonymousId: 'anon-1' }),
      withoutUser(identify('a', { vips: true }, { anonymousId: 'anon-2' })),
      withoutUser(identify('m', { vips: true }, { context: { personas, externalIds: [mobile] } })),
    ]
    await destination.deliverBatch(all, signal)
    expect(cluster.stored().map(({ key }) => key)).toEqual([
      'acme',
      'e@example.com',
      't@example.com',
      'anon-2',
      'idfa-1',
    ])
  })
})

describe('an error of the broker', () => {
  it.each([
    [2, 'retryable corrupt_message'],
    [3, 'retryable unknown_topic'],
    [6, 'retryable not_leader'],
    [7, 'retryable timeout'],
    [10, 'terminal message_too_large'],
    [17, 'terminal invalid_topic'],
    [18, 'terminal message_too_large'],
    [19, 'retryable too_few_replicas'],
    [20, 'retryable too_few_replicas'],
    [29, 'terminal topic_authorization_failed'],
    [31, 'terminal cluster_authorization_failed'],
    [44, 'terminal policy_violation'],
    [45, 'retryable out_of_order'],
    [59, 'retryable unknown_producer'],
    [87, 'terminal invalid_record'],
    [89, 'retryable throttled'],
    [-1, 'retryable broker_error'],
    [777, 'retryable kafka_error_777'],
  ])('%i, answered to every try, is the outcome: %s', async (code, expected) => {
    const cluster = await FakeCluster.start({ onProduce: () => code })
    const destination = connectKafka({ brokers: cluster.addresses, timeoutSeconds: 30 })
    expect(await withoutPauses(() => outcome(destination.deliver(identify('a'), signal)))).toBe(expected)
    expect(cluster.stored()).toEqual([])
  })

  it.each([2, 3, 5, 6, 7, 19, 20, 45, 47, 59, 74])('%i, answered once, keeps no call from arriving', async (code) => {
    const cluster = await FakeCluster.start({ onProduce: script('store', code) })
    const destination = connectKafka({ brokers: cluster.addresses })
    await destination.deliver(identify('a'), signal)
    await destination.deliver(identify('b'), signal)
    await destination.deliver(identify('c'), signal)
    expect(cluster.ids()).toEqual(named('a', 'b', 'c'))
  })

  it('that says that the batch is stored already is no error', async () => {
    const cluster = await FakeCluster.start({ onProduce: script(46) })
    const destination = connectKafka({ brokers: cluster.addresses })
    await destination.deliver(identify('a'), signal)
    expect(cluster.seen).toHaveLength(1)
  })

  it('about the topic is its outcome', async () => {
    const cluster = await FakeCluster.start({ topicErrors: { calls: 29 } })
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(await outcome(destination.deliver(identify('a'), signal))).toBe('terminal topic_authorization_failed')
    expect(await outcome(destination.testConnection(signal))).toBe('terminal topic_authorization_failed')
  })

  it.each([45, 47, 49, 59, 90])('%i about an identity has the batch sent under another', async (code) => {
    const cluster = await FakeCluster.start({
      onProduce: ({ producerId }) => (producerId === 1_000n ? code : 'store'),
    })
    const destination = connectKafka({ brokers: cluster.addresses })
    await destination.deliver(identify('a'), signal)
    await destination.deliver(identify('b'), signal)
    expect(cluster.seen.map(({ producerId, sequence }) => [producerId, sequence])).toEqual([
      [1_000n, 0],
      [1_001n, 0],
      [1_001n, 1],
    ])
  })

  it('about the producer lets the call arrive once the broker is ready', async () => {
    const cluster = await FakeCluster.start({ initErrors: [15] })
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(await outcome(destination.deliver(identify('a'), signal))).toBe('retryable broker_unavailable')
    await destination.deliver(identify('a'), signal)
    expect(cluster.ids()).toEqual(named('a'))
  })

  it('about the producer is its outcome', async () => {
    const cluster = await FakeCluster.start({ initErrors: [31, 31] })
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(await outcome(destination.deliver(identify('a'), signal))).toBe('terminal cluster_authorization_failed')
    expect(await outcome(destination.testConnection(signal))).toBe('terminal cluster_authorization_failed')
    expect(cluster.seen).toEqual([])
  })

  it('is not what becomes of a fault of ours', async () => {
    const cluster = await FakeCluster.start()
    const fault = new Error('a fault')
    const isAllowed = () => {
      throw fault
    }
    const destination = connectKafka(
      { brokers: cluster.addresses },
      { addresses: { ...createAddresses(true), isAllowed } },
    )
    await expect(destination.deliverBatch(calls('a', 'b'), signal)).rejects.toBe(fault)
  })

  it('names nobody, and repeats nothing that the broker has said', async () => {
    const cluster = await FakeCluster.start({ users: { alice: 'right' } })
    const settings = { saslMechanism: 'plain', username: 'alice', password: 'wrong-password' }
    const destination = connectKafka({ brokers: cluster.addresses, ...settings })
    const failure: Error = await destination.deliver(identify('ada'), signal).then(
      () => new Error('arrived'),
      (error: unknown) => error as Error,
    )
    expect(`${failure.message} ${String(failure.cause)}`).not.toMatch(/alice|wrong-password|ada/)
    expect(failure.message).toBe('The broker refuses the login: see saslMechanism, username and password.')
  })

  it('of a topic that is not there lets the call arrive once it is', async () => {
    const cluster = await FakeCluster.start({ topics: {} })
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(await outcome(destination.deliver(identify('a'), signal))).toBe('retryable unknown_topic')
    expect(await outcome(destination.testConnection(signal))).toBe('retryable unknown_topic')
    cluster.addTopic('calls', 1)
    await destination.deliver(identify('a'), signal)
    expect(cluster.ids()).toEqual(named('a'))
  })
})

describe('a lost answer', () => {
  it('has the batch sent again under the same identity, and stored once', async () => {
    const cluster = await FakeCluster.start({ onProduce: script('store and close', 'store and close') })
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(shown(await destination.deliverBatch(calls('a', 'b'), signal))).toEqual(['arrived', 'arrived'])
    expect(cluster.seen.map(({ producerId, sequence }) => [producerId, sequence])).toEqual(Array(3).fill([1_000n, 0]))
    expect(cluster.ids()).toEqual(named('a', 'b'))
  })

  it('that is never found does not have the next batch taken for the lost one', async () => {
    const cluster = await FakeCluster.start({
      onProduce: script('store and close', 'close', 'close', 'close', 'close'),
    })
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(await outcome(destination.deliver(identify('a'), signal))).toBe('retryable connection_reset')
    await destination.deliver(identify('b'), signal)
    expect(cluster.ids()).toEqual(named('a', 'b'))
    expect(new Set(cluster.seen.map(({ producerId }) => producerId))).toEqual(new Set([1_000n, 1_001n]))
  })

  it('leaves later batches of the partition for another try, in order', async () => {
    const cluster = await FakeCluster.start({ onProduce: script('close', 'close', 'close', 'close', 'close') })
    const destination = connectKafka({ brokers: cluster.addresses })
    const all = KEYS.slice(0, 2).map((id) => identify(id, { text: 'x'.repeat(700_000) }))
    expect(shown(await destination.deliverBatch(all, signal))).toEqual(Array(2).fill('retryable connection_reset'))
    expect(cluster.ids()).toEqual([])
  })
})

describe('leaders', () => {
  it('are found where they have moved to', async () => {
    const cluster = await FakeCluster.start({ brokers: 2, topics: { calls: 2 } })
    const destination = connectKafka({ brokers: [cluster.addresses[0]!] })
    const all = calls(...KEYS)
    await destination.deliverBatch(all, signal)
    expect(new Set(cluster.seen.map(({ broker }) => broker))).toEqual(new Set([0, 1]))
    cluster.moveLeader('calls', 0, 1)
    expect(shown(await destination.deliverBatch(all, signal))).toEqual(Array(8).fill('arrived'))
    expect([...cluster.ids('calls', 0), ...cluster.ids('calls', 1)]).toHaveLength(16)
  })

  it('that are missing have the call tried again later', async () => {
    const cluster = await FakeCluster.start()
    cluster.moveLeader('calls', 0, -1)
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(await outcome(destination.deliver(identify('a'), signal))).toBe('retryable no_leader')
  })

  it('are asked for anew after five minutes, with partitions that were added', async () => {
    const cluster = await FakeCluster.start({ topics: { calls: 1 } })
    let now = 0
    const destination = connectKafka({ brokers: cluster.addresses }, { clock: () => now })
    await destination.deliverBatch(calls(...KEYS), signal)
    cluster.addTopic('calls', 8)
    now = 299_999
    await destination.deliverBatch(calls(...KEYS), signal)
    expect(new Set(cluster.seen.map(({ partition }) => partition))).toEqual(new Set([0]))
    now = 300_000
    await destination.deliverBatch(calls(...KEYS), signal)
    expect(new Set(cluster.seen.map(({ partition }) => partition)).size).toBeGreaterThan(2)
  })
})

describe('a login', () => {
  const user = { username: 'a=b,c', password: 'päss word' }
  const users = { [user.username]: user.password }

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('by %s is let in with the right password alone', async (how) => {
    const cluster = await FakeCluster.start({ users })
    const brokers = cluster.addresses
    const destination = connectKafka({ brokers, saslMechanism: how, ...user })
    await destination.deliver(identify('a'), signal)
    expect(cluster.ids()).toEqual(named('a'))
    const wrong = connectKafka({ brokers, saslMechanism: how, ...user, password: 'other' })
    expect(await outcome(wrong.deliver(identify('b'), signal))).toBe('retryable sasl_failed')
    expect(await outcome(wrong.testConnection(signal))).toBe('retryable sasl_failed')
    expect(cluster.ids()).toEqual(named('a'))
  })

  it('by a mechanism that the broker lacks is refused', async () => {
    const cluster = await FakeCluster.start({ users, mechanisms: ['PLAIN'] })
    const destination = connectKafka({ brokers: cluster.addresses, saslMechanism: 'scram-sha-512', ...user })
    await expect(destination.testConnection(signal)).rejects.toMatchObject({
      reason: 'sasl_failed',
      message: 'The broker does not know the mechanism: see saslMechanism.',
    })
  })

  it('ends at a broker that does not know the password', async () => {
    const cluster = await FakeCluster.start({ users, isImpostor: true })
    const destination = connectKafka({ brokers: cluster.addresses, saslMechanism: 'scram-sha-256', ...user })
    await expect(destination.deliver(identify('a'), signal)).rejects.toMatchObject({
      reason: 'sasl_failed',
      message: 'The broker does not prove that it knows the password.',
    })
    expect(cluster.seen).toEqual([])
  })

  it('is made again on a new connection before it ends', async () => {
    const cluster = await FakeCluster.start({ users, loginLifetimeMs: 10_000 })
    let now = 0
    const settings = { brokers: cluster.addresses, saslMechanism: 'plain', ...user }
    const destination = connectKafka(settings, { clock: () => now })
    await destination.deliver(identify('a'), signal)
    now = 7_999
    await destination.deliver(identify('b'), signal)
    expect(cluster.sockets).toHaveLength(1)
    now = 8_000
    await destination.deliver(identify('c'), signal)
    expect(cluster.sockets).toHaveLength(2)
    await until(() => cluster.liveSockets === 1)
    expect(cluster.ids()).toEqual(named('a', 'b', 'c'))
  })
})

describe('TLS', () => {
  it('trusts the certificates of the settings', async () => {
    const tls = await makeCertificate()
    const cluster = await FakeCluster.start({ tls })
    const brokers = cluster.addresses
    const destination = connectKafka({ brokers, tls: true, ca: tls.cert })
    await destination.deliver(identify('a'), signal)
    expect(cluster.ids()).toEqual(named('a'))
    const byName = connectKafka({ brokers: [brokers[0]!.replace('127.0.0.1', 'localhost')], tls: true, ca: tls.cert })
    await byName.deliver(identify('b'), signal)
    expect(cluster.ids()).toEqual(named('a', 'b'))
  })

  it('asks a broker for the certificate of its name', async () => {
    const [tls, other] = await Promise.all([makeCertificate(), makeCertificate()])
    const asked: string[] = []
    const cluster = await FakeCluster.start({
      tls: {
        ...other,
        SNICallback: (name, give) => {
          asked.push(name)
          give(null, createSecureContext(tls))
        },
      },
    })
    const brokers = [cluster.addresses[0]!.replace('127.0.0.1', 'localhost')]
    const destination = connectKafka({ brokers, tls: true, ca: tls.cert, topic: '{key}' })
    await destination.testConnection(signal)
    expect(asked).toEqual(['localhost'])
  })

  it('trusts no other', async () => {
    const [tls, other] = await Promise.all([makeCertificate(), makeCertificate()])
    const cluster = await FakeCluster.start({ tls })
    for (const settings of [{}, { ca: other.cert }]) {
      const destination = connectKafka({ brokers: cluster.addresses, tls: true, ...settings })
      expect(await outcome(destination.deliver(identify('a'), signal))).toBe('retryable tls')
    }
    expect(cluster.requests).toEqual([])
  })
})

describe('an address', () => {
  it('that is private is not connected to, by name or literally', async () => {
    const cluster = await FakeCluster.start()
    const [address] = cluster.addresses
    for (const broker of [
      address!,
      address!.replace('127.0.0.1', 'localhost'),
      address!.replace('127.0.0.1', '127.1'),
    ]) {
      const destination = connectKafka({ brokers: [broker] }, { allowPrivate: false })
      expect(await outcome(destination.deliver(identify('a'), signal))).toBe('terminal blocked_address')
      expect(await outcome(destination.testConnection(signal))).toBe('terminal blocked_address')
    }
    expect(cluster.sockets).toEqual([])
  })

  it('that a broker names is not connected to either', async () => {
    const cluster = await FakeCluster.start({ advertisedHost: '127.0.0.2' })
    const sink = await listen(createServer(), '127.0.0.2')
    const destination = connectKafka({ brokers: cluster.addresses }, { allowPrivate: ['127.0.0.1'] })
    expect(await outcome(destination.deliver(identify('a'), signal))).toBe('terminal blocked_address')
    expect(sink.sockets).toEqual([])
    expect(cluster.seen).toEqual([])
  })

  it('at which nobody listens is passed over for the next', async () => {
    const cluster = await FakeCluster.start()
    const destination = connectKafka({ brokers: [`127.0.0.1:${await freePort()}`, ...cluster.addresses] })
    await destination.deliver(identify('a'), signal)
    expect(cluster.ids()).toEqual(named('a'))
  })

  it('at which nothing answers is passed over within the time of a try', async () => {
    const silent = await listen(createServer())
    const cluster = await FakeCluster.start()
    const destination = connectKafka({ brokers: [`127.0.0.1:${silent.port}`, ...cluster.addresses], timeoutSeconds: 9 })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const delivered = destination.deliver(identify('a'), signal)
    await until(() => silent.sockets.length > 0)
    vi.advanceTimersByTime(3_000)
    await delivered
    expect(cluster.ids()).toEqual(named('a'))
  })

  it('at which somebody answers otherwise than a broker is none', async () => {
    const { port } = await listen(
      createServer((socket) => {
        // As long as it says, and of the right number; but it ends before its last field.
        socket.on('data', (request) => socket.write(Buffer.from([0, 0, 0, 6, ...request.subarray(8, 12), 0, 0])))
      }),
    )
    const destination = connectKafka({ brokers: [`127.0.0.1:${port}`] })
    expect(await outcome(destination.testConnection(signal))).toBe('retryable invalid_answer')
  })

  it('at which something else listens is no broker', async () => {
    const { port } = await serve((_, response) => response.end('a page'))
    const destination = connectKafka({ brokers: [`127.0.0.1:${port}`] })
    expect(await outcome(destination.testConnection(signal))).toBe('retryable invalid_answer')
  })

  it('at which a broker is too old is refused', async () => {
    const cluster = await FakeCluster.start({ lacks: [22] })
    const destination = connectKafka({ brokers: cluster.addresses })
    expect(await outcome(destination.deliver(identify('a'), signal))).toBe('terminal unsupported_version')
  })
})

describe('time', () => {
  it('that is up ends the waiting at once, and the next call comes after what was sent', async () => {
    const first = held()
    const reactions = [first.reaction]
    const cluster = await FakeCluster.start({ onProduce: () => reactions.shift() ?? 'store' })
    const destination = connectKafka({ brokers: cluster.addresses })
    const controller = new AbortController()
    const delivered = outcome(destination.deliver(identify('a'), controller.signal))
    await until(() => cluster.seen.length > 0)
    controller.abort()
    expect(await delivered).toBe('retryable timeout')
    expect(cluster.liveSockets).toBe(1)
    const next = destination.deliver(identify('b'), signal)
    first.release()
    await next
    expect(cluster.ids()).toEqual(named('a', 'b'))
  })

  it('that is up before anything is sent has nothing sent', async () => {
    const cluster = await FakeCluster.start()
    const destination = connectKafka({ brokers: cluster.addresses })
    await destination.deliver(identify('a'), signal)
    expect(await outcome(destination.deliver(identify('b'), AbortSignal.abort()))).toBe('retryable timeout')
    await destination.deliver(identify('c'), signal)
    expect(cluster.ids()).toEqual(named('a', 'c'))
  })

  it('for an answer ends the connection', async () => {
    const cluster = await FakeCluster.start({ onProduce: script('hang', 'hang', 'hang', 'hang', 'hang') })
    const destination = connectKafka({ brokers: cluster.addresses, timeoutSeconds: 7 })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const delivered = outcome(destination.deliver(identify('a'), signal))
    for (let attempt = 1; attempt <= 5; attempt++) {
      await until(() => cluster.seen.length === attempt)
      vi.advanceTimersByTime(7_000)
      await until(() => cluster.liveSockets === 0)
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(await delivered).toBe('retryable timeout')
  })
})

describe('closing', () => {
  it('waits for what is on its way, and leaves neither socket nor timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const first = held()
    const cluster = await FakeCluster.start({ brokers: 2, topics: { calls: 2 }, onProduce: () => first.reaction })
    const destination = connectKafka({ brokers: cluster.addresses })
    const delivered = destination.deliverBatch(calls(...KEYS), signal)
    await until(() => cluster.seen.length === 2)
    const closed = destination.close()
    expect(cluster.liveSockets).toBe(2)
    first.release()
    expect(shown(await delivered)).toEqual(Array(8).fill('arrived'))
    await closed
    await until(() => cluster.liveSockets === 0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends connections that are being made', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const silent = await listen(createServer((socket) => socket.resume()))
    const destination = connectKafka({ brokers: [`127.0.0.1:${silent.port}`] })
    const delivered = outcome(destination.deliver(identify('a'), signal))
    await until(() => silent.sockets.length > 0)
    await destination.close()
    expect(await delivered).toBe('retryable connection_closed')
    await until(() => silent.sockets.every(({ destroyed }) => destroyed))
    expect(vi.getTimerCount()).toBe(0)
    expect(await outcome(destination.deliver(identify('b'), signal))).toBe('retryable connection_closed')
    expect(silent.sockets).toHaveLength(1)
  })
})

describe('the test of the settings', () => {
  it('writes nothing, and creates no topic', async () => {
    const cluster = await FakeCluster.start()
    await connectKafka({ brokers: cluster.addresses }).testConnection(signal)
    await connectKafka({ brokers: cluster.addresses, topic: 'of.{key}' }).testConnection(signal)
    expect(cluster.seen).toEqual([])
    expect(new Set(cluster.requests)).toEqual(new Set([18, 3, 22]))
  })

  it('ends with its time', async () => {
    const silent = await listen(createServer())
    const destination = connectKafka({ brokers: [`127.0.0.1:${silent.port}`] })
    const controller = new AbortController()
    const tested = outcome(destination.testConnection(controller.signal))
    await until(() => silent.sockets.length > 0)
    controller.abort()
    expect(await tested).toBe('retryable timeout')
    expect(silent.sockets.map(({ destroyed }) => destroyed)).toEqual([false])
  })
})
