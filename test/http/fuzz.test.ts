/**
 * Requests of all kinds to all routes: none ends in a fault of the server, hangs or brings a secret into its log, and
 * each refusal has a code.
 *   npm run test:fuzz-http        TEST_SEED=17 npm run test:fuzz-http
 */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { ERRORS } from '../../src/model/errors.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { startServer } from '../../src/server/server.ts'
import { memoryDelivery } from '../support/memory-delivery.ts'
import { MemoryInstallation } from '../support/memory-installation.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { propertyRuns } from '../support/runs.ts'
import { basic, CONFIG } from '../support/server.ts'

const SPACE = CONFIG.spaceId
const PROFILES = `/v1/spaces/${SPACE}/collections/users/profiles`
const ACCOUNTS = `/v1/namespaces/${SPACE}/collections/accounts/profiles`

const id = fc.oneof(
  fc.constantFrom(
    'user_id:u1',
    'email:ann@x.io',
    'group_id:g1',
    'use_123',
    'u1',
    '%',
    '%2F',
    '..',
    'a:b:c',
    '%F0%9F%92%A9',
  ),
  fc.string({ maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
)
const record = fc.constantFrom('aud_none', 'tra_none', 'dst_none', 'default', 'pre_none', 'x', '%00', 'a'.repeat(300))

const path: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        'track',
        'identify',
        'page',
        'screen',
        'group',
        'alias',
        'batch',
        'import',
        't',
        'b',
        'm',
        'nothing',
      )
      .map((name) => `/v1/${name}`),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(PROFILES, ACCOUNTS, PROFILES.replace(SPACE, ''), '/v1/spaces/other/collections/users/profiles'),
        id,
        fc.constantFrom(
          '',
          '/traits',
          '/external_ids',
          '/events',
          '/metadata',
          '/links',
          '/history',
          '/properties',
          '/explain',
          '/explain/a',
          '/transitions',
          '/links/users/user_id:u1',
        ),
      )
      .map((parts) => `${parts[0]}/${parts[1]}${parts[2]}`),
  },
  { weight: 1, arbitrary: fc.constantFrom(PROFILES, ACCOUNTS, `${PROFILES}/search`) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          'audiences',
          'computed-traits',
          'destinations',
          'sources',
          'tokens',
          'destination-types',
          'audit-log',
          'observed/events',
          'observed/traits',
          'transitions',
          'previews',
          'nothing',
        ),
        fc.option(record),
        fc.constantFrom(
          '',
          '',
          '',
          '/members',
          '/export.csv',
          '/export.ndjson',
          '/sizes',
          '/transitions',
          '/audience-references',
          '/destination-connections',
          '/destination-connections/x',
          '/destination-connections/x/resync',
          '/previews',
          '/rejections',
          '/rotate-key',
          '/calls',
          '/overview',
          '/failures',
          '/failures/resend',
          '/test',
          '/pause',
          '/properties',
        ),
      )
      .map(([resource, one, rest]) => `/spaces/${SPACE}/${resource}${one === null ? '' : `/${one}`}${rest}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      `/spaces/${SPACE}/audiences/previews`,
      `/spaces/${SPACE}/computed-traits/previews/x`,
      '/spaces',
      '/spaces/x',
      '/regulations',
      '/regulations/x',
      '/suppressions',
      '/healthz',
      '/readyz',
      '/metrics',
      '/',
      '/queues',
      '/analytics.js/v1/x/analytics.min.js',
      '/v1/projects/x/settings',
      '/v1/pixel/track',
    ),
  },
)

const query: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom(
            'limit',
            'next',
            'include',
            'exclude',
            'class',
            'verbose',
            'start',
            'end',
            'sort',
            'pagination[count]',
            'pagination[cursor]',
            'search[type]',
            'search[query]',
            'from',
            'to',
            'step',
            'format',
            'ids',
            'traits',
            'dryRun',
            'suppress',
            'lastEventId',
            'status',
            'regulationTypes[0]',
            'code',
            'data',
            '__proto__',
          ),
          fc.oneof(
            fc.constantFrom('', '0', '-1', '10', 'true', '1e9', 'NaN', '2026-01-01T00:00:00Z', 'a,b', '[]', '%'),
            fc.string({ maxLength: 12 }),
          ),
        ),
        { maxLength: 4 },
      )
      .map(
        (pairs) => `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&')}`,
      ),
  },
)

