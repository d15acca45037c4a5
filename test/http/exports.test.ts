/** Exports and lists of members as a client of the Control API meets them. */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer as bytesOf, text as textOf } from 'node:stream/consumers'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it, vi } from 'vitest'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import { exportMembers, type ExportOptions } from '../../src/cli/export.ts'
import { formatInstant } from '../../src/model/time.ts'
import { CONFIG, startTestServer } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'
import { eventually } from '../support/eventually.ts'

const START = Date.UTC(2026, 0, 31)
const HOUR = 3_600_000

const given = new TimedServer(START)

type Fields = Record<string, unknown>

async function define(body: object, path = 'audiences'): Promise<string> {
  const answer = await given.server.control('POST', path, body)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return (Object.values(answer.body['data'] as Record<string, Fields>)[0] as { id: string }).id
}

const SEEN = { name: 'Seen', definition: { query: "event('Seen').within(1 hour).count() >= 1" } }

/** Makes `u1` to `u5`, of whom all have been seen but `u3`. */
async function fill(): Promise<void> {
  const batch = [1, 2, 3, 4, 5].flatMap((user) => [
    { type: 'identify', userId: `u${user}`, traits: { email: `u${user}@x.io`, plan: user === 1 ? '=1+1' : 'pro' } },
    ...(user === 3 ? [] : [{ type: 'track', userId: `u${user}`, event: 'Seen' }]),
  ])
  await given.server.ingest('batch', { batch })
}

function headersOf(headers: Record<string, string> = {}): Record<string, string> {
  return { authorization: `Bearer ${CONFIG.accessToken}`, ...headers }
}

