/** Segment's own SDK against the server: a thousand purchases sent, and read right after its flush. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Analytics } from '@segment/analytics-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Shard } from '../../actors/engine/shard.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { TraitCatalogue } from '../../src/model/trait-catalogue.ts'
import { traitsOf } from '../../src/profile-api/traits.ts'
import { CONFIG, startTestServer, type TestServer } from '../support/server.ts'

/** Real data next to the repository; made up where it is absent. */
const DATA = join(import.meta.dirname, '../../../shared/data')
const PURCHASES = 1000
const HOUR = 3_600_000

interface Purchase {
  readonly userId: string
  readonly messageId: string
  readonly timestamp: number
  readonly properties: { readonly quantity: number; readonly revenue: number }
}

const DEFINITIONS: readonly Pick<DefinitionSource, 'kind' | 'key' | 'query'>[] = [
  { kind: 'computed_trait', key: 'total_revenue', query: "event('Order Completed').sum(property('revenue'))" },
  { kind: 'computed_trait', key: 'avg_revenue', query: "event('Order Completed').avg(property('revenue'))" },
  { kind: 'computed_trait', key: 'orders_90d', query: "event('Order Completed').within(90 days).count()" },
  { kind: 'audience', key: 'big_spenders', query: "trait('total_revenue') > 100" },
  { kind: 'audience', key: 'active_30d', query: "event('Order Completed').within(30 days).count() >= 1" },
  {
    kind: 'audience',
    key: 'repeat_within_week',
    query:
      "event('Order Completed').where( event('Order Completed').within(parent: 7 days).count() >= 1 ).count() >= 1",
  },
  { kind: 'audience', key: 'vip', query: "trait('big_spenders') = true AND trait('active_30d') = true" },
]

/** The first thousand purchases of real customers, moved so that the last of them was an hour ago. */
function readPurchases(): Purchase[] {
  const file = join(DATA, 'cdnow.ndjson.gz')
  if (existsSync(file)) return moved(ofSomeCustomers(gunzipSync(readFileSync(file)).toString()))
  console.warn(`\n!!! ${file} IS ABSENT: the real data is SKIPPED, purchases are made up instead !!!\n`)
  return moved(Array.from({ length: PURCHASES }, (_, number) => madeUp(number)))
}

/** All purchases of as many customers as it takes: each has a history. */
function ofSomeCustomers(text: string): Purchase[] {
  const byCustomer = new Map<string, Purchase[]>()
  for (const line of text.trim().split('\n')) {
    const call = JSON.parse(line) as Omit<Purchase, 'timestamp'> & { timestamp: string }
    const purchase = { ...call, timestamp: Date.parse(call.timestamp) }
    byCustomer.set(call.userId, [...(byCustomer.get(call.userId) ?? []), purchase])
  }
  const ofMany = [...byCustomer.values()].filter((purchases) => purchases.length >= 3)
  const chosen = ofMany.flat().slice(0, PURCHASES)
  return chosen.sort((a, b) => a.timestamp - b.timestamp)
}

function madeUp(number: number): Purchase {
  const properties = { quantity: 1 + (number % 4), revenue: ((number * 7919) % 10_000) / 100 }
  return { userId: `u${number % 150}`, messageId: `made-up-${number}`, timestamp: number * 5 * HOUR, properties }
}

function moved(purchases: readonly Purchase[]): Purchase[] {
  const by = Date.now() - HOUR - purchases.at(-1)!.timestamp
  return purchases.map((purchase) => ({ ...purchase, timestamp: purchase.timestamp + by }))
}

const purchases = readPurchases()
const customers = [...new Set(purchases.map(({ userId }) => userId))]
const journal = new MemoryJournal<SpaceCommand>()
let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ journal })
  for (const { kind, key, query } of DEFINITIONS) {
    const path = kind === 'audience' ? 'audiences' : 'computed-traits'
    expect((await server.control('POST', path, { name: key, definition: { query } })).status).toBe(200)
  }
})
afterAll(() => server.stop())

async function sendAll(): Promise<void> {
  const faults: unknown[] = []
  const analytics = new Analytics({ writeKey: CONFIG.writeKey, host: server.url, flushAt: 50 })
  analytics.on('error', (fault) => faults.push(fault))
  for (const { userId, messageId, timestamp, properties } of purchases)
    analytics.track({ userId, messageId, timestamp: new Date(timestamp), event: 'Order Completed', properties })
  await analytics.closeAndFlush()
  expect(faults).toEqual([])
}

async function traitsOfAll(): Promise<Record<string, unknown>> {
  const entries = customers.map(async (userId) => [userId, (await server.traits(`user_id:${userId}`)).body['traits']])
  return Object.fromEntries(await Promise.all(entries)) as Record<string, unknown>
}

/** The same calls through an engine of its own, which had the definitions from the start. */
async function replayed(): Promise<Record<string, unknown>> {
  const shard = new Shard({ definitions: DEFINITIONS.map((definition) => ({ ...definition, type: 'USERS' })) })
  for await (const { entry } of journal.read(0)) {
    if (entry.kind !== 'requests') continue
    const bodies = entry.requests.flatMap(({ endpoint, body }) => readRequest(endpoint, parseBody(body)).calls)
    const calls = bodies.map(({ call }) => ({ call, sourceId: '' }))
    shard.apply({ kind: 'calls', receivedAt: entry.receivedAt, calls })
  }
  const catalogue = new TraitCatalogue(shard.definitions.inputs().map((input) => ({ ...input, recordId: '' })))
  const traits = customers.map((userId) => {
    const own = traitsOf(shard.profile('user_id', userId)!, 'users', catalogue)
    return [userId, Object.fromEntries(own.map(({ key, value }) => [key, value]))] as const
  })
  return Object.fromEntries(traits)
}

it('takes a thousand purchases from the SDK; traits are read right after its flush, as a replay gives them', async () => {
  await sendAll()
  const traits = await traitsOfAll()
  expect(traits).toEqual(await replayed())
  for (const userId of customers.slice(0, 50)) {
    const own = purchases.filter((purchase) => purchase.userId === userId)
    const total = own.reduce((sum, { properties }) => sum + properties.revenue, 0)
    expect((traits[userId] as { total_revenue: number }).total_revenue).toBeCloseTo(total, 6)
  }
})

it('counts what the SDK sends again once', async () => {
  const before = await traitsOfAll()
  await sendAll()
  expect(await traitsOfAll()).toEqual(before)
})
