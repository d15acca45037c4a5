/** Memberships and values in a Redis, as its readers find them: after each kind of call, and after failures. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAddresses } from '../../destinations/contract/address-guard.ts'
import { type Destination, type DestinationContext, DeliveryError } from '../../destinations/contract/destination.ts'
import { redisDestination } from '../../destinations/redis/redis.ts'
import { parseSettings } from '../../destinations/registry.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { makeCertificate } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { TcpRedis } from '../support/tcp-redis.ts'
import { group, identify, PERSONAS, track } from './calls.ts'
import { closed, listen, type Loopback, serveRaw } from './contract/loopback.ts'
import { contextWith } from './context.ts'

const PASSWORD = 'hush-hush'
const PERSON = 'u1-person'
const { signal } = new AbortController()

let redis: TcpRedis

beforeAll(async () => {
  redis = await TcpRedis.start()
})

afterAll(() => redis.kill())

beforeEach(() => redis.ask('FLUSHALL'))

interface Given extends JsonObject {
  readonly url: string
}

/** A destination that is closed after its test. */
function connect(settings: Partial<Given> = {}, context: Partial<DestinationContext> = {}): Destination {
  const parsed = parseSettings(redisDestination, { url: redis.url, ...settings })
  const destination = redisDestination.connect(parsed, contextWith({ destinationId: 'dst_1', ...context }))
  onTestFinished(() => destination.close!())
  return destination
}

/** The outcome of each call; none names a person or a secret. */
async function apply(destination: Destination, ...calls: DeliveryCall[]): Promise<string[]> {
  try {
    const failures = await destination.deliverBatch!(calls, signal)
    return failures.map((failure) => (failure ? outcomeOf(failure) : 'arrived'))
  } catch (error) {
    return calls.map(() => outcomeOf(error))
  }
}

function outcomeOf(error: unknown): string {
  if (!(error instanceof DeliveryError)) throw error
  const { cause, message } = error
  expect(`${message} ${cause instanceof Error ? cause.message : ''}`).not.toMatch(/hush|u1-person|vips/)
  return `${error.kind} ${error.reason}`
}

async function tested(destination: Destination): Promise<string> {
  return destination.testConnection!(signal).then(() => 'works', outcomeOf)
}

async function members(key = 'rollcall:audience:vips'): Promise<string[]> {
  return ((await redis.ask('SMEMBERS', key)) as string[]).sort()
}

/** The values of all keys but the writer's, by name. */
async function values(prefix = 'rollcall:value:'): Promise<Record<string, unknown>> {
  const keys = ((await redis.ask('KEYS', `${prefix}*`)) as string[]).sort()
  const entries = await Promise.all(keys.map(async (key) => [key.slice(prefix.length), await redis.ask('GET', key)]))
  return Object.fromEntries(entries) as Record<string, unknown>
}

const left = { vips: false }

function ofTrait(userId: string, value: JsonValue): DeliveryCall {
  const personas = { ...PERSONAS, computation_class: 'trait', computation_key: 'total' } as const
  return identify(userId, { total: value }, { context: { personas } })
}

