/** Nothing is saved that was not shown, and what is saved is what was shown. */
import { describe, expect, it } from 'vitest'
import type { Api } from '../../src/mcp/api.ts'
import { Proposals } from '../../src/mcp/proposals.ts'
import { CONFIG } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'
import { RUNNING, toolClient, type ToolReply, type ToolClient } from './client.ts'

const START = Date.UTC(2026, 0, 31)
const MINUTE = 60_000

const given = new TimedServer(START)

function connected(accessToken = CONFIG.accessToken, around?: (api: Api) => Api): Promise<ToolClient> {
  const { url } = given.server
  return toolClient({ url, clock: given.time.clock, accessToken, ...(around && { around }) })
}

async function token(role: string): Promise<string> {
  const { body } = await given.server.control('POST', 'tokens', { name: role, role })
  return (body['data'] as { token: { secret: string } }).token.secret
}

/** Users u1 to u5, each with as many orders as its number says. */
async function fill(): Promise<void> {
  const batch = [1, 2, 3, 4, 5].flatMap((user) =>
    Array.from({ length: user }, () => ({ type: 'track', userId: `u${user}`, event: 'Order' })),
  )
  await given.server.ingest('batch', { batch })
}

/** All audiences, as the API has them. */
async function audiences(): Promise<Record<string, unknown>[]> {
  const { body } = await given.server.control('GET', 'audiences')
  return (body['data'] as { audiences: Record<string, unknown>[] }).audiences
}

function refusedWith(code: string, field?: string): object {
  return { isError: true, data: { error: { code, ...(field !== undefined && { field }) } } }
}

function saving({ data }: ToolReply): { proposal_id: unknown } {
  return { proposal_id: data['proposalId'] }
}

