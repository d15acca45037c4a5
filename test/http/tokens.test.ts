/** Access tokens that are made while the server runs, and the commands that use them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listAudiences } from '../../src/cli/audiences.ts'
import type { ClientOptions } from '../../src/server/settings.ts'
import { createToken } from '../../src/cli/token.ts'
import { basic, CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

interface Token {
  readonly id: string
  readonly secret?: string
}

async function made(description = 'for the warehouse'): Promise<Required<Token>> {
  const { status, body } = await server.control('POST', 'tokens', { description })
  expect(status).toBe(200)
  return (body['data'] as { token: Required<Token> }).token
}

async function statusWith(token: string, url = server.url): Promise<number> {
  const answer = await send(`${url}/spaces/${CONFIG.spaceId}/audiences`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return answer.status
}

describe('a token', () => {
  it('opens what the first one opens, and is shown once', async () => {
    const { id, secret } = await made()
    expect(await statusWith(secret)).toBe(200)
    const traits = `${server.url}/v1/spaces//collections/users/profiles/user_id:u1/traits`
    expect((await send(traits, { headers: { authorization: basic(`${secret}:`) } })).status).toBe(404)
    const { body, text } = await server.control('GET', 'tokens')
    expect(body).toMatchObject({ data: { tokens: [{ id, description: 'for the warehouse' }] } })
    expect(text).not.toContain(secret)
  })

  it('opens nothing once it is removed', async () => {
    const { id, secret } = await made()
    expect((await server.control('DELETE', `tokens/${id}`)).status).toBe(200)
    expect(await statusWith(secret)).toBe(401)
    expect((await server.control('DELETE', `tokens/${id}`)).status).toBe(404)
  })

  it('outlives a restart, and is not in the journal itself', async () => {
    const { secret } = await made()
    const entries: string[] = []
    for await (const { entry } of server.journal.read(0)) entries.push(JSON.stringify(entry))
    expect(entries.join()).not.toContain(secret)
    const again = await startTestServer({ journal: server.journal })
    expect(await statusWith(secret, again.url)).toBe(200)
    await again.stop()
  })

  it('does not ingest', async () => {
    const { secret } = await made()
    const body = { userId: 'u1', event: 'Seen' }
    expect((await server.ingest('track', body, { authorization: basic(`${secret}:`) })).status).toBe(401)
  })

  it.each([[{ description: 1 }], [{ key: 'x' }], [{ role: 'owner' }]])('is refused for %j', async (body) => {
    expect((await server.control('POST', 'tokens', body)).status).toBe(400)
  })
})

describe('the command line', () => {
  const client = (options: Partial<ClientOptions> = {}): ClientOptions => ({
    url: server.url,
    spaceId: CONFIG.spaceId,
    accessToken: CONFIG.accessToken,
    dataDirectory: '/nowhere',
    ...options,
  })

  it('makes a token', async () => {
    const lines: string[] = []
    await createToken(client(), 'mine', (line) => lines.push(line))
    expect(await statusWith(lines.join('').trim())).toBe(200)
  })

  it('lists all audiences, however many pages they take', async () => {
    for (let index = 0; index < 201; index++)
      await server.control('POST', 'audiences', { name: `a${index}`, definition: { query: "event('X').count() >= 1" } })
    const lines: string[] = []
    await listAudiences(client(), (line) => lines.push(line))
    expect(lines).toHaveLength(201)
    expect(lines[200]).toBe("a200\tUSERS\tLive\tevent('X').count() >= 1\n")
  })

  it('says why it cannot', async () => {
    const list = (options: Partial<ClientOptions>) => listAudiences(client(options), () => undefined)
    await expect(list({ url: 'http://127.0.0.1:9' })).rejects.toThrow('no server answers at http://127.0.0.1:9')
    await expect(list({ accessToken: 'wrong' })).rejects.toThrow('expected Bearer with an access token')
    await expect(list({ accessToken: undefined })).rejects.toThrow('there is no access token')
  })
})

describe('a wrong token', () => {
  const { accessToken } = CONFIG
  const wrong: readonly (readonly [string, string])[] = [
    ['with the right beginning', accessToken.slice(0, -1)],
    ['that goes on', `${accessToken}1`],
    ['that is empty', ''],
    ['of another case', accessToken.toUpperCase()],
    ['of letters beyond ASCII', 'accès-tökén'],
    ['of 8 KB', 'a'.repeat(8_192)],
  ]

  it.each(wrong)('%s opens nothing', async (_, token) => {
    const traits = `${server.url}/v1/spaces//collections/users/profiles/user_id:u1/traits`
    const audiences = `${server.url}/spaces/${CONFIG.spaceId}/audiences`
    for (const url of [traits, audiences])
      for (const authorization of [`Bearer ${token}`, basic(`${token}:`)])
        expect((await send(url, { headers: { authorization } })).status).toBe(401)
  })

  it.each([...wrong.map(([, token]) => token), ['a', CONFIG.writeKey], [CONFIG.writeKey], { key: CONFIG.writeKey }])(
    'is no write key: %j',
    async (writeKey) => {
      const { status } = await server.ingest('track', { userId: 'u1', event: 'Seen', writeKey }, {})
      expect(status).toBe(401)
    },
  )

  it('of a megabyte is refused unread', async () => {
    const { status } = await fetch(server.url, { headers: { authorization: `Bearer ${'a'.repeat(1_000_000)}` } })
    expect(status).toBe(431)
    const body = { userId: 'u1', event: 'Seen', writeKey: 'a'.repeat(1_000_000) }
    expect((await server.ingest('track', body, {})).body['code']).toBe('payload_too_large')
  })
})
