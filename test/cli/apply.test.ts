/** `rollcall apply` against a server: what it shows, what it does, and what it leaves alone. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { apply, type ApplyOptions } from '../../src/cli/apply.ts'
import type { ClientOptions } from '../../src/server/settings.ts'
import { CONFIG, startTestServer, type TestServer } from '../support/server.ts'
import { audience, computedTrait, destination, page, webhooks } from '../segment/given.ts'
import { Folder } from './folder.ts'

const WHOLE = `
destinations:
  - name: Orders hook
    type: webhook
    enabled: true
    settings: { url: https://example.com/hook, sharedSecret: \${HOOK_SECRET} }
  - name: Lists
    type: csv
audiences:
  - key: upsell
    name: Upsell
    query: trait('big_spenders') = true AND trait('plan') != 'premium'
    destinations:
      - destination: Lists
  - key: big_spenders
    name: Big spenders
    query: trait('spend_30d') >= 200
    description: Who buys much
    options: { includeAnonymousUsers: true }
    destinations:
      - destination: Orders hook
        idSyncConfiguration: [{ externalId: user_id }]
        connectionSettings: { sendTrack: false, traits: [plan] }
      - destination: Lists
        enabled: false
  - key: buyers
    name: Buying accounts
    type: ACCOUNTS
    query: ANY event('Order Completed').count() >= 2
computed_traits:
  - key: spend_30d
    name: Spend
    query: event('Order Completed').within(30 days).sum(property('revenue'))
    destinations:
      - destination: Orders hook
`

const CREATED = [
  '+ destination Orders hook',
  '+ destination Lists',
  '+ computed trait spend_30d',
  '+ audience big_spenders',
  '+ audience upsell',
  '+ audience buyers (accounts)',
  '+ connection spend_30d → Orders hook',
  '+ connection big_spenders → Orders hook',
  '+ connection big_spenders → Lists',
  '+ connection upsell → Lists',
]
const NOTHING = ['= nothing to change']

interface Outcome {
  readonly status: number
  readonly lines: readonly string[]
  readonly warnings: readonly string[]
}

let folder: Folder
let server: TestServer
let client: ClientOptions
beforeAll(() => (folder = new Folder()))
afterAll(() => folder.remove())
beforeEach(async () => {
  server = await startTestServer()
  const { accessToken, spaceId } = CONFIG
  client = { url: server.url, spaceId, accessToken, dataDirectory: 'none' }
})
afterEach(() => server.stop())

async function applied(
  text: string,
  options: Omit<ApplyOptions, 'file'> = {},
  environment: Readonly<Record<string, string>> = { HOOK_SECRET: 'secret-of-the-hook' },
): Promise<Outcome> {
  return run({ file: folder.file('rollcall.yaml', text), ...options }, environment)
}

async function run(options: ApplyOptions, environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const lines: string[] = []
  const warnings: string[] = []
  const status = await apply(options, {
    client,
    variable: (name) => environment[name],
    write: (line) => void lines.push(line.trimEnd()),
    warn: (line) => void warnings.push(line.trimEnd()),
  })
  return { status, lines, warnings }
}

function done(...steps: string[]): Outcome {
  return { status: 0, lines: [...steps, `${steps.length} of ${steps.length} done`], warnings: [] }
}

const unchanged: Outcome = { status: 0, lines: NOTHING, warnings: [] }

/** The file with some text in place of other. */
function changed(...pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((text, [before, after]) => {
    expect(text).toContain(before)
    return text.replace(before, () => after)
  }, WHOLE)
}

async function listed(path: string): Promise<Record<string, unknown>[]> {
  const { body } = await server.control('GET', path)
  return Object.values(body['data'] as object)[0] as Record<string, unknown>[]
}

async function made(path: string, body: object): Promise<string> {
  const answer = await server.control('POST', path, body)
  expect(answer.status).toBe(200)
  return (Object.values(answer.body['data'] as object)[0] as { id: string }).id
}

/** Requests that have changed something so far. */
async function commandCount(): Promise<number> {
  let count = 0
  for await (const { entry } of server.journal.read(0))
    if (entry.kind === 'command' && entry.command.kind !== 'sync step') count += 1
  return count
}

