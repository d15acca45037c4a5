/**
 * The catalogue over HTTP: its types, the destinations that are made of them, and what is asked of these. Definitions
 * are answered for by the test.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { ConfiguredDefinition, DefinitionQuestion } from '../../destinations/contract/definition-runner.ts'
import type { HttpRequest } from '../../destinations/contract/http-client.ts'
import { catalogueEntries } from '../../destinations/catalogue/catalogue.ts'
import { DESTINATION_TYPES } from '../../destinations/registry.ts'
import { MASK } from '../../src/model/destination-admin.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { CONFIG, send } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const given = new TimedServer(Date.UTC(2026, 0, 31))
const OURS = DESTINATION_TYPES.map(({ slug }) => slug)
const KEY = 'the-key-of-braze'
const BRAZE = { api_key: KEY, endpoint: 'https://rest.iad-01.braze.com' }

type Asked = readonly [ConfiguredDefinition, DefinitionQuestion]

let asked: Asked[]
/** The answer of a definition. */
let answer: (question: DefinitionQuestion) => JsonValue

beforeEach(() => {
  asked = []
  answer = () => []
  given.server.delivery.workers.replaced = {
    definitions: {
      ask: (definition, question) => {
        asked.push([definition, question])
        return Promise.resolve(answer(question))
      },
    },
  }
})

type Fields = Record<string, unknown>

async function control(method: string, path: string, body?: object): Promise<Fields> {
  const { status, body: content, text } = await given.server.control(method, path, body)
  expect([status, text]).toEqual([200, expect.any(String)])
  return content['data'] as Fields
}

/** Resolves with code, field and message of a refusal. */
async function refused(method: string, path: string, body?: object): Promise<unknown[]> {
  const { body: content, status } = await given.server.control(method, path, body)
  const [error] = (content['errors'] ?? [{}]) as [Fields]
  return [status, error['type'], error['field'], error['message']]
}

async function made(type: string, settings: JsonObject): Promise<string> {
  const { destination } = await control('POST', 'destinations', { type, settings })
  return (destination as { id: string }).id
}

/** Slugs of the types on a page, and the rest of the answer. */
async function types(query: string): Promise<{ slugs: string[]; list: Fields[]; pagination: Fields }> {
  const { destinationTypes, pagination } = await control('GET', `destination-types?${query}`)
  const list = destinationTypes as Fields[]
  return { slugs: list.map(({ slug }) => String(slug)), list, pagination: pagination as Fields }
}

