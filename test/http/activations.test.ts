/** Activations over HTTP, in the shapes of Segment's Public API. */
import { describe, expect, it } from 'vitest'
import { CONFIG } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31)
const given = new TimedServer(START)

type Fields = Record<string, unknown>

/** The thing of a given name in an answer that must be a 200. */
async function asked(method: string, path: string, body: unknown, name: string): Promise<Fields> {
  const answer = await given.server.control(method, path, body)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return (answer.body['data'] as Record<string, Fields>)[name]!
}

/** Makes a connected audience of whoever has bought. */
async function connected(type = 'webhook', more: object = {}): Promise<{ audience: string; connection: string }> {
  const audience = await given.audience('Buyers', "event('Bought').count() >= 1", more)
  const settings = type === 'webhook' ? { url: 'https://example.com/hook' } : {}
  const { id } = await asked('POST', 'destinations', { type, enabled: false, settings }, 'destination')
  const body = { destination: { id }, connectionSettings: {} }
  const connection = await asked('POST', `audiences/${audience}/destination-connections`, body, 'connection')
  return { audience, connection: String(connection['id']) }
}

async function activate({ audience, connection }: { audience: string; connection: string }, body: object = {}) {
  const whole = { activationName: 'Entries', activationType: 'Audience Entered', performResync: false, ...body }
  return given.server.control('POST', `audiences/${audience}/destination-connections/${connection}/activations`, whole)
}

/** Counts the deliveries that were made for the connection. */
async function created(audience: string, connection: string): Promise<unknown> {
  const path = `audiences/${audience}/destination-connections/${connection}/overview`
  return (await asked('GET', path, undefined, 'overview'))['created']
}

function activationIn(body: Fields): Fields {
  return (body['data'] as { activation: Fields }).activation
}

function errorOf({ status, body }: { status: number; body: Fields }): unknown[] {
  const { type, field } = (body['errors'] as Fields[])[0]!
  return [status, type, field]
}

describe('an activation', () => {
  it('is made, shown, listed, changed and removed', async () => {
    const at = await connected()
    const made = await activate(at, {
      personalization: { profile: { properties: ['plan', 'first_name'], mapping: { first_name: 'name' } } },
      destinationMapping: { actionId: 'track', settings: { enteredEvent: 'Became a buyer' } },
    })
    const activation = {
      id: expect.stringMatching(/^act_[0-9A-Za-z]{27}$/) as string,
      enabled: true,
      workspaceId: CONFIG.spaceId,
      spaceId: CONFIG.spaceId,
      audienceId: at.audience,
      connectionId: at.connection,
      activationType: 'Audience Entered',
      activationName: 'Entries',
      personalization: { profile: { properties: ['plan', 'first_name'], mapping: { first_name: 'name' } } },
      destinationMapping: { actionId: 'track', settings: { enteredEvent: 'Became a buyer' } },
      performResync: false,
      createdAt: '2026-01-31T00:00:00.000Z',
      updatedAt: '2026-01-31T00:00:00.000Z',
    }
    expect([made.status, made.body]).toEqual([200, { data: { activation } }])
    const path = `audiences/${at.audience}/activations`
    const one = `${path}/${String(activationIn(made.body)['id'])}`
    expect((await given.server.control('GET', one)).body).toEqual(made.body)
    const other = activationIn(
      (await activate(at, { activationName: 'Exits', activationType: 'Audience Exited' })).body,
    )
    expect(other).not.toHaveProperty('destinationMapping')
    const page = (await given.server.control('GET', `${path}?pagination[count]=1`)).body['data'] as Fields
    expect(page).toMatchObject({ activations: [activation], pagination: { totalEntries: 2 } })
    const { next } = page['pagination'] as { next: string }
    const rest = (await given.server.control('GET', `${path}?pagination[count]=1&pagination[cursor]=${next}`)).body
    expect(rest['data']).toMatchObject({ activations: [{ id: other['id'] }] })
    const change = {
      activationName: 'All who enter',
      enabled: false,
      personalization: { profile: { properties: ['plan'] } },
      destinationMapping: { actionId: 'track', settings: {} },
    }
    const changed = { ...change, personalization: { profile: { properties: ['plan'], mapping: {} } } }
    expect((await given.server.control('PATCH', one, change)).body).toEqual({
      data: { activation: { ...activation, ...changed } },
    })
    expect((await given.server.control('DELETE', one)).body).toEqual({ data: { status: 'SUCCESS' } })
    expect((await given.server.control('GET', one)).status).toBe(404)
  })

  it('sends the members where that is asked for', async () => {
    const at = await connected('webhook', { options: { includeHistoricalData: false } })
    for (const userId of ['u1', 'u2']) await given.server.ingest('track', { userId, event: 'Bought' })
    expect(await created(at.audience, at.connection)).toBe(2)
    const made = activationIn((await activate(at, { performResync: true })).body)
    expect(made).toMatchObject({ performResync: true })
    const path = `audiences/${at.audience}/activations/${String(made['id'])}`
    await expect.poll(() => created(at.audience, at.connection)).toBe(4)
    expect(await asked('GET', path, undefined, 'activation')).toMatchObject({ performResync: false })
    expect(await asked('PATCH', path, { performFirstSync: true }, 'activation')).toMatchObject({ performResync: true })
    await expect.poll(() => created(at.audience, at.connection)).toBe(6)
  })

  it('is made with its connection, whose first sync is by it alone', async () => {
    const audience = await given.audience('Buyers', "event('Bought').count() >= 1")
    for (const userId of ['u1', 'u2']) await given.server.ingest('track', { userId, event: 'Bought' })
    const { id } = await asked('POST', 'destinations', { type: 'console', enabled: false }, 'destination')
    const [entries, exits] = ['Audience Entered', 'Audience Exited'].map((activationType) => {
      return { activationName: activationType, activationType }
    })
    const body = { destination: { id }, activations: [entries, exits] }
    const path = `audiences/${audience}/destination-connections`
    const { id: connection } = await asked('POST', path, body, 'connection')
    await expect.poll(() => created(audience, String(connection))).toBe(2)
    const { body: listed } = await given.server.control('GET', `audiences/${audience}/activations`)
    expect(listed['data']).toMatchObject({ activations: [entries, exits] })
    const twice = {
      destination: { id },
      activations: [entries, { ...entries, destinationMapping: { actionId: 'group' } }],
    }
    expect(errorOf(await given.server.control('POST', path, twice))).toEqual([
      400,
      'validation_error',
      'activations.1.destinationMapping.actionId',
    ])
  })

  it('keeps its connection from being removed, and goes with its audience', async () => {
    const at = await connected()
    const { id } = activationIn((await activate(at)).body)
    const connection = `audiences/${at.audience}/destination-connections/${at.connection}`
    const patched = await given.server.control('PATCH', connection, { connectionSettings: { traits: ['plan'] } })
    expect(patched.status).toBe(200)
    expect(errorOf(await given.server.control('DELETE', connection))).toEqual([409, 'in_use', 'id'])
    await asked('DELETE', `audiences/${at.audience}/activations/${String(id)}`, undefined, 'status')
    expect((await given.server.control('DELETE', connection)).status).toBe(200)
  })

  it('is in the audit log, with what it was before', async () => {
    const at = await connected()
    const { id } = activationIn((await activate(at)).body)
    const path = `audiences/${at.audience}/activations/${String(id)}`
    await given.server.control('PATCH', path, { enabled: false })
    await given.server.control('DELETE', path)
    const { body } = await given.server.control('GET', 'audit-log')
    const state = { id, connectionId: at.connection, name: 'Entries', type: 'Audience Entered', traits: {} }
    const [on, off] = [
      { ...state, enabled: true },
      { ...state, enabled: false },
    ]
    const rows = (body['data'] as { changes: Fields[] }).changes.slice(0, 3)
    expect(rows.map(({ action, thing, before, after }) => ({ action, thing, before, after }))).toEqual([
      { action: 'delete', thing: 'activation', before: off, after: undefined },
      { action: 'update', thing: 'activation', before: on, after: off },
      { action: 'create', thing: 'activation', before: undefined, after: on },
    ])
  })
})