/** The secret that the workers are given for a webhook. */
function secretOf(url: string): unknown {
  return server.delivery.workers.destinations.find(({ settings }) => settings['url'] === url)?.settings['sharedSecret']
}

describe('apply', () => {
  it('makes all that a file names, each after what it needs', async () => {
    expect(await applied(WHOLE)).toEqual(done(...CREATED))
    expect(await listed('audiences')).toMatchObject([
      { key: 'big_spenders', description: 'Who buys much', options: { includeAnonymousUsers: true }, enabled: true },
      { key: 'upsell', definition: { query: "trait('big_spenders') = true AND trait('plan') != 'premium'" } },
      { key: 'buyers', audienceType: 'ACCOUNTS' },
    ])
    const [bigSpenders] = await listed('audiences')
    expect(await listed(`audiences/${String(bigSpenders!['id'])}/destination-connections`)).toMatchObject([
      {
        destination: { name: 'Orders hook' },
        idSyncConfiguration: [{ externalId: 'user_id', strategy: 'all' }],
        connectionSettings: { sendIdentify: true, sendTrack: false, traits: { plan: 'plan' } },
      },
      { destination: { name: 'Lists' }, enabled: false },
    ])
    expect(secretOf('https://example.com/hook')).toBe('secret-of-the-hook')
  })

  it('changes nothing the second time, and sends nothing', async () => {
    await applied(WHOLE)
    const before = await commandCount()
    expect(before).toBeGreaterThanOrEqual(CREATED.length)
    expect(await applied(WHOLE)).toEqual(unchanged)
    expect(await applied(WHOLE, { prune: true })).toEqual(unchanged)
    expect(await commandCount()).toBe(before)
  })

  it('reads all pages of what is there', async () => {
    const audiences = Array.from({ length: 201 }, (_, nth) => ({
      key: `a${nth}`,
      name: `A ${nth}`,
      query: "trait('x') = 1",
    }))
    expect((await applied(JSON.stringify({ audiences }))).status).toBe(0)
    expect(await applied(JSON.stringify({ audiences }))).toEqual(unchanged)
  })

  it.each([
    ['a name', [['name: Upsell', 'name: Sell more']], '~ audience upsell: name'],
    ['a description', [['Who buys much', 'Who buys']], '~ audience big_spenders: description'],
    ['a query', [['>= 200', '>= 300']], '~ audience big_spenders: query'],
    ['a trait’s query', [['30 days', '31 days']], '~ computed trait spend_30d: query'],
    ['a state', [['name: Upsell', 'name: Upsell\n    enabled: false']], '~ audience upsell: enabled'],
    [
      'several things of an audience',
      [
        ['name: Big spenders', 'name: Spenders'],
        ['includeAnonymousUsers: true', 'includeAnonymousUsers: false, filterByExternalIds: [email]'],
      ],
      '~ audience big_spenders: name, options.includeAnonymousUsers, options.filterByExternalIds',
    ],
    ['a pause', [['enabled: true', 'enabled: false']], '~ destination Orders hook: enabled'],
    ['a setting', [['.com/hook', '.com/other']], '~ destination Orders hook: settings.url, secrets'],
    [
      'a setting that is new',
      [['type: csv', 'type: csv\n    settings: { everySeconds: 9 }']],
      '~ destination Lists: settings.everySeconds',
    ],
    [
      'the calls that are sent',
      [['sendTrack: false', 'sendTrack: true']],
      '~ connection big_spenders → Orders hook: connectionSettings.sendTrack',
    ],
    [
      'the traits that go along',
      [['traits: [plan]', 'traits: { plan: tier }']],
      '~ connection big_spenders → Orders hook: connectionSettings.traits',
    ],
    [
      'the ids that are sent',
      [['externalId: user_id', 'externalId: email, strategy: last']],
      '~ connection big_spenders → Orders hook: idSyncConfiguration',
    ],
    ['a connection’s state', [['enabled: false', 'enabled: true']], '~ connection big_spenders → Lists: enabled'],
  ] as const)('changes %s', async (_, pairs, line) => {
    await applied(WHOLE)
    const text = changed(...pairs)
    expect(await applied(text, { dryRun: true })).toEqual({ status: 0, lines: [line], warnings: [] })
    expect(await applied(text)).toEqual(done(line))
    expect(await applied(text)).toEqual(unchanged)
  })

  it('leaves as it is what the file leaves out', async () => {
    await applied(WHOLE)
    const left = changed(
      ['    description: Who buys much\n', ''],
      ['    options: { includeAnonymousUsers: true }\n', ''],
      ['    enabled: true\n', ''],
      [', sharedSecret: ${HOOK_SECRET}', ', requestsPerSecond: null'],
      ['        connectionSettings: { sendTrack: false, traits: [plan] }\n', ''],
      ['      - destination: Lists\n        enabled: false\n', ''],
    )
    expect(await applied(left)).toEqual(unchanged)
    expect(await applied(left, { prune: true })).toEqual(done('- connection big_spenders → Lists'))
  })

  it('shows a difference, and changes nothing', async () => {
    const before = await commandCount()
    expect(await applied(WHOLE, { dryRun: true })).toEqual({ status: 0, lines: CREATED, warnings: [] })
    expect(await commandCount()).toBe(before)
  })

  it('follows references whose order changes, through what the file does not name', async () => {
    const audience = (key: string, query: string) => ({ key, name: key, query })
    const file = (...audiences: object[]) => JSON.stringify({ audiences })
    await applied(file(audience('m', "trait('n') = true"), audience('n', "trait('plan') = 'a'")))
    await applied(file(audience('s', "trait('m') = true")))
    const turned = file(audience('n', "trait('s') = true"), audience('m', "trait('plan') = 'a'"))
    expect(await applied(turned)).toEqual(done('~ audience n: query', '~ audience m: query'))
    expect(await applied(turned)).toEqual(unchanged)
  })
})

