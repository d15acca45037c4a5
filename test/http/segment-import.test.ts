/** Import from Segment over HTTP: what is made, what stays as it is, and what is refused. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'
import { audience, computedTrait, destination, page, webhooks } from '../segment/given.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

type Fields = Record<string, unknown>
interface Answer {
  readonly created: Fields[]
  readonly unchanged: Fields[]
  readonly refused: Fields[]
  readonly missingSecrets: Fields[]
}

const SPEND = "event('Order Completed').sum(property('revenue'))"
const URL = 'https://example.com/hook'

/** A space in which some can be moved, and some cannot. */
const SPACE = [
  page('audiences', [
    audience('vip', "trait('spend') >= 100 AND trait('known') = true"),
    audience('known', "trait('email').exists()", { enabled: true }),
    audience('ordered', "entity('orders').count() >= 1", { audienceType: 'LINKED' }),
    audience('again', "trait('ordered') = true"),
    audience('last', "trait('again') = true"),
  ]),
  page('computedTraits', [computedTrait('spend', SPEND), computedTrait('likely', undefined)]),
  page('destinations', [
    webhooks('Hook', [{ hook: URL }]),
    destination('console', 'Out', {}),
    destination('braze', 'Braze', { apiKey: '' }),
  ]),
]

async function imported(content: unknown, query = ''): Promise<Answer> {
  const { status, body, text } = await server.control('POST', `import${query}`, content)
  expect([status, text]).toEqual([200, expect.any(String)])
  return body['data'] as Answer
}

async function listed(path: string): Promise<Fields[]> {
  const { body } = await server.control('GET', path)
  return Object.values(body['data'] as object)[0] as Fields[]
}

/** Makes an audience by hand; resolves with its id. */
async function made(key: string, query: string): Promise<string> {
  const { body } = await server.control('POST', 'audiences', { name: key, key, definition: { query } })
  return (body['data'] as { audience: { id: string } }).audience.id
}

function names(list: readonly Fields[]): unknown[] {
  return list.map(({ key, name }) => key ?? name)
}

function reasons(list: readonly Fields[]): unknown[] {
  return list.map(({ key, name, code }) => `${String(key ?? name)}: ${String(code)}`)
}

const REFUSED = [
  'ordered: type_unsupported',
  'likely: type_unsupported',
  'Braze: type_unsupported',
  'again: not_found',
  'last: not_found',
]