describe('the types', () => {
  it('are ours, whole, and then those of the catalogue without their settings', async () => {
    const { list, slugs } = await types('limit=200')
    expect(slugs.slice(0, OURS.length)).toEqual(OURS)
    expect(list[0]).toMatchObject({
      slug: 'webhook',
      name: 'Webhooks',
      kind: 'event',
      origin: 'rollcall',
      description: expect.any(String) as string,
      settings: { type: 'object', required: ['url'] },
      secrets: ['sharedSecret', 'headers'],
      batching: 'by_setting',
      availability: 'offered',
      installed: true,
    })
    const braze = list.find(({ slug }) => slug === 'actions-braze-cloud')
    expect(braze).toEqual({
      slug: 'actions-braze-cloud',
      name: 'Braze Cloud Mode (Actions)',
      kind: 'event',
      origin: 'catalogue',
      description: expect.any(String) as string,
      categories: expect.any(Array) as unknown[],
      authentication: 'custom',
      needs: 'settings',
      environment: [],
      availability: 'offered',
      hasAudiences: false,
      batching: 'by_tool',
      installed: expect.any(Boolean) as boolean,
    })
  })

  it('come in pages, each of them once', async () => {
    const all: string[] = []
    let next = ''
    for (;;) {
      const { slugs, pagination } = await types(`limit=90${next}`)
      all.push(...slugs)
      if (pagination['next'] === undefined) break
      next = `&next=${String(pagination['next'])}`
    }
    const shown = catalogueEntries().filter(({ availability }) => availability !== 'denied')
    expect([all.length, new Set(all).size]).toEqual([shown.length + OURS.length, shown.length + OURS.length])
    expect((await types('')).slugs).toEqual(all.slice(0, 50))
  })

  it('are found by a part of the name, by category and by availability', async () => {
    const braze = await types('search=BRAZE')
    expect(braze.slugs).toEqual(['actions-braze-cloud', 'actions-braze-cohorts'])
    expect(braze.pagination).toEqual({ totalEntries: 2 })
    const { list: emails } = await types('category=Email&limit=200')
    expect(emails.length).toBeGreaterThan(5)
    for (const { categories } of emails) expect(categories).toContain('email')
    const { list: off } = await types('availability=off&limit=200')
    expect(off.length).toBeGreaterThan(3)
    for (const { availability, reason } of off)
      expect([availability, reason]).toEqual(['off', expect.stringMatching(/./)])
    expect((await types('search=trade-desk')).slugs).toEqual([])
  })

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['next=here', 'next'],
    ['search=', 'search'],
    ['category=', 'category'],
    ['availability=denied', 'availability'],
  ])('are refused by the parameter at fault: %s', async (query, field) => {
    expect(await refused('GET', `destination-types?${query}`)).toEqual([
      400,
      'validation_error',
      field,
      expect.stringMatching(`^${field}: expected`),
    ])
  })

  it('are shown whole one by one, and those that are denied are not', async () => {
    const { destinationType } = await control('GET', 'destination-types/actions-braze-cloud')
    expect(destinationType).toMatchObject({
      slug: 'actions-braze-cloud',
      canAuthorize: false,
      settings: {
        type: 'object',
        additionalProperties: false,
        required: expect.arrayContaining(['api_key']) as string[],
        properties: { api_key: { type: 'string', title: expect.any(String) as string }, mappings: { type: 'array' } },
      },
      secrets: ['api_key', 'oauth', 'partnerSecrets'],
      defaults: { identify: { action: 'updateUserProfile', mapping: expect.any(Object) as object } },
    })
    const { actions, presets } = destinationType as Record<string, Fields[]>
    expect(actions!.find(({ key }) => key === 'updateUserProfile')).toMatchObject({
      title: 'Update User Profile',
      fields: expect.arrayContaining([expect.objectContaining({ key: 'external_id' })]) as unknown[],
    })
    expect(presets!.length).toBeGreaterThan(0)
    expect((await control('GET', 'destination-types/webhook'))['destinationType']).toMatchObject({ slug: 'webhook' })
    const hubspot = (await control('GET', 'destination-types/actions-hubspot-cloud'))['destinationType']
    expect(hubspot).toMatchObject({ canAuthorize: true, settings: { required: ['oauth'] } })
    for (const slug of ['nothing', 'actions-the-trade-desk-crm', 'constructor', '..%2Findex'])
      expect((await refused('GET', `destination-types/${slug}`)).slice(0, 3)).toEqual([404, 'not_found', 'slug'])
  })
})

describe('a destination of the catalogue', () => {
  it('is made, shown and tested like any other', async () => {
    const id = await made('actions-braze-cloud', BRAZE)
    const { destination } = await control('GET', `destinations/${id}`)
    expect(destination).toMatchObject({
      metadata: { slug: 'actions-braze-cloud', name: 'Braze Cloud Mode (Actions)', kind: 'event' },
      settings: { ...BRAZE, api_key: MASK, batching: true },
    })
    expect(await control('POST', `destinations/${id}/test`)).toEqual({ status: 'SUCCESS' })
  })

  it('is refused of a type that is off, with the reason, and of one that there is not, with others', async () => {
    expect(await refused('POST', 'destinations', { type: 'actions-s3-csv', settings: {} })).toEqual([
      400,
      'validation_error',
      'type',
      expect.stringMatching(/^type: AWS S3 CSV is not offered here: ./),
    ])
    expect(await refused('POST', 'destinations', { type: 'braze', settings: {} })).toEqual([
      400,
      'validation_error',
      'type',
      `type: expected one of ${OURS.join(', ')}, or of the catalogue, such as actions-braze-cloud, actions-braze-cohorts, got another`,
    ])
  })

  const MARKETO = { client_id: 'a', client_secret: 'the-secret-of-marketo', folder_name: 'f' }

  it('sends the secrets that it holds nowhere else, unless all of them are given anew', async () => {
    const id = await made('actions-marketo-static-lists', { ...MARKETO, api_endpoint: 'https://one.mktorest.com' })
    const path = `destinations/${id}`
    const change = (settings: JsonObject) => refused('PATCH', path, { settings })
    const moved = { api_endpoint: 'https://evil.example.com' }
    const message = 'settings.api_endpoint: changes where requests go; give the secrets anew (client_secret)'
    const refusal = [400, 'validation_error', 'settings.api_endpoint', message]
    expect(await change(moved)).toEqual(refusal)
    expect(await change({ ...moved, client_secret: MASK })).toEqual(refusal)
    const kept = { folder_name: 'g', api_endpoint: 'https://one.mktorest.com' }
    expect((await control('PATCH', path, { settings: kept }))['destination']).toMatchObject({ settings: kept })
    const anew = { ...moved, client_secret: 'another-secret' }
    expect((await control('PATCH', path, { settings: anew }))['destination']).toMatchObject({ settings: moved })
  })

  it('may move to another host while it holds no secret', async () => {
    const id = await made('actions-equals', { url: 'https://one.example.com' })
    const settings = { url: 'https://two.example.com' }
    expect((await control('PATCH', `destinations/${id}`, { settings }))['destination']).toMatchObject({ settings })
  })
})

