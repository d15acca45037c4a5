/**
 * A server with two tools of the catalogue, told by Segment's SDK: their vendors get every member's calls, though the
 * process of the workers, or that of the definitions, is killed while calls are under way.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Analytics } from '@segment/analytics-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { eventually } from '../support/eventually.ts'
import { signal, workersOf } from '../support/processes.ts'
import { MAIN, runServe, type ServeProcess } from '../support/run-serve.ts'
import { isCatalogueThere, SKIPPED } from './installed.ts'
import { LIST_TOOLS } from './list-tools.ts'
import { type Answering, Vendors } from './vendors.ts'

const isThere = isCatalogueThere()
if (!isThere) console.warn(SKIPPED)

const MEMBERS = 40
/** A job whose worker was killed comes again once its lock has expired, and that has been looked for. */
const RECOVERY_MS = 240_000
const RECOVERS = { timeout: RECOVERY_MS, interval: 200 }

const vendors = new Vendors()
const klaviyo = LIST_TOOLS.find(({ slug }) => slug === 'actions-klaviyo')!
const answer: Answering = (request) =>
  request.url.includes('klaviyo') ? klaviyo.answer(request) : { status: 201, body: { message: 'success' } }

let serving: ServeProcess
let url = ''
let analytics: Analytics

/** Runs the server, and lets definitions reach the vendors on loopback in place of their hosts. */
function programWith({ http, https }: { readonly http: number; readonly https: number }): string {
  const program = join(mkdtempSync(join(tmpdir(), 'rollcall-program-')), 'program.mjs')
  const text = `
    import http from 'node:http'
    import https from 'node:https'
    import net from 'node:net'
    if (process.argv[2] === 'run-definitions') {
      http.Agent.prototype.createConnection = () => net.connect(${http}, '127.0.0.1')
      https.Agent.prototype.createConnection = () => net.connect(${https}, '127.0.0.1')
    }
    await import('${pathToFileURL(MAIN).href}')
  `
  writeFileSync(program, text)
  return program
}

