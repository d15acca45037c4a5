/** Every kind of call by curl, as the README has it: with and without a colon behind the key, plain and compressed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { onPath } from '../support/on-path.ts'
import { basic, CONFIG, startTestServer, type TestServer } from '../support/server.ts'

const program = onPath('curl')
if (program === undefined) console.warn('\n!!! curl is not on the PATH: its tests are SKIPPED !!!\n')

const CALLS: Readonly<Record<string, object>> = {
  identify: { userId: 'u1', traits: { plan: 'pro' } },
  track: { userId: 'u1', event: 'Order Completed', properties: { revenue: 5 } },
  page: { userId: 'u1', name: 'Home' },
  screen: { userId: 'u1', name: 'Start' },
  group: { userId: 'u1', groupId: 'acme', traits: { tier: 'gold' } },
  alias: { userId: 'u1', previousId: 'guest' },
  batch: { batch: [{ type: 'track', userId: 'u1', event: 'Order Completed' }] },
}

/** By name: options of curl, and the body that it sends. */
const WAYS: readonly (readonly [string, readonly string[], (call: object) => string | Buffer])[] = [
  ['a key with a colon', ['-u', `${CONFIG.writeKey}:`], JSON.stringify],
  ['a key without a colon', ['-H', `Authorization: ${basic(CONFIG.writeKey)}`], JSON.stringify],
  ['a key in the body', [], (call) => JSON.stringify({ ...call, writeKey: CONFIG.writeKey })],
  ['gzip', ['-u', `${CONFIG.writeKey}:`, '-H', 'Content-Encoding: gzip'], (call) => gzipSync(JSON.stringify(call))],
]

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  for (const [key, event] of [
    ['orders', 'Order Completed'],
    ['pages', 'Page Viewed'],
    ['screens', 'Screen Viewed'],
  ])
    await server.control('POST', 'computed-traits', { name: key, definition: { query: `event('${event}').count()` } })
})
afterAll(() => server.stop())

async function curl(path: string, options: readonly string[], body: string | Buffer): Promise<string> {
  const child = spawn(program!, [
    '-sS',
    '-w',
    ' %{http_code}',
    ...options,
    '--data-binary',
    '@-',
    `${server.url}/v1/${path}`,
  ])
  child.stdin.end(body)
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect(error).toBe('')
  return out
}

describe.skipIf(program === undefined)('curl', () => {
  it.each(WAYS)('makes every kind of call, with %s', async (_, options, bodyOf) => {
    for (const [path, call] of Object.entries(CALLS))
      expect(`${path}: ${await curl(path, options, bodyOf(call))}`).toBe(`${path}: {"success":true} 200`)
  })

  it('has had all of them applied', async () => {
    const [times, { body: user }] = [WAYS.length, await server.traits('user_id:u1')]
    expect(user['traits']).toEqual({ plan: 'pro', orders: 2 * times, pages: times, screens: times })
    expect((await server.traits('group_id:acme', undefined, 'accounts')).body['traits']).toEqual({ tier: 'gold' })
  })
})