describe('a rehearsal', () => {
  const SEEN = "event('Seen').count() >= 1"
  const SHOWN: JsonValue = [
    {
      method: 'POST',
      url: 'https://rest.iad-01.braze.com/users/track',
      headers: { authorization: `Bearer ${KEY}` },
      body: { k: KEY },
    },
  ]

  /** The event that the definition was asked about last. */
  function event(): Fields {
    const [, question] = asked.at(-1)!
    return (question as unknown as { events: [Fields] }).events[0]
  }

  it('shows the requests of a call about somebody made up, and stores and sends nothing', async () => {
    const id = await made('actions-braze-cloud', BRAZE)
    await given.audience('VIPs', SEEN)
    answer = () => SHOWN
    expect(await control('POST', `destinations/${id}/rehearse`, { type: 'identify', audience: 'vips' })).toEqual({
      status: 'SUCCESS',
      action: 'updateUserProfile',
      requests: [
        {
          method: 'POST',
          url: 'https://rest.iad-01.braze.com/users/track',
          headers: { authorization: `Bearer ${MASK}` },
          body: { k: MASK },
        },
      ],
    })
    expect(asked.map(([{ destinationId }, { kind }]) => [destinationId, kind])).toEqual([[id, 'rehearse']])
    expect(event()).toMatchObject({ type: 'identify', userId: 'example-user', traits: { vips: true } })
    const left = { type: 'track', audience: 'vips', value: false }
    await control('POST', `destinations/${id}/rehearse`, left)
    expect(event()).toMatchObject({ event: 'Audience Exited', properties: { vips: false, audience_key: 'vips' } })
  })

  it('is about a profile, with the traits and the names of its connection', async () => {
    const [id, audience] = [await made('actions-braze-cloud', BRAZE), await given.audience('VIPs', SEEN)]
    await given.server.ingest('identify', { userId: 'u1', traits: { email: 'ann@example.com', plan: 'pro', no: 1 } })
    const connectionSettings = { traits: { plan: 'tier' }, enteredEvent: 'Came', sendTrack: false }
    const connection = await control('POST', `audiences/${audience}/destination-connections`, {
      destination: { id },
      connectionSettings,
    })
    const { id: connectionId } = connection['connection'] as { id: string }
    for (const named of ['vips', connectionId]) {
      const sample = { type: 'track', audience: named, profile: 'email:ann@example.com' }
      await control('POST', `destinations/${id}/rehearse`, sample)
      expect(event()).toMatchObject({
        event: 'Came',
        userId: 'u1',
        properties: { vips: true, tier: 'pro' },
        context: { personas: { computation_id: audience, computation_key: 'vips', space_id: CONFIG.spaceId } },
      })
    }
  })

  it('is of accounts by a group call, and of computed traits with their value', async () => {
    const id = await made('actions-hubspot-cloud', { oauth: { accessToken: 'at' } })
    await given.audience('Busy', SEEN, { audienceType: 'ACCOUNTS' })
    await given.server.ingest('group', { userId: 'u1', groupId: 'acme', traits: { name: 'Acme' } })
    const group = { type: 'group', audience: 'busy', profile: 'group_id:acme' }
    expect(await control('POST', `destinations/${id}/rehearse`, group)).toMatchObject({ action: 'upsertCompany' })
    expect(event()).toMatchObject({ type: 'group', groupId: 'acme', traits: { busy: true } })
    const trait = { name: 'Spent', definition: { type: 'USERS', query: "event('Order').count()" } }
    await control('POST', 'computed-traits', trait)
    const identify = { type: 'identify', audience: 'spent', value: 42 }
    await control('POST', `destinations/${id}/rehearse`, identify)
    expect(event()).toMatchObject({ traits: { spent: 42 } })
    const klaviyo = await made('actions-klaviyo', { api_key: 'the-key-of-klaviyo' })
    const [, code, field] = await refused('POST', `destinations/${klaviyo}/rehearse`, identify)
    expect([code, field]).toEqual(['validation_error', 'audience'])
  })

  it('tries mappings and settings that are not stored', async () => {
    const id = await made('actions-braze-cloud', BRAZE)
    await given.audience('VIPs', SEEN)
    const mapping = { name: { '@path': '$.event' }, time: { '@path': '$.receivedAt' } }
    const mappings = [{ action: 'trackEvent', calls: ['identify'], mapping }]
    const sample = { type: 'identify', audience: 'vips' }
    expect(await control('POST', `destinations/${id}/rehearse`, { ...sample, mappings })).toMatchObject({
      action: 'trackEvent',
    })
    const destination = { type: 'actions-braze-cloud', settings: { ...BRAZE, mappings } }
    expect(await control('POST', 'destinations/rehearse', { ...sample, destination })).toMatchObject({
      action: 'trackEvent',
    })
    const [{ destinationId, settings }] = asked.at(-1)!
    expect([destinationId === id, settings]).toEqual([false, expect.objectContaining(BRAZE)])
    expect((await control('GET', `destinations/${id}`))['destination']).not.toMatchObject({ settings: { mappings } })
    expect((await control('GET', 'destinations'))['destinations']).toHaveLength(1)
  })

  it('comes to the reason if there is nothing to show', async () => {
    const id = await made('actions-braze-cloud', BRAZE)
    await given.audience('Busy', SEEN, { audienceType: 'ACCOUNTS' })
    expect(await control('POST', `destinations/${id}/rehearse`, { type: 'group', audience: 'busy' })).toEqual({
      status: 'FAILED',
      reason: 'no_action',
      message: 'No action of the tool is for this kind of call.',
    })
  })

  it('names the field at fault', async () => {
    const id = await made('actions-braze-cloud', BRAZE)
    await given.audience('VIPs', SEEN)
    const trait = { name: 'Spent', definition: { type: 'USERS', query: "event('Order').count()" } }
    await control('POST', 'computed-traits', trait)
    const sample = { type: 'identify', audience: 'vips' }
    const cases: [string, string, object][] = [
      ['validation_error', 'type', { ...sample, type: 'page' }],
      ['validation_error', 'type', { ...sample, type: 'group' }],
      ['not_found', 'audience', { ...sample, audience: 'nobody' }],
      ['validation_error', 'value', { ...sample, value: 1 }],
      ['validation_error', 'value', { ...sample, audience: 'spent' }],
      ['validation_error', 'profile', { ...sample, profile: 'u1' }],
      ['not_found', 'profile', { ...sample, profile: 'user_id:u1' }],
      ['validation_error', 'mappings.0.action', { ...sample, mappings: [{ action: 'fly' }] }],
      [
        'validation_error',
        'mappings.0.mapping.wings',
        { ...sample, mappings: [{ action: 'updateUserProfile', mapping: { wings: 2 } }] },
      ],
      ['validation_error', 'wings', { ...sample, wings: 2 }],
    ]
    for (const [code, field, body] of cases) {
      const [, type, named, message] = await refused('POST', `destinations/${id}/rehearse`, body)
      expect([type, named, message]).toEqual([code, field, expect.stringMatching(`^${field}: `)])
    }
    const destination = { type: 'actions-braze-cloud', settings: { endpoint: BRAZE.endpoint } }
    const [, code, field] = await refused('POST', 'destinations/rehearse', { ...sample, destination })
    expect([code, field]).toEqual(['validation_error', 'settings.api_key'])
    expect((await refused('POST', 'destinations/none/rehearse', sample)).slice(1, 3)).toEqual(['not_found', 'id'])
    expect(asked).toEqual([])
  })
})