describe('a file from Segment', () => {
  const HOOK = 'https://example.com/hook'
  const movable = [
    page('audiences', [audience('vip', "trait('spend') >= 100"), audience('known', "trait('email').exists()")]),
    page('computedTraits', [computedTrait('spend', "event('Order Completed').sum(property('revenue'))")]),
    page('destinations', [webhooks('Hook', [{ hook: HOOK }]), destination('console', 'Out', {})]),
  ]
  const moved = [
    '+ destination Hook: disabled until it has its sharedSecret',
    '+ destination Out',
    '+ audience known',
    '+ computed trait spend',
    '+ audience vip',
  ]
  const applied = (content: unknown, options: Omit<ApplyOptions, 'fromSegment'> = {}) =>
    run({ fromSegment: folder.file('segment.json', JSON.stringify(content, undefined, 2)), ...options })

  it('is applied like any other, and changes nothing the second time', async () => {
    expect(await applied(movable, { dryRun: true })).toEqual({ status: 0, lines: moved, warnings: [] })
    expect(await listed('audiences')).toEqual([])
    expect(await applied(movable)).toEqual(done(...moved))
    const [hook] = await listed('destinations')
    expect(hook).toMatchObject({ enabled: false, missingSettings: ['sharedSecret'], settings: { url: HOOK } })
    expect(await applied(movable)).toEqual(unchanged)
    const change = { enabled: true, settings: { sharedSecret: 'a-shared-secret' } }
    expect((await server.control('PATCH', `destinations/${String(hook!['id'])}`, change)).status).toBe(200)
    expect(await applied(movable)).toEqual(unchanged)
    expect(secretOf(HOOK)).toBe('a-shared-secret')
  })

  it('brings what has changed at Segment', async () => {
    await applied(movable)
    const changed = [
      audience('vip', "trait('spend') >= 200", { name: 'Best' }),
      webhooks('Hook', [{ hook: `${HOOK}/2` }]),
      destination('console', 'Out', {}, { enabled: false }),
    ]
    expect(await applied(changed)).toEqual(
      done('~ destination Hook: settings.url', '~ destination Out: enabled', '~ audience vip: name, query'),
    )
    expect(await listed('destinations')).toMatchObject([{ enabled: false, missingSettings: ['sharedSecret'] }, {}])
  })

  it('says what cannot be moved, at which line, and moves the rest', async () => {
    const given = page('audiences', [
      audience('orders', "entity('orders').count() >= 1"),
      audience('again', "trait('orders') = true"),
      audience('known', "trait('email').exists()"),
    ])
    const { status, lines, warnings } = await applied(given)
    expect([status, lines]).toEqual([1, ['+ audience known', '1 of 1 done']])
    expect(warnings).toEqual([
      expect.stringMatching(/segment\.json:4: audience orders: query_unsupported: Line 1, column 1: found 'entity'/),
      expect.stringMatching(/segment\.json:37: audience again: not_found: definition\.query: it reads 'orders'/),
    ])
    await made('audiences', { name: 'Orders', key: 'orders', definition: { query: "event('Order').count() >= 1" } })
    expect((await applied(given)).lines).toEqual(['+ audience again', '1 of 1 done'])
  })

  it('has tools of the catalogue, with their mappings, and says which of those cannot be moved', async () => {
    const subscriptions = [
      { name: 'Entries', actionSlug: 'trackEvent', enabled: true, trigger: 'event = "Audience Entered"' },
      { name: 'Orders', actionSlug: 'trackEvent', enabled: true, trigger: 'event = "Order Completed"' },
    ]
    const braze = destination('actions-braze-cloud', 'Braze', { app_id: 'app' }, { subscriptions })
    const given = [braze, destination('braze', 'Classic', {}), destination('actions-s3-csv', 'Files', {})]
    const { status, lines, warnings } = await applied(given)
    const line = '+ destination Braze: disabled until it has its api_key'
    expect([status, lines]).toEqual([1, [line, '1 of 1 done']])
    expect(warnings).toEqual([
      expect.stringMatching(/segment\.json:2: mapping Braze: Orders: type_unsupported: subscriptions\.1\.trigger: /),
      expect.stringMatching(/destination Classic: type_unsupported: .* such as actions-braze-cloud/),
      expect.stringMatching(/destination Files: type_unsupported: metadata\.slug: AWS S3 CSV is not offered here: /),
    ])
    expect(await listed('destinations')).toMatchObject([
      { settings: { app_id: 'app', mappings: [{ action: 'trackEvent', calls: ['entered'] }] } },
    ])
    expect((await applied([braze])).lines).toEqual(NOTHING)
  })

  it('is no other file', async () => {
    await expect(applied(7)).rejects.toThrow(/segment\.json:1: body: expected objects of Segment's Public API/)
    await expect(run({})).rejects.toThrow('expected one file, by --file or by --from-segment')
  })
})

describe('the sample', () => {
  const root = join(import.meta.dirname, '../..')
  const sample = readFileSync(join(root, 'docs/sample/rollcall.yaml'), 'utf8')

  it('gives what the README shows', async () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const first = await applied(sample)
    expect(first.status).toBe(0)
    const upsell = sample.slice(sample.indexOf('  - key: upsell'), sample.indexOf('  - key: big_spenders'))
    const edited = sample.replace('>= 200', '>= 300').replace(upsell, '')
    const second = await applied(edited, { prune: true, dryRun: true })
    expect(await applied(edited, { prune: true })).toEqual(done(...second.lines))
    for (const { lines } of [first, second]) expect(readme).toContain(`\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`)
  })
})

