/** Request by request, what the best known tools are sent for calls as the server makes them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/model/json.ts'
import { isCatalogueThere, SKIPPED } from './installed.ts'
import { type SentRequest, type VendorAnswer, Vendors } from './vendors.ts'
import { EVENT_TOOLS } from './event-tools.ts'
import { LIST_TOOLS } from './list-tools.ts'
import { type Change, connected, type Tool } from './tool.ts'
import type { ExpectedRequest, ToolCase } from './tool-case.ts'

const isThere = isCatalogueThere()
if (!isThere) console.warn(SKIPPED)

const ENTERING: Change = { user: 'u1', value: true }
const THREE = ['u1', 'u2', 'u3']
const DELIVERED = { kind: 'delivered' }

const vendors = new Vendors()
beforeAll(() => vendors.open())
afterAll(() => vendors.close())
beforeEach(() => {
  vendors.taken()
})

type Headers = Readonly<Record<string, string>>

/** Compares requests, whichever of several at once came first. Of the headers, those that are expected count. */
function expectRequests(
  sent: readonly SentRequest[],
  expected: readonly ExpectedRequest[],
  headers: Headers = {},
): void {
  const wanted = inOrder(
    expected.map(({ line, headers: own = {}, body = '' }) => ({ line, body, headers: { ...headers, ...own } })),
  )
  const found = inOrder(sent.map(({ method, url, body, headers }) => ({ line: `${method} ${url}`, body, headers })))
  const shown = found.map((request, nth) => {
    const names = Object.keys(wanted[nth]?.headers ?? {})
    return { ...request, headers: Object.fromEntries(names.map((name) => [name, request.headers[name]])) }
  })
  expect(shown).toEqual(wanted)
  for (const request of sent) expect(request.headers['user-agent']).toBe('Rollcall/1.0')
}

function inOrder<One extends { readonly line: string; readonly body: JsonValue }>(requests: readonly One[]): One[] {
  const textOf = ({ line, body }: One): string => line + JSON.stringify(sorted(body))
  return [...requests].sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
}

