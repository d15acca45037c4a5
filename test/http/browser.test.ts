/** Requests of browsers: preflights, calls from any origin, the settings that the SDK loads, calls as pictures. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { basic, CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

const CALL = { userId: 'u1', event: 'Seen', writeKey: CONFIG.writeKey }

async function seen(): Promise<unknown> {
  return (await server.traits('user_id:u1')).status
}

describe('pages of other origins', () => {
  it.each(['t', 'i', 'p', 's', 'g', 'a', 'b', 'm', 'track', 'batch', 'projects/x/settings', 'pixel/track'])(
    'may ask before they call /v1/%s',
    async (path) => {
      const headers = {
        origin: 'https://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-retry-count',
      }
      const answer = await fetch(`${server.url}/v1/${path}`, { method: 'OPTIONS', headers })
      expect(answer.status).toBe(204)
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('access-control-allow-methods')).toContain('POST')
      for (const name of ['authorization', 'content-type', 'x-retry-count'])
        expect(answer.headers.get('access-control-allow-headers')).toContain(name)
    },
  )

  it('may read the answer, of a refusal too', async () => {
    for (const body of [CALL, { writeKey: 'wrong', userId: 'u1', event: 'Seen' }, 'no json']) {
      const { headers } = await server.ingest('t', body, {
        origin: 'https://shop.example',
        'content-type': 'text/plain',
      })
      expect(headers.get('access-control-allow-origin')).toBe('*')
    }
    expect(await seen()).toBe(200)
  })

  it('may not read profiles', async () => {
    const { headers } = await server.traits('user_id:u1')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('the settings of a source', () => {
  it('send the SDK back to this host', async () => {
    const { status, body } = await send(`${server.url}/v1/projects/${CONFIG.writeKey}/settings`)
    expect(status).toBe(200)
    const apiHost = `${new URL(server.url).host}/v1`
    expect(body['integrations']).toEqual({ 'Segment.io': { apiKey: CONFIG.writeKey, apiHost, protocol: 'http' } })
  })

  it('are not there for a key that no source has', async () => {
    expect((await send(`${server.url}/v1/projects/wrong/settings`)).status).toBe(404)
  })
})

describe('a call as a picture', () => {
  it('is durable and applied when the picture comes', async () => {
    const data = Buffer.from(JSON.stringify(CALL)).toString('base64')
    const answer = await fetch(`${server.url}/v1/pixel/track?data=${encodeURIComponent(data)}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('image/gif')
    expect(
      Buffer.from(await answer.arrayBuffer())
        .subarray(0, 6)
        .toString(),
    ).toBe('GIF89a')
    expect(await seen()).toBe(200)
  })

  it('may have its fields in the address', async () => {
    const answer = await fetch(`${server.url}/v1/pixel/track?${new URLSearchParams(CALL).toString()}`)
    expect(answer.status).toBe(200)
    expect(await seen()).toBe(200)
  })

  it.each([
    ['data=%%%', 400],
    ['data=aGFsbG8=', 400],
    ['data=e30=&data=e30=', 400],
    ['userId=u1&event=Seen', 401],
    [`userId=u1&writeKey=${CONFIG.writeKey}`, 400],
  ])('is refused as a call would be: %s', async (query, status) => {
    expect((await fetch(`${server.url}/v1/pixel/track?${query}`)).status).toBe(status)
  })

  it('needs no key in the address where the header has one', async () => {
    const headers = { authorization: basic(`${CONFIG.writeKey}:`) }
    expect((await fetch(`${server.url}/v1/pixel/page?userId=u1`, { headers })).status).toBe(200)
  })
})