describe('secrets', () => {
  const other = { HOOK_SECRET: 'another-secret' }

  it('are sent when another setting changes, or when they are asked for', async () => {
    await applied(WHOLE)
    expect(await applied(WHOLE, {}, other)).toEqual(unchanged)
    expect(secretOf('https://example.com/hook')).toBe('secret-of-the-hook')
    expect(await applied(WHOLE, { secrets: true }, other)).toEqual(done('~ destination Orders hook: secrets'))
    expect(secretOf('https://example.com/hook')).toBe('another-secret')
    await applied(changed(['.com/hook', '.com/other']))
    expect(secretOf('https://example.com/other')).toBe('secret-of-the-hook')
  })

  it('stay where the file leaves them out, go where it says null, and come where there were none', async () => {
    await applied(WHOLE)
    await applied(changed(['.com/hook, sharedSecret: ${HOOK_SECRET}', '.com/other']))
    expect(secretOf('https://example.com/other')).toBe('secret-of-the-hook')
    const none = changed(['.com/hook, sharedSecret: ${HOOK_SECRET}', '.com/other, sharedSecret: null'])
    expect(await applied(none)).toEqual(done('~ destination Orders hook: settings.sharedSecret'))
    expect(secretOf('https://example.com/other')).toBeUndefined()
    expect(await applied(changed(['.com/hook', '.com/other']))).toEqual(
      done('~ destination Orders hook: settings.sharedSecret'),
    )
    expect(secretOf('https://example.com/other')).toBe('secret-of-the-hook')
  })

  it('are shown nowhere', async () => {
    const { lines } = await applied(WHOLE)
    expect(lines.join()).not.toContain('secret-of-the-hook')
  })

  it('come from the environment wherever they stand in a setting', async () => {
    const text = changed(['sharedSecret: ${HOOK_SECRET}', 'headers: { authorization: "Bearer ${A}${B} $${A}" }'])
    expect((await applied(text, {}, { A: 'a-', B: 'b' })).status).toBe(0)
    expect(server.delivery.workers.destinations[0]!.settings['headers']).toEqual({ authorization: 'Bearer a-b ${A}' })
  })
})