async function ask(path: string, body: object): Promise<string> {
  const headers = { Authorization: 'Bearer test-access-token', 'Content-Type': 'application/json' }
  const response = await fetch(`${url}/spaces/default/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const { data } = (await response.json()) as { data?: Record<string, { id: string }> }
  expect([response.status, data]).toEqual([200, expect.anything()])
  return Object.values(data!)[0]!.id
}

beforeAll(async () => {
  if (!isThere) return
  vendors.answer = answer
  const program = programWith(await vendors.listen())
  const environment = {
    ACCESS_TOKEN: 'test-access-token',
    WRITE_KEY: 'test-write-key',
    DESTINATIONS_ALLOW_PRIVATE: '127.0.0.0/8',
  }
  serving = runServe(mkdtempSync(join(tmpdir(), 'rollcall-end-to-end-')), environment, { program })
  url = await serving.ready
  analytics = new Analytics({ writeKey: 'test-write-key', host: url })
  const audience = await ask('audiences', {
    name: 'Vips',
    key: 'vips',
    definition: { query: "trait('plan') = 'pro' and event('Seen').count() >= 1" },
  })
  const tools = [
    ['actions-braze-cloud', { api_key: 'braze-key', endpoint: 'https://rest.fra-01.braze.eu' }, true],
    ['actions-klaviyo', { api_key: 'klaviyo-key' }, false],
  ] as const
  for (const [type, settings, sendIdentify] of tools) {
    const destinationId = await ask('destinations', { type, name: type, settings })
    const connectionSettings = { sendIdentify, sendTrack: true }
    await ask(`audiences/${audience}/destination-connections`, { destinationId, connectionSettings })
  }
})

afterAll(async () => {
  if (!isThere) return
  await analytics.closeAndFlush()
  await serving.end('SIGTERM')
  await vendors.close()
})

const emailOf = (user: string): string => `${user}@example.com`

async function identify(users: readonly string[], plan: string): Promise<void> {
  for (const userId of users) analytics.identify({ userId, traits: { email: emailOf(userId), plan } })
  await analytics.flush()
}

async function enter(users: readonly string[]): Promise<void> {
  await identify(users, 'pro')
  for (const userId of users) analytics.track({ userId, event: 'Seen' })
  await analytics.flush()
}

function usersOf(group: string): string[] {
  return Array.from({ length: MEMBERS }, (_, nth) => `${group}${nth}`)
}

/** The objects that Braze was sent in the field of a body: `attributes` or `events`. */
function sentTo(field: 'attributes' | 'events'): JsonObject[] {
  return vendors.requests.flatMap(({ url: to, body }) => {
    const sent = to.includes('braze') ? (body as JsonObject)[field] : undefined
    return (sent ?? []) as JsonObject[]
  })
}

/** By user, the last membership that Braze was told of. */
function lastMemberships(users: readonly string[]): JsonValue[] {
  const last = new Map(sentTo('attributes').map((one) => [one['external_id'], one['vips']]))
  return users.map((user) => last.get(user) ?? null)
}

/** The emails that Klaviyo was told to put into the list, each as often as it was. */
function importedEmails(): string[] {
  return vendors.requests
    .filter(({ url: to }) => to.endsWith('/profile-bulk-import-jobs/'))
    .flatMap(({ body }) => JSON.stringify(body).match(/[a-z]+\d+@example\.com/g) ?? [])
}

/** Repeats of one event of Braze differ in nothing. */
function expectSameRepeats(): void {
  const events = sentTo('events').map(
    (event) => [JSON.stringify([event['external_id'], event['name']]), event] as const,
  )
  const firsts = new Map([...events].reverse())
  for (const [name, event] of events) expect(event).toEqual(firsts.get(name))
}

function definitionsOf(worker: number): number | undefined {
  const children = readFileSync(`/proc/${worker}/task/${worker}/children`, 'utf8').trim().split(' ')
  return children
    .filter((id) => id !== '' && readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').includes('run-definitions'))
    .map(Number)[0]
}

/** Lets users enter while no vendor answers, does something then, and lets the vendors answer again. */
async function whileUnderWay(users: readonly string[], act: () => void): Promise<void> {
  const held = new Set<string>()
  vendors.answer = ({ url: to }) => {
    held.add(new URL(to).host)
    return null
  }
  await enter(users)
  await eventually(() => expect(held.size).toBe(2))
  act()
  vendors.answer = answer
}

async function expectAllEntered(users: readonly string[]): Promise<void> {
  await eventually(() => {
    expect(lastMemberships(users)).toEqual(users.map(() => true))
    expect(importedEmails()).toEqual(expect.arrayContaining(users.map(emailOf)))
    const entered = sentTo('events').filter(({ name }) => name === 'Audience Entered')
    expect(entered.map((event) => event['external_id'])).toEqual(expect.arrayContaining([...users]))
  }, RECOVERS)
  expectSameRepeats()
}

/** Deletes users here, whether or not they are members, and expects Braze to be told so last. */
async function expectDeletedThere(users: readonly string[]): Promise<void> {
  for (const user of users) {
    const path = `v1/spaces/default/collections/users/profiles/user_id:${user}`
    const headers = { Authorization: `Basic ${btoa('test-access-token:')}` }
    expect((await fetch(`${url}/${path}`, { method: 'DELETE', headers })).status).toBe(200)
  }
  const deletions = (): JsonValue[] =>
    vendors.requests.filter(({ url: to }) => to.endsWith('/users/delete')).map(({ body }) => body!)
  const expected = users.map((user) => ({ external_ids: [user] }))
  await eventually(() => expect(deletions()).toEqual(expect.arrayContaining(expected)), RECOVERS)
  expect(deletions()).toHaveLength(expected.length)
}

describe.skipIf(!isThere)('tools of the catalogue', () => {
  it('are told what the SDK has sent, each in its own way', async () => {
    await enter(['first1'])
    await expectAllEntered(['first1'])
    const lists = vendors.requests.filter(({ url: to }) => to.endsWith('/api/lists'))
    expect(lists.map(({ body }) => body)).toEqual([{ data: { type: 'list', attributes: { name: 'vips' } } }])
    const [attributes] = sentTo('attributes')
    const email = emailOf('first1')
    expect(attributes).toEqual({ external_id: 'first1', email, vips: true, _update_existing_only: false })
    const imported = vendors.requests.find(({ url: to }) => to.endsWith('/profile-bulk-import-jobs/'))!
    expect(imported.body).toEqual(klaviyo.changed(['first1'], true)[0]!.body)
  })

  it('are told of all, though the process of the workers is killed meanwhile', async () => {
    const users = usersOf('worker')
    const worker = workersOf(serving.child.pid!)!
    await whileUnderWay(users, () => signal(worker, 'SIGKILL'))
    await expectAllEntered(users)
    const leaving = users.filter((_, nth) => nth % 2 === 0)
    await identify(leaving, 'basic')
    const expected = users.map((_, nth) => nth % 2 === 1)
    await eventually(() => expect(lastMemberships(users)).toEqual(expected), RECOVERS)
    expectSameRepeats()
    await expectDeletedThere([leaving[0]!, users[1]!])
  })

  it('are told of all, though the process of the definitions is killed meanwhile', async () => {
    const users = usersOf('definition')
    await whileUnderWay(users, () => signal(definitionsOf(workersOf(serving.child.pid!)!)!, 'SIGKILL'))
    await expectAllEntered(users)
  })
})