describe('an import from Segment', () => {
  it('makes what can be moved, each after what it reads, and says why all else cannot', async () => {
    const { created, unchanged, refused, missingSecrets } = await imported(SPACE)
    expect([names(created), unchanged, reasons(refused)]).toEqual([
      ['known', 'spend', 'vip', 'Hook', 'Out'],
      [],
      REFUSED,
    ])
    expect(created[2]).toEqual({
      kind: 'audience',
      id: expect.stringMatching(/^aud_/) as unknown,
      key: 'vip',
      name: 'The vip',
    })
    expect(created[3]).toEqual({
      kind: 'destination',
      id: expect.any(String) as unknown,
      name: 'Hook',
      type: 'webhook',
    })
    expect(missingSecrets).toEqual([{ ...created[3], missing: ['sharedSecret'] }])
    expect(refused[3]).toEqual({
      kind: 'audience',
      key: 'again',
      name: 'The again',
      code: 'not_found',
      message: "definition.query: it reads 'ordered', which could not be moved",
      field: 'definition.query',
    })
    expect(await listed('audiences')).toMatchObject([
      { id: created[0]!['id'], key: 'known', status: 'Live', description: 'All known' },
      { key: 'vip', definition: { query: "trait('spend') >= 100 AND trait('known') = true" } },
    ])
    expect(await listed('destinations')).toMatchObject([
      { name: 'Hook', enabled: false, missingSettings: ['sharedSecret'], settings: { url: URL } },
      { name: 'Out', enabled: true },
    ])
    await server.ingest('identify', { userId: 'u1', traits: { email: 'u1@example.com' } })
    await server.ingest('track', { userId: 'u1', event: 'Order Completed', properties: { revenue: 120 } })
    const { body } = await server.traits('user_id:u1')
    expect(body['traits']).toMatchObject({ spend: 120, known: true, vip: true })
  })

  it('says what it would do, and does nothing', async () => {
    const { created, refused, missingSecrets } = await imported(SPACE, '?dryRun=true')
    expect([names(created), reasons(refused)]).toEqual([['known', 'spend', 'vip', 'Hook', 'Out'], REFUSED])
    expect(created[0]).toEqual({ kind: 'audience', key: 'known', name: 'The known' })
    expect(missingSecrets).toEqual([{ ...created[3], missing: ['sharedSecret'] }])
    expect([...(await listed('audiences')), ...(await listed('destinations'))]).toEqual([])
    const { status, body } = await server.control('POST', 'import?dryRun=perhaps', [])
    expect([status, body['errors']]).toMatchObject([400, [{ field: 'dryRun' }]])
  })

  it('leaves what is there as it is, and says what differs', async () => {
    await imported(SPACE)
    const [hook] = await listed('destinations')
    const change = { enabled: true, settings: { sharedSecret: 'a-shared-secret' } }
    await server.control('PATCH', `destinations/${String(hook!['id'])}`, change)
    const same = await imported(SPACE)
    expect([same.created, names(same.unchanged), reasons(same.refused), same.missingSecrets]).toEqual([
      [],
      ['known', 'spend', 'vip', 'Hook', 'Out'],
      REFUSED,
      [],
    ])
    const { created, unchanged, refused } = await imported([
      audience('known', "trait('phone').exists()", { name: 'Reached', options: { includeHistoricalData: false } }),
      computedTrait('vip', SPEND),
      webhooks('Hook', [{ hook: `${URL}/2` }]),
      destination('csv', 'Out', {}),
      audience('more', "trait('known') = true"),
    ])
    expect([names(created), unchanged]).toEqual([['more'], []])
    expect(refused.map(({ message }) => message)).toEqual([
      'key: what is there differs in name, query, options.includeHistoricalData, and stays as it is',
      'key: what is there differs in kind, and stays as it is',
      'name: what is there differs in settings.url, and stays as it is',
      'name: what is there differs in type, and stays as it is',
    ])
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['already_exists']))
    expect(await listed('audiences')).toMatchObject([
      { key: 'known', name: 'The known' },
      { key: 'vip' },
      { key: 'more' },
    ])
    expect(await listed('destinations')).toMatchObject([{ status: 'Connected', settings: { url: URL } }, {}])
  })

  it('goes on where something stands in for what could not be moved', async () => {
    await imported(SPACE)
    await made('ordered', "event('Order Completed').count() >= 1")
    const { created, refused } = await imported(SPACE)
    expect([names(created), reasons(refused)]).toEqual([['again', 'last'], REFUSED.slice(0, 3)])
  })

  it('takes no key that has been used, and nothing that reads it', async () => {
    const id = await made('known', "trait('email').exists()")
    await server.control('DELETE', `audiences/${id}`)
    for (const query of ['?dryRun=true', '']) {
      const { created, refused } = await imported(SPACE[0], query)
      expect([created, reasons(refused).slice(1)]).toEqual([
        [],
        ['known: key_taken', 'again: not_found', 'vip: not_found', 'last: not_found'],
      ])
    }
  })

  it('is an editor’s to make, and in the audit log', async () => {
    const tokenOf = async (role: string) => {
      const { body } = await server.control('POST', 'tokens', { name: role, role })
      return (body['data'] as { token: { id: string; secret: string } }).token
    }
    const [viewer, editor] = [await tokenOf('viewer'), await tokenOf('editor')]
    const ask = ({ secret }: { secret: string }) =>
      send(`${server.url}/spaces/${CONFIG.spaceId}/import`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}` },
        body: JSON.stringify([computedTrait('spend', SPEND), destination('console', 'Out', {})]),
      })
    expect((await ask(viewer)).status).toBe(403)
    expect((await ask(editor)).status).toBe(200)
    const { body } = await server.control('GET', 'audit-log')
    const { changes } = body['data'] as { changes: Fields[] }
    expect(changes.filter(({ by }) => by === editor.id)).toMatchObject([
      { action: 'create', thing: 'destination', after: { name: 'Out' } },
      { action: 'create', thing: 'computed_trait', after: { key: 'spend' } },
    ])
  })

  it.each([
    ['7', 'validation_error'],
    ['', 'validation_error'],
    ['{', 'invalid_json'],
  ])('is refused that has no objects: %j', async (text, code) => {
    const { status, body } = await server.control('POST', 'import', text)
    expect([status, body['errors']]).toMatchObject([400, [{ type: code }]])
  })
})

describe('a destination of the catalogue', () => {
  const subscriptions = [
    { name: 'Entries', actionSlug: 'trackEvent', enabled: true, trigger: 'event = "Audience Entered"' },
    { name: 'Orders', actionSlug: 'trackEvent', enabled: true, trigger: 'event = "Order Completed"' },
  ]
  const braze = destination('actions-braze-cloud', 'Braze', { app_id: 'app' }, { subscriptions })
  const mappings = [{ action: 'trackEvent', calls: ['entered'] }]
  const unmoved = { kind: 'mapping', name: 'Braze: Orders', code: 'type_unsupported', field: 'subscriptions.1.trigger' }

  it('is made with its mappings, and is the same the next time', async () => {
    const first = await imported([braze])
    expect(first).toMatchObject({
      created: [{ name: 'Braze', type: 'actions-braze-cloud' }],
      refused: [unmoved],
      missingSecrets: [{ name: 'Braze', missing: ['api_key'] }],
    })
    expect(await listed('destinations')).toMatchObject([
      { enabled: false, missingSettings: ['api_key'], settings: { app_id: 'app', mappings } },
    ])
    expect(await imported([braze])).toMatchObject({ created: [], unchanged: [{ name: 'Braze' }], refused: [unmoved] })
  })

  it('is taken from a file of settings, too', async () => {
    const answer = await server.control('POST', 'destinations/import', { destinations: [braze] })
    expect(answer.body['data']).toMatchObject({
      destinations: [{ name: 'Braze', enabled: false, missingSettings: ['api_key'], settings: { mappings } }],
      refused: [unmoved],
    })
    const hook = webhooks('Hook', [{ hook: URL }])
    const { body } = await server.control('POST', 'destinations/import', { destinations: [hook] })
    expect(body['data']).toEqual({
      destinations: [expect.objectContaining({ name: 'Hook', missingSettings: ['sharedSecret'] })],
    })
  })
})