describe('the layout of sets', () => {
  it('has a set of those who are in an audience', async () => {
    const destination = connect()
    expect(await apply(destination, identify('u1'), identify('u2'), identify('u3'))).toEqual(Array(3).fill('arrived'))
    expect(await members()).toEqual(['user_id:u1', 'user_id:u2', 'user_id:u3'])
    await apply(destination, identify('u2', left), identify('u4'))
    expect(await members()).toEqual(['user_id:u1', 'user_id:u3', 'user_id:u4'])
  })

  it('has no set of an audience without members', async () => {
    const destination = connect()
    await apply(destination, identify('u1'))
    await apply(destination, identify('u1', left))
    expect(await redis.ask('KEYS', '*')).toEqual(['rollcall:writer:dst_1'])
  })

  it('has each audience by itself', async () => {
    const other = { personas: { ...PERSONAS, computation_key: 'regulars' } }
    await apply(connect(), identify('u1'), identify('u2', { regulars: true }, { context: other }))
    expect([await members(), await members('rollcall:audience:regulars')]).toEqual([['user_id:u1'], ['user_id:u2']])
  })

  it.each<[string, DeliveryCall, string[]]>([
    ['a user', identify('u1'), ['user_id:u1']],
    ['a user with an email', identify('u1', { vips: true, email: 'e1' }), ['email:e1', 'user_id:u1']],
    ['a user with an email, by a track call', track('u1', { vips: true }, 'e1'), ['email:e1', 'user_id:u1']],
    ['an account', group('g1', { vips: true, email: 'e1' }), ['group_id:g1']],
    ['who is anonymous', identify('', { vips: true }, { anonymousId: 'a1' }), ['anonymous_id:a1']],
    ['who is known by email', identify('', { vips: true, email: 'e1' }, { anonymousId: 'a1' }), ['email:e1']],
    ['other ids, each', identify('u1', { vips: true }, ofIds('ios.idfa', 'crm_id')), IDS],
  ])('names %s', async (_, call, expected) => {
    const destination = connect()
    expect(await apply(destination, call)).toEqual(['arrived'])
    expect(await members()).toEqual(expected)
    const exit = call.type === 'track' ? { properties: { ...call.properties, ...left } } : {}
    const traits = call.type === 'track' ? {} : { traits: { ...call.traits, ...left } }
    await apply(destination, { ...call, ...exit, ...traits })
    expect(await members()).toEqual([])
  })

  it.each<[string, DeliveryCall, string]>([
    ['a computed trait', ofTrait(PERSON, 5), 'terminal not_a_membership'],
    ['a membership that is text', identify(PERSON, { vips: 'true' }), 'terminal not_a_membership'],
    ['no membership', identify(PERSON, {}), 'terminal no_value'],
    ['nobody', identify('', { vips: true }), 'terminal no_identity'],
  ])('takes no %s, and all others', async (_, call, expected) => {
    expect(await apply(connect(), identify('u1'), call, identify('u2'))).toEqual(['arrived', expected, 'arrived'])
    expect(await members()).toEqual(['user_id:u1', 'user_id:u2'])
  })
})

const IDS = ['crm_id:e1', 'ios.idfa:e1', 'user_id:u1']

function ofIds(...types: readonly string[]) {
  const externalIds = types.map((type) => ({ type, id: 'e1', collection: 'users', encoding: 'none' }) as const)
  return { context: { personas: PERSONAS, externalIds } }
}

describe('the layout of keys', () => {
  it.each<JsonValue>([true, false, 0, -1.5, 'gold', '', ['a', 'ü'], { a: { b: null } }])(
    'has a value as JSON: %j',
    async (value) => {
      expect(await apply(connect({ layout: 'keys' }), ofTrait('u1', value))).toEqual(['arrived'])
      expect(await values()).toEqual({ 'total:user_id:u1': JSON.stringify(value) })
    },
  )

  it('has the last value of each identity, and none where the last is null', async () => {
    const destination = connect({ layout: 'keys' })
    await apply(destination, ofTrait('u1', 1), ofTrait('u2', 2), ofTrait('u1', 3))
    expect(await values()).toEqual({ 'total:user_id:u1': '3', 'total:user_id:u2': '2' })
    await apply(destination, ofTrait('u1', null))
    expect(await values()).toEqual({ 'total:user_id:u2': '2' })
  })

  it('has memberships, of those who have left too', async () => {
    await apply(connect({ layout: 'keys' }), identify('u1'), identify('u2', { vips: false, email: 'e2' }))
    expect(await values()).toEqual({ 'vips:user_id:u1': 'true', 'vips:user_id:u2': 'false', 'vips:email:e2': 'false' })
    expect(await members()).toEqual([])
  })

  it('lets values expire if that is asked for, later if they are written again', async () => {
    const destination = connect({ layout: 'keys', ttlSeconds: 1_000 })
    await apply(destination, ofTrait('u1', 1))
    const ttl = () => redis.ask('TTL', 'rollcall:value:total:user_id:u1')
    expect(await ttl()).toSatisfy((seconds: number) => seconds > 900 && seconds <= 1_000)
    await redis.ask('EXPIRE', 'rollcall:value:total:user_id:u1', 5)
    await apply(destination, ofTrait('u1', 1))
    expect(await ttl()).toSatisfy((seconds: number) => seconds > 900)
    await apply(connect({ layout: 'keys' }), ofTrait('u1', 1))
    expect(await ttl()).toBe(-1)
  })
})

