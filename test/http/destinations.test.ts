/** Destinations from end to end, over HTTP: calls come in, and a webhook on loopback is told. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isAuthentic } from '../../destinations/webhook/verify.ts'
import { MASK } from '../../src/model/destination-admin.ts'
import { CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A webhook that answers as it is told. */
class Sink {
  readonly received: Received[] = []
  status = 200
  readonly #server: Server
  #waiting: (() => void)[] = []

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        response.writeHead(this.status).end()
        if (this.status === 200) this.received.push({ headers: request.headers, body: Buffer.concat(chunks) })
        for (const wake of this.#waiting.splice(0)) wake()
      })
    })
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`
  }

  get calls(): Record<string, unknown>[] {
    return this.received.map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>)
  }

  /** Resolves when so many requests have come in all. */
  async has(count: number): Promise<void> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

let sink: Sink
let server: TestServer

beforeEach(async () => {
  sink = new Sink()
  await sink.listen()
  server = await startTestServer()
})

afterEach(async () => {
  await server.stop()
  await sink.close()
})

/** The resource of a given name in an answer that must be a 200. */
async function made(method: string, path: string, body: unknown, name: string): Promise<Record<string, string>> {
  const answer = await server.control(method, path, body)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return (answer.body['data'] as Record<string, Record<string, string>>)[name]!
}

async function audience(name: string, query: string, more: object = {}): Promise<string> {
  return (await made('POST', 'audiences', { name, definition: { query }, ...more }, 'audience'))['id']!
}

async function webhook(settings: object = {}): Promise<string> {
  const body = { type: 'webhook', settings: { url: sink.url, ...settings } }
  return (await made('POST', 'destinations', body, 'destination'))['id']!
}

async function connect(definition: string, destination: string, settings: object = {}): Promise<void> {
  const body = { destination: { id: destination }, connectionSettings: settings }
  await made('POST', `${definition}/destination-connections`, body, 'connection')
}

/** Requests that a connection answers. */
const CHANGES = ['approve', 'reject', 'resync']
const IDENTIFY_ONLY = { sendIdentify: true, sendTrack: false }

describe('a webhook that is connected to an audience', () => {
  it('is told of members that there are, then of who enters and leaves, in order', async () => {
    const id = await audience('Big', "event('Order').sum(property('revenue')) >= 100")
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue: 120 } })
    await connect(`audiences/${id}`, await webhook(), IDENTIFY_ONLY)
    await sink.has(1)
    await server.ingest('track', { userId: 'u2', event: 'Order', properties: { revenue: 100 } })
    await sink.has(2)
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue: -50 } })
    await sink.has(3)
    expect(sink.calls.map(({ userId, traits }) => JSON.stringify([userId, traits]))).toEqual([
      '["u1",{"big":true}]',
      '["u2",{"big":true}]',
      '["u1",{"big":false}]',
    ])
    const personas = { computation_class: 'audience', computation_id: id, computation_key: 'big' }
    expect(sink.calls[0]!['context']).toMatchObject({ personas: { ...personas, space_id: CONFIG.spaceId } })
  })

  it('gets bodies that are signed as they are sent', async () => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    await connect(`audiences/${id}`, await webhook({ sharedSecret: 'a-shared-secret' }), IDENTIFY_ONLY)
    await server.ingest('track', { userId: 'u1', event: 'Seen' })
    await sink.has(1)
    const [received] = sink.received
    expect(isAuthentic(received!, 'a-shared-secret', Date.now())).toBe(true)
    expect(isAuthentic(received!, 'another-secret', Date.now())).toBe(false)
  })

  it('gets identify and track by default, and what enriches them', async () => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    await connect(`audiences/${id}`, await webhook(), { traits: { plan: 'tier' } })
    await server.ingest('identify', { userId: 'u1', traits: { plan: 'pro', email: 'u1@example.com' } })
    await server.ingest('track', { userId: 'u1', event: 'Seen' })
    await sink.has(2)
    expect(sink.calls).toMatchObject([
      { type: 'identify', traits: { seen: true, tier: 'pro', email: 'u1@example.com' } },
      { type: 'track', event: 'Audience Entered', properties: { seen: true, audience_key: 'seen', tier: 'pro' } },
    ])
  })

  it('is told by each activation of the changes that it sends, in order', async () => {
    const id = await audience('Big', "event('Order').sum(property('revenue')) >= 100")
    const destination = await webhook()
    await connect(`audiences/${id}`, destination)
    const activations = `audiences/${id}/destination-connections/${destination}/activations`
    const mapping = { actionId: 'track', settings: { exitedEvent: 'Became small' } }
    for (const body of [
      { activationType: 'Audience Entered', destinationMapping: { actionId: 'identify' } },
      { activationType: 'Audience Exited', destinationMapping: mapping },
    ])
      await made('POST', activations, { activationName: 'One', ...body }, 'activation')
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue: 120 } })
    await sink.has(1)
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue: -50 } })
    await sink.has(2)
    expect(sink.calls).toMatchObject([
      { type: 'identify', userId: 'u1', traits: { big: true } },
      { type: 'track', userId: 'u1', event: 'Became small', properties: { big: false } },
    ])
  })

  it('is told of an account by group, and of it for each of its users', async () => {
    const id = await audience('Active', "event('Seen').count() >= 1", { audienceType: 'ACCOUNTS' })
    await connect(`audiences/${id}`, await webhook())
    await server.ingest('group', { userId: 'u1', groupId: 'acme' })
    await server.ingest('group', { userId: 'u2', groupId: 'acme' })
    await server.ingest('track', { userId: 'u1', event: 'Seen' })
    await sink.has(3)
    await server.ingest('group', { userId: 'u3', groupId: 'acme' })
    await sink.has(4)
    const told = sink.calls.map(({ type, userId, groupId, traits }) => [type, groupId ?? userId, traits])
    expect(told.slice(0, 3).sort()).toEqual([
      ['group', 'acme', { active: true }],
      ['identify', 'u1', { active: true }],
      ['identify', 'u2', { active: true }],
    ])
    expect(told[3]).toEqual(['identify', 'u3', { active: true }])
  })

  it('is told nothing while it is paused, and the latest once it is resumed', async () => {
    const id = await audience('Big', "event('Order').sum(property('revenue')) >= 100")
    const destination = await webhook()
    await connect(`audiences/${id}`, destination, IDENTIFY_ONLY)
    await server.control('POST', `destinations/${destination}/pause`)
    for (const revenue of [120, -50, 100])
      await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue } })
    expect(sink.received).toEqual([])
    const before = await made('GET', `destinations/${destination}/overview`, undefined, 'overview')
    expect(before).toMatchObject({ created: 3, collapsed: 2, waiting: 1 })
    await server.control('POST', `destinations/${destination}/resume`)
    await sink.has(1)
    expect(sink.calls[0]!['traits']).toEqual({ big: true })
    const drained = await server.control('POST', `destinations/${destination}/drain`)
    expect(drained.body['data']).toEqual({ status: 'DRAINED', waiting: 0 })
  })

  it('has what it refused listed by reason, and sent again', async () => {
    sink.status = 400
    const id = await audience('Seen', "event('Seen').count() >= 1")
    const destination = await webhook()
    await connect(`audiences/${id}`, destination, IDENTIFY_ONLY)
    await server.ingest('track', { userId: 'u1', event: 'Seen' })
    await server.control('POST', `destinations/${destination}/drain`)
    const failures = await server.control('GET', `destinations/${destination}/failures?reason=status_400`)
    const data = failures.body['data'] as { failures: unknown[] }
    expect(data.failures).toMatchObject([{ profile: 'user_id:u1', value: true, reason: 'status_400', attempts: 1 }])
    sink.status = 200
    const resent = await server.control('POST', `destinations/${destination}/failures/resend`, { reason: 'status_400' })
    expect(resent.body['data']).toEqual({ resent: 1 })
    await sink.has(1)
    expect(sink.calls[0]).toMatchObject({ userId: 'u1', traits: { seen: true } })
  })

  it('waits for consent before a first sync that moves too many', async () => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    for (const userId of ['u1', 'u2', 'u3']) await server.ingest('track', { userId, event: 'Seen' })
    const destination = await webhook()
    await connect(`audiences/${id}`, destination, { ...IDENTIFY_ONLY, approvalMembers: 2 })
    const path = `audiences/${id}/destination-connections/${destination}`
    await expect
      .poll(() => made('GET', path, undefined, 'connection'))
      .toMatchObject({ status: 'waiting for approval', waitingMembers: 3 })
    expect(sink.received).toEqual([])
    await made('POST', `${path}/approve`, undefined, 'connection')
    await sink.has(3)
    expect(sink.calls.map(({ userId }) => userId).sort()).toEqual(['u1', 'u2', 'u3'])
  })

  it('is told no more once it is disconnected, and all that is known when it is back', async () => {
    const id = await audience('Big', "event('Order').sum(property('revenue')) >= 100")
    const destination = await webhook()
    await connect(`audiences/${id}`, destination, IDENTIFY_ONLY)
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue: 120 } })
    await sink.has(1)
    const path = `audiences/${id}/destination-connections/${destination}`
    await made('PATCH', path, { enabled: false }, 'connection')
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue: -120 } })
    expect(sink.received).toHaveLength(1)
    await made('PATCH', path, { enabled: true }, 'connection')
    await sink.has(2)
    expect(sink.calls[1]).toMatchObject({ userId: 'u1', traits: { big: false } })
  })
})

describe('a change that is only tried', () => {
  interface Delivery {
    readonly destinationId: string
    readonly calls: number
    readonly held: boolean
  }

  async function dryRun(path: string, change: object): Promise<Record<string, unknown>> {
    const answer = await server.control('PATCH', `${path}?dryRun=true`, change)
    const [collection] = path.split('/')
    const { id } = Object.values(answer.body['data'] as Record<string, { id: string }>)[0]!
    const name = collection === 'audiences' ? 'audiencePreview' : 'computedTraitPreview'
    const read = () => made('GET', `${collection}/previews/${id}`, undefined, name)
    await expect.poll(read).toMatchObject({ status: 'COMPLETED' })
    return read()
  }

  /** The change, made: gives how many calls came of it. */
  async function callsOf(path: string, change: object, expected: number): Promise<number> {
    const before = sink.received.length
    expect((await server.control('PATCH', path, change)).status).toBe(200)
    await sink.has(before + expected)
    return sink.received.length - before
  }

  async function orders(): Promise<void> {
    for (const [user, revenue] of [120, 80, 60, 20].entries()) {
      const call = { userId: `u${user}`, context: { traits: { email: `u${user}@x.io` } }, event: 'Order' }
      await server.ingest('track', { ...call, properties: { revenue } })
    }
  }

  const atLeast = (sum: number) => ({ definition: { query: `event('Order').sum(property('revenue')) >= ${sum}` } })

  it('says what would be sent, and that is sent', async () => {
    const id = await audience('Big', atLeast(100).definition.query)
    const destination = await webhook()
    await connect(`audiences/${id}`, destination, { approvalMembers: 2 })
    await orders()
    // Two kinds of calls.
    await sink.has(2)
    const found = await dryRun(`audiences/${id}`, atLeast(60))
    const deliveries: Delivery[] = [{ destinationId: destination, calls: 4, held: false }]
    expect(found).toMatchObject({ difference: { enter: 2, leave: 0 }, deliveries })
    expect(sink.received).toHaveLength(2)
    const most = await dryRun(`audiences/${id}`, atLeast(10))
    expect(most['deliveries']).toEqual([{ destinationId: destination, calls: 6, held: true }])
    expect(await callsOf(`audiences/${id}`, atLeast(60), 4)).toBe(4)
    expect((await dryRun(`audiences/${id}`, atLeast(100)))['deliveries']).toEqual(deliveries)
    expect((await dryRun(`audiences/${id}`, { enabled: false }))['deliveries']).toBeUndefined()
  })

  it('says what activations would send', async () => {
    const id = await audience('Big', atLeast(100).definition.query)
    const destination = await webhook()
    const entries = { activationName: 'Entries', activationType: 'Audience Entered' }
    const track = { destinationMapping: { actionId: 'track' } }
    const both = { activationName: 'Both', activationType: 'Audience Membership Changed', ...track }
    const body = { destination: { id: destination }, activations: [entries, both] }
    await made('POST', `audiences/${id}/destination-connections`, body, 'connection')
    await orders()
    await sink.has(3)
    const more = await dryRun(`audiences/${id}`, atLeast(60))
    expect(more['deliveries']).toEqual([{ destinationId: destination, calls: 6, held: false }])
    const less = await dryRun(`audiences/${id}`, atLeast(200))
    expect(less['deliveries']).toEqual([{ destinationId: destination, calls: 1, held: false }])
    expect(await callsOf(`audiences/${id}`, atLeast(60), 6)).toBe(6)
  })

  it('says what the users of accounts would be told', async () => {
    const of = (count: number) => ({ definition: { query: `event('Order').count() >= ${count}` } })
    const id = await audience('Busy', of(5).definition.query, { audienceType: 'ACCOUNTS' })
    const destination = await webhook()
    await orders()
    for (const user of ['u0', 'u1', 'u2']) await server.ingest('group', { userId: user, groupId: 'acme' })
    await connect(`audiences/${id}`, destination, { sendIdentify: true, sendTrack: false, sendGroup: true })
    const found = await dryRun(`audiences/${id}`, of(3))
    const [{ calls }] = found['deliveries'] as [Delivery]
    expect(calls).toBe(4)
    expect(await callsOf(`audiences/${id}`, of(3), calls)).toBe(calls)
  })

  it('says for how many a computed trait would have another value', async () => {
    const of = (name: string) => ({ definition: { query: `event('Order').${name}(property('revenue'))` } })
    const body = { name: 'Spent', definition: { type: 'USERS', ...of('sum').definition } }
    const { id } = await made('POST', 'computed-traits', body, 'computedTrait')
    await orders()
    await server.ingest('track', { userId: 'u0', event: 'Order', properties: { revenue: 5 } })
    const destination = await webhook()
    await connect(`computed-traits/${id}`, destination, IDENTIFY_ONLY)
    await sink.has(4)
    const found = await dryRun(`computed-traits/${id!}`, of('max'))
    expect(found['deliveries']).toEqual([{ destinationId: destination, calls: 1, held: false }])
    expect(found['difference']).toBeUndefined()
    expect(found['changing']).toBe(1)
    expect(await callsOf(`computed-traits/${id!}`, of('max'), 1)).toBe(1)
  })
})

describe('a list', () => {
  it('has all members first, then who comes and goes; computed traits are refused', async () => {
    const id = await audience('Big', "event('Order').sum(property('revenue')) >= 100")
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue: 120 } })
    const body = { type: 'csv', settings: { everySeconds: 1 } }
    const destination = (await made('POST', 'destinations', body, 'destination'))['id']!
    await connect(`audiences/${id}`, destination)
    const drain = () => server.control('POST', `destinations/${destination}/drain`)
    const file = join(server.delivery.workers.directoryOf(destination), 'big.csv')
    const members = (): string[] =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[0]!)
    await expect
      .poll(async () => (await made('GET', `destinations/${destination}/overview`, undefined, 'overview'))['created'])
      .toBe(1)
    await drain()
    expect(members()).toEqual(['u1'])
    await server.ingest('track', { userId: 'u2', event: 'Order', properties: { revenue: 100 } })
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { revenue: -50 } })
    await drain()
    expect(members()).toEqual(['u2'])
    const trait = { name: 'Orders', definition: { type: 'USERS', query: "event('Order').count()" } }
    const { id: traitId } = await made('POST', 'computed-traits', trait, 'computedTrait')
    const refused = await server.control('POST', `computed-traits/${traitId}/destination-connections`, {
      destination: { id: destination },
    })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('takes no computed traits')])
  })
})

describe('the control API', () => {
  it('shows secrets to nobody, and keeps them when they are given back masked', async () => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    const destination = await webhook({ sharedSecret: 'a-shared-secret' })
    const shown = await made('GET', `destinations/${destination}`, undefined, 'destination')
    expect(JSON.stringify(shown)).not.toContain('a-shared-secret')
    const { settings } = shown as unknown as { settings: Record<string, unknown> }
    await made('PATCH', `destinations/${destination}`, { settings: { ...settings, timeoutSeconds: 9 } }, 'destination')
    await connect(`audiences/${id}`, destination, IDENTIFY_ONLY)
    await server.ingest('track', { userId: 'u1', event: 'Seen' })
    await sink.has(1)
    expect(isAuthentic(sink.received[0]!, 'a-shared-secret', Date.now())).toBe(true)
  })

  it('refuses a second destination of a type on one audience, and to remove one that is connected', async () => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    const [first, second] = [await webhook(), await webhook()]
    await connect(`audiences/${id}`, first)
    const refused = await server.control('POST', `audiences/${id}/destination-connections`, {
      destination: { id: second },
    })
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('connected already')])
    expect((await server.control('DELETE', `destinations/${first}`)).status).toBe(409)
    expect((await server.control('DELETE', `audiences/${id}/destination-connections/${first}`)).status).toBe(200)
    expect((await server.control('DELETE', `destinations/${first}`)).status).toBe(200)
  })

  it('says that a connection is missing, whether or not its destination is there', async () => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    for (const destination of [await webhook(), 'dst_none']) {
      const path = `audiences/${id}/destination-connections/${destination}`
      const error = {
        type: 'not_found',
        message: 'destinationId: there is no such connection',
        field: 'destinationId',
      }
      const asked = [['GET'], ['PATCH'], ['DELETE'], ['GET', 'overview'], ...CHANGES.map((verb) => ['POST', verb])]
      for (const [method, verb] of asked) {
        const answer = await server.control(method!, verb === undefined ? path : `${path}/${verb}`)
        expect([answer.status, answer.body['errors']]).toEqual([404, [error]])
      }
    }
  })

  it.each([
    ['audiences/none', {}, 'id', 'there is no such audience'],
    ['computed-traits/none', {}, 'id', 'there is no such computed trait'],
    ['audiences/{id}', { destination: { id: 'none' } }, 'destination.id', 'there is no such destination'],
    ['audiences/{id}', { destinationId: 'none' }, 'destinationId', 'there is no such destination'],
  ])('names what a connection of %s lacks: %j', async (path, body, field, message) => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    const answer = await server.control('POST', `${path.replace('{id}', id)}/destination-connections`, body)
    const error = { type: 'not_found', message: `${field}: ${message}`, field }
    expect([answer.status, answer.body['errors']]).toEqual([404, [error]])
  })

  it.each([
    [{ type: 'nothing', settings: {} }, 'type'],
    [{ type: 'webhook', settings: { url: 'ftp://example.com' } }, 'settings.url'],
    [{ type: 'webhook', settings: { url: 'https://example.com', more: 1 } }, 'settings.more'],
    [{ type: 'webhook', settings: { url: 'https://example.com', headers: { Host: 'x' } } }, 'settings.headers'],
  ])('names the field at fault in %j', async (body, field) => {
    const { status, body: answer } = await server.control('POST', 'destinations', body)
    const [error] = answer['errors'] as { field: string; type: string }[]
    expect([status, error!.type, error!.field.startsWith(field)]).toEqual([400, 'validation_error', true])
  })

  it('imports settings as the Public API of Segment gives them; what is secret is asked for', async () => {
    const yaml = [
      'destinations:',
      `  - { name: Hook, enabled: true, metadata: { slug: webhook }, settings: { url: '${sink.url}' } }`,
      '  - { name: Out, metadata: { slug: console } }',
    ].join('\n')
    const imported = await server.control('POST', 'destinations/import', yaml)
    const { destinations } = imported.body['data'] as { destinations: unknown[] }
    expect(destinations).toMatchObject([
      { name: 'Hook', enabled: true, metadata: { slug: 'webhook' } },
      { name: 'Out', enabled: true, metadata: { slug: 'console' } },
    ])
    const exported = await server.control('GET', 'destinations')
    const again = await server.control('POST', 'destinations/import', exported.text)
    expect((again.body['data'] as { destinations: unknown[] }).destinations).toHaveLength(2)
  })

  it('checks the settings that an import gives, whatever secrets are missing', async () => {
    const refused = async (settings: object) => {
      const body = { metadata: { slug: 'webhook' }, settings: { sharedSecret: MASK, ...settings } }
      const answer = await server.control('POST', 'destinations/import', JSON.stringify(body))
      return [answer.status, (answer.body['errors'] as { field: string }[])[0]!.field]
    }
    expect(await refused({ url: 'nowhere' })).toEqual([400, 'settings.url'])
    expect(await refused({ url: sink.url, more: 1 })).toEqual([400, 'settings.more'])
    expect(await refused({})).toEqual([400, 'settings.url'])
    expect((await server.control('GET', 'destinations')).body['data']).toEqual({ destinations: [] })
  })

  it('stays disabled until a secret that is missing is given, or is said to be none', async () => {
    const body = { metadata: { slug: 'webhook' }, settings: { url: sink.url, sharedSecret: MASK } }
    const imported = await server.control('POST', 'destinations/import', JSON.stringify([body, body]))
    const { destinations } = imported.body['data'] as { destinations: { id: string }[] }
    const waits = { enabled: false, status: 'Settings missing', missingSettings: ['sharedSecret'] }
    expect(destinations).toMatchObject([waits, waits])
    const [one, other] = destinations.map(({ id }) => `destinations/${id}`) as [string, string]
    expect(await made('PATCH', one, { name: 'Renamed' }, 'destination')).toMatchObject(waits)
    for (const [method, path, change] of [
      ['PATCH', one, { enabled: true }],
      ['POST', `${one}/resume`, {}],
    ] as const) {
      const { status, body: answer } = await server.control(method, path, change)
      expect([status, answer['errors']]).toMatchObject([400, [{ field: 'settings.sharedSecret' }]])
    }
    const given = { enabled: true, settings: { sharedSecret: 'a-shared-secret' } }
    expect(await made('PATCH', one, given, 'destination')).toMatchObject({ status: 'Connected' })
    const none = { enabled: true, settings: { sharedSecret: null } }
    expect(await made('PATCH', other, none, 'destination')).toMatchObject({ status: 'Connected' })
  })

  it('says whether settings work', async () => {
    const destination = await webhook()
    const works = await server.control('POST', `destinations/${destination}/test`)
    expect(works.body['data']).toEqual({ status: 'SUCCESS' })
    sink.status = 401
    const fails = await server.control('POST', `destinations/${destination}/test`)
    expect(fails.body['data']).toMatchObject({ status: 'FAILED', reason: 'status_401' })
  })

  it('shows the queues to whoever has the access token, and to nobody else', async () => {
    const path = `${server.url}/queues`
    expect((await fetch(path)).status).toBe(401)
    const authorization = `Basic ${Buffer.from(`${CONFIG.accessToken}:`).toString('base64')}`
    const page = await fetch(path, { headers: { authorization } })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])
  })

  it('asks for consent, and is told of nobody who has not given it', async () => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    const asked = {
      type: 'webhook',
      settings: { url: sink.url },
      consentCategories: ['Ads'],
      unknownConsent: 'refused',
    }
    const destination = await made('POST', 'destinations', asked, 'destination')
    expect(destination).toMatchObject({ consentCategories: ['Ads'], unknownConsent: 'refused' })
    await connect(`audiences/${id}`, destination['id']!, IDENTIFY_ONLY)
    await server.ingest('track', { userId: 'u1', event: 'Seen' })
    const context = { consent: { categoryPreferences: { Ads: true } } }
    await server.ingest('track', { userId: 'u2', event: 'Seen', context })
    await sink.has(1)
    expect(sink.calls.map(({ userId }) => userId)).toEqual(['u2'])
    const changed = await made(
      'PATCH',
      `destinations/${destination['id']}`,
      { unknownConsent: 'allowed' },
      'destination',
    )
    expect(changed).toMatchObject({ consentCategories: ['Ads'], unknownConsent: 'allowed' })
    await sink.has(3)
    expect(sink.calls.map(({ userId }) => userId).sort()).toEqual(['u1', 'u2', 'u2'])
    expect((await server.traits('user_id:u2')).body['traits']).toEqual({ seen: true })
    const none = await made('PATCH', `destinations/${destination['id']}`, { consentCategories: [] }, 'destination')
    expect(none).not.toHaveProperty('consentCategories')
  })

  it('counts deliveries for Prometheus', async () => {
    const id = await audience('Seen', "event('Seen').count() >= 1")
    const destination = await webhook()
    await connect(`audiences/${id}`, destination, IDENTIFY_ONLY)
    await server.ingest('track', { userId: 'u1', event: 'Seen' })
    await sink.has(1)
    await server.control('POST', `destinations/${destination}/drain`)
    const text = await (await fetch(`${server.url}/metrics`)).text()
    expect(text).toContain(`rollcall_deliveries{space="space1",destination="${destination}",state="delivered"} 1`)
    expect(text).toContain(`rollcall_delivery_latency_seconds_count{space="space1",destination="${destination}"} 1`)
  })

  it('asks who it is', async () => {
    expect((await send(`${server.url}/spaces/${CONFIG.spaceId}/destinations`)).status).toBe(401)
  })
})