describe('activations', () => {
  const text = (activations: string) => `
destinations: [{ name: Out, type: console }]
audiences:
  - key: a
    name: A
    query: trait('x') = 1
    destinations:
      - destination: Out
        activations: ${activations}`
  const entries = `{ activationName: Entries, activationType: Audience Entered }`
  const exits = `{ activationName: Exits, activationType: Audience Exited, destinationMapping: { actionId: track } }`
  const of = 'of connection a → Out'

  it('are made with their connection, added, changed, and removed where they are not named', async () => {
    expect(await applied(text(`[${entries}]`))).toEqual(
      done('+ destination Out', '+ audience a', '+ connection a → Out'),
    )
    expect(await applied(text(`[${entries}]`))).toEqual(unchanged)
    expect(await applied(text(`[${entries}, ${exits}]`))).toEqual(done(`+ activation Exits ${of}`))
    const more = exits.replace('track }', 'track, settings: { exitedEvent: Gone } }, enabled: false')
    const personal = entries.replace(' }', ', personalization: { profile: { properties: [plan] } } }')
    const changes = done(
      `~ activation Entries ${of}: personalization`,
      `~ activation Exits ${of}: enabled, destinationMapping`,
    )
    expect(await applied(text(`[${personal}, ${more}]`))).toEqual(changes)
    expect(await applied(text(`[${entries}, ${more}]`), { prune: true })).toEqual(unchanged)
    expect(await applied(text(`[${more}]`))).toEqual(unchanged)
    expect(await applied(text(`[${more}]`), { prune: true })).toEqual(done(`- activation Entries ${of}`))
    const none = text('[]').replace('        activations: []', '')
    expect(await applied(none, { prune: true })).toEqual(unchanged)
    const gone = none.replace(/ {4}destinations:\n.*/s, '')
    expect(await applied(gone, { prune: true })).toEqual(done(`- activation Exits ${of}`, '- connection a → Out'))
  })

  it.each([
    [`[{ activationName: Entries }]`, 'activations.0.activationType'],
    [`[${entries}, ${entries}]`, 'activations.1.activationName: another activation'],
    [
      `[${entries.replace(' }', ', destinationMapping: { actionId: group } }')}]`,
      'activations.0.destinationMapping.actionId',
    ],
  ])('are refused by the field at fault: %s', async (activations, message) => {
    await expect(applied(text(activations))).rejects.toThrow(message)
  })

  it('keep their types', async () => {
    await applied(text(`[${entries}]`))
    const other = entries.replace('Audience Entered', 'Audience Exited')
    await expect(applied(text(`[${other}]`))).rejects.toThrow('expected Audience Entered, as it is there, for good')
  })
})

