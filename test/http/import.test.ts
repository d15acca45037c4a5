/** `rollcall import`, and what a server makes of a file; `rollcall profile`. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { importEvents, type ImportOptions, type ImportSummary } from '../../src/cli/import.ts'
import { showProfile } from '../../src/cli/profile.ts'
import type { ClientOptions } from '../../src/server/settings.ts'
import { CONFIG } from '../support/server.ts'
import { eventually } from '../support/eventually.ts'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31)
const DAY = 86_400_000
const given = new TimedServer(START)
const folder = mkdtempSync(join(tmpdir(), 'import-'))

function client(): ClientOptions {
  const { url } = given.server
  return { url, spaceId: CONFIG.spaceId, accessToken: CONFIG.accessToken, dataDirectory: folder }
}

let warnings: string[] = []

async function run(options: ImportOptions, input = ''): Promise<ImportSummary> {
  warnings = []
  return importEvents(options, client(), { input: Readable.from([input]), warn: (line) => void warnings.push(line) })
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function iso(daysAgo: number): string {
  return new Date(START - daysAgo * DAY).toISOString()
}

function lines(...calls: object[]): string {
  return calls.map((call) => `${JSON.stringify(call)}\n`).join('')
}

async function traitsOf(user: string): Promise<Record<string, unknown>> {
  return (await given.server.traits(`user_id:${user}`)).body['traits'] as Record<string, unknown>
}

describe('an import', () => {
  it("takes a file at the times of its calls, as Segment's raw logs have them", async () => {
    await given.audience('Recent', "event('Order').within(7 days).count() >= 1")
    // The client's clock was off by a day: `timestamp` is corrected, and is not to be corrected again.
    const raw = { originalTimestamp: iso(31), sentAt: iso(31), receivedAt: iso(30), timestamp: iso(30) }
    const path = file(
      'raw.ndjson',
      lines(
        { type: 'track', userId: 'old', event: 'Order', messageId: 'm1', ...raw, projectId: 'p', version: 2 },
        { type: 'track', userId: 'new', event: 'Order', messageId: 'm2', timestamp: iso(1) },
        { type: 'track', userId: 'late', event: 'Order', messageId: 'm3', receivedAt: iso(8) },
      ),
    )
    expect(await run({ events: path })).toEqual({ sent: 3, rejected: 0 })
    expect(await Promise.all(['old', 'new', 'late'].map(traitsOf))).toEqual([
      { recent: false },
      { recent: true },
      { recent: false },
    ])
  })

  it('takes gzip and standard input, and counts the same file once', async () => {
    await given.server.control('POST', 'computed-traits', {
      name: 'Orders',
      definition: { type: 'USERS', query: "event('Order').count()" },
    })
    const text = lines(
      { type: 'track', userId: 'u1', event: 'Order', timestamp: iso(3) },
      { type: 'track', userId: 'u1', event: 'Order', timestamp: iso(3) },
    )
    const path = file('calls.ndjson.gz', gzipSync(text))
    await run({ events: path })
    expect(await traitsOf('u1')).toEqual({ orders: 2 })
    await run({ events: path })
    await run({ events: '-' }, text)
    expect(await traitsOf('u1')).toEqual({ orders: 2 })
  })

  it('reports a call that is refused by its line, and goes on', async () => {
    const path = file(
      'bad.ndjson',
      lines({ type: 'track', userId: 'u1' }, {}, { type: 'identify', userId: 'u1', traits: { a: 1 } }),
    )
    expect(await run({ events: path })).toEqual({ sent: 3, rejected: 2 })
    expect(warnings).toEqual([
      expect.stringMatching(/bad\.ndjson:1: rejected: .*\(event_not_defined\)\n$/) as unknown,
      expect.stringMatching(/bad\.ndjson:2: rejected: .*\(unknown_type\)\n$/) as unknown,
    ])
    expect(await traitsOf('u1')).toEqual({ a: 1 })
  })

  it.each([
    ['{"type":', 'expected one JSON object'],
    ['[1]', 'expected a JSON object, got an array'],
  ])('ends at a line that is no object: %s', async (line, message) => {
    const path = file('broken.ndjson', `${lines({ type: 'identify', userId: 'u1' })}${line}\n`)
    await expect(run({ events: path })).rejects.toThrow(message)
  })

  it('says so of a file that breaks off', async () => {
    const whole = gzipSync(
      lines(...Array.from({ length: 200 }, (_, index) => ({ type: 'identify', userId: `u${index}` }))),
    )
    const path = file('torn.ndjson.gz', whole.subarray(0, whole.length - 20))
    await expect(run({ events: path })).rejects.toThrow(/torn\.ndjson\.gz:\d+: it cannot be read further/)
  })

  it('of more than a batch holds comes in several, in order', async () => {
    const calls = Array.from({ length: 5_200 }, (_, index) => ({
      type: 'identify',
      userId: 'u1',
      traits: { n: index },
      timestamp: iso(1),
    }))
    const path = file('many.ndjson', lines(...calls))
    expect(await run({ events: path })).toEqual({ sent: 5_200, rejected: 0 })
    expect(await traitsOf('u1')).toEqual({ n: 5_199 })
  })

  it('that is quiet changes state, and tells destinations nothing', async () => {
    const id = await given.audience('Buyers', "event('Order').count() >= 1")
    const made = await given.server.control('POST', 'destinations', { type: 'console' })
    const { id: destination } = (made.body['data'] as { destination: { id: string } }).destination
    const body = { destination: { id: destination }, connectionSettings: { sendTrack: false } }
    await given.server.control('POST', `audiences/${id}/destination-connections`, body)
    const printed = () => given.server.delivery.workers.printed
    const path = file('quiet.ndjson', lines({ type: 'track', userId: 'u1', event: 'Order', timestamp: iso(1) }))
    await run({ events: path, quiet: true })
    expect(await traitsOf('u1')).toEqual({ buyers: true })
    await given.server.ingest('track', { userId: 'u2', event: 'Order' })
    await eventually(() => expect(printed()).toHaveLength(1))
    expect(printed()[0]).toContain('"u2"')
    const { body: listed } = await given.server.control('GET', 'sources')
    expect(listed['data']).toMatchObject({
      sources: [{ id: 'default' }, { name: 'Import', quiet: true, enabled: false }],
    })
  })

  it('says why a source cannot be used', async () => {
    const path = file('one.ndjson', lines({ type: 'identify', userId: 'u1' }))
    await expect(run({ events: path, source: 'src_none' })).rejects.toMatchObject({ code: 'not_found', field: 'id' })
    await expect(run({ events: join(folder, 'none.ndjson') })).rejects.toThrow(/ENOENT/)
  })
})

describe('a profile on the command line', () => {
  it('is shown with its ids, traits, accounts and history', async () => {
    await given.audience('Buyers', "event('Order').count() >= 1")
    await given.server.ingest('group', { userId: 'u1', groupId: 'g1' })
    await given.server.ingest('track', { userId: 'u1', event: 'Order' })
    let text = ''
    await showProfile('user_id:u1', client(), (line) => (text += line))
    expect(JSON.parse(text)).toMatchObject({
      external_ids: [{ type: 'user_id', id: 'u1' }],
      traits: { buyers: true },
      links: [{ to_collection: 'accounts' }],
      history: [{ key: 'buyers', type: 'entered' }],
    })
    await expect(showProfile('user_id:nobody', client(), () => undefined)).rejects.toMatchObject({ code: 'not_found' })
  })
})
