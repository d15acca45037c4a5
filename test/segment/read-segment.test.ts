/** Objects of Segment's Public API: which are taken, in which order, and why others are not. */
import { describe, expect, it } from 'vitest'
import { readDestination } from '../../src/control-api/destination-requests.ts'
import { readAudience, readComputedTrait } from '../../src/control-api/requests.ts'
import { MASK } from '../../src/model/destination-admin.ts'
import { unmetRead } from '../../src/segment/reading-order.ts'
import { readSegment, type SegmentImport } from '../../src/segment/read-segment.ts'
import { audience, computedTrait, destination, page, webhooks } from './given.ts'

function read(content: unknown): SegmentImport {
  return readSegment(content, {
    definition: (kind, body) => (kind === 'audience' ? readAudience : readComputedTrait)(body, 0),
    destination: (body) => readDestination(body, 0),
  })
}

function keys(content: unknown): string[] {
  return read(content).definitions.map(({ record }) => record.source.key)
}

/** The refusals, one a line: what, code, message. */
function refusals(content: unknown): string[] {
  return read(content).refused.map(({ kind, key, name, code, message }) =>
    [kind, key ?? name ?? '-', code, message].join(' | '),
  )
}

const SEEN = "event('Seen').count() >= 1"
const COUNT = "event('Seen').count()"

describe('objects of Segment', () => {
  const [one, two] = [audience('one', SEEN), audience('two', SEEN)]
  const trait = computedTrait('seen', COUNT)
  const out = destination('console', 'Out', {})

  it.each([
    ['one by itself', one, ['one']],
    ['a list', [one, trait], ['one', 'seen']],
    ['an answer with one', { data: { audience: one } }, ['one']],
    ['an answer with a list', page('audiences', [one, two]), ['one', 'two']],
    ['several answers', [page('audiences', [one]), page('computedTraits', [trait]), two], ['one', 'seen', 'two']],
    ['several lists', { audiences: [one], computedTraits: [trait], destinations: [out] }, ['one', 'seen']],
    ['an audience without its id', { ...one, id: undefined }, ['one']],
    ['a computed trait without its id', { ...trait, id: undefined }, ['seen']],
    ['no list of any', [], []],
    ['an empty list', page('audiences', []), []],
    ['the same twice', [one, page('audiences', [{ ...one, size: undefined }])], ['one']],
  ])('are taken as %s', (_, content, expected) => {
    expect(keys(content)).toEqual(expected)
    expect(refusals(content)).toEqual([])
  })

  it.each([[7], ['text'], [null], [undefined]])('are not %j', (content) => {
    expect(() => read(content)).toThrow(expect.objectContaining({ code: 'validation_error' }))
  })

  it('are at most a thousand', () => {
    const many = (count: number) => Array.from({ length: count }, (_, nth) => audience(`a${nth}`, SEEN))
    expect(keys(many(1_000))).toHaveLength(1_000)
    expect(() => read(many(1_001))).toThrow(expect.objectContaining({ code: 'payload_too_large' }))
  })

  it('are named where they are something else', () => {
    expect(refusals([{ foo: 1 }, 7, page('sources', [{ foo: 1 }])])).toEqual([
      'unknown | - | type_unsupported | 0: expected an audience, a computed trait or a destination',
      'unknown | - | type_unsupported | 1: expected an audience, a computed trait or a destination',
      'unknown | - | type_unsupported | 2.data: expected an audience, a computed trait or a destination',
    ])
  })
})

