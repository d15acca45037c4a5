/** Roles of tokens, and the audit log of what they change. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requiredRole } from '../../src/http/required-role.ts'
import { type Answered, CONFIG, send } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31)
const given = new TimedServer(START)

type Fields = Record<string, unknown>

async function token(role: string, name = role): Promise<{ id: string; secret: string }> {
  const { body } = await given.server.control('POST', 'tokens', { name, role })
  return (body['data'] as { token: { id: string; secret: string } }).token
}

function ask(secret: string, method: string, path: string, body?: unknown): Promise<Answered> {
  const headers = { authorization: `Bearer ${secret}` }
  const whole = path.startsWith('/') ? path : `/spaces/${CONFIG.spaceId}/${path}`
  return send(given.server.url + whole, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
}

async function changes(query = ''): Promise<Fields[]> {
  const { body } = await given.server.control('GET', `audit-log${query}`)
  return (body['data'] as { changes: Fields[] }).changes
}

/** The routes of the docs, with an id wherever one stands. */
function documentedRoutes(): [method: string, path: string][] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/http-api.md'), 'utf8')
  const found = text.matchAll(/`(GET|POST|PATCH|DELETE) (\/spaces\/\{[^`]*|\/regulations[^`]*|\/suppressions)`/g)
  return Array.from(found, ([, method, path]) => [method!, path!.replace(/\{[^}]*\}/g, 'x').replace(/\?.*/, '')])
}

describe('a role', () => {
  it.each([
    ['GET', '/spaces/s/audiences', 'viewer'],
    ['GET', '/v1/spaces/s/collections/users/profiles/user_id:u1/traits', 'viewer'],
    ['GET', '/spaces/s/tokens', 'admin'],
    ['GET', '/spaces/s/audit-log', 'admin'],
    ['GET', '/suppressions', 'viewer'],
    ['POST', '/v1/spaces/s/collections/users/profiles/search', 'viewer'],
    ['POST', '/v1/spaces/s/collections/users/profiles/user_id:u1/explain', 'viewer'],
    ['POST', '/spaces/s/audiences/previews', 'viewer'],
    ['DELETE', '/spaces/s/audiences/previews/pre_1', 'viewer'],
    ['POST', '/spaces/s/audiences', 'editor'],
    ['PATCH', '/spaces/s/computed-traits/tra_1', 'editor'],
    ['DELETE', '/spaces/s/audiences/aud_1', 'editor'],
    ['POST', '/spaces/s/audiences/aud_1/destination-connections', 'editor'],
    ['POST', '/spaces/s/destinations/dst_1/test', 'editor'],
    ['POST', '/spaces/s/destinations/rehearse', 'editor'],
    ['POST', '/spaces/s/destinations/dst_1/rehearse', 'editor'],
    ['POST', '/spaces/s/destinations/dst_1/choices', 'editor'],
    ['POST', '/spaces/s/destinations/dst_1/authorize', 'editor'],
    ['GET', '/spaces/s/destination-types', 'viewer'],
    ['POST', '/spaces/s/import', 'editor'],
    ['POST', '/spaces/s/tokens', 'admin'],
    ['POST', '/spaces/s/sources', 'admin'],
    ['DELETE', '/v1/spaces/s/collections/users/profiles/user_id:u1', 'admin'],
    ['POST', '/regulations', 'admin'],
    // What nobody knows is for an admin to find out.
    ['POST', '/spaces/s/whatever', 'admin'],
  ])('is needed: %s %s %s', (method, path, role) => {
    expect(requiredRole(method, path)).toBe(role)
  })

  it('lets a viewer look, and change nothing', async () => {
    const { secret } = await token('viewer')
    await given.server.ingest('track', { userId: 'u1', event: 'Order' })
    expect((await ask(secret, 'GET', 'audiences')).status).toBe(200)
    expect((await ask(secret, 'GET', '/v1/spaces//collections/users/profiles/user_id:u1/traits')).status).toBe(200)
    const audience = { name: 'A', definition: { query: "event('Order').count() >= 1" } }
    const refused = await ask(secret, 'POST', 'audiences', audience)
    expect([refused.status, refused.body]).toEqual([
      403,
      { errors: [{ type: 'forbidden', message: expect.stringContaining('editor') as unknown }] },
    ])
    expect((await ask(secret, 'GET', 'tokens')).status).toBe(403)
    expect((await ask(secret, 'DELETE', '/v1/spaces//collections/users/profiles/user_id:u1')).status).toBe(403)
    expect((await given.server.traits('user_id:u1')).status).toBe(200)
  })

  it('lets an editor change audiences, and neither tokens nor people', async () => {
    const { secret } = await token('editor')
    const audience = { name: 'A', definition: { query: "event('Order').count() >= 1" } }
    expect((await ask(secret, 'POST', 'audiences', audience)).status).toBe(200)
    for (const [method, path, body] of [
      ['POST', 'tokens', {}],
      ['POST', 'sources', { name: 'x' }],
      ['POST', '/regulations', { regulationType: 'DELETE_ONLY', subjectType: 'USER_ID', subjectIds: ['u1'] }],
    ] as const)
      expect([path, (await ask(secret, method, path, body)).status]).toEqual([path, 403])
  })

  it('is shown with the token, and an admin for one that says nothing', async () => {
    await token('viewer', 'dashboards')
    await given.server.control('POST', 'tokens', { description: 'old' })
    const { body } = await given.server.control('GET', 'tokens')
    expect(body['data']).toMatchObject({
      tokens: [
        { name: 'dashboards', role: 'viewer' },
        { name: 'old', description: 'old', role: 'admin' },
      ],
    })
  })
})