describe('choices', () => {
  it('are those that the tool has for a field', async () => {
    const id = await made('actions-hubspot-cloud', { oauth: { accessToken: 'at' } })
    answer = () => ({ choices: [{ value: 'e1', label: 'Event 1' }], nextPage: '2' })
    const question = { action: 'sendCustomBehavioralEvent', field: 'eventName', payload: { a: 1 }, page: '1' }
    expect(await control('POST', `destinations/${id}/choices`, question)).toEqual({
      status: 'SUCCESS',
      choices: [{ value: 'e1', label: 'Event 1' }],
      nextPage: '2',
    })
    expect(asked).toMatchObject([[{ destinationId: id }, { kind: 'choices', ...question }]])
  })

  it('are of a part of a field, too', async () => {
    const id = await made('actions-hubspot-cloud', { oauth: { accessToken: 'at' } })
    answer = () => ({ choices: [] })
    const question = { action: 'upsertObject', field: 'object_details.object_type' }
    expect(await control('POST', `destinations/${id}/choices`, question)).toEqual({ status: 'SUCCESS', choices: [] })
  })

  it('are renewed tokens away, where the tool says so', async () => {
    const id = await made('actions-hubspot-cloud', { oauth: { accessToken: 'old', refreshToken: 'rt' } })
    answer = ({ kind }) => {
      if (kind === 'refresh') return { accessToken: 'new' }
      const isOld = asked.at(-1)![0].oauth?.accessToken === 'old'
      return isOld
        ? { choices: [], error: { message: 'expired', code: '401' } }
        : { choices: [{ value: 1, label: 'One' }] }
    }
    const question = { action: 'sendCustomBehavioralEvent', field: 'eventName' }
    expect(await control('POST', `destinations/${id}/choices`, question)).toMatchObject({ choices: [{ label: 'One' }] })
    expect(asked.map(([, { kind }]) => kind)).toEqual(['choices', 'refresh', 'choices'])
  })

  it('name the field at fault', async () => {
    const id = await made('actions-hubspot-cloud', { oauth: { accessToken: 'at' } })
    const ask = async (body: object, of = id) => (await refused('POST', `destinations/${of}/choices`, body)).slice(1, 3)
    expect(await ask({ action: 'fly', field: 'a' })).toEqual(['validation_error', 'action'])
    expect(await ask({ action: 'upsertContact', field: 'email' })).toEqual(['validation_error', 'field'])
    expect(await ask({ action: 'upsertContact' })).toEqual(['validation_error', 'field'])
    expect(await ask({ action: 'a', field: 'b' }, await made('console', {}))).toEqual(['validation_error', 'id'])
    expect(asked).toEqual([])
  })
})