describe('both layouts', () => {
  it('have audiences twice, and computed traits as keys', async () => {
    await apply(connect({ layout: 'both', ttlSeconds: 60 }), identify('u1'), identify('u2', left), ofTrait('u1', 7))
    expect(await members()).toEqual(['user_id:u1'])
    const memberships = { 'vips:user_id:u1': 'true', 'vips:user_id:u2': 'false' }
    expect(await values()).toEqual({ ...memberships, 'total:user_id:u1': '7' })
    expect(await redis.ask('TTL', 'rollcall:audience:vips')).toBe(-1)
  })

  it('begin with the prefix, in the database of the URL', async () => {
    await apply(connect({ url: `${redis.url}/3`, layout: 'both', keyPrefix: 'p:' }), identify('u1'))
    expect(await redis.ask('DBSIZE')).toBe(0)
    const keys = await redis.ask('EVAL', "redis.call('SELECT', 3) return redis.call('KEYS', '*')", 0)
    expect((keys as string[]).sort()).toEqual(['p:audience:vips', 'p:value:vips:user_id:u1', 'p:writer:dst_1'])
  })
})

describe('a batch', () => {
  it('is as its last call says, and one command', async () => {
    const destination = connect({ layout: 'both' })
    await apply(destination)
    await redis.ask('CONFIG', 'RESETSTAT')
    await apply(destination, identify('u1'), identify('u2', left), identify('u1', left), identify('u2'))
    expect(await members()).toEqual(['user_id:u2'])
    expect(await values()).toEqual({ 'vips:user_id:u1': 'false', 'vips:user_id:u2': 'true' })
    expect(await redis.ask('INFO', 'commandstats')).toMatch(/cmdstat_eval:calls=1,/)
  })

  it('of a thousand calls with many ids each is written', async () => {
    const ids = ofIds(...Array.from({ length: 40 }, (_, nth) => `type_${nth}`))
    const calls = Array.from({ length: 1_000 }, (_, nth) => identify(`u${nth}`, { vips: true }, ids))
    expect(new Set(await apply(connect({ layout: 'both' }), ...calls))).toEqual(new Set(['arrived']))
    expect(await members()).toHaveLength(1_040)
  })

  it('has failed at the calls alone whose key holds something else', async () => {
    await redis.ask('SET', 'rollcall:audience:vips', 'a text')
    const other = { personas: { ...PERSONAS, computation_key: 'regulars' } }
    const calls = [identify(PERSON), identify('u2', { regulars: true }, { context: other })]
    expect(await apply(connect(), ...calls)).toEqual(['terminal wrong_type', 'arrived'])
    expect(await members('rollcall:audience:regulars')).toEqual(['user_id:u2'])
  })

  it('shares one connection with batches of other lanes', async () => {
    const destination = connect()
    const batches = Array.from({ length: 8 }, (_, nth) => apply(destination, identify(`u${nth}`)))
    expect(new Set((await Promise.all(batches)).flat())).toEqual(new Set(['arrived']))
    expect(await members()).toHaveLength(8)
    expect(await connections()).toBe(1)
  })
})

/** Connections of clients other than the one that asks. */
async function connections(): Promise<number> {
  const clients = (await redis.ask('CLIENT', 'LIST')) as string
  return clients
    .trim()
    .split('\n')
    .filter((line) => !line.includes('cmd=client')).length
}

describe('once more', () => {
  it('twice is as once, call by call and as a batch, by this process and the next', async () => {
    const calls = [identify('u1'), identify('u2', left), ofTrait('u1', 1), ofTrait('u1', null), ofTrait('u2', 2)]
    const state = async () => [await members(), await values()]
    const destination = connect({ layout: 'both' })
    await apply(destination, ...calls)
    const before = await state()
    await apply(destination, ...calls)
    expect(await state()).toEqual(before)
    for (const call of calls) await apply(destination, call)
    expect(await state()).toEqual(before)
    await apply(connect({ layout: 'both' }), ...calls)
    expect(await state()).toEqual(before)
  })

  it('a value whose instant is earlier is the later one, as it comes later', async () => {
    const destination = connect()
    const [earlier, later] = ['2026-03-01T12:00:00.000Z', '2026-03-02T12:00:00.000Z']
    await apply(destination, identify('u1', left, { timestamp: later }))
    await apply(destination, identify('u1', { vips: true }, { timestamp: earlier }))
    expect(await members()).toEqual(['user_id:u1'])
  })
})

