/** Sources: their write keys, what of theirs was refused, and their calls as they come. */
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Answered, basic, CONFIG, send } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31)
const HOUR = 3_600_000
const given = new TimedServer(START)

interface Source {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly writeKeys: readonly { readonly key: string; readonly expiresAt?: string }[]
}

async function asked(method: string, path = '', body?: unknown): Promise<Source> {
  const answer = await given.server.control(method, `sources${path}`, body)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return (answer.body['data'] as { source: Source }).source
}

function track(key: string, body: object = { userId: 'u1', event: 'Order' }, path = 'track'): Promise<Answered> {
  const headers = { authorization: basic(`${key}:`) }
  return send(`${given.server.url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function statusWith(key: string): Promise<number> {
  return (await track(key)).status
}

describe('a source', () => {
  it('has a write key of its own, by which its calls are known', async () => {
    const { id, writeKeys } = await asked('POST', '', { name: 'iOS' })
    expect(await statusWith(writeKeys[0]!.key)).toBe(200)
    const query = { query: `event('Order').sources({exclude: '${id}'}).count() >= 1` }
    const audience = { name: 'Elsewhere', definition: query }
    expect((await given.server.control('POST', 'audiences', audience)).status).toBe(200)
    expect((await given.server.traits('user_id:u1')).body['traits']).toEqual({ elsewhere: false })
    await track(CONFIG.writeKey)
    expect((await given.server.traits('user_id:u1')).body['traits']).toEqual({ elsewhere: true })
  })

  it('is listed with that of the environment, changed and removed', async () => {
    const { id, writeKeys } = await asked('POST', '', { name: 'iOS' })
    const { body } = await given.server.control('GET', 'sources')
    expect(
      (body['data'] as { sources: Source[] }).sources.map((source) => [source.id, source.writeKeys[0]!.key]),
    ).toEqual([
      ['default', CONFIG.writeKey],
      [id, writeKeys[0]!.key],
    ])
    expect(await asked('PATCH', `/${id}`, { name: 'Phone', enabled: false })).toMatchObject({
      name: 'Phone',
      enabled: false,
    })
    expect(await statusWith(writeKeys[0]!.key)).toBe(401)
    await asked('PATCH', `/${id}`, { enabled: true })
    expect(await statusWith(writeKeys[0]!.key)).toBe(200)
    expect((await given.server.control('DELETE', `sources/${id}`)).status).toBe(200)
    expect(await statusWith(writeKeys[0]!.key)).toBe(401)
    expect((await given.server.control('GET', `sources/${id}`)).status).toBe(404)
  })

  it('takes its old key until the overlap ends, when its key is rotated', async () => {
    const { id, writeKeys } = await asked('POST', '', { name: 'iOS' })
    const old = writeKeys[0]!.key
    const rotated = await asked('POST', `/${id}/rotate-key`, { overlapSeconds: 3600 })
    expect(rotated.writeKeys).toEqual([
      { key: expect.any(String) as unknown },
      { key: old, expiresAt: new Date(START + HOUR).toISOString() },
    ])
    const fresh = rotated.writeKeys[0]!.key
    expect([await statusWith(old), await statusWith(fresh)]).toEqual([200, 200])
    given.time.moveTo(START + HOUR)
    expect([await statusWith(old), await statusWith(fresh)]).toEqual([401, 200])
    expect((await asked('GET', `/${id}`)).writeKeys).toEqual([{ key: fresh }])
  })

  it('of the environment can be rotated and disabled, and not removed', async () => {
    const rotated = await asked('POST', '/default/rotate-key', { overlapSeconds: 0 })
    expect([await statusWith(CONFIG.writeKey), await statusWith(rotated.writeKeys[0]!.key)]).toEqual([401, 200])
    await asked('PATCH', '/default', { enabled: false })
    expect(await statusWith(rotated.writeKeys[0]!.key)).toBe(401)
    expect((await given.server.control('DELETE', 'sources/default')).status).toBe(409)
  })

  it.each([
    ['POST', '', {}, 'name'],
    ['POST', '', { name: 'x', key: 'mine' }, 'key'],
    ['PATCH', '/default', { id: 'other' }, 'id'],
    ['POST', '/default/rotate-key', { overlapSeconds: -1 }, 'overlapSeconds'],
  ])('is refused for what is wrong: %s %s %j', async (method, path, body, field) => {
    const answer = await given.server.control(method, `sources${path}`, body)
    expect([answer.status, answer.body]).toEqual([
      400,
      { errors: [expect.objectContaining({ type: 'validation_error', field }) as unknown] },
    ])
  })
})

describe('refused calls', () => {
  async function rejections(query = '', id = 'default'): Promise<{ rejections: object[]; counts: object }> {
    const { body } = await given.server.control('GET', `sources/${id}/rejections${query}`)
    return body['data'] as { rejections: object[]; counts: object }
  }

  it('are listed by source, the newest first, without anything of a person', async () => {
    await track(CONFIG.writeKey, { event: 'Order', messageId: 'm1', properties: { email: 'secret@x.io' } })
    const batch = [
      { type: 'track', userId: 'u1', messageId: 'm2' },
      { type: 'track', userId: 'u1', event: 'Order' },
    ]
    await track(CONFIG.writeKey, { batch }, 'batch')
    const { rejections: list, counts } = await rejections()
    expect(list).toEqual([
      {
        at: new Date(START).toISOString(),
        code: 'event_not_defined',
        message: expect.any(String) as unknown,
        type: 'track',
        messageId: 'm2',
      },
      {
        at: new Date(START).toISOString(),
        code: 'no_user_anon_id',
        message: expect.any(String) as unknown,
        event: 'Order',
        messageId: 'm1',
      },
    ])
    expect(counts).toEqual({ event_not_defined: 1, no_user_anon_id: 1 })
    expect((await rejections('?code=event_not_defined')).rejections).toHaveLength(1)
    expect(JSON.stringify(list)).not.toContain('secret')
  })

  it('are kept as the last 1,000 of each source', async () => {
    const other = await asked('POST', '', { name: 'iOS' })
    const batch = Array.from({ length: 1_010 }, (_, index) => ({ type: 'track', userId: 'u1', messageId: `m${index}` }))
    await track(CONFIG.writeKey, { batch }, 'batch')
    const { rejections: list, counts } = await rejections('?count=1000')
    expect([list.length, list[0], counts]).toEqual([
      1_000,
      expect.objectContaining({ messageId: 'm1009' }),
      { event_not_defined: 1_010 },
    ])
    expect(await rejections('', other.id)).toEqual({ rejections: [], counts: {} })
  })
})

describe('calls as they come', () => {
  it('are shown to those who look, accepted and refused, some of many', async () => {
    const ending = new AbortController()
    const response = await fetch(`${given.server.url}/spaces/${CONFIG.spaceId}/sources/default/calls`, {
      headers: { authorization: `Bearer ${CONFIG.accessToken}` },
      signal: ending.signal,
    })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    let text = ''
    const reading = (async () => {
      for await (const chunk of response.body!) text += Buffer.from(chunk as Uint8Array).toString()
    })().catch(() => undefined)
    await track(CONFIG.writeKey, { userId: 'u1', event: 'Order' })
    await track(CONFIG.writeKey, { event: 'Nobody' })
    const batch = Array.from({ length: 50 }, () => ({ type: 'track', userId: 'u1', event: 'Many' }))
    await track(CONFIG.writeKey, { batch }, 'batch')
    await eventually(() => expect(text.split('"Many"').length - 1).toBe(18))
    given.time.moveTo(START + 1_000)
    await track(CONFIG.writeKey, { userId: 'u1', event: 'Later' })
    await eventually(() => expect(text).toContain('"Later"'))
    expect(text).toContain('event: accepted\ndata: {"call":{"userId":"u1","event":"Order"}}')
    expect(text).toContain('event: rejected\ndata: {"call":{"event":"Nobody"},"rejected":{"code":"no_user_anon_id"')
    ending.abort()
    await reading
  })
})