describe('what is refused', () => {
  it.each([
    [{ activationType: 'Entity Added' }, 'activationType'],
    [{ activationName: '' }, 'activationName'],
    [{ enabled: false, performResync: true }, 'performResync'],
    [{ enabled: false, performResync: undefined, performFirstSync: true }, 'performFirstSync'],
    [{ personalization: { profile: {}, entities: [{}] } }, 'personalization.entities'],
    [{ personalization: { profile: { properties: [1] } } }, 'personalization.profile.properties.0'],
    [{ destinationMapping: { settings: {} } }, 'destinationMapping.actionId'],
    [{ destinationMapping: { actionId: 'group' } }, 'destinationMapping.actionId'],
    [
      { destinationMapping: { actionId: 'track', settings: { exitedEvent: 'x' } } },
      'destinationMapping.settings.exitedEvent',
    ],
    [
      { destinationMapping: { actionId: 'identify', settings: { enteredEvent: 'x' } } },
      'destinationMapping.settings.enteredEvent',
    ],
    [
      { destinationMapping: { actionId: 'track', settings: { userId: '$.userId' } } },
      'destinationMapping.settings.userId',
    ],
    [{ more: 1 }, 'more'],
  ])('by its field: %j', async (body, field) => {
    expect(errorOf(await activate(await connected(), body))).toEqual([400, 'validation_error', field])
  })

  it('is what is for good', async () => {
    const at = await connected()
    const { id } = activationIn((await activate(at, { destinationMapping: { actionId: 'track' } })).body)
    const path = `audiences/${at.audience}/activations/${String(id)}`
    for (const [body, field] of [
      [{ activationType: 'Audience Exited' }, 'activationType'],
      [{ destinationMapping: { actionId: 'identify' } }, 'destinationMapping.actionId'],
    ] as const)
      expect(errorOf(await given.server.control('PATCH', path, body))).toEqual([400, 'validation_error', field])
  })

  it('by a list: calls that it does not take, and a second activation of the same change', async () => {
    const at = await connected('csv')
    const mapped = await activate(at, { destinationMapping: { actionId: 'track' } })
    expect(errorOf(mapped)).toEqual([400, 'validation_error', 'destinationMapping.actionId'])
    expect((await activate(at)).status).toBe(200)
    expect((await activate(at, { activationType: 'Audience Exited' })).status).toBe(200)
    const both = { activationType: 'Audience Membership Changed' }
    expect(errorOf(await activate(at, both))).toEqual([409, 'in_use', 'activationType'])
    expect((await activate(at, { ...both, enabled: false })).status).toBe(200)
  })

  it('is what is not there', async () => {
    const at = await connected()
    const refused = [
      await activate({ ...at, connection: 'con_none' }),
      await activate({ ...at, audience: 'aud_none' }),
      await given.server.control('GET', `audiences/${at.audience}/activations/act_none`),
      await given.server.control('GET', 'audiences/aud_none/activations'),
    ]
    expect(refused.map(errorOf)).toEqual([
      [404, 'not_found', 'connectionId'],
      [404, 'not_found', 'id'],
      [404, 'not_found', 'activationId'],
      [404, 'not_found', 'id'],
    ])
  })
})