/** A way to the server that can hold back what a client sends, even after the client has gone. */
async function slowLink() {
  const held: (() => Promise<unknown>)[] = []
  let isHolding = false
  const link = await listen(
    createServer((client) => {
      const server = connectTcp(redis.port, '127.0.0.1')
      server.on('data', (chunk) => client.write(chunk))
      client.on('data', (chunk) => {
        const pass = () => {
          server.write(chunk)
          return once(server, 'data')
        }
        if (isHolding) held.push(pass)
        else server.write(chunk)
      })
      onTestFinished(() => void server.destroy())
    }),
  )
  const hold = (holds: boolean) => {
    isHolding = holds
  }
  const release = async (): Promise<string> => {
    const [[answer]] = (await Promise.all(held.splice(0).map((pass) => pass()))) as [[Buffer]]
    return answer.toString()
  }
  return { url: `redis://127.0.0.1:${link.port}`, hold, release, held, sockets: link.sockets }
}

describe('a call that comes to the server late', () => {
  /** Gives up the first call while it is under way. */
  async function givenUp() {
    const link = await slowLink()
    const destination = connect({ url: link.url, layout: 'both' })
    await apply(destination, identify('u9'))
    link.hold(true)
    const controller = new AbortController()
    const first = destination.deliverBatch!([identify('u1')], controller.signal).catch(outcomeOf)
    await eventually(() => expect(link.held).toHaveLength(1))
    controller.abort()
    expect(await first).toBe('retryable timeout')
    link.hold(false)
    return { link, destination }
  }

  it('does not undo what came after it', async () => {
    const { link, destination } = await givenUp()
    expect(await apply(destination, identify('u1'))).toEqual(['arrived'])
    expect(await apply(destination, identify('u1', left))).toEqual(['arrived'])
    expect(await link.release()).toMatch(/^-SUPERSEDED/)
    expect([await members(), await values()]).toEqual([
      ['user_id:u9'],
      { 'vips:user_id:u1': 'false', 'vips:user_id:u9': 'true' },
    ])
  })

  it('is written if nothing came after it', async () => {
    const { link } = await givenUp()
    await link.release()
    expect(await members()).toEqual(['user_id:u1', 'user_id:u9'])
  })

  it('does not undo what another process has written', async () => {
    const { link } = await givenUp()
    await apply(connect({ layout: 'both' }), identify('u1', left))
    expect(await link.release()).toMatch(/^-SUPERSEDED/)
    expect(await members()).toEqual(['user_id:u9'])
  })
})

describe('two writers', () => {
  it('of different destinations do not disturb one another', async () => {
    const others = [connect({}, { destinationId: 'dst_2' }), connect()]
    for (let round = 0; round < 2; round++)
      for (const [nth, destination] of others.entries())
        expect(await apply(destination, identify(`u${nth}`))).toEqual(['arrived'])
  })

  it('of one destination take turns: the one before is told, and may come again', async () => {
    const [before, after] = [connect(), connect()]
    await apply(before, identify('u1'))
    await apply(after, identify('u2'))
    expect(await apply(before, identify('u3'))).toEqual(['retryable superseded'])
    expect(await members()).toEqual(['user_id:u1', 'user_id:u2'])
    expect(await apply(before, identify('u3'))).toEqual(['arrived'])
  })
})

