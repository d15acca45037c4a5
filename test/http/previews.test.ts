/** Previews as a client of the Control API meets them. */
import { describe, expect, it } from 'vitest'
import { formatInstant } from '../../src/model/time.ts'
import { preview } from '../../src/cli/preview.ts'
import { CONFIG } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'
import { eventually } from '../support/eventually.ts'

const START = Date.UTC(2026, 0, 31)
const DAY = 86_400_000

const given = new TimedServer(START)

type Fields = Record<string, unknown>

async function started(body: object, path = 'audiences'): Promise<string> {
  const answer = await given.server.control('POST', `${path}/previews`, body)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return (Object.values(answer.body['data'] as Record<string, Fields>)[0] as { id: string }).id
}

async function read(id: string, path = 'audiences'): Promise<Fields> {
  const { body } = await given.server.control('GET', `${path}/previews/${id}`)
  return Object.values(body['data'] as Record<string, Fields>)[0]!
}

async function completed(id: string, path = 'audiences'): Promise<Fields> {
  await eventually(async () => expect(await read(id, path)).toMatchObject({ status: 'COMPLETED' }))
  return read(id, path)
}

async function fill(): Promise<void> {
  for (let user = 0; user < 10; user++) {
    await given.server.ingest('identify', {
      userId: `u${user}`,
      traits: user < 4 ? { email: `u${user}@x.io`, plan: 'pro' } : {},
    })
    for (let count = 0; count < user; count++)
      await given.server.ingest('track', { userId: `u${user}`, event: 'Order' })
  }
}