describe('an app of the user', () => {
  const OAUTH = { clientId: 'our-client', clientSecret: 'our-client-secret' }
  const REDIRECT = { redirectUrl: 'https://rollcall.example.com/oauth/callback' }
  let sent: HttpRequest[]

  beforeEach(() => {
    sent = []
    const body = Buffer.from(JSON.stringify({ access_token: 'the-access-token', refresh_token: 'the-refresh-token' }))
    given.server.delivery.workers.replaced = {
      ...given.server.delivery.workers.replaced,
      http: {
        request: (request) => {
          sent.push(request)
          return Promise.resolve({ status: 200, headers: {}, body })
        },
      },
    }
  })

  async function come(query: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${given.server.url}/oauth/callback?${query}`)
    return { status: response.status, text: await response.text() }
  }

  it('is let in: the destination has its tokens, the audit log the change, and nobody sees a secret', async () => {
    const id = await made('actions-hubspot-cloud', { oauth: OAUTH })
    const { url } = await control('POST', `destinations/${id}/authorize`, REDIRECT)
    const { origin, searchParams } = new URL(String(url))
    expect([origin, searchParams.get('redirect_uri')]).toEqual(['https://app.hubspot.com', REDIRECT.redirectUrl])
    const state = searchParams.get('state')!
    const page = await come(`state=${state}&code=the-code`)
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('is authorized')])
    expect(String(sent[0]!.body)).toContain('code=the-code')
    answer = () => ({ choices: [] })
    await control('POST', `destinations/${id}/choices`, { action: 'sendCustomBehavioralEvent', field: 'eventName' })
    expect(asked[0]![0].oauth).toEqual({
      ...OAUTH,
      accessToken: 'the-access-token',
      refreshToken: 'the-refresh-token',
    })
    const { changes } = await control('GET', 'audit-log')
    expect(changes).toMatchObject([
      { action: 'update', thing: 'destination', id, by: 'environment' },
      { action: 'create', thing: 'destination', id },
    ])
    const { destination } = await control('GET', `destinations/${id}`)
    const shown = JSON.stringify([destination, changes, page.text])
    expect(shown).not.toMatch(/the-access-token|the-refresh-token|our-client-secret|the-code/)
    expect(await come(`state=${state}&code=the-code`)).toMatchObject({ status: 400 })
    expect(sent).toHaveLength(1)
  })

  it('is let in where tokens were missing, so that the destination can be enabled', async () => {
    const imported = { name: 'Hub', metadata: { slug: 'actions-hubspot-cloud' }, settings: {}, enabled: true }
    const { destinations } = await control('POST', 'destinations/import', { destinations: [imported] })
    const [{ id }] = destinations as [{ id: string }]
    expect(destinations).toMatchObject([{ enabled: false, missingSettings: ['oauth'] }])
    await control('PATCH', `destinations/${id}`, { settings: { oauth: OAUTH } })
    const { url } = await control('POST', `destinations/${id}/authorize`, { ...REDIRECT, scopes: ['oauth'] })
    expect(new URL(String(url)).searchParams.get('scope')).toBe('oauth')
    await come(`state=${new URL(String(url)).searchParams.get('state')}&code=c`)
    expect((await control('POST', `destinations/${id}/resume`))['destination']).toMatchObject({ status: 'Connected' })
  })

  it('is not let in if the tool refuses, and its words are text', async () => {
    const id = await made('actions-hubspot-cloud', { oauth: OAUTH })
    const { url } = await control('POST', `destinations/${id}/authorize`, REDIRECT)
    const state = new URL(String(url)).searchParams.get('state')
    const page = await come(`state=${state}&error=access_denied&error_description=${encodeURIComponent('<b>no</b>')}`)
    expect(page).toMatchObject({ status: 400, text: expect.stringContaining('access_denied: &#60;b&#62;no') as string })
    expect(sent).toEqual([])
  })

  it('needs an address to come back to, and a token to begin', async () => {
    const id = await made('actions-hubspot-cloud', { oauth: OAUTH })
    const path = `destinations/${id}/authorize`
    for (const body of [
      {},
      { redirectUrl: 'http://rollcall.example.com/' },
      { redirectUrl: 'https://a:b@example.com/' },
      { redirectUrl: 'https://example.com/#a' },
      { redirectUrl: 'javascript:alert(1)' },
    ])
      expect((await refused('POST', path, body)).slice(1, 3)).toEqual(['validation_error', 'redirectUrl'])
    expect((await refused('POST', path, { ...REDIRECT, scopes: ['a b'] })).slice(1, 3)).toEqual([
      'validation_error',
      'scopes.0',
    ])
    const braze = await made('actions-braze-cloud', BRAZE)
    expect((await refused('POST', `destinations/${braze}/authorize`, REDIRECT)).slice(1, 3)).toEqual([
      'type_unsupported',
      'id',
    ])
    const { status } = await send(`${given.server.url}/spaces/${CONFIG.spaceId}/${path}`, { method: 'POST' })
    expect(status).toBe(401)
    await control('POST', path, { redirectUrl: 'http://127.0.0.1:8080/oauth/callback' })
  })
})