describe('credentials', () => {
  afterEach(async () => {
    await redis.ask('ACL', 'SETUSER', 'default', 'on', 'nopass', '~*', '&*', '+@all')
    await redis.ask('ACL', 'DELUSER', 'writer')
  })

  /** Asks for a password from now on; the connection of the test stays. */
  async function requirePassword(): Promise<void> {
    await redis.ask('ACL', 'SETUSER', 'writer', 'reset', 'on', `>${PASSWORD}`, '~rollcall:*', '+@write', '+@read')
    await redis.ask('ACL', 'SETUSER', 'writer', '+eval', '+select')
  }

  it('are used', async () => {
    await requirePassword()
    const destination = connect({ username: 'writer', password: PASSWORD })
    expect([await tested(destination), await apply(destination, identify('u1'))]).toEqual(['works', ['arrived']])
  })

  it.each([
    ['another password', { username: 'writer', password: `${PASSWORD}-2` }, 'retryable authentication'],
    ['another user', { username: 'reader', password: PASSWORD }, 'retryable authentication'],
    ['a password where there is none', { password: PASSWORD }, 'retryable authentication'],
    ['keys that the user may not write', { username: 'writer', password: PASSWORD, keyPrefix: 'p:' }, FORBIDDEN],
  ])('are refused: %s', async (_, settings, expected) => {
    await requirePassword()
    const destination = connect(settings)
    expect([await tested(destination), await apply(destination, identify(PERSON))]).toEqual([expected, [expected]])
    expect(await redis.ask('KEYS', '*')).toEqual([])
  })

  it('are asked for', async () => {
    const { url } = await answering(() => '-NOAUTH Authentication required.\r\n')
    expect(await apply(connect({ url }), identify(PERSON))).toEqual(['retryable authentication'])
  })

  it('may lack the right to a command', async () => {
    await requirePassword()
    await redis.ask('ACL', 'SETUSER', 'writer', '-sadd')
    const destination = connect({ username: 'writer', password: PASSWORD })
    expect([await tested(destination), await apply(destination, identify(PERSON))]).toEqual([FORBIDDEN, [FORBIDDEN]])
  })
})

const FORBIDDEN = 'retryable forbidden'

/** A server that answers every command alike. */
async function answering(answer: () => string): Promise<Loopback> {
  const server = await listen(
    createServer((socket) => {
      socket.on('data', () => socket.write(answer()))
    }),
  )
  return { ...server, url: `redis://127.0.0.1:${server.port}` }
}