describe('a preview of an audience', () => {
  it('has its exact size, with who is in it, until when, by which ids and at what cost', async () => {
    await fill()
    const definition = { query: "event('Order').within(7 days).count() >= 8" }
    const id = await started({ definition, traits: ['plan', 'vip'] })
    expect(id).toMatch(/^pre_/)
    const until = formatInstant(START + 7 * DAY)
    expect(await completed(id)).toEqual({
      id,
      audienceType: 'USERS',
      definition,
      options: expect.objectContaining({ includeHistoricalData: true }) as Fields,
      status: 'COMPLETED',
      results: [{ id: 'user_id:u8' }, { id: 'user_id:u9' }],
      size: { count: 2, type: 'USERS' },
      asOf: formatInstant(START),
      progress: 1,
      sample: ['u8', 'u9'].map((value) => ({
        id: `user_id:${value}`,
        externalIds: [{ type: 'user_id', value }],
        traits: {},
        until,
        because: expect.arrayContaining([
          { messageId: expect.any(String) as string, ts: formatInstant(START) },
        ]) as Fields[],
      })),
      identifiers: { user_id: 2 },
      overlap: [],
      recent: Array.from({ length: 10 }, (_, minute) => ({
        at: formatInstant(START - (10 - minute) * 60_000),
        entered: minute === 9 ? 2 : 0,
        left: 0,
      })),
      conditions: [{ start: 0, end: definition.query.length, meets: 2, without: 10 }],
      cost: {
        nodesAdded: 1,
        nodesShared: 0,
        bytes: expect.any(Number) as number,
        microsecondsPerEvent: expect.any(Number) as number,
        changesByTimePerDay: 0,
        historyDays: 7,
      },
    })
  })

  it('breaks its number down by conditions, and says for which events members are in', async () => {
    await fill()
    await given.server.ingest('track', { messageId: 'paid', userId: 'u3', event: 'Paid' })
    const [many, paid, pro] = ["event('Order').count() >= 3", "event('Paid').count() >= 1", "trait('plan') = 'pro'"]
    const query = `${many} AND (${paid} OR ${pro} OR event('Order').count() >= 8)`
    const found = await completed(await started({ definition: { query } }))
    const placeOf = (part: string) => ({ start: query.indexOf(part), end: query.indexOf(part) + part.length })
    expect(found['size']).toMatchObject({ count: 3 })
    expect(found['conditions']).toEqual([
      { ...placeOf(many), meets: 7, without: 6 },
      { ...placeOf(query.slice(query.indexOf('(event') + 1, -1)), start: query.indexOf(paid), meets: 6, without: 7 },
      { ...placeOf(paid), meets: 1, without: 3, onlyThrough: 0 },
      { ...placeOf(pro), meets: 4, without: 3, onlyThrough: 0 },
      { ...placeOf("event('Order').count() >= 8"), meets: 2, without: 1, onlyThrough: 2 },
    ])
    const [first] = found['sample'] as { id: string; because: { messageId: string }[] }[]
    expect(first).toMatchObject({ id: 'user_id:u3' })
    expect(first!.because.map(({ messageId }) => messageId)).toContain('paid')
    expect(first!.because).toHaveLength(4)
  })

  it('is held against other audiences, and shows traits', async () => {
    await fill()
    const [many, pros] = [
      await given.audience('Many', "event('Order').count() >= 5"),
      await given.audience('Pros', "trait('plan') = 'pro'"),
    ]
    const definition = { query: "event('Order').count() >= 3" }
    const id = await started({ definition, compareWith: many, overlapWith: [pros], traits: ['plan', 'many', 'none'] })
    const preview = await completed(id)
    expect(preview).toMatchObject({
      size: { count: 7 },
      difference: { enter: 2, leave: 0 },
      overlap: [{ id: pros, both: 1, onlyThis: 6, onlyOther: 3 }],
      identifiers: { user_id: 7, email: 1 },
      cost: { nodesAdded: 0, nodesShared: 1, historyDays: null },
    })
    const traits = (preview['sample'] as { id: string; traits: Fields }[]).map((member) => [member.id, member.traits])
    expect(Object.fromEntries(traits)).toMatchObject({
      'user_id:u3': { plan: 'pro', many: false },
      'user_id:u5': { many: true },
    })
  })

  it('leaves no trace: no trait, no list, no entry of the journal', async () => {
    await fill()
    const position = given.server.journal.nextPosition
    await completed(await started({ definition: { query: "event('Order').count() >= 1" } }))
    expect(given.server.journal.nextPosition).toBe(position)
    expect((await given.server.traits('user_id:u5')).body['traits']).toEqual({})
    expect((await given.server.control('GET', 'audiences')).body['data']).toMatchObject({ audiences: [] })
  })

  it('of accounts counts these', async () => {
    for (const [userId, groupId] of [
      ['u1', 'g1'],
      ['u2', 'g1'],
      ['u3', 'g2'],
    ])
      await given.server.ingest('group', { userId, groupId })
    await given.server.ingest('track', { userId: 'u1', event: 'Order' })
    await given.server.ingest('track', { userId: 'u3', event: 'Order' })
    const all = { definition: { query: "ALL event('Order').count() >= 1" }, audienceType: 'ACCOUNTS' }
    expect(await completed(await started(all))).toMatchObject({
      size: { count: 1, type: 'ACCOUNTS' },
      results: [{ id: 'group_id:g2' }],
      identifiers: {},
    })
  })

  it('starts from a change that is not made, and says who would enter and leave', async () => {
    await fill()
    const id = await given.audience('Many', "event('Order').count() >= 5")
    const change = { definition: { query: "event('Order').between(0 days, 30 days).count() = 3" } }
    const { body } = await given.server.control('PATCH', `audiences/${id}?dryRun=true`, change)
    const preview = (body['data'] as { audiencePreview: { id: string } }).audiencePreview.id
    expect(await completed(preview)).toMatchObject({ size: { count: 1 }, difference: { enter: 1, leave: 5 } })
    expect((await given.server.traits('user_id:u9')).body['traits']).toEqual({ many: true })
    const listed = async (rest: string) =>
      (await given.server.control('GET', `audiences/previews/${preview}/${rest}`)).body
    expect(await listed('entering?traits=plan')).toEqual({
      data: {
        members: [
          {
            id: 'user_id:u3',
            externalIds: [
              { type: 'user_id', value: 'u3' },
              { type: 'email', value: 'u3@x.io' },
            ],
            traits: { plan: 'pro' },
          },
        ],
        pagination: {},
      },
    })
    const leaving: string[] = []
    for (let next = ''; ;) {
      const { members, pagination } = (await listed(`leaving?limit=2${next}`))['data'] as {
        members: { id: string }[]
        pagination: { next?: string }
      }
      expect(members.length).toBeLessThanOrEqual(2)
      leaving.push(...members.map((member) => member.id))
      if (pagination.next === undefined) break
      next = `&next=${pagination.next}`
    }
    expect(leaving).toEqual(['user_id:u5', 'user_id:u6', 'user_id:u7', 'user_id:u8', 'user_id:u9'])
    // Nobody follows it any more: it is brought up to date no further, and lists the same.
    given.time.moveTo(START + 120_000)
    expect(await listed('leaving?limit=1')).toMatchObject({ data: { members: [{ id: 'user_id:u5' }] } })
    const asChange = await completed(await started({ ...change, changeOf: id }))
    expect(asChange).toMatchObject({ size: { count: 1 }, difference: { enter: 1, leave: 5 }, deliveries: [] })
    expect(await completed(await started({ ...change, compareWith: id }))).not.toHaveProperty('deliveries')
    const alone = await started(change)
    expect((await given.server.control('GET', `audiences/previews/${alone}/entering`)).status).toBe(404)
    const { status, text } = await given.server.control('PATCH', `audiences/${id}?dryRun=maybe`, change)
    expect([status, text]).toEqual([400, expect.stringContaining('dryRun: expected true or false')])
  })

  it('is gone when it is cancelled, when another replaces it, and after an hour', async () => {
    const definition = { query: "event('Order').count() >= 1" }
    const gone = async (id: string) => (await given.server.control('GET', `audiences/previews/${id}`)).status
    const first = await started({ definition })
    expect((await given.server.control('DELETE', `audiences/previews/${first}`)).status).toBe(200)
    expect((await given.server.control('DELETE', `audiences/previews/${first}`)).status).toBe(404)
    const second = await started({ definition })
    const third = await started({ definition, replaces: second })
    expect([await gone(first), await gone(second), await gone(third)]).toEqual([404, 404, 200])
    given.time.moveTo(START + 3_600_000)
    expect(await gone(third)).toBe(404)
  })

  it('that cannot be is refused, and the field is named', async () => {
    const refused = async (body: object, path = 'audiences'): Promise<[number, unknown]> => {
      const { status, body: answer } = await given.server.control('POST', `${path}/previews`, body)
      return [status, (answer['errors'] as Fields[])[0]!['field']]
    }
    const definition = { query: "event('Order').count() >= 1" }
    expect(await refused({})).toEqual([400, 'definition'])
    expect(await refused({ definition: { query: 'event(' } })).toEqual([400, 'definition.query'])
    expect(await refused({ definition, compareWith: 'aud_none' })).toEqual([404, 'compareWith'])
    expect(await refused({ definition, overlapWith: ['aud_none'] })).toEqual([404, 'overlapWith.0'])
    expect(await refused({ definition, traits: 'plan' })).toEqual([400, 'traits'])
    expect(await refused({ definition, more: 1 })).toEqual([400, 'more'])
    expect(await refused({ definition }, 'computed-traits')).toEqual([400, 'definition.query'])
  })

  it('is told as it goes on, for as long as somebody listens', async () => {
    await given.server.ingest('track', { userId: 'u1', event: 'Order' })
    const id = await started({ definition: { query: "event('Order').within(1 hour).count() >= 1" } })
    const ending = new AbortController()
    const response = await fetch(`${given.server.url}/spaces/${CONFIG.spaceId}/audiences/previews/${id}/stream`, {
      headers: { authorization: `Bearer ${CONFIG.accessToken}` },
      signal: ending.signal,
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const sizes: unknown[] = []
    let text = ''
    const reading = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString()
        const events = text.split('\n\n')
        text = events.pop()!
        for (const event of events)
          sizes.push((JSON.parse(event.split('data: ')[1]!) as { size?: { count: number } }).size?.count)
      }
    })().catch(() => 'ended')
    await eventually(() => expect(sizes.at(-1)).toBe(1))
    await given.server.ingest('track', { userId: 'u2', event: 'Order' })
    given.time.moveTo(START + 1_000)
    await eventually(() => expect(sizes.at(-1)).toBe(2))
    given.time.moveTo(START + 3_590_000)
    await given.server.ingest('track', { userId: 'u3', event: 'Order' })
    given.time.moveTo(START + 3_599_000)
    await eventually(() => expect(sizes.at(-1)).toBe(3))
    ending.abort()
    expect(await reading).toBe('ended')
  })
})