const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    '',
    'u1',
    [],
    {},
    'a'.repeat(5_000),
    { __proto__: 1 },
    ['x'],
    "event('A').count() >= 1",
    "event('A').where(",
    'USERS',
    'USER_ID',
    'DELETE_ONLY',
    '2026-01-01',
  ),
)
const FIELDS = [
  'type',
  'userId',
  'anonymousId',
  'groupId',
  'event',
  'name',
  'properties',
  'traits',
  'context',
  'timestamp',
  'messageId',
  'batch',
  'writeKey',
  'definition',
  'query',
  'audienceType',
  'options',
  'key',
  'enabled',
  'description',
  'settings',
  'destination',
  'connectionSettings',
  'id',
  'value',
  'role',
  'overlapSeconds',
  'regulationType',
  'subjectType',
  'subjectIds',
  'compareWith',
  'numbers',
  'constructor',
  'toString',
]
const object = fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 6 })
const nested = fc
  .tuple(object, fc.constantFrom('definition', 'options', 'settings', 'context'), object)
  .map(([outer, name, inner]) => ({ ...outer, [name]: inner }))
const batch = fc.array(object, { maxLength: 3 }).map((calls) => ({ batch: calls }))

const body: fc.Arbitrary<Buffer | undefined> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  {
    weight: 6,
    arbitrary: fc.oneof(object, nested, batch, fc.jsonValue()).map((json) => Buffer.from(JSON.stringify(json))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('[', '{"a":', '['.repeat(2_000), '{"a":1}}', 'null', '"', '{"\\ud800":1}', ' '.repeat(50_000))
      .map((text) => Buffer.from(text)),
  },
  { weight: 1, arbitrary: object.map((json) => gzipSync(JSON.stringify(json))) },
)

const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'HEAD'),
  path,
  query,
  body,
  credential: fc.constantFrom('write', 'token', 'token', 'token', 'bearer', 'bearer', 'bearer', 'wrong', 'none'),
  encoding: fc.constantFrom(undefined, undefined, undefined, undefined, 'gzip', 'br', 'zstd', 'identity'),
  type: fc.constantFrom('application/json', 'text/plain', 'application/yaml', undefined),
})
type Asked = typeof request extends fc.Arbitrary<infer Value> ? Value : never

const AUTHORIZATION: Readonly<Record<Asked['credential'], string | undefined>> = {
  write: basic(`${CONFIG.writeKey}:`),
  token: basic(`${CONFIG.accessToken}:`),
  bearer: `Bearer ${CONFIG.accessToken}`,
  wrong: 'Bearer nobody',
  none: undefined,
}

/** Nothing may take so long, however slow the machine is. */
const HANGING_MS = 30_000

interface Seen {
  readonly status: number
  readonly type: string
  readonly text: string
}

async function send(url: string, asked: Asked): Promise<Seen> {
  const { method, body: bytes, credential, encoding, type } = asked
  const headers = Object.entries({
    authorization: AUTHORIZATION[credential],
    'content-encoding': bytes ? encoding : undefined,
    'content-type': type,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const hasBody = bytes !== undefined && method !== 'GET' && method !== 'HEAD'
  const ending = new AbortController()
  const response = await fetch(url + asked.path + asked.query, {
    method,
    headers,
    signal: AbortSignal.any([ending.signal, AbortSignal.timeout(HANGING_MS)]),
    ...(hasBody && { body: new Uint8Array(bytes) }),
  })
  const kind = response.headers.get('content-type') ?? ''
  // A feed goes on for ever.
  const text = kind.includes('event-stream') ? '' : await response.text()
  ending.abort()
  return { status: response.status, type: kind, text }
}

/** Returns the code of an answer that refuses, in the form of whichever API it is of. */
function codeOf(text: string): unknown {
  const answer = JSON.parse(text) as {
    code?: unknown
    error?: { code?: unknown }
    errors?: readonly { type?: unknown }[]
  }
  return answer.code ?? answer.error?.code ?? answer.errors?.[0]?.type
}

function check({ status, type, text }: Seen, asked: Asked): void {
  expect(status, 'a fault of the server').toBeLessThan(500)
  if (status < 400 || asked.method === 'HEAD') return
  // The board asks a browser for its credential.
  if (asked.path.startsWith('/queues')) return
  expect(type).toContain('application/json')
  expect(Object.keys(ERRORS)).toContain(codeOf(text))
}

it('are answered, whatever they are', async () => {
  let log = ''
  const logger = pino({ level: 'debug' }, { write: (line: string) => void (log += line) })
  const stores = { journal: new MemoryJournal<SpaceCommand>(), delivery: memoryDelivery(SPACE) }
  const installation = new MemoryInstallation(SPACE, () => Promise.resolve(stores))
  const server = await startServer(CONFIG, logger, installation, {})
  const runs = propertyRuns(400)
  let answered = 0
  try {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        check(await send(server.url, asked), asked)
        answered++
        // What was logged is looked at, and not kept.
        for (const secret of [CONFIG.writeKey, CONFIG.accessToken]) expect(log).not.toContain(secret)
        log = ''
      }),
      { ...runs, endOnFailure: true },
    )
    expect(answered).toBe(runs.numRuns)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  } finally {
    await server.stop()
  }
})