describe('a server', () => {
  it('that was killed takes calls again once it is back', async () => {
    const destination = connect()
    await apply(destination, identify('u1'))
    await redis.kill()
    expect(await apply(destination, identify(PERSON))).toEqual([expect.stringMatching(/^retryable connection_re/)])
    expect(await apply(destination, identify(PERSON))).toEqual(['retryable connection_refused'])
    await redis.start()
    expect(await apply(destination, identify('u2'))).toEqual(['arrived'])
    expect(await members()).toEqual(['user_id:u1', 'user_id:u2'])
  })

  it('that has closed an idle connection is connected to anew', async () => {
    const link = await slowLink()
    const destination = connect({ url: link.url })
    await apply(destination, identify('u1'))
    const [socket] = link.sockets
    socket!.end()
    await closed(socket!)
    // The other side of the same socket, in this process, has yet to hear of it.
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    expect(await apply(destination, identify('u2'))).toEqual(['arrived'])
  })

  it('without memory lets members leave, and takes others once it has some', async () => {
    const destination = connect({ layout: 'both' })
    await apply(destination, identify('u1'))
    await redis.ask('CONFIG', 'SET', 'maxmemory', '1')
    try {
      const calls = [identify(PERSON), identify('u1', left)]
      expect(await apply(destination, ...calls)).toEqual(['retryable out_of_memory', 'arrived'])
      expect([await members(), await values()]).toEqual([[], { 'vips:user_id:u1': 'false' }])
      expect(await tested(destination)).toBe('retryable out_of_memory')
    } finally {
      await redis.ask('CONFIG', 'SET', 'maxmemory', '0')
    }
    expect(await apply(destination, identify('u2'), identify('u1', left))).toEqual(['arrived', 'arrived'])
    expect(await members()).toEqual(['user_id:u2'])
  })

  it('that has become a replica takes nothing, and is looked for anew', async () => {
    const destination = connect()
    await apply(destination, identify('u1'))
    await redis.ask('REPLICAOF', '127.0.0.1', '1')
    try {
      expect(await apply(destination, identify(PERSON))).toEqual(['retryable read_only'])
      expect(await connections()).toBe(0)
      expect(await apply(destination, identify(PERSON))).toEqual(['retryable read_only'])
    } finally {
      await redis.ask('REPLICAOF', 'NO', 'ONE')
    }
    expect(await apply(destination, identify('u2'))).toEqual(['arrived'])
  })

  it('that has lost the name of the writer is told it again', async () => {
    const destination = connect()
    await apply(destination, identify('u1'))
    await redis.ask('FLUSHALL')
    expect(await apply(destination, identify('u2'))).toEqual(['retryable superseded'])
    expect(await apply(destination, identify('u2'))).toEqual(['arrived'])
  })

  it.each([
    ['-LOADING Redis is loading the dataset in memory', 'retryable loading'],
    ['-BUSY Redis is busy running a script.', 'retryable busy'],
    ['-READONLY You can’t write against a read only replica.', 'retryable read_only'],
    ['-OOM command not allowed when used memory > maxmemory', 'retryable out_of_memory'],
    ['-MISCONF Redis is configured to save RDB snapshots', 'retryable not_persistent'],
    ['-MASTERDOWN Link with MASTER is down', 'retryable unavailable'],
    ['-NOREPLICAS Not enough good replicas to write.', 'retryable unavailable'],
    ['-CLUSTERDOWN The cluster is down', 'retryable unavailable'],
    ['-TRYAGAIN Multiple keys request during rehashing of slot', 'retryable unavailable'],
    ['-MOVED 3999 127.0.0.1:6381', 'retryable cluster'],
    ['-ASK 3999 127.0.0.1:6381', 'retryable cluster'],
    ["-CROSSSLOT Keys in request don't hash to the same slot", 'retryable cluster'],
    ['-NOPERM this user has no permissions', 'retryable forbidden'],
    ['-DENIED Redis is running in protected mode', 'retryable forbidden'],
    ['-ERR max number of clients reached', 'retryable refused'],
    ['-vips of u1-person', 'retryable refused'],
    ['HTTP/1.1 400 Bad Request', 'retryable invalid_answer'],
  ])('that says %s', async (answer, expected) => {
    const { url, sockets } = await answering(() => `${answer}\r\n`)
    const destination = connect({ url })
    expect([await apply(destination, identify(PERSON)), await tested(destination)]).toEqual([[expected], expected])
    await Promise.all(sockets.map(closed))
  })

  it('that has not so many databases', async () => {
    expect(await tested(connect({ url: `${redis.url}/999` }))).toBe('retryable no_such_database')
  })

  it('that closes without a word', async () => {
    const { port } = await serveRaw((socket) => socket.destroy())
    const destination = connect({ url: `redis://127.0.0.1:${port}` })
    expect(await apply(destination, identify(PERSON))).toEqual(['retryable connection_reset'])
  })

  it('whose name is not known', async () => {
    const lookup = createAddresses(true).lookup
    expect(await apply(connect({ url: 'redis://nobody.invalid' }, at(lookup)), identify(PERSON))).toEqual([
      'retryable dns',
    ])
  })
})

function at(lookup: DestinationContext['addresses']['lookup']): Partial<DestinationContext> {
  return { addresses: { isAllowed: () => true, lookup } }
}

describe('by TLS', () => {
  /** The server, behind a certificate. */
  async function behindTls() {
    const { cert, key } = await makeCertificate()
    const server: Server = createTlsServer({ cert, key }, (client) => {
      const plain: Socket = connectTcp(redis.port, '127.0.0.1')
      plain.pipe(client).pipe(plain)
      client.on('error', () => undefined)
      onTestFinished(() => void plain.destroy())
    })
    const { port } = await listen(server)
    return { cert, port }
  }

  it.each(['localhost', '127.0.0.1'])('a server at %s is known by the authority of the settings', async (host) => {
    const { cert, port } = await behindTls()
    const destination = connect({ url: `rediss://${host}:${port}`, ca: cert })
    expect(await apply(destination, identify('u1'))).toEqual(['arrived'])
    expect(await members()).toEqual(['user_id:u1'])
  })

  it('a certificate that nobody trusts is refused, and one of another name', async () => {
    const { cert, port } = await behindTls()
    const refused = [
      connect({ url: `rediss://localhost:${port}` }),
      connect({ url: `rediss://other.test:${port}`, ca: cert }, at(toLoopback)),
      connect({ url: `rediss://localhost:${port}`, ca: '-----BEGIN CERTIFICATE-----\nx' }),
    ]
    for (const destination of refused) expect(await apply(destination, identify(PERSON))).toEqual(['retryable tls'])
  })

  it('a server that speaks none is refused', async () => {
    const { port } = await answering(() => '-ERR Protocol error')
    const destination = connect({ url: `rediss://127.0.0.1:${port}` })
    expect(await apply(destination, identify(PERSON))).toEqual(['retryable tls'])
  })
})