describe('a definition of Segment', () => {
  it('keeps all that we have too, and nothing else', () => {
    const options = { includeHistoricalData: false, includeAnonymousUsers: true, backfillEventDataDays: null, foo: 1 }
    const given = audience('big', SEEN, { enabled: false, audienceType: 'ACCOUNTS', options })
    expect(read(given).definitions).toMatchObject([
      {
        path: [],
        body: {
          key: 'big',
          name: 'The big',
          description: 'All big',
          enabled: false,
          audienceType: 'ACCOUNTS',
          definition: { query: SEEN },
          options: { includeHistoricalData: false, includeAnonymousUsers: true },
        },
      },
    ])
    const days = { includeHistoricalData: true, filterByExternalIds: ['email'], backfillEventDataDays: 30 }
    const [definition] = read(audience('big', SEEN, { options: days })).definitions
    expect(definition!.record).toMatchObject({
      enabled: true,
      options: days,
      source: { type: 'USERS', backfillDays: 30 },
    })
  })

  it('has a type that may stand in its definition', () => {
    const definition = { type: 'ACCOUNTS', query: COUNT }
    expect(read(computedTrait('seen', '', { definition })).definitions).toMatchObject([
      { record: { source: { kind: 'computed_trait', type: 'ACCOUNTS', query: COUNT } } },
    ])
    const older = audience('old', '', { audienceType: undefined, definition: { type: 'ACCOUNTS', query: SEEN } })
    expect(read(older).definitions).toMatchObject([{ record: { source: { kind: 'audience', type: 'ACCOUNTS' } } }])
  })

  it.each([
    [
      'has no query',
      computedTrait('likely', undefined),
      'computed_trait | likely | type_unsupported | definition.query: expected a query, got nothing: SQL traits and predictions have none',
    ],
    [
      'has no definition',
      audience('sql', undefined),
      'audience | sql | type_unsupported | definition.query: expected a query, got nothing: SQL traits and predictions have none',
    ],
    [
      'is of linked entities',
      audience('linked', "entity('orders').count() >= 1", { audienceType: 'LINKED' }),
      'audience | linked | type_unsupported | audienceType: expected USERS or ACCOUNTS, got another type',
    ],
    [
      'is of a type that there is not',
      computedTrait('odd', '', { definition: { type: 'LINKED', query: COUNT } }),
      'computed_trait | odd | type_unsupported | definition.type: expected USERS or ACCOUNTS, got another type',
    ],
    [
      'has a key that we would not take',
      audience('a-b', SEEN),
      'audience | a-b | validation_error | key: expected letters, digits and _, got a string',
    ],
    [
      'has no key',
      audience('', SEEN, { key: undefined }),
      'audience | The  | validation_error | key: expected string, got nothing',
    ],
    [
      'has a query that is no text',
      audience('num', '', { definition: { query: 7 } }),
      'audience | num | validation_error | definition.query: expected string, got a number',
    ],
  ])('is refused that %s', (_, given, expected) => {
    expect(read(given).definitions).toEqual([])
    expect(refusals(given)).toEqual([expected])
  })

  it('is refused with the place of what its query has and our language has not', () => {
    const [refusal] = read(
      page('audiences', [audience('ok', SEEN), audience('orders', "entity('orders').count() >= 1")]),
    ).refused as [object]
    expect(refusal).toEqual({
      path: ['data', 'audiences', 1],
      kind: 'audience',
      key: 'orders',
      name: 'The orders',
      code: 'query_unsupported',
      message: expect.stringMatching(/^Line 1, column 1: /) as string,
      field: 'definition.query',
      data: { line: 1, column: 1 },
    })
  })

  it('is refused that has the key of another of its type', () => {
    const other = computedTrait('one', COUNT)
    const accounts = audience('one', SEEN, { audienceType: 'ACCOUNTS' })
    expect(keys([audience('one', SEEN), other, accounts])).toEqual(['one', 'one'])
    expect(refusals([audience('one', SEEN), audience('one', "event('A').count() >= 1"), other, accounts])).toEqual([
      'audience | one | already_exists | key: expected another than 0 has',
      'computed_trait | one | already_exists | key: expected another than 0 has',
    ])
  })
})