describe('pruning', () => {
  it('removes what the file does not name: connections, then definitions, then destinations', async () => {
    await applied(WHOLE)
    const less = changed(
      [WHOLE.slice(WHOLE.indexOf('  - name: Lists'), WHOLE.indexOf('audiences:')), ''],
      [WHOLE.slice(WHOLE.indexOf('  - key: upsell'), WHOLE.indexOf('  - key: big_spenders')), ''],
      ['      - destination: Lists\n        enabled: false\n', ''],
      [WHOLE.slice(WHOLE.indexOf('computed_traits:')), 'computed_traits: []\n'],
      ["query: trait('spend_30d')", "query: trait('spend')"],
    )
    expect(await applied(less)).toEqual(done('~ audience big_spenders: query'))
    expect(await applied(less, { prune: true })).toEqual(
      done(
        '- connection big_spenders → Lists',
        '- connection upsell → Lists',
        '- connection spend_30d → Orders hook',
        '- computed trait spend_30d',
        '- audience upsell',
        '- destination Lists',
      ),
    )
    expect(await applied(less, { prune: true })).toEqual(unchanged)
    expect((await listed('audiences')).map(({ key }) => key)).toEqual(['big_spenders', 'buyers'])
    expect((await listed('destinations')).map(({ name }) => name)).toEqual(['Orders hook'])
  })

  const reading = (key: string, name: string, more: object = {}) => {
    return { key, name: key, query: `trait('${name}') = true`, ...more }
  }
  const file = (...audiences: object[]) => JSON.stringify({ audiences })

  it('removes definitions before what they read, whatever came first', async () => {
    await applied(
      file(reading('a', 'x'), reading('b', 'a'), reading('c', 'b'), reading('off', 'a', { enabled: false })),
    )
    await applied(file(reading('z', 'x'), reading('a', 'z')))
    expect(await applied(file(), { prune: true })).toEqual(
      done('- audience off', '- audience c', '- audience b', '- audience a', '- audience z'),
    )
  })

  it('disables what is read by what goes, or is disabled too', async () => {
    await applied(file(reading('a', 'x'), reading('b', 'a'), reading('c', 'a'), reading('d', 'c')))
    const off = { enabled: false }
    const less = file(reading('a', 'x', off), reading('c', 'a', off))
    expect(await applied(less)).toMatchObject({ status: 1, lines: expect.arrayContaining(['0 of 2 done']) as unknown })
    expect(await applied(less, { prune: true })).toEqual(
      done('- audience d', '- audience b', '~ audience a: enabled', '~ audience c: enabled'),
    )
    expect(await applied(less, { prune: true })).toEqual(unchanged)
  })

  it('says what still reads what would go, and removes nothing more', async () => {
    await applied(WHOLE)
    const less = changed(
      [WHOLE.slice(WHOLE.indexOf('  - key: upsell'), WHOLE.indexOf('  - key: big_spenders')), ''],
      [WHOLE.slice(WHOLE.indexOf('computed_traits:')), 'computed_traits: []\n'],
    )
    const { status, warnings } = await applied(less, { prune: true })
    expect([status, warnings]).toEqual([
      1,
      [expect.stringContaining("- computed trait spend_30d: id: 'spend_30d' is read by 'big_spenders'")],
    ])
  })

  it('leaves alone lists that the file does not have, and destinations that it connects', async () => {
    await applied(WHOLE)
    const some = WHOLE.slice(WHOLE.indexOf('audiences:'), WHOLE.indexOf('computed_traits:'))
    expect(await applied(some, { prune: true })).toEqual(unchanged)
    expect(await applied(`destinations: []\n${some}`, { prune: true })).toEqual({
      ...unchanged,
      status: 0,
    })
  })

  it('lets a connection move from one destination of a type to another', async () => {
    const text = (name: string) => `
destinations: [{ name: ${name}, type: console }]
audiences: [{ key: a, name: A, query: "trait('x') = 1", destinations: [{ destination: ${name} }] }]`
    await applied(text('One'))
    expect(await applied(text('Two'), { prune: true })).toEqual(
      done('+ destination Two', '- connection a → One', '+ connection a → Two', '- destination One'),
    )
  })

  it('takes one of each of several destinations of a name that the file does not name', async () => {
    await made('destinations', { type: 'console', name: 'Twin' })
    await made('destinations', { type: 'console', name: 'Twin' })
    expect(await applied('destinations: []', { prune: true })).toEqual(done('- destination Twin', '- destination Twin'))
  })
})

