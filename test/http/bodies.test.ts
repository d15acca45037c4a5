/** Bodies of all APIs, before anything in them is looked at: how deep they may be. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BODY_DEPTH_MAX } from '../../src/model/json-body.ts'
import { type Answered, basic, CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

/** Every route of the Control API that takes JSON; a body is read before what the path names is looked for. */
const CONTROL = ['audiences', 'computed-traits']
  .flatMap((kind): [string, string][] => [
    ['POST', kind],
    ['PATCH', `${kind}/none`],
    ['POST', `${kind}/none/destination-connections`],
    ['PATCH', `${kind}/none/destination-connections/none`],
  ])
  .concat([
    ['POST', 'destinations'],
    ['PATCH', 'destinations/none'],
    ['POST', 'destinations/import'],
    ['POST', 'destinations/none/failures/resend'],
    ['POST', 'tokens'],
  ])

/** Lists within one another. */
function lists(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function errorOf({ body }: Answered): Record<string, unknown> {
  return (body['errors'] as Record<string, unknown>[])[0]!
}

const TOO_DEEP = {
  type: 'value_too_deep',
  message: `body: expected at most ${BODY_DEPTH_MAX} levels of nesting, got more`,
}

describe('a body that is nested too deeply', () => {
  it.each(CONTROL)('is refused by %s %s, in the form of the Control API', async (method, path) => {
    for (const text of [lists(5_000), `{"type":"webhook","settings":{"url":${'{"a":'.repeat(1_500)}`]) {
      const answer = await server.control(method, path, text)
      expect([answer.status, errorOf(answer)]).toEqual([400, TOO_DEEP])
    }
  })

  it.each(['track', 'batch'])('is refused by /v1/%s, in the form of the tracking API', async (path) => {
    const { status, body } = await server.ingest(path, lists(10_000))
    expect([status, body]).toMatchObject([400, { success: false, code: 'value_too_deep' }])
  })

  it('is refused as the data of a pixel', async () => {
    const data = Buffer.from(lists(5_000)).toString('base64url')
    const headers = { authorization: basic(CONFIG.writeKey) }
    const { status, body } = await send(`${server.url}/v1/pixel/track?data=${data}`, { headers })
    expect([status, body]).toMatchObject([400, { success: false, code: 'value_too_deep' }])
  })

  it('begins one level below the deepest that is taken', async () => {
    const within = await server.control('POST', 'audiences', lists(BODY_DEPTH_MAX))
    expect(errorOf(within)['type']).toBe('validation_error')
    const beyond = await server.control('POST', 'audiences', lists(BODY_DEPTH_MAX + 1))
    expect(errorOf(beyond)['type']).toBe('value_too_deep')
  })
})

describe('an import', () => {
  const half = ['['.repeat(40), ']'.repeat(40)]
  const indented = Array.from({ length: 100 }, (_, n) => `${' '.repeat(n)}a:`)

  it.each([
    ['items on one line', '- '.repeat(10_000)],
    ['keys on one line', '? '.repeat(10_000)],
    ['lines', indented.join('\n')],
    ['pairs in lists', `${'[a: '.repeat(60)}1${']'.repeat(60)}`],
    ['aliases', `a: &a ${half.join('')}\nb: ${half.join('*a')}`],
  ])('of YAML that is nested too deeply is refused: %s', async (_, text) => {
    const answer = await server.control('POST', 'destinations/import', text)
    expect([answer.status, errorOf(answer)]).toEqual([400, TOO_DEEP])
  })

  it('may be as deep as JSON may', async () => {
    const depthOf = async (depth: number) =>
      errorOf(await server.control('POST', 'destinations/import', lists(depth)))['type']
    expect([await depthOf(BODY_DEPTH_MAX), await depthOf(BODY_DEPTH_MAX + 1)]).toEqual([
      'validation_error',
      'value_too_deep',
    ])
  })

  it('may have brackets in its text', async () => {
    const text = `- type: console # ${'['.repeat(100)}\n  name: ${'a[{'.repeat(30)}\n`
    expect((await server.control('POST', 'destinations/import', text)).status).toBe(200)
  })
})

describe('a body that is empty', () => {
  it.each(['', 'null', '7'])('or no object is no definition: %j', async (text) => {
    const { status, body } = await server.control('POST', 'audiences', text)
    expect([status, body]).toMatchObject([400, { errors: [{ type: 'validation_error', field: 'body' }] }])
  })

  it('makes a token without a description', async () => {
    const { status } = await send(`${server.url}/spaces/${CONFIG.spaceId}/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CONFIG.accessToken}` },
    })
    expect(status).toBe(200)
    expect((await server.control('POST', 'tokens', 'null')).status).toBe(400)
  })
})

describe('the board of the queues', () => {
  it('takes no body', async () => {
    const headers = { authorization: basic(`${CONFIG.accessToken}:`) }
    const init = { method: 'PUT', headers, body: lists(10_000) }
    const answer = await send(`${server.url}/queues/api/queues/pause`, init)
    expect([answer.status, errorOf(answer)['type']]).toEqual([400, 'invalid_request_error'])
  })
})

it('bodies are parsed nowhere else', () => {
  const source = join(import.meta.dirname, '../../src')
  const found = ['http', 'ingest', 'control-api', 'profile-api', 'server'].flatMap((folder) =>
    readdirSync(join(source, folder))
      .map((name) => join(folder, name))
      .filter((path) => /express\.(json|raw|text|urlencoded)\(/.test(readFileSync(join(source, path), 'utf8'))),
  )
  expect(found).toEqual(['ingest/router.ts', 'control-api/body.ts'])
})