function download(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${given.server.url}/spaces/${CONFIG.spaceId}/${path}`, { headers: headersOf(headers) })
}

async function refused(path: string): Promise<[number, unknown]> {
  const { status, body } = await given.server.control('GET', path)
  return [status, (body['errors'] as Fields[])[0]!['field']]
}

describe('an export of an audience', () => {
  it('is a CSV file with a name, and says of which instant it is and how many it has', async () => {
    const id = await define(SEEN)
    await fill()
    given.time.now += 1_000
    const bound = vi.spyOn(ServerResponse.prototype, 'setTimeout')
    const response = await download(`audiences/${id}/export.csv?traits=plan`)
    expect(response.status).toBe(200)
    // The bound of answers that wait in memory is not that of files.
    expect(bound.mock.lastCall).toEqual([0])
    bound.mockRestore()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename=seen-2026-01-31T00-00-01.000Z.csv',
      'x-as-of': formatInstant(START + 1_000),
      'x-members': '4',
      'accept-ranges': 'bytes',
      etag: expect.stringMatching(/^"exp_\w{27}"$/) as string,
      'cache-control': 'no-store',
    })
    expect(await response.text()).toBe(
      'key,user_id,email,plan\r\n' +
        "user_id:u1,u1,u1@x.io,'=1+1\r\n" +
        [2, 4, 5].map((user) => `user_id:u${user},u${user},u${user}@x.io,pro\r\n`).join(''),
    )
  })

  it('has those alone who are in it at its instant, though nothing has come since', async () => {
    const id = await define(SEEN)
    await fill()
    given.time.now = START + HOUR
    const before = await download(`audiences/${id}/export.ndjson`)
    given.time.now = START + HOUR + 1
    const after = await download(`audiences/${id}/export.ndjson`)
    // The window closes at the very hour: what is due then is settled once time has passed it.
    expect([before, after].map(({ headers }) => headers.get('x-members'))).toEqual(['4', '0'])
    expect([(await before.text()).split('\n')[0], await after.text()]).toEqual([
      '{"id":"user_id:u1","externalIds":[{"type":"user_id","value":"u1"},{"type":"email","value":"u1@x.io"}],"traits":{}}',
      '',
    ])
  })

  it('has the forms of Segment, the types that are asked for, and a byte order mark on request', async () => {
    const id = await define(SEEN)
    await fill()
    const csv = async (query: string) => {
      const bytes = Buffer.from(await (await download(`audiences/${id}/export.csv?${query}`)).arrayBuffer())
      return bytes.toString().split('\r\n').slice(0, 2)
    }
    expect(await csv('format=unformatted&ids=email')).toEqual([
      'key,external_ids',
      'user_id:u1,"{""email"":[""u1@x.io""]}"',
    ])
    expect(await csv('format=single&ids=user_id&hashed=false&bom=true')).toEqual(['\ufeffuser_id', 'u1'])
    expect(await csv('format=single&ids=user_id')).toEqual([
      'user_id',
      expect.stringMatching(/^[0-9A-F]{64}$/) as string,
    ])
    expect(await csv('ids=email,ios.idfa')).toEqual(['key,email,ios.idfa', 'user_id:u1,u1@x.io,'])
  })

  it('is Parquet too, with the columns of the formatted CSV', async () => {
    const id = await define(SEEN)
    await fill()
    const read = async () => {
      const response = await download(`audiences/${id}/export.parquet?traits=plan`)
      expect(response.headers.get('content-type')).toBe('application/vnd.apache.parquet')
      return (await parquetReadObjects({ file: await response.arrayBuffer() })) as Fields[]
    }
    const rows = await read()
    expect(rows).toHaveLength(4)
    expect(rows[0]).toEqual({ key: 'user_id:u1', user_id: 'u1', email: 'u1@x.io', plan: '=1+1' })
    given.time.now = START + 2 * HOUR
    expect(await read()).toEqual([])
    // Beyond one group of rows.
    for (let from = 0; from < 2_500; from += 500) {
      const batch = Array.from({ length: 500 }, (_, index) => ({
        type: 'track',
        userId: `x${from + index}`,
        event: 'Seen',
      }))
      await given.server.ingest('batch', { batch })
    }
    const many = await read()
    expect(new Set(many.map((row) => row['user_id'])).size).toBe(2_500)
    expect(many.at(-1)).toEqual({ key: 'user_id:x2499', user_id: 'x2499', plan: null })
  })

  it('of accounts has accounts, or on request their users, each once', async () => {
    const query = "trait('size') >= 10"
    const id = await define({ name: 'Big', definition: { query }, audienceType: 'ACCOUNTS' })
    for (const [userId, groupId] of [
      ['u1', 'g1'],
      ['u1', 'g2'],
      ['u2', 'g1'],
      ['u3', 'g3'],
    ])
      await given.server.ingest('group', { userId, groupId, traits: { size: groupId === 'g3' ? 1 : 10 } })
    const keys = async (query: string) => {
      const text = await (await download(`audiences/${id}/export.csv?format=unformatted&${query}`)).text()
      return text.split('\r\n').map((line) => line.split(',')[0])
    }
    expect(await keys('')).toEqual(['key', 'group_id:g1', 'group_id:g2', ''])
    expect(await keys('collection=users')).toEqual(['key', 'user_id:u1', 'user_id:u2', ''])
  })

  it('that cannot be is refused, and the parameter is named', async () => {
    const [id, off] = [await define(SEEN), await define({ ...SEEN, name: 'Off', enabled: false })]
    const csv = `audiences/${id}/export.csv`
    expect(await refused('audiences/aud_none/export.csv')).toEqual([404, 'id'])
    expect(await refused(`audiences/${off}/export.csv`)).toEqual([404, 'id'])
    expect(await refused(`computed-traits/${id}/export.csv`)).toEqual([404, 'id'])
    expect(await refused(`${csv}?format=xml`)).toEqual([400, 'format'])
    expect(await refused(`${csv}?format=single`)).toEqual([400, 'ids'])
    expect(await refused(`${csv}?format=single&ids=email,user_id`)).toEqual([400, 'ids'])
    expect(await refused(`${csv}?format=single&ids=email&traits=plan`)).toEqual([400, 'traits'])
    expect(await refused(`${csv}?hashed=true`)).toEqual([400, 'hashed'])
    expect(await refused(`${csv}?bom=yes`)).toEqual([400, 'bom'])
    expect(await refused(`${csv}?collection=accounts`)).toEqual([400, 'collection'])
    expect(await refused(`${csv}?trait=plan`)).toEqual([400, 'trait'])
    const many = Array.from({ length: 51 }, (_, index) => `t${index}`).join(',')
    expect(await refused(`${csv}?traits=${many}`)).toEqual([400, 'traits'])
    expect(await refused(`audiences/${id}/export.ndjson?format=single`)).toEqual([400, 'format'])
    expect((await fetch(`${given.server.url}/spaces/${CONFIG.spaceId}/${csv}`)).status).toBe(401)
  })
})

describe('an export of a computed trait', () => {
  it('has the value of each who has one', async () => {
    const query = "event('Ordered').sum(property('revenue'))"
    const id = await define({ name: 'Spend', definition: { query } }, 'computed-traits')
    await fill()
    await given.server.ingest('track', { userId: 'u3', event: 'Ordered', properties: { revenue: 5 } })
    const csv = await (await download(`computed-traits/${id}/export.csv?ids=user_id`)).text()
    expect(csv).toBe('key,value,user_id\r\nuser_id:u3,5,u3\r\n')
    const line = await (await download(`computed-traits/${id}/export.ndjson?ids=user_id`)).text()
    expect(JSON.parse(line)).toMatchObject({ id: 'user_id:u3', value: 5 })
  })
})

describe('a download that breaks off', () => {
  it('goes on with the same bytes, by its ETag or its id, though the members are others by now', async () => {
    const id = await define(SEEN)
    await fill()
    const path = `audiences/${id}/export.csv`
    const first = await download(path)
    const [etag, exportId, all] = [first.headers.get('etag')!, first.headers.get('x-export-id')!, await first.text()]
    await given.server.ingest('track', { userId: 'u3', event: 'Seen' })
    const range = 'bytes=10-'
    const rest = await download(path, { range, 'if-range': etag })
    expect([rest.status, rest.headers.get('content-range')]).toEqual([206, `bytes 10-${all.length - 1}/${all.length}`])
    expect([await rest.text(), rest.headers.get('x-as-of')]).toEqual([all.slice(10), first.headers.get('x-as-of')])
    const named = await download(`${path}?export=${exportId}`, { range })
    expect([named.status, await named.text()]).toEqual([206, all.slice(10)])
    expect(await (await download(`${path}?export=${exportId}`)).text()).toBe(all)
    // Bytes of another instant, or of another form, would not fit.
    for (const [other, headers] of [
      [path, { range }],
      [path, { range, 'if-range': '"exp_0"' }],
      [`${path}?format=unformatted`, { range, 'if-range': etag }],
    ] as const) {
      const anew = await download(other, headers)
      expect([anew.status, anew.headers.get('x-members')]).toEqual([200, '5'])
      await anew.text()
    }
    const beyond = await download(`${path}?export=${exportId}`, { range: 'bytes=9999-' })
    expect([beyond.status, await beyond.text()]).toEqual([
      416,
      expect.stringContaining('range_not_satisfiable') as string,
    ])
    const other = await define({ ...SEEN, name: 'Other' })
    expect(await refused(`audiences/${other}/export.csv?export=${exportId}`)).toEqual([404, 'export'])
    expect(await refused(`audiences/${id}/export.ndjson?export=${exportId}`)).toEqual([404, 'export'])
    given.time.moveTo(START + HOUR)
    expect(await refused(`${path}?export=${exportId}`)).toEqual([404, 'export'])
  })
})

describe('a reader', () => {
  it('that is slow holds up nobody: the space goes on, and what it gets is of its instant', async () => {
    const large = await startTestServer({ clock: given.time.clock, timer: given.time.timer, memory: LARGE_MEMORY })
    try {
      const answer = await large.control('POST', 'audiences', SEEN)
      const { id } = (answer.body['data'] as { audience: { id: string } }).audience
      // More than the buffers of a connection hold.
      for (let from = 0; from < 1_500; from += 50) {
        const users = Array.from({ length: 50 }, (_, index) => ({ userId: `u${from + index}` }))
        const traits = { note: 'x'.repeat(8_000) }
        await large.ingest('batch', { batch: users.map((user) => ({ type: 'identify', ...user, traits })) })
        await large.ingest('batch', { batch: users.map((user) => ({ type: 'track', ...user, event: 'Seen' })) })
      }
      const path = `${large.url}/spaces/${CONFIG.spaceId}/audiences/${id}/export.ndjson`
      const request = httpRequest(`${path}?traits=note`, { headers: headersOf() }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      expect(response.headers['x-members']).toBe('1500')
      // Nothing of it has been read when all change.
      given.time.now += HOUR + 1
      await large.ingest('track', { userId: 'new', event: 'Seen' })
      const now = await fetch(path, { headers: headersOf() })
      expect([now.headers.get('x-members'), (await now.text()).split('\n').length]).toEqual(['1', 2])
      const lines = (await textOf(response)).trimEnd().split('\n')
      expect([lines.length, lines.some((line) => line.includes('"user_id:new"'))]).toEqual([1_500, false])
    } finally {
      await large.stop()
    }
  })

  it('is refused while too many exports are made; one that leaves ends its own', async () => {
    const id = await define(SEEN)
    await fill()
    const held: (() => void)[] = []
    const catchUp = vi.spyOn(given.server.pipeline, 'catchUp')
    catchUp.mockImplementation(() => new Promise((resolve) => held.push(resolve)))
    const address = `${given.server.url}/spaces/${CONFIG.spaceId}/audiences/${id}/export.csv`
    const asked = [1, 2].map(() =>
      httpRequest(address, { headers: headersOf() })
        .on('error', () => undefined)
        .end(),
    )
    await eventually(() => expect(held).toHaveLength(2))
    const third = await download(`audiences/${id}/export.csv`)
    expect([third.status, third.headers.get('retry-after'), await third.text()]).toEqual([
      429,
      '1',
      expect.stringContaining('rate_limit_error') as string,
    ])
    for (const one of asked) one.destroy()
    catchUp.mockRestore()
    for (const go of held) go()
    await eventually(async () => {
      const fourth = await download(`audiences/${id}/export.csv`)
      await fourth.text()
      expect(fourth.status).toBe(200)
    })
  })
})

describe('the members of an audience', () => {
  const page = async (id: string, query: string) => {
    const { status, body } = await given.server.control('GET', `audiences/${id}/members?${query}`)
    expect(status).toBe(200)
    return body['data'] as { members: Fields[]; pagination: { next?: string } }
  }

  /** Returns the id by which the Profile API lists a profile. */
  const segmentIdOf = async (collection: 'users' | 'accounts', id: string): Promise<string> => {
    const init = { method: 'POST', body: JSON.stringify({ id }) }
    const { body } = await given.server.profiles(`${collection}/profiles/search`, init)
    return (body['data'] as { id: string }[])[0]!.id
  }

  it('come by pages, each with its traits and when it would leave', async () => {
    const id = await define(SEEN)
    await fill()
    given.time.now += 60_000
    await given.server.ingest('track', { userId: 'u2', event: 'Seen' })
    const first = await page(id, 'limit=2&traits=plan,seen')
    expect(first.members).toEqual([
      {
        id: 'user_id:u1',
        segmentId: await segmentIdOf('users', 'u1'),
        externalIds: [
          { type: 'user_id', value: 'u1' },
          { type: 'email', value: 'u1@x.io' },
        ],
        traits: { plan: '=1+1', seen: true },
        until: formatInstant(START + HOUR),
      },
      expect.objectContaining({ id: 'user_id:u2', until: formatInstant(START + 60_000 + HOUR) }) as object,
    ])
    const second = await page(id, `limit=2&next=${first.pagination.next!}`)
    expect(second.members.map(({ id: key }) => key)).toEqual(['user_id:u4', 'user_id:u5'])
    expect(second.pagination).toEqual({})
  })

  it('are each on one page, though others come and go between two', async () => {
    const id = await define(SEEN)
    const batch = Array.from({ length: 30 }, (_, user) => ({ type: 'track', userId: `u${user}`, event: 'Seen' }))
    await given.server.ingest('batch', { batch: batch.slice(0, 10) })
    given.time.now += 60_000
    await given.server.ingest('batch', { batch: batch.slice(10) })
    const listed: unknown[] = []
    for (let next: string | undefined = ''; next !== undefined;) {
      const { members, pagination }: Awaited<ReturnType<typeof page>> = await page(
        id,
        `limit=7${next && `&next=${next}`}`,
      )
      listed.push(...members.map(({ id: key }) => key))
      next = pagination.next
      // The first ten leave, after seven of them have been listed; and one more comes in.
      if (listed.length === 7) given.time.now = START + HOUR + 1
      await given.server.ingest('track', { userId: `late${listed.length}`, event: 'Other' })
    }
    expect(listed.slice(7)).toEqual(Array.from({ length: 20 }, (_, index) => `user_id:u${index + 10}`))
  })

  it('of an audience that nothing ends have no end, and those of accounts are accounts with the ends of their users', async () => {
    const ever = await define({ name: 'Ever', definition: { query: "event('Seen').count() >= 1" } })
    const since = { includeHistoricalData: false }
    const late = await define({ name: 'Late', definition: SEEN.definition, options: since })
    const query = "ANY event('Seen').within(1 hour).count() >= 1"
    const accounts = await define({ name: 'Accounts', definition: { query }, audienceType: 'ACCOUNTS' })
    await given.server.ingest('track', { userId: 'u1', event: 'Seen' })
    await given.server.ingest('group', { userId: 'u1', groupId: 'g1' })
    expect((await page(ever, '')).members[0]).not.toHaveProperty('until')
    expect((await page(late, '')).members).toMatchObject([{ until: formatInstant(START + HOUR) }])
    const until = formatInstant(START + HOUR)
    expect((await page(accounts, '')).members).toEqual([
      { id: 'group_id:g1', segmentId: await segmentIdOf('accounts', 'g1'), externalIds: [], traits: {}, until },
    ])
  })

  it('that are asked for wrongly are refused', async () => {
    const [id, off] = [await define(SEEN), await define({ ...SEEN, name: 'Off', enabled: false })]
    expect(await refused(`audiences/${id}/members?limit=0`)).toEqual([400, 'limit'])
    expect(await refused(`audiences/${id}/members?limit=201`)).toEqual([400, 'limit'])
    expect(await refused(`audiences/${id}/members?next=%3F`)).toEqual([400, 'next'])
    expect(await refused(`audiences/${id}/members?more=1`)).toEqual([400, 'more'])
    expect(await refused(`audiences/${off}/members`)).toEqual([404, 'id'])
    expect(await refused('audiences/aud_none/members')).toEqual([404, 'id'])
  })
})

describe('rollcall export', () => {
  const client = () => ({
    url: given.server.url,
    spaceId: CONFIG.spaceId,
    accessToken: CONFIG.accessToken,
    dataDirectory: '',
  })

  async function written(options: Partial<ExportOptions>): Promise<string> {
    const out = new PassThrough()
    const reading = bytesOf(out)
    await exportMembers({ format: 'formatted', ...options }, client(), out)
    out.end()
    return (await reading).toString()
  }

  it('writes the file of an audience, by its key', async () => {
    await define({ ...SEEN, name: 'Seen twice' })
    await define(SEEN)
    await fill()
    expect(await written({ audience: 'seen', ids: 'user_id' })).toBe(
      'key,user_id\r\nuser_id:u1,u1\r\nuser_id:u2,u2\r\nuser_id:u4,u4\r\nuser_id:u5,u5\r\n',
    )
    expect(await written({ audience: 'seen', format: 'single', ids: 'user_id', plain: true, bom: true })).toBe(
      '\ufeffuser_id\r\nu1\r\nu2\r\nu4\r\nu5\r\n',
    )
    const path = join(mkdtempSync(join(tmpdir(), 'export-')), 'seen.ndjson')
    await exportMembers({ audience: 'seen', format: 'ndjson', out: path }, client(), new PassThrough())
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(4)
  })

  it('finds a computed trait, and the users of an audience of accounts that shares its key', async () => {
    const query = "event('Seen').count()"
    await define({ name: 'Times', definition: { query } }, 'computed-traits')
    await define({ name: 'Seen', definition: { query: "event('Seen').count() >= 1" }, audienceType: 'ACCOUNTS' })
    await fill()
    await given.server.ingest('group', { userId: 'u2', groupId: 'g1' })
    expect(await written({ computedTrait: 'times', ids: 'user_id' })).toContain('user_id:u5,1,u5\r\n')
    expect(await written({ audience: 'seen', format: 'unformatted' })).toContain('group_id:g1')
    expect(await written({ audience: 'seen', users: true, ids: 'user_id' })).toBe('key,user_id\r\nuser_id:u2,u2\r\n')
  })

  it('goes on where a connection has broken', async () => {
    await define(SEEN)
    await fill()
    const whole = await written({ audience: 'seen' })
    const unbroken = globalThis.fetch
    let files = 0
    globalThis.fetch = async (address, init) => {
      const response = await unbroken(address, init)
      if (!(address as string).includes('export.csv') || files++ > 0) return response
      const begun = (await response.text()).slice(0, 20)
      let parts = 0
      const body = new ReadableStream({
        pull: (controller) => {
          if (parts++ === 0) controller.enqueue(Buffer.from(begun))
          else controller.error(new Error('broken'))
        },
      })
      return new Response(body, { status: 200, headers: response.headers })
    }
    try {
      expect(await written({ audience: 'seen' })).toBe(whole)
    } finally {
      globalThis.fetch = unbroken
    }
    expect(files).toBe(2)
  })

  it('says what is not there, and makes no file then', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'export-'))
    const out = join(folder, 'none.csv')
    await expect(written({ audience: 'none', out })).rejects.toThrow("there is no audience 'none'")
    await expect(written({ out })).rejects.toThrow('--audience')
    const id = await define(SEEN)
    await expect(written({ audience: 'seen', format: 'single', out })).rejects.toThrow('ids')
    expect([readdirSync(folder), id]).toEqual([[], expect.any(String)])
  })
})