describe('a proposal', () => {
  it('of a new audience shows who would be in it, and makes it as it was shown', async () => {
    await fill()
    const { call } = await connected()
    const proposed = await call('propose_audience', {
      name: 'Two orders',
      description: 'At least two',
      query: "event('Order').count() >= 2",
      filter_by_external_ids: ['user_id'],
    })
    expect(proposed.text).toContain('4 users would enter, 0 users would leave.')
    expect(proposed.text).toContain('some who would enter:\n  user_id:u2\n  user_id:u3\n  user_id:u4\n  user_id:u5')
    expect(proposed.data).toMatchObject({ exact: true, enter: 4, leave: 0 })
    expect(await audiences()).toEqual([])
    const saved = await call('save_audience', saving(proposed))
    expect(saved.text).toContain('two_orders: Two orders, of users, Live')
    expect(await audiences()).toMatchObject([
      {
        ...(proposed.data['request'] as { body: { options: object } }).body,
        key: 'two_orders',
        options: { filterByExternalIds: ['user_id'] },
        size: { count: 4 },
      },
    ])
  })

  it('of a change shows who would enter and leave, and what is sent; it keeps what it does not name', async () => {
    await fill()
    const id = await given.audience('Many', "event('Order').count() >= 4", { description: 'kept' })
    await given.audience('Reader', "trait('many') = true")
    const made = await given.server.control('POST', 'destinations', { type: 'console' })
    const { destination } = made.body['data'] as { destination: { id: string } }
    await given.server.control('POST', `audiences/${id}/destination-connections`, { destination })
    const { call } = await connected()
    const query = "event('Order').count() >= 2 AND event('Order').count() <= 4"
    const proposed = await call('propose_audience', { audience: 'many', query, name: 'Some' })
    expect(proposed.text).toContain('2 users would enter, 1 user would leave.')
    expect(proposed.text).toContain(
      'some who would enter:\n  user_id:u2\n  user_id:u3\nsome who would leave:\n  user_id:u5',
    )
    expect(proposed.text).toContain('Others read it, and may change too: reader.')
    expect(proposed.text).toMatch(new RegExp(`destination ${destination.id} would be sent \\d+ calls`))
    expect(await audiences()).toMatchObject([{ name: 'Many', size: { count: 2 } }, {}])
    expect(await call('save_audience', saving(proposed))).toMatchObject({ isError: false })
    expect(await audiences()).toMatchObject([
      { id, key: 'many', name: 'Some', description: 'kept', definition: { query }, size: { count: 3 } },
      { key: 'reader', size: { count: 3 } },
    ])
  })

  it('is saved once', async () => {
    const { call } = await connected()
    const proposed = await call('propose_audience', { name: 'A', query: "event('Order').count() >= 2" })
    const both = await Promise.all([call('save_audience', saving(proposed)), call('save_audience', saving(proposed))])
    expect(both.map(({ isError }) => isError).sort()).toEqual([false, true])
    expect(await call('save_audience', saving(proposed))).toMatchObject(refusedWith('not_found', 'proposal_id'))
    expect(await audiences()).toHaveLength(1)
  })

  it('is needed: without one, or with that of another connection, nothing is saved', async () => {
    const [one, other] = [await connected(), await connected()]
    const proposed = await other.call('propose_audience', { name: 'A', query: "event('Order').count() >= 2" })
    for (const input of [
      {},
      { proposal_id: 'prp_1' },
      { name: 'A', query: "event('Order').count() >= 1" },
      saving(proposed),
    ])
      expect((await one.call('save_audience', input)).isError).toBe(true)
    expect(await audiences()).toEqual([])
  })

  it('is gone after fifteen minutes', async () => {
    const { call } = await connected()
    const proposed = await call('propose_audience', { name: 'A', query: "event('Order').count() >= 2" })
    given.time.moveTo(START + 15 * MINUTE)
    expect((await call('get_proposal', saving(proposed))).text).toBe(proposed.text)
    given.time.moveTo(START + 15 * MINUTE + 1)
    for (const tool of ['save_audience', 'get_proposal'])
      expect(await call(tool, saving(proposed))).toMatchObject(refusedWith('not_found', 'proposal_id'))
    expect(await audiences()).toEqual([])
  })

  it('gives way to newer ones beyond a hundred', () => {
    const proposals = new Proposals(given.time.clock)
    const made = {
      title: 'a',
      request: { method: 'POST', path: 'audiences', body: {} },
      previewId: 'pre_1',
      readers: [],
    } as const
    const ids = Array.from({ length: 101 }, () => proposals.add(made).id)
    expect(() => proposals.find(ids[0]!)).toThrow('there is no such proposal')
    for (const id of ids.slice(1)) expect(proposals.find(id).proposal.id).toBe(id)
  })

  it('is refused if somebody has changed the audience since, in the same millisecond too', async () => {
    await fill()
    const id = await given.audience('Many', "event('Order').count() >= 4")
    const { call } = await connected()
    const proposed = await call('propose_audience', { audience: 'many', query: "event('Order').count() >= 2" })
    await given.server.control('PATCH', `audiences/${id}`, { description: 'changed' })
    expect(await call('save_audience', saving(proposed))).toMatchObject(refusedWith('outdated', 'ifUpdatedAt'))
    expect(await audiences()).toMatchObject([{ definition: { query: "event('Order').count() >= 4" } }])
    const again = await call('propose_audience', { audience: id, query: "event('Order').count() >= 2" })
    expect(await call('save_audience', saving(again))).toMatchObject({ isError: false })
    expect(await audiences()).toMatchObject([
      { description: 'changed', definition: { query: "event('Order').count() >= 2" } },
    ])
  })

  it('is refused if somebody changes the audience while it is looked up', async () => {
    const id = await given.audience('Many', "event('Order').count() >= 4")
    const { call } = await connected(CONFIG.accessToken, (api) => ({
      ...api,
      control: async (method, path, body) => {
        if (path.includes('dryRun')) await given.server.control('PATCH', `audiences/${id}`, { description: 'changed' })
        return api.control(method, path, body)
      },
    }))
    const proposed = await call('propose_audience', { audience: 'many', query: "event('Order').count() >= 2" })
    expect(proposed).toMatchObject(refusedWith('outdated', 'ifUpdatedAt'))
  })

  it('that is not exact in time cannot be saved until it has been shown', async () => {
    await fill()
    let isSlow = true
    const { call } = await connected(CONFIG.accessToken, (api) => ({
      ...api,
      control: (method, path, body) => {
        if (!isSlow || method !== 'GET') return api.control(method, path, body)
        return Promise.resolve({ audiencePreview: RUNNING })
      },
    }))
    const proposed = await call('propose_audience', { name: 'A', query: "event('Order').count() >= 2" })
    expect(proposed).toMatchObject({ isError: false, data: { exact: false } })
    expect(await call('save_audience', saving(proposed))).toMatchObject(refusedWith('validation_error', 'proposal_id'))
    isSlow = false
    expect((await call('get_proposal', saving(proposed))).text).toContain('4 users would enter')
    expect(await call('save_audience', saving(proposed))).toMatchObject({ isError: false })
  })

  it('of a disabled audience says that nobody enters or leaves', async () => {
    await fill()
    await given.audience('Off', "event('Order').count() >= 4", { enabled: false })
    const { call } = await connected()
    const proposed = await call('propose_audience', { audience: 'off', query: "event('Order').count() >= 2" })
    expect(proposed.text).toContain(
      'It is disabled: nobody enters or leaves until it is enabled; then it would have 4 users.',
    )
    expect(await call('save_audience', saving(proposed))).toMatchObject({ isError: false })
    expect(await audiences()).toMatchObject([{ status: 'Disabled' }])
  })

  it('that cannot be is refused by its field', async () => {
    await given.audience('Many', "event('Order').count() >= 4")
    const { call } = await connected()
    const query = "event('Order').count() >= 2"
    for (const [input, code, field] of [
      [{ query }, 'validation_error', 'name'],
      [{ name: 'A' }, 'validation_error', 'definition'],
      [{ name: 'A', query: 'event(' }, 'query_syntax', 'definition.query'],
      [{ name: 'A', query, key: 'a b' }, 'validation_error', 'key'],
      [{ audience: 'many' }, 'validation_error', 'query'],
      [{ audience: 'many', key: 'other' }, 'validation_error', 'key'],
      [{ audience: 'none', query }, 'not_found', 'audience'],
      [{ audience: 'many', query: "trait('many') = true" }, 'definition_cycle', 'definition.query'],
    ] as const)
      expect([input, await call('propose_audience', input)]).toMatchObject([input, refusedWith(code, field)])
  })

  it('whose key is taken by then is refused, and may be tried again', async () => {
    const { call } = await connected()
    const proposed = await call('propose_audience', { name: 'Many', query: "event('Order').count() >= 2" })
    await given.audience('Many', "event('Order').count() >= 4")
    for (let time = 0; time < 2; time++)
      expect(await call('save_audience', saving(proposed))).toMatchObject(refusedWith('key_taken', 'key'))
  })
})

