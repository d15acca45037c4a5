/** Answers without Express are as those with it, and what is not theirs is left to it. */
import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request as ask } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { basic, CONFIG, startTestServer, type TestServer } from '../support/server.ts'

const READER = { authorization: basic(`${CONFIG.accessToken}:`) }
const WRITER = { authorization: basic(`${CONFIG.writeKey}:`) }
const PROFILE = '/v1/spaces//collections/users/profiles/user_id:u%201'

let server: TestServer

beforeEach(async () => {
  server = await startTestServer({})
  const { status } = await sent('/v1/identify', WRITER, { userId: 'u 1', traits: { plan: 'pro' } })
  expect(status).toBe(200)
})
afterEach(() => server.stop())

interface Came {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** @param path as it stands in the request */
async function sent(path: string, headers: Record<string, string>, body?: object): Promise<Came> {
  const { hostname, port } = new URL(server.url)
  const method = body ? 'POST' : 'GET'
  const request = ask({ hostname, port, path, method, headers }).end(body && JSON.stringify(body))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

describe('a lookup of traits', () => {
  it('has the headers of every other answer', async () => {
    const [direct, routed] = [await sent(`${PROFILE}/traits`, READER), await sent(`${PROFILE}/metadata`, READER)]
    expect(direct.body).toContain('"plan":"pro"')
    const own = {
      'content-length': expect.any(String) as string,
      'request-id': expect.any(String) as string,
      date: expect.any(String) as string,
    }
    expect(direct.headers).toEqual({ ...routed.headers, ...own })
    expect(direct.headers['request-id']).not.toBe(routed.headers['request-id'])
  })

  it.each([
    ['a path that ends with a slash', `${PROFILE}/traits/`, 200],
    ['one through a proxy', 'http://rollcall.example' + PROFILE + '/traits', 200],
    ['an identifier that cannot be read', PROFILE.replace('%20', '%zz') + '/traits', 400],
    ['another space', PROFILE.replace('spaces//', 'spaces/other/') + '/traits', 404],
    ['nobody', PROFILE.replace('%201', '2') + '/traits', 404],
    ['a limit of none', `${PROFILE}/traits?limit=0`, 400],
    ['nothing that is a collection', PROFILE.replace('users', 'people') + '/traits', 400],
  ])('of %s is answered as any', async (_, path, status) => {
    expect(await sent(path, READER)).toMatchObject({ status })
  })

  it('is for those with a token', async () => {
    const { status, body } = await sent(`${PROFILE}/traits`, {})
    expect([status, JSON.parse(body)]).toEqual([
      401,
      { error: { code: 'authentication_error', message: expect.any(String) as string } },
    ])
  })
})

describe('a call', () => {
  it.each(['/v1/track', '/v1/track/', '/v1/t?source=web', 'http://rollcall.example/v1/track'])(
    'is taken at %s',
    async (path) => {
      const { status, headers, body } = await sent(path, WRITER, { userId: 'u1', event: 'Seen' })
      expect([status, body]).toEqual([200, '{"success":true}'])
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'content-type': 'application/json; charset=utf-8',
      })
    },
  )

  it('that ends before its length is nobody’s fault', async () => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write(
      `POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: ${WRITER.authorization}\r\nContent-Length: 100\r\n\r\n{`,
    )
    await eventually(async () => expect((await sent('/metrics', {})).body).toContain('rollcall_http'))
    socket.destroy()
    await eventually(async () => {
      const { body } = await sent('/metrics', {})
      expect(body).toContain('route="/v1/track",status="400"')
    })
  })
})