describe('definitions that read one another', () => {
  const reading = (key: string, ...names: string[]) =>
    audience(key, names.map((name) => `trait('${name}') = true`).join(' AND '))

  it('come after what they read', () => {
    const given = [reading('c', 'b'), reading('b', 'a', 'spend'), computedTrait('spend', COUNT), reading('a', 'plan')]
    expect(keys(given)).toEqual(['spend', 'a', 'b', 'c'])
  })

  it('read audiences of accounts from users, and users from accounts', () => {
    const member = reading('member', 'busy')
    const busy = audience('busy', "ANY trait('keen') = true AND trait('plan') = 'pro'", { audienceType: 'ACCOUNTS' })
    const found = read([member, busy, audience('keen', SEEN)]).definitions
    expect(
      found.map(({ record, reads }) => [record.source.key, ...reads.map(({ type, key }) => `${type} ${key}`)]),
    ).toEqual([['keen'], ['busy', 'USERS keen'], ['member', 'ACCOUNTS busy']])
  })

  it('are refused where they go round in a circle, with all that reads these', () => {
    const given = [
      reading('a', 'b'),
      reading('b', 'a'),
      reading('c', 'a'),
      reading('self', 'self'),
      reading('d', 'plan'),
    ]
    expect(keys(given)).toEqual(['d'])
    expect(read(given).refused.map(({ key, code }) => [key, code])).toEqual([
      ['a', 'definition_cycle'],
      ['b', 'definition_cycle'],
      ['c', 'definition_cycle'],
      ['self', 'definition_cycle'],
    ])
  })

  it('say what they miss of what was given', () => {
    const [definition] = read([reading('a', 'plan', 'vip'), audience('vip', undefined)]).definitions
    const missing = unmetRead(definition!, () => false)
    expect([missing?.code, missing?.message]).toEqual([
      'not_found',
      "definition.query: it reads 'vip', which could not be moved",
    ])
    expect(unmetRead(definition!, ({ key }) => key === 'vip')).toBeUndefined()
  })
})