describe('a token of one space', () => {
  it('opens no route of another', async () => {
    const answer = await ask(CONFIG.accessToken, 'POST', '/spaces', { name: 'Other' })
    const other = (answer.body['data'] as { space: { accessToken: string } }).space
    const routes = documentedRoutes().filter(([, path]) => path.startsWith('/spaces/x/'))
    expect(routes.length).toBeGreaterThan(5)
    const profile = `/v1/spaces/${CONFIG.spaceId}/collections/users/profiles/user_id:u1`
    const all: [string, string][] = [
      ...routes.map(([method, path]): [string, string] => [
        method,
        path.replace('/spaces/x', `/spaces/${CONFIG.spaceId}`),
      ]),
      ...['traits', 'events', 'metadata', 'links', 'external_ids', 'history'].map((one): [string, string] => [
        'GET',
        `${profile}/${one}`,
      ]),
      ['DELETE', profile],
      ['GET', `/v1/namespaces/${CONFIG.spaceId}/collections/users/profiles`],
      ...[
        'audiences',
        'computed-traits',
        'sources',
        'tokens',
        'audit-log',
        'destinations',
        'observed/events',
        'transitions',
      ].map((one): [string, string] => ['GET', `/spaces/${CONFIG.spaceId}/${one}`]),
    ]
    await given.server.ingest('track', { userId: 'u1', event: 'Order' })
    for (const [method, path] of all)
      expect([
        method,
        path,
        (await ask(other.accessToken, method, path, method === 'GET' ? undefined : {})).status,
      ]).toEqual([method, path, 404])
    expect((await given.server.traits('user_id:u1')).status).toBe(200)
  })
})

describe('the audit log', () => {
  it('says which token changed what, with what was there before and after', async () => {
    const { id: by, secret } = await token('editor', 'marketing')
    const audience = { name: 'Big', definition: { query: "event('Order').count() >= 1" } }
    const made = await ask(secret, 'POST', 'audiences', audience)
    const { id } = (made.body['data'] as { audience: { id: string } }).audience
    given.time.moveTo(START + 1_000)
    await ask(secret, 'PATCH', `audiences/${id}`, { definition: { query: "event('Order').count() >= 2" } })
    await ask(secret, 'DELETE', `audiences/${id}`)
    const [removed, changed, created, added] = await changes()
    expect(added).toMatchObject({ by: 'environment', action: 'create', thing: 'token', id: by })
    expect(created).toMatchObject({ by, action: 'create', thing: 'audience', id, at: new Date(START).toISOString() })
    expect(changed).toMatchObject({
      at: new Date(START + 1_000).toISOString(),
      action: 'update',
      before: { query: "event('Order').count() >= 1" },
      after: { query: "event('Order').count() >= 2" },
    })
    expect(removed).toMatchObject({ action: 'delete', thing: 'audience', id, before: { name: 'Big' } })
  })

  it('has no secret, and of people the id by which they were deleted', async () => {
    const { secret } = await token('admin')
    const settings = { url: 'https://example.com/hook', sharedSecret: 'a-shared-secret' }
    expect((await given.server.control('POST', 'destinations', { type: 'webhook', settings })).status).toBe(200)
    await given.server.control('POST', 'sources', { name: 'iOS' })
    await given.server.ingest('identify', { userId: 'u1', traits: { email: 'ann@x.io' } })
    await given.server.profiles('users/profiles/user_id:u1', { method: 'DELETE' })
    const text = JSON.stringify(await changes())
    expect(text).toContain('https://example.com/hook')
    expect(text).toContain('"thing":"profile","id":"user_id:u1"')
    for (const word of ['a-shared-secret', secret, 'ann@x.io']) expect(text).not.toContain(word)
    const { body } = await given.server.control('GET', 'sources')
    for (const { writeKeys } of (body['data'] as { sources: { id: string; writeKeys: { key: string }[] }[] }).sources)
      for (const { key } of writeKeys) expect(text).not.toContain(key)
  })

  it('comes in pages, the newest first', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await given.server.control('POST', 'sources', { name })
    const seen: unknown[] = []
    for (let next: string | undefined = ''; next !== undefined;) {
      const query = `?pagination[count]=2${next === '' ? '' : `&next=${next}`}`
      const { body } = await given.server.control('GET', `audit-log${query}`)
      const data = body['data'] as { changes: { after: { name: string } }[]; pagination: { next?: string } }
      seen.push(...data.changes.map(({ after }) => after.name))
      next = data.pagination.next
    }
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a'])
  })
})
