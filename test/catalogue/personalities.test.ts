/**
 * Twenty servers with a fault each and one that is well, at once, told by a type of ours and by a definition of the
 * catalogue: each delivery arrives, is tried again, or has failed for good, and none holds up another.
 */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { personalities } from '../support/personalities.ts'
import { residentMiB, workersOf } from '../support/processes.ts'
import { runServe, type ServeProcess } from '../support/run-serve.ts'

const MEMBERS = 20
/** Each is tried several times, some of them until they time out. */
const LONG_MS = 240_000
const WORKER_MIB_MAX = 300
const DEFINITIONS_MIB_MAX = 400

/** As it ends: by our client, and by the definitions' own, which follows a redirect or three. */
const ENDS: Readonly<Record<string, readonly [ours: string, theirs: string]>> = {
  healthy: ['delivered', 'delivered'],
  'slow by 2 s': ['delivered', 'delivered'],
  'slow by 30 s': ['retried', 'retried'],
  'never answers': ['retried', 'retried'],
  500: ['retried', 'retried'],
  502: ['retried', 'retried'],
  '429, seconds': ['retried', 'retried'],
  '429, a date': ['retried', 'retried'],
  408: ['retried', 'retried'],
  410: ['status_410', 'status_410'],
  'reset before headers': ['retried', 'retried'],
  'reset after headers': ['retried', 'retried'],
  'reset in the body': ['retried', 'retried'],
  'a byte a second': ['retried', 'retried'],
  'a gigabyte': ['answer_too_large', 'answer_too_large'],
  'redirects to itself': ['redirect', 'redirect'],
  'redirects within': ['redirect', 'delivered'],
  'a certificate that nobody trusts': ['retried', 'retried'],
  'a name that nobody knows': ['retried', 'retried'],
  '200, then closed': ['delivered', 'delivered'],
  // No compression is asked for, and what comes is left as it is.
  'a gzip bomb': ['delivered', 'delivered'],
}

interface Overview {
  readonly created: number
  readonly delivered: number
  readonly waiting: number
  readonly pendingRetry: number
  readonly retries: number
  readonly failed: { readonly total: number; readonly byReason: Readonly<Record<string, number>> }
}

let serving: ServeProcess
let url: string

beforeAll(async () => {
  serving = runServe(mkdtempSync(join(tmpdir(), 'rollcall-personalities-')), {
    ACCESS_TOKEN: 'test-access-token',
    WRITE_KEY: 'test-write-key',
    DESTINATIONS_ALLOW_PRIVATE: '127.0.0.0/8',
  })
  url = await serving.ready
})

afterAll(() => serving.end('SIGTERM'))

async function ask(path: string, body?: object): Promise<Record<string, Record<string, unknown>>> {
  const headers = { Authorization: 'Bearer test-access-token', 'Content-Type': 'application/json' }
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await fetch(`${url}/spaces/default/${path}`, init)
  const { data, ...rest } = (await response.json()) as { data: Record<string, Record<string, unknown>> }
  expect([response.status, rest]).toEqual([200, {}])
  return data
}

function settingsOf(type: string, target: string): object {
  if (type === 'webhook') return { url: target, timeoutSeconds: 5 }
  const mapping = { url: target, method: 'POST', data: { '@path': '$.' } }
  return { mappings: [{ action: 'send', calls: ['identify'], mapping }], batching: false }
}

async function overviewOf(id: string): Promise<Overview> {
  return (await ask(`destinations/${id}/overview`))['overview'] as unknown as Overview
}

/** Says how the deliveries of a destination have ended; throws while one has not been tried. */
function endOf({ created, delivered, waiting, pendingRetry, retries, failed }: Overview): string {
  // A first sync that is under way tells some of them twice.
  expect(created).toBeGreaterThanOrEqual(MEMBERS)
  if (waiting + pendingRetry === 0) {
    if (failed.total === 0) return 'delivered'
    expect(delivered).toBe(0)
    return Object.keys(failed.byReason).join(' ')
  }
  expect([retries > 0, delivered, failed.total]).toEqual([true, 0, 0])
  return 'retried'
}

function definitionsOf(worker: number): number {
  return Number(readFileSync(`/proc/${worker}/task/${worker}/children`, 'utf8').trim().split(' ')[0])
}

it('none of them holds up another, and each ends as it should', async () => {
  const targets = await personalities()
  expect(Object.keys(targets).sort()).toEqual(Object.keys(ENDS).sort())
  const query = "event('Seen').count() >= 1"
  const ids = new Map<string, string>()
  for (const [nth, [name, target]] of Object.entries(targets).entries()) {
    // One destination of a type to an audience.
    const { audience } = await ask('audiences', { name, key: `seen_${nth}`, definition: { query } })
    for (const type of ['webhook', 'actions-webhook']) {
      const { destination } = await ask('destinations', { type, name, settings: settingsOf(type, target) })
      const destinationId = String(destination!['id'])
      const connectionSettings = { sendIdentify: true, sendTrack: false }
      const body = { destinationId, connectionSettings }
      await ask(`audiences/${String(audience!['id'])}/destination-connections`, body)
      ids.set(`${type}: ${name}`, destinationId)
    }
  }
  const batch = Array.from({ length: MEMBERS }, (_, nth) => ({ type: 'track', userId: `u${nth}`, event: 'Seen' }))
  const headers = { Authorization: `Basic ${Buffer.from('test-write-key:').toString('base64')}` }
  const sent = await fetch(`${url}/v1/batch`, { method: 'POST', headers, body: JSON.stringify({ batch }) })
  expect(sent.status).toBe(200)

  const expected = Object.entries(ENDS).flatMap(([name, [ours, theirs]]) => [
    [`webhook: ${name}`, ours],
    [`actions-webhook: ${name}`, theirs],
  ])
  const ends = async () => {
    const found = await Promise.all([...ids].map(async ([name, id]) => [name, endOf(await overviewOf(id))]))
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  }
  await eventually(ends, { timeout: LONG_MS, interval: 1_000 })
  const worker = workersOf(serving.child.pid!)!
  expect(residentMiB(worker)).toBeLessThan(WORKER_MIB_MAX)
  expect(residentMiB(definitionsOf(worker))).toBeLessThan(DEFINITIONS_MIB_MAX)
})