const toLoopback: DestinationContext['addresses']['lookup'] = (_, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}

describe('a private address', () => {
  const addresses = createAddresses(false)

  it.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '127.1', '0x7f000001', '2130706433'])(
    'is not connected to: %s',
    async (host) => {
      const { port, sockets } = await serveRaw(() => undefined)
      for (const scheme of ['redis', 'rediss']) {
        const destination = connect({ url: `${scheme}://${host}:${port}` }, { addresses })
        expect(await apply(destination, identify(PERSON))).toEqual(['terminal blocked_address'])
        expect(await tested(destination)).toBe('terminal blocked_address')
      }
      expect(sockets).toEqual([])
    },
  )
})

describe('an aborted signal', () => {
  it('ends a call that is not answered, and its connection', async () => {
    const controller = new AbortController()
    const { port, sockets } = await serveRaw(() => controller.abort())
    const destination = connect({ url: `redis://127.0.0.1:${port}` })
    const failed = destination.deliver(identify(PERSON), controller.signal).catch(outcomeOf)
    expect(await failed).toBe('retryable timeout')
    await closed(sockets[0]!)
  })

  it('ends a call whose name is being looked up', async () => {
    const controller = new AbortController()
    const lookup = () => queueMicrotask(() => controller.abort())
    const destination = connect({ url: 'redis://somewhere.test' }, at(lookup))
    expect(await destination.deliver(identify(PERSON), controller.signal).catch(outcomeOf)).toBe('retryable timeout')
  })

  it('ends a call in the moment in which it is connected', async () => {
    const controller = new AbortController()
    const onSocket = (message: unknown) => {
      const { socket } = message as { readonly socket: Socket }
      socket.once('connect', () => controller.abort())
    }
    subscribe('net.client.socket', onSocket)
    try {
      expect(await connect().deliver(identify(PERSON), controller.signal).catch(outcomeOf)).toBe('retryable timeout')
    } finally {
      unsubscribe('net.client.socket', onSocket)
    }
  })

  it('ends a call before it begins', async () => {
    const { port, sockets } = await serveRaw(() => undefined)
    const destination = connect({ url: `redis://127.0.0.1:${port}` })
    expect(await destination.deliver(identify(PERSON), AbortSignal.abort()).catch(outcomeOf)).toBe('retryable timeout')
    expect(sockets).toEqual([])
  })

  it('fails what is under way for others, which come again', async () => {
    const link = await slowLink()
    const destination = connect({ url: link.url })
    await apply(destination, identify('u9'))
    link.hold(true)
    const controller = new AbortController()
    const own = destination.deliver(identify(PERSON), controller.signal).catch(outcomeOf)
    const other = apply(destination, identify('u2'))
    await eventually(() => expect(link.held.length).toBeGreaterThan(0))
    controller.abort()
    expect([await own, await other]).toEqual(['retryable timeout', ['retryable connection_reset']])
    link.hold(false)
    expect(await apply(destination, identify('u2'))).toEqual(['arrived'])
  })
})

describe('the end', () => {
  it('closes the connection, and what is under way fails', async () => {
    const { port, sockets } = await serveRaw(() => void destination.close!())
    const destination = connect({ url: `redis://127.0.0.1:${port}` })
    expect(await apply(destination, identify(PERSON))).toEqual(['retryable connection_reset'])
    await Promise.all(sockets.map(closed))
  })

  it('leaves no timer and no connection', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
    try {
      const destination = connect()
      expect(await apply(destination, identify('u1'))).toEqual(['arrived'])
      await destination.close!()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
    await eventually(async () => expect(await connections()).toBe(0))
  })

  it('of a destination that was never used is nothing', async () => {
    await expect(connect().close!()).resolves.toBeUndefined()
  })
})