describe('a preview of a computed trait', () => {
  it('shows how its values are distributed', async () => {
    await fill()
    const numbers = await started({ definition: { query: "event('Order').count()" } }, 'computed-traits')
    expect(await completed(numbers, 'computed-traits')).toMatchObject({
      definition: { type: 'USERS', query: "event('Order').count()" },
      values: { count: 9, quantiles: { 0: 1, 0.5: 5, 1: 9 } },
    })
    await given.server.ingest('track', { userId: 'u1', event: 'Order', properties: { c: 'hats' } })
    await given.server.ingest('track', { userId: 'u2', event: 'Order', properties: { c: 'hats' } })
    await given.server.ingest('track', { userId: 'u3', event: 'Order', properties: { c: 'shoes' } })
    const query = "event('Order').last(property('c'))"
    const texts = await completed(await started({ definition: { query } }, 'computed-traits'), 'computed-traits')
    expect(texts['values']).toEqual({
      count: 3,
      mostFrequent: [
        { value: 'hats', count: 2 },
        { value: 'shoes', count: 1 },
      ],
    })
    expect(texts).not.toHaveProperty('size')
  })
})

it('is written by the command line, and cancelled when it is done with', async () => {
  await fill()
  const client = { url: given.server.url, spaceId: CONFIG.spaceId, accessToken: CONFIG.accessToken, dataDirectory: '' }
  const lines: string[] = []
  const query = "event('Order').count() >= 5"
  await preview({ query, type: 'USERS' }, client, (line) => lines.push(line))
  const written = JSON.parse(lines.join('')) as { id: string }
  expect(written).toMatchObject({ definition: { query }, status: 'COMPLETED', size: { count: 5 } })
  expect((await given.server.control('GET', `audiences/previews/${written.id}`)).status).toBe(404)
  await expect(preview({ query: 'event(', type: 'USERS' }, client, () => undefined)).rejects.toThrow('column 7')
})