describe('what the server refuses', () => {
  const text = `
destinations: [{ name: Out, type: console }]
audiences:
  - { key: once, name: Once, query: "trait('x') = 1", destinations: [{ destination: Out }] }
  - { key: fine, name: Fine, query: "trait('x') = 1", destinations: [{ destination: Out }] }`

  it('is said, what needs it is not tried, the rest is done, and nothing is removed', async () => {
    const id = await made('audiences', { name: 'Once', definition: { query: "trait('x') = 1" } })
    await server.control('DELETE', `audiences/${id}`)
    await made('audiences', { name: 'Old', definition: { query: "trait('x') = 1" } })
    expect(await applied(text, { prune: true })).toEqual({
      status: 1,
      lines: [
        '+ destination Out',
        '+ audience once',
        '+ audience fine',
        '+ connection once → Out',
        '+ connection fine → Out',
        '- audience old',
        '3 of 6 done',
        'done: + destination Out',
        'done: + audience fine',
        'done: + connection fine → Out',
      ],
      warnings: [
        "rollcall: + audience once: key: 'once' is, or was, taken",
        'rollcall: + connection once → Out: not tried',
        'rollcall: - audience old: not tried',
      ],
    })
  })

  it('is tried again only while others succeed', async () => {
    const audience = (key: string, query: string) => ({ key, name: key, query })
    await applied(JSON.stringify({ audiences: [audience('a', "trait('x') = 1"), audience('b', "trait('a') = true")] }))
    const circle = JSON.stringify({ audiences: [audience('a', "trait('b') = true"), audience('c', "trait('x') = 1")] })
    const { status, lines, warnings } = await applied(circle)
    expect([status, lines.at(-1)]).toEqual([1, 'done: + audience c'])
    expect(warnings).toEqual([expect.stringContaining('~ audience a: query: The definition')])
  })

  it('ends it, where the server takes nothing', async () => {
    client = { ...client, accessToken: 'wrong' }
    expect(await applied(text)).toEqual({
      status: 1,
      lines: [],
      warnings: ['rollcall: Authorization: expected Bearer with an access token'],
    })
    client = { ...client, url: 'http://127.0.0.1:1' }
    const { status, warnings } = await applied(text)
    expect([status, warnings[0]]).toEqual([1, expect.stringContaining('no server answers at http://127.0.0.1:1')])
  })
})

describe('a server that takes nothing any more', () => {
  it('is asked for nothing more', async () => {
    const asked: string[] = []
    const stopping = createServer((request, response) => {
      if (request.method !== 'GET') asked.push(request.url!)
      response.statusCode = request.method === 'GET' ? 200 : 503
      const data = { destinations: [], audiences: [], computedTraits: [], pagination: {} }
      const errors = [{ type: 'unavailable', message: 'The server is stopping' }]
      response.end(JSON.stringify(request.method === 'GET' ? { data } : { errors }))
    }).listen(0, '127.0.0.1')
    await once(stopping, 'listening')
    client = { ...client, url: `http://127.0.0.1:${(stopping.address() as AddressInfo).port}` }
    const { status, warnings } = await applied(WHOLE)
    stopping.closeAllConnections()
    stopping.close()
    expect([status, asked]).toEqual([1, ['/spaces/space1/destinations']])
    expect(warnings.slice(0, 2)).toEqual([
      'rollcall: + destination Orders hook: The server is stopping',
      'rollcall: + destination Lists: not tried',
    ])
    expect(warnings).toHaveLength(CREATED.length)
  })
})

