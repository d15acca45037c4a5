/** Signing browsers in and out of the console, and its document. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import express from 'express'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { consoleRouter } from '../../src/console/router.ts'
import { SESSION_MS, Sessions } from '../../src/console/sessions.ts'
import { CONFIG, send } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31)
const given = new TimedServer(START)

function signIn(token: string, headers: Record<string, string> = {}) {
  const { url } = given.server
  return send(`${url}/app/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...headers },
    body: JSON.stringify({ token }),
  })
}

function cookieOf(headers: Headers): string {
  return headers.getSetCookie()[0]!.split(';')[0]!
}

function ask(path: string, cookie: string, init: RequestInit = {}) {
  return send(`${given.server.url}${path}`, { ...init, headers: { cookie, ...(init.headers as object) } })
}

describe('a session', () => {
  it('begins with a token, in a cookie that no script reads and no other site is sent', async () => {
    const { status, headers, body } = await signIn(CONFIG.accessToken)
    expect([status, body]).toEqual([200, { data: { role: 'admin', tokenId: 'environment' } }])
    const [cookie] = headers.getSetCookie()
    expect(cookie).toMatch(/^rollcall_session=[\w-]{43}; Max-Age=43200; Path=\/; .*HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(CONFIG.accessToken)
  })

  it.each([
    ['nobody has', 'nobody-has-it', 401],
    ['is no token', 'two words', 400],
  ])('does not begin with what %s', async (_, token, status) => {
    const answer = await signIn(token)
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []])
    expect(answer.text).not.toContain(token)
  })

  it('bears its token, for every API', async () => {
    const cookie = cookieOf((await signIn(CONFIG.accessToken)).headers)
    await given.server.ingest('identify', { userId: 'u1', traits: { plan: 'pro' } })
    expect((await ask('/app/session', cookie)).body).toEqual({ data: { role: 'admin', tokenId: 'environment' } })
    expect((await ask(`/spaces/${CONFIG.spaceId}/audiences`, cookie)).status).toBe(200)
    const traits = await ask('/v1/spaces//collections/users/profiles/user_id:u1/traits', cookie)
    expect(traits.body['traits']).toEqual({ plan: 'pro' })
    expect((await ask(`/spaces/${CONFIG.spaceId}/audiences`, 'rollcall_session=another')).status).toBe(401)
  })

  it('has the role and the space of its token', async () => {
    const { body } = await given.server.control('POST', 'tokens', { name: 'Viewer', role: 'viewer' })
    const { id, secret } = (body['data'] as { token: { id: string; secret: string } }).token
    const answer = await signIn(secret)
    expect(answer.body).toEqual({ data: { role: 'viewer', tokenId: id, spaceId: CONFIG.spaceId } })
    const cookie = cookieOf(answer.headers)
    const origin = { origin: given.server.url }
    const tokens = `/spaces/${CONFIG.spaceId}/tokens`
    expect((await ask(tokens, cookie)).status).toBe(403)
    await given.server.control('DELETE', `tokens/${id}`)
    expect((await ask('/app/session', cookie)).status).toBe(401)
    expect((await ask(tokens, cookie, { method: 'POST', headers: origin, body: '{}' })).status).toBe(401)
  })

  it('ends after twelve hours', async () => {
    const cookie = cookieOf((await signIn(CONFIG.accessToken)).headers)
    given.time.moveTo(given.time.now + SESSION_MS - 1)
    expect((await ask('/app/session', cookie)).status).toBe(200)
    given.time.moveTo(given.time.now + 1)
    expect((await ask('/app/session', cookie)).status).toBe(401)
  })

  it('ends when it is told to', async () => {
    const answer = await signIn(CONFIG.accessToken)
    const cookie = cookieOf(answer.headers)
    const ended = await ask('/app/session', cookie, { method: 'DELETE', headers: { origin: given.server.url } })
    expect([ended.status, ended.headers.getSetCookie()[0]]).toEqual([
      200,
      expect.stringContaining('rollcall_session=;'),
    ])
    expect((await ask('/app/session', cookie)).status).toBe(401)
  })

  it('does not count for a request of another site, nor for a change that does not say where it comes from', async () => {
    const cookie = cookieOf((await signIn(CONFIG.accessToken)).headers)
    const path = `/spaces/${CONFIG.spaceId}/audiences`
    const definition = { query: "trait('plan') = 'pro'" }
    const make = async (headers: Record<string, string>) =>
      (
        await ask(path, cookie, {
          method: 'POST',
          headers,
          body: JSON.stringify({ name: 'A', audienceType: 'USERS', definition }),
        })
      ).status
    expect(await make({})).toBe(401)
    expect(await make({ origin: 'https://elsewhere.example' })).toBe(401)
    expect(await make({ origin: 'null' })).toBe(401)
    expect(await make({ origin: given.server.url, 'sec-fetch-site': 'cross-site' })).toBe(401)
    expect((await ask(path, cookie, { headers: { 'sec-fetch-site': 'same-site' } })).status).toBe(401)
    expect((await ask(path, cookie, { headers: { origin: 'https://elsewhere.example' } })).status).toBe(401)
    expect(await make({ origin: given.server.url, 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect((await signIn(CONFIG.accessToken, { origin: 'https://elsewhere.example' })).status).toBe(403)
  })

  it('leaves a request that has a credential of its own as it is', async () => {
    const cookie = cookieOf((await signIn(CONFIG.accessToken)).headers)
    const headers = { authorization: 'Bearer nobody-has-it' }
    expect((await ask(`/spaces/${CONFIG.spaceId}/audiences`, cookie, { headers })).status).toBe(401)
  })
})

describe('sessions', () => {
  it('are so many at most: the oldest gives way', () => {
    const sessions = new Sessions({ clock: () => START, publicUrl: undefined })
    const bears = (id: string): boolean => {
      const request = { method: 'GET', headers: { cookie: `a=1; rollcall_session=${id}` } as Record<string, string> }
      sessions.authorize(request as never)
      return request.headers['authorization'] === 'Bearer secret'
    }
    const first = sessions.begin('secret')
    const second = sessions.begin('secret')
    for (let count = 2; count < 10_001; count++) sessions.begin('secret')
    expect([bears(first), bears(second)]).toEqual([false, true])
  })

  it('are of the public address, too', () => {
    const sessions = new Sessions({ clock: () => START, publicUrl: 'https://rollcall.example' })
    const isOwn = (origin: string): boolean =>
      sessions.isOwn({ method: 'POST', headers: { origin, host: '127.0.0.1:8080' } } as never)
    expect([isOwn('https://rollcall.example'), isOwn('http://127.0.0.1:8080'), isOwn('https://x.example')]).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('the document', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-console-'))
  const app = express().use(
    consoleRouter({
      folder,
      sessions: new Sessions({ clock: () => START, publicUrl: undefined }),
      grantOf: () => undefined,
      isSecure: true,
    }),
  )
  let url = ''
  const listening = app.listen(0, '127.0.0.1')

  beforeAll(async () => {
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<meta nonce="__NONCE__" content="__NONCE__">')
    writeFileSync(join(folder, 'assets/main-1.js'), 'export {}')
    await new Promise((resolve) => (listening.listening ? resolve(undefined) : listening.once('listening', resolve)))
    url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
  })
  afterAll(() => listening.close())

  it('is the same for every page, with a number of its own in each answer', async () => {
    const nonces = new Set<string>()
    for (const path of ['/app', '/app/', '/app/audiences/aud_1/people']) {
      const response = await fetch(url + path)
      const policy = response.headers.get('content-security-policy')!
      const nonce = /'nonce-([\w+/=]+)'/.exec(policy)![1]!
      expect(await response.text()).toBe(`<meta nonce="${nonce}" content="${nonce}">`)
      expect(policy).toContain("default-src 'none'; script-src 'self'; ")
      expect(policy).toContain("require-trusted-types-for 'script'")
      expect(policy).not.toMatch(/unsafe|https?:/)
      nonces.add(nonce)
    }
    expect(nonces.size).toBe(3)
  })

  it('loads files that may be kept for good, as their names change with them', async () => {
    const response = await fetch(`${url}/app/assets/main-1.js`)
    expect([response.status, response.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ])
    expect((await fetch(`${url}/app/assets/main-2.js`)).status).toBe(404)
  })

  it('loads them packed, by the smallest of the ways that a browser takes', async () => {
    const script = 'export {}'
    writeFileSync(join(folder, 'assets/packed-1.js'), script)
    writeFileSync(join(folder, 'assets/packed-1.js.gz'), gzipSync(script))
    writeFileSync(join(folder, 'assets/packed-1.js.br'), brotliCompressSync(script))
    const ask = async (name: string, encodings: string, more: Record<string, string> = {}) => {
      // A fetch that has a condition asks for what is new, unless it says otherwise.
      const asked = { 'accept-encoding': encodings, 'cache-control': 'max-age=0', ...more }
      const response = await fetch(`${url}/app/assets/${name}`, { headers: asked })
      const { status, headers } = response
      expect(await response.text()).toBe(status === 200 ? script : '')
      expect([headers.get('vary'), headers.get('cache-control')]).toEqual([
        'Accept-Encoding',
        'public, max-age=31536000, immutable',
      ])
      if (status === 200) expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8')
      return { status, encoding: headers.get('content-encoding'), etag: headers.get('etag')! }
    }
    const [br, gzip, plain] = [
      await ask('packed-1.js', 'gzip, deflate, br, zstd'),
      await ask('packed-1.js', 'gzip, br;q=0'),
      await ask('packed-1.js', 'identity'),
    ]
    expect([br.encoding, gzip.encoding, plain.encoding]).toEqual(['br', 'gzip', null])
    expect(new Set([br.etag, gzip.etag, plain.etag]).size).toBe(3)
    expect((await ask('packed-1.js', 'br', { 'if-none-match': br.etag })).status).toBe(304)
    expect((await ask('packed-1.js', 'br', { 'if-none-match': gzip.etag })).status).toBe(200)
    expect((await ask('main-1.js', 'gzip, br')).encoding).toBe(null)
  })

  it('is where the root leads', async () => {
    const response = await fetch(`${url}/`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/app/'])
  })

  it('says so if it was not built', async () => {
    const none = express().use(
      consoleRouter({
        folder: join(folder, 'none'),
        sessions: new Sessions({ clock: () => START, publicUrl: undefined }),
        grantOf: () => undefined,
        isSecure: false,
      }),
    )
    const server = none.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/app`)
    expect(response.ok).toBe(false)
    server.close()
  })
})