describe('a destination of Segment', () => {
  const URL = 'https://example.com/hook'

  it('is a webhook where it is one there, without the secret that Segment keeps', () => {
    const headers = [
      { key: 'x-team', value: 'data' },
      { key: '', value: '' },
    ]
    const given = [
      webhooks('Hook', [{ hook: URL, headers }]),
      destination('webhooks', 'Old', { globalHook: URL }),
      destination('actions-webhook', 'Actions', { url: URL, sharedSecret: '********', dynamicAuthSettings: {} }),
      destination('webhooks', 'Known', { hooks: [{ hook: URL }], sharedSecret: 'a-known-secret' }, { enabled: false }),
    ]
    const missing = ['sharedSecret']
    expect(read(page('destinations', given)).destinations).toEqual(
      [
        { name: 'Hook', settings: { url: URL, headers: { 'x-team': 'data' } }, missing },
        { name: 'Old', settings: { url: URL }, missing },
        { name: 'Actions', settings: { url: URL }, missing },
        { name: 'Known', settings: { url: URL, sharedSecret: 'a-known-secret' }, missing: [], enabled: false },
      ].map((one, index) => ({ path: ['data', 'destinations', index], type: 'webhook', enabled: true, ...one })),
    )
  })

  it('misses a secret of ours that is masked', () => {
    const settings = { url: URL, headers: MASK }
    expect(read(destination('webhook', 'Ours', settings)).destinations).toMatchObject([
      { type: 'webhook', settings: { url: URL }, missing: ['headers'] },
    ])
  })

  const BRAZE = { endpoint: 'https://rest.iad-01.braze.com', app_id: '' }
  const subscription = (name: string, more: object) => ({
    id: `id of ${name}`,
    name,
    actionSlug: 'updateUserProfile',
    enabled: true,
    trigger: 'type = "identify"',
    settings: { external_id: { '@path': '$.userId' } },
    ...more,
  })

  it('is a tool of the catalogue, by its own settings, without the secrets that Segment keeps', () => {
    const given = [
      destination('actions-braze-cloud', 'Braze', BRAZE),
      destination('actions-braze-cloud', 'Masked', { ...BRAZE, api_key: '••••' }),
      destination('actions-braze-cloud', 'Known', { ...BRAZE, api_key: 'a-key' }, { enabled: false }),
      destination('actions-hubspot-cloud', 'Hub', { portalId: '42' }),
      destination('actions-braze-cohorts', 'Partner', { client_secret: 'known' }),
    ]
    const { endpoint } = BRAZE
    expect(read(given).destinations).toEqual([
      expect.objectContaining({
        name: 'Braze',
        type: 'actions-braze-cloud',
        settings: { endpoint },
        missing: ['api_key'],
      }),
      expect.objectContaining({ name: 'Masked', settings: { endpoint }, missing: ['api_key'] }),
      expect.objectContaining({
        name: 'Known',
        enabled: false,
        missing: [],
        settings: expect.objectContaining({ api_key: 'a-key' }) as object,
      }),
      expect.objectContaining({ name: 'Hub', settings: { portalId: '42' }, missing: ['oauth'] }),
      expect.objectContaining({ name: 'Partner', missing: ['partnerSecrets'] }),
    ])
  })

  it('has the mappings that are for calls of ours; of the others it is said why not', () => {
    const subscriptions = [
      subscription('People', {}),
      subscription('Members', {
        actionSlug: undefined,
        partnerAction: 'trackEvent',
        trigger: 'event = "Audience Entered"',
        settings: undefined,
      }),
      subscription('Orders', { trigger: 'event = "Order Completed"' }),
      subscription('Off', { enabled: false }),
      subscription('Gone', { actionSlug: 'flyAway' }),
      subscription('Twice', { trigger: 'type = "identify"' }),
      subscription('Wrong', { trigger: 'type = "group"', settings: { wings: 2 } }),
      subscription('Nothing', { trigger: undefined }),
      'not one',
    ]
    const found = read(destination('actions-braze-cloud', 'Braze', BRAZE, { subscriptions }))
    const [{ settings }] = found.destinations as unknown as [
      { settings: { mappings: { mapping: Record<string, unknown> }[] } },
    ]
    expect(settings.mappings).toEqual([
      { action: 'updateUserProfile', calls: ['identify'], mapping: expect.any(Object) as object },
      { action: 'trackEvent', calls: ['entered'] },
    ])
    // The presets map more fields than Segment does: those are not mapped.
    const { mapping } = settings.mappings[0]!
    expect(mapping['external_id']).toEqual({ '@path': '$.userId' })
    const others = Object.entries(mapping).filter(([name]) => name !== 'external_id')
    expect(others.length).toBeGreaterThan(5)
    for (const [, value] of others) expect(value).toBeNull()
    expect(refusals(destination('actions-braze-cloud', 'Braze', BRAZE, { subscriptions }))).toEqual([
      'mapping | Braze: Orders | type_unsupported | subscriptions.2.trigger: it is for none of the calls that are made here, which are of audiences and computed traits',
      'mapping | Braze: Off | type_unsupported | subscriptions.3.enabled: it is disabled at Segment',
      expect.stringMatching(
        /^mapping \| Braze: Gone \| type_unsupported \| subscriptions\.4\.actionSlug: expected one of updateUserProfile, /,
      ),
      'mapping | Braze: Twice | in_use | subscriptions.5.trigger: another mapping has the calls identify already',
      expect.stringMatching(
        /^mapping \| Braze: Wrong \| validation_error \| subscriptions\.6\.mapping\.wings: expected a field of /,
      ),
      'mapping | Braze: Nothing | type_unsupported | subscriptions.7.trigger: expected a trigger, got none',
      expect.stringMatching(
        /^mapping \| Braze: subscriptions\.8 \| type_unsupported \| subscriptions\.8\.actionSlug: /,
      ),
    ])
  })

  it('is a webhook of the catalogue where its URLs are in its mappings', () => {
    const mapping = { url: URL, data: { '@path': '$.' }, method: 'POST' }
    const subscriptions = [{ name: 'All', partnerAction: 'send', enabled: true, trigger: 'type = "identify"', mapping }]
    expect(
      read(destination('actions-webhook', 'Actions', { sharedSecret: 'x' }, { subscriptions })).destinations,
    ).toMatchObject([
      { type: 'actions-webhook', settings: { mappings: [{ action: 'send', calls: ['identify'], mapping }] } },
    ])
  })

  it('may be of a type of ours, and without a name', () => {
    expect(read([destination('csv', '', { everySeconds: 9 }), { type: 'console' }]).destinations).toMatchObject([
      { name: 'Some tool', type: 'csv', settings: { everySeconds: 9 } },
      { name: 'console', type: 'console' },
    ])
  })

  it.each([
    [
      'is of another type',
      destination('braze', 'Braze', { apiKey: '' }),
      expect.stringMatching(
        /^destination \| Braze \| type_unsupported \| metadata\.slug: expected one of webhook, .* such as actions-braze-cloud, actions-braze-cohorts, got another$/,
      ),
    ],
    [
      'is off',
      destination('actions-s3-csv', 'Files', {}),
      "destination | Files | type_unsupported | metadata.slug: AWS S3 CSV is not offered here: opens connections of its own by Amazon's SDK, which no guard of addresses sees, and takes the identity of the machine that it runs on",
    ],
    [
      'is denied',
      destination('actions-the-trade-desk-crm', 'Desk', {}),
      expect.stringMatching(/^destination \| Desk \| type_unsupported \| metadata\.slug: .* is not offered here: ./),
    ],
    [
      'has no preset for audiences, and no mappings',
      destination('actions-apolloio', 'Apollo', { apiToken: 'known' }),
      'destination | Apollo | validation_error | settings.mappings: Expected at least one, as this tool has no preset for audiences.',
    ],
    [
      'has a setting that its tool has not',
      destination('actions-braze-cloud', 'Braze', { api_key: 'known', wings: 2 }),
      'destination | Braze | validation_error | settings.wings: expected a setting of actions-braze-cloud, got another',
    ],
    [
      'has several URLs',
      webhooks('Hooks', [{ hook: URL }, { hook: `${URL}/2` }]),
      'destination | Hooks | type_unsupported | settings.hooks: expected one URL, as a webhook has one here, got 2',
    ],
    [
      'has no URL',
      destination('actions-webhook', 'Actions', { sharedSecret: '' }),
      'destination | Actions | validation_error | settings.url: A URL that begins with http:// or https:// was expected.',
    ],
    [
      'has settings that its type does not take',
      destination('csv', 'Lists', { everySeconds: 'often' }),
      'destination | Lists | validation_error | settings.everySeconds: expected number, got string',
    ],
    [
      'has settings that are none',
      destination('csv', 'Lists', [] as object),
      'destination | Lists | validation_error | settings: expected object, got an array',
    ],
    [
      'says nothing of its type',
      { name: 'Some', settings: {} },
      'destination | Some | validation_error | metadata.slug: expected the slug of its type, got nothing',
    ],
  ])('is refused that %s', (_, given, expected) => {
    expect(read(given).destinations).toEqual([])
    expect(refusals(given)).toEqual([expected])
  })

  it('is refused that has the name of another', () => {
    const [hook, same] = [webhooks('Hook', [{ hook: URL }]), webhooks('Hook', [{ hook: URL }], { id: 'other' })]
    const other = webhooks('Hook', [{ hook: `${URL}/2` }])
    expect(read([hook, same, other]).destinations).toHaveLength(1)
    expect(refusals([hook, same, other])).toEqual([
      'destination | Hook | already_exists | name: expected another than 0 has',
    ])
  })
})