describe('a bad file', () => {
  const hook = 'destinations:\n  - name: A\n    type: webhook\n'
  const one = 'audiences:\n  - key: a\n    name: A\n    query: '

  it.each([
    ['that is none', 'destinations: [', /:1:|:2:/],
    ['that is empty', '', ':1: Invalid input: expected object'],
    ['without a list', '{}', ':1: expected at least one of destinations, audiences, computed_traits'],
    ['with an alias of nothing', 'audiences: *a', ':1: Unresolved alias'],
    ['with an unknown list', 'audiences: []\njourneys: []', ':2: Unrecognized key: "journeys"'],
    ['with an unknown field', `${one}trait('x') = 1\n    colour: red`, ':5: audiences.0: Unrecognized key: "colour"'],
    [
      'with an unknown option',
      `${one}trait('x') = 1\n    options:\n      x: 1`,
      ':6: audiences.0: options.x: expected only includeHistoricalData,',
    ],
    ['without a key', 'audiences:\n  - name: A', ':2: audiences.0.key: Invalid input'],
    [
      'with a key that is none',
      `${one.replace('key: a', 'key: a b')}trait('x') = 1`,
      ':2: audiences.0: key: expected letters',
    ],
    ['with a query that is none', `${one}trait('x'`, ':4: audiences.0.query: Line 1, column'],
    ['with a query of the other kind', `${one}event('a').count()`, ':4: audiences.0.query: Line 1'],
    [
      'with a circle',
      `${one}trait('b') = true\n  - { key: b, name: B, query: "trait('a') = true" }`,
      /:[45]: The definition '[ab]' would create a cycle/,
    ],
    [
      'with a key twice',
      `${one}trait('x') = 1\n  - { key: a, name: B, query: "trait('x') = 1" }`,
      ':5: audiences.1.key: it is that of audiences.0 too',
    ],
    [
      'with a key of both kinds',
      `${one}trait('x') = 1\ncomputed_traits: [{ key: a, name: B, query: "event('a').count()" }]`,
      ':5: computed_traits.0.key: it is that',
    ],
    [
      'with a name twice',
      `${hook}    settings: { url: https://a.example }\n  - { name: ' A', type: csv }`,
      ':5: destinations.1.name: it is that of destinations.0 too',
    ],
    [
      'with an unknown type',
      'destinations: [{ name: A, type: fax }]',
      ':1: destinations.0.type: expected one of webhook, csv, s3, redis, postgres, kafka, console',
    ],
    [
      'with a setting of no use',
      `${hook}    settings:\n      url: nowhere`,
      ':5: destinations.0.settings.url: A URL that begins',
    ],
    [
      'with an unknown setting',
      `${hook}    settings:\n      url: https://a.example\n      uri: b`,
      ':6: destinations.0.settings: Unrecognized key: "uri"',
    ],
    ['without a setting that is needed', hook, ':2: destinations.0.settings.url: A URL that begins'],
    [
      'with a name that the environment has not',
      `${hook}    settings: { url: "\${HOOK_URL}" }`,
      ':4: destinations.0.settings.url: ${HOOK_URL} is not set in the environment',
    ],
    [
      'with a reference that is none',
      `${hook}    settings: { url: "\${HOOK-URL}" }`,
      ':4: destinations.0.settings.url: expected the name of a variable after ${',
    ],
    [
      'that connects to nothing',
      `${one}trait('x') = 1\n    destinations:\n      - destination: Nowhere`,
      ":6: audiences.0.destinations.0.destination: neither the file nor the server has a destination 'Nowhere'",
    ],
    [
      'that connects twice',
      `${one}trait('x') = 1\n    destinations: [{ destination: Out }, { destination: Out }]`,
      ':5: audiences.0.destinations.1.destination: it is that of',
    ],
    [
      'that connects to two of a type',
      `${one}trait('x') = 1\n    destinations: [{ destination: Out }, { destination: Out 2 }]`,
      ":5: audiences.0.destinations.1.destination: 'Out' is of type console too",
    ],
    [
      'with a connection of no use',
      `${one}trait('x') = 1\n    destinations:\n      - destination: Out\n        connectionSettings:\n          sendGroup: true`,
      ':8: audiences.0.destinations.0: connectionSettings.sendGroup: is for accounts',
    ],
    [
      'that takes a trait for a list',
      'destinations: [{ name: L, type: csv }]\ncomputed_traits:\n  - { key: t, name: T, query: "event(\'a\').count()", destinations: [{ destination: L }] }',
      ':3: computed_traits.0.destinations.0: destination.id: CSV list is a list',
    ],
    [
      'of another type than is there',
      'destinations:\n  - name: Out\n    type: csv',
      ':3: destinations.0.type: expected console, as it is there, for good',
    ],
    [
      'that could mean several',
      'destinations: [{ name: Twin, type: console }]',
      ":1: destinations.0.name: the server has several destinations of the name 'Twin'",
    ],
  ])('%s is refused with its place, and changes nothing', async (_, text, expected) => {
    for (const name of ['Out', 'Out 2', 'Twin', 'Twin']) await made('destinations', { type: 'console', name })
    const before = await commandCount()
    await expect(applied(text, { prune: true }, {})).rejects.toThrow(expected)
    expect(await commandCount()).toBe(before)
  })
})