describe('a test of the connection', () => {
  it('works, and leaves nothing', async () => {
    const destination = connect({ layout: 'both' })
    expect(await tested(destination)).toBe('works')
    expect(await redis.ask('KEYS', '*')).toEqual([])
    await eventually(async () => expect(await connections()).toBe(0))
  })

  it('does not disturb the destination, nor another test', async () => {
    const destination = connect()
    await apply(destination, identify('u1'))
    expect(await Promise.all([tested(destination), tested(destination)])).toEqual(['works', 'works'])
    expect(await apply(destination, identify('u2'))).toEqual(['arrived'])
  })
})

it('asks for its password again if it would go elsewhere', () => {
  expect([redisDestination.hosts, redisDestination.secrets]).toEqual([['url'], ['password']])
})

describe('settings', () => {
  const url = 'redis://redis.example.com'
  const parse = (settings: object) => parseSettings(redisDestination, settings)

  it('have defaults, and become limits', () => {
    const settings = parse({ url })
    const usual = { keyPrefix: 'rollcall:', layout: 'sets', batchSize: 100, timeoutSeconds: 5 }
    expect(settings).toEqual({ url, ...usual })
    expect(redisDestination.limits(settings)).toEqual({ batchCalls: 100, timeoutMs: 5_000, gatherMs: 0 })
  })

  it.each(['redis://h', 'redis://h/', 'redis://h:6380/15', 'rediss://10.0.0.1:6379/0', 'redis://[::1]:6379'])(
    'may have the URL %s',
    (given) => {
      expect(parse({ url: given })).toMatchObject({ url: given })
    },
  )

  it.each<[JsonObject, string]>([
    [{}, 'url'],
    [{ url: 'http://h' }, 'url'],
    [{ url: 'h:6379' }, 'url'],
    [{ url: '/run/redis.sock' }, 'url'],
    [{ url: 'unix:///run/redis.sock' }, 'url'],
    [{ url: 'redis:///run/redis.sock' }, 'url'],
    [{ url: 'redis:/run/redis.sock' }, 'url'],
    [{ url: 'redis://h/run/redis.sock' }, 'url'],
    [{ url: 'redis+socket://h' }, 'url'],
    [{ url: 'redis://:hush@h' }, 'url'],
    [{ url: 'redis://hush@h' }, 'url'],
    [{ url: 'redis://h?db=1' }, 'url'],
    [{ url: 'redis://h/0#a' }, 'url'],
    [{ url: `redis://${'h'.repeat(2_048)}` }, 'url'],
    [{ url, password: '' }, 'password'],
    [{ url, username: 'a' }, 'password'],
    [{ url, username: '', password: 'hush' }, 'username'],
    [{ url, ca: 'a' }, 'ca'],
    [{ url, ca: '-----BEGIN CERTIFICATE-----\n' }, 'ca'],
    [{ url, keyPrefix: 'a b' }, 'keyPrefix'],
    [{ url, keyPrefix: 'ä' }, 'keyPrefix'],
    [{ url, keyPrefix: 'a'.repeat(129) }, 'keyPrefix'],
    [{ url, layout: 'lists' }, 'layout'],
    [{ url, layout: 'keys', ttlSeconds: 59 }, 'ttlSeconds'],
    [{ url, layout: 'sets', ttlSeconds: 60 }, 'ttlSeconds'],
    [{ url, ttlSeconds: 60 }, 'ttlSeconds'],
    [{ url, batchSize: 0 }, 'batchSize'],
    [{ url, batchSize: 1_001 }, 'batchSize'],
    [{ url, timeoutSeconds: 31 }, 'timeoutSeconds'],
    [{ url, db: 3 }, 'db'],
  ])('%j are refused for %s', (settings, field) => {
    const refused = () => parse(settings)
    expect(refused).toThrow(EngineError)
    expect(refused).toThrow(expect.objectContaining({ code: 'validation_error', field: `settings.${field}` }))
    expect(refused).not.toThrow(/hush/)
  })
})