describe('the role of the token', () => {
  it('of a viewer previews and saves nothing', async () => {
    await fill()
    await given.audience('Many', "event('Order').count() >= 4")
    const { call } = await connected(await token('viewer'))
    const query = "event('Order').count() >= 2"
    expect((await call('preview_query', { query })).text).toContain('4 users, exact')
    expect(await call('explain_profile', { profile: 'user_id:u1', key: 'many' })).toMatchObject({ isError: false })
    const proposed = await call('propose_audience', { name: 'A', query })
    expect(await call('save_audience', saving(proposed))).toMatchObject(refusedWith('forbidden'))
    expect(await call('propose_audience', { audience: 'many', query })).toMatchObject(refusedWith('forbidden'))
    expect(await audiences()).toMatchObject([{ key: 'many', definition: { query: "event('Order').count() >= 4" } }])
  })

  it('of an editor saves, and the audit log names its token', async () => {
    const { call } = await connected(await token('editor'))
    const proposed = await call('propose_audience', { name: 'A', query: "event('Order').count() >= 2" })
    expect(await call('save_audience', saving(proposed))).toMatchObject({ isError: false })
    const { body } = await given.server.control('GET', 'audit-log')
    expect(body['data']).toMatchObject({
      changes: [{ by: expect.stringMatching(/^tok_/) as string, thing: 'audience' }, {}],
    })
  })
})