/** A value with the fields of its objects in one order. */
function sorted(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const fields = Object.entries(value).map(([name, held]) => [name, sorted(held)] as const)
  return Object.fromEntries(fields.sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Connects a tool whose vendor has the audience's list. */
async function withList(tool: ToolCase): Promise<Tool> {
  vendors.answer = tool.answer
  const connectedTool = connected(tool.slug, tool.settings, tool.sends)
  if (tool.created) expect(await connectedTool.deliver([{ user: 'u9', value: true }])).toEqual([DELIVERED])
  vendors.taken()
  return connectedTool
}

function casesOf(tools: readonly ToolCase[]): (readonly [string, ToolCase])[] {
  return tools.map((tool) => [tool.slug, tool] as const)
}

describe.skipIf(!isThere).each(casesOf([...EVENT_TOOLS, ...LIST_TOOLS]))('%s', (_, tool) => {
  it.each([
    ['one who enters', ['u1'], true],
    ['one who leaves', ['u1'], false],
    ['three who enter', THREE, true],
    ['three who leave', THREE, false],
  ])('is told of %s', async (_name, users, value) => {
    const { deliver } = await withList(tool)
    expect(await deliver(users.map((user) => ({ user, value })))).toEqual(users.map(() => DELIVERED))
    expectRequests(vendors.taken(), tool.changed(users, value), tool.headers)
  })

  it('fails for good where its credentials are refused', async () => {
    const { deliver } = await withList(tool)
    vendors.answer = () => ({ status: 401, body: { error: { code: 401, message: 'no' } } })
    const failed = { kind: 'failed', reason: tool.refused ?? 'status_401' }
    expect(await deliver([ENTERING])).toMatchObject([tool.renewal ? { kind: 'failed' } : failed])
  })

  it.each<[string, VendorAnswer, object]>([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, { retryAfterMs: 7_000 }],
    ['500', { status: 500, body: { error: { code: 500, message: 'no' } } }, {}],
    // Of a proxy before the tool.
    ['502 without a body', { status: 502, body: '' }, {}],
    ['503 in words', { status: 503, body: 'try later', headers: { 'retry-after': '9' } }, { retryAfterMs: 9_000 }],
  ])('is told again with the same content, after %s', async (_name, answer, wait) => {
    const { deliver } = await withList(tool)
    vendors.answer = () => answer
    const changes = THREE.map((user) => ({ user, value: true }))
    expect(await deliver(changes)).toMatchObject(THREE.map(() => ({ kind: 'retry', ...wait })))
    vendors.taken()
    vendors.answer = tool.answer
    expect(await deliver(changes)).toEqual(THREE.map(() => DELIVERED))
    expectRequests(vendors.taken(), tool.changed(THREE, true), tool.headers)
  })
})

describe.skipIf(!isThere).each(casesOf(LIST_TOOLS))('the list of %s', (_, tool) => {
  it('is made for an audience, and named in the calls', async () => {
    vendors.answer = tool.answer
    const { deliver } = connected(tool.slug, tool.settings, tool.sends)
    expect(await deliver([ENTERING])).toEqual([DELIVERED])
    const sent = vendors.taken()
    const { length } = tool.created!
    expectRequests(sent.slice(0, length), tool.created!)
    expectRequests(sent.slice(length), tool.changed(['u1'], true), tool.headers)
  })

  it('is told of one who enters and another who leaves at once', async () => {
    const { deliver } = await withList(tool)
    expect(await deliver([ENTERING, { user: 'u2', value: false }])).toEqual([DELIVERED, DELIVERED])
    expectRequests(vendors.taken(), [...tool.changed(['u1'], true), ...tool.changed(['u2'], false)], tool.headers)
  })

  it('is not made where the vendor is down: nobody is told of, and all come again', async () => {
    vendors.answer = () => ({ status: 503, body: '' })
    const { deliver } = connected(tool.slug, tool.settings, tool.sends)
    expect(await deliver([ENTERING])).toMatchObject([{ kind: 'retry' }])
    vendors.taken()
    vendors.answer = tool.answer
    expect(await deliver([ENTERING])).toEqual([DELIVERED])
    expectRequests(vendors.taken().slice(tool.created!.length), tool.changed(['u1'], true), tool.headers)
  })
})

const RENEWABLE = [...EVENT_TOOLS, ...LIST_TOOLS].filter(({ renewal }) => renewal !== undefined)

describe.skipIf(!isThere).each(casesOf(RENEWABLE))('the token of %s', (_, tool) => {
  it('is renewed once it has expired, and kept', async () => {
    const { deliver, saved } = await withList(tool)
    const before = saved.length
    const authorization = 'Bearer fresh-token'
    vendors.answer = (request) => {
      if (tool.renewal!.line.endsWith(request.url)) return { body: { access_token: 'fresh-token' } }
      if (request.headers['authorization'] === authorization) return tool.answer(request)
      return { status: 401, body: { error: { code: 401, message: 'expired' } } }
    }
    expect(await deliver([ENTERING])).toEqual([DELIVERED])
    const [refused, renewal, ...rest] = vendors.taken()
    expect(refused!.headers['authorization']).not.toBe(authorization)
    expectRequests([renewal!], [tool.renewal!])
    expectRequests(rest, tool.changed(['u1'], true), { ...tool.headers, authorization })
    const { clientId, clientSecret, refreshToken } = tool.settings['oauth'] as Record<string, string>
    expect(saved.slice(before)).toEqual([
      { oauth: { clientId, clientSecret, refreshToken, accessToken: 'fresh-token' } },
    ])
    expect(await deliver([{ user: 'u2', value: true }])).toEqual([DELIVERED])
    expectRequests(vendors.taken(), tool.changed(['u2'], true), { ...tool.headers, authorization })
  })
})
