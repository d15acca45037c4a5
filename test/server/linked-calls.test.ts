/** Calls that reach an engine over a link, by what it has and serves. */
import { beforeEach, expect, it } from 'vitest'
import type { AnsweredRequest } from '../../src/http/app.ts'
import type { IngestTarget } from '../../src/ingest/calls.ts'
import { Traffic } from '../../src/ingest/traffic.ts'
import type { LinkCalls, CallsAnswer } from '../../src/link/messages.ts'
import { EngineError } from '../../src/model/errors.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import { linkedCalls } from '../../src/server/linked-calls.ts'

let served: Set<string>
let open: number
let told: AnsweredRequest[]
let faults: unknown[]
let areAllKnown: boolean
let ingest: IngestTarget['ingest']
let full: EngineError | undefined
/** Times that the calls were asked for. */
let reads: number

beforeEach(() => {
  served = new Set(['first', 'space1'])
  ;[open, told, faults, areAllKnown, full, reads] = [0, [], [], true, undefined, 0]
  ingest = () => Promise.resolve([])
})

function take(more: Partial<LinkCalls> = {}): Promise<CallsAnswer> {
  const body = Buffer.from('{"userId":"u1","event":"Order"}')
  const target: IngestTarget = {
    spaceId: 'space1',
    sourceId: 'default',
    traffic: new Traffic(() => 0),
    refusal: () => full,
    inTurn: (_bytes, act) => act(),
    ingest: (request) => ingest(request),
  }
  const taking = linkedCalls({
    targets: {
      targetOf: (_authorization, key) => (key === 'key' ? target : undefined),
      refusal: () => undefined,
      areAllKnown: () => areAllKnown,
    },
    firstId: 'first',
    serves: (spaceId) => served.has(spaceId),
    count: () => {
      open++
      return () => open--
    },
    told: { onAnswer: (answer) => told.push(answer), onFault: (cause) => faults.push(cause) },
  })
  const read = () => {
    reads++
    return readRequest('track', parseBody(body)).calls
  }
  return taking({ endpoint: 'track', spaceId: 'space1', writeKey: 'key', body, read, traceparent: undefined, ...more })
}

it('are taken, and counted until then', async () => {
  let seen = 0
  ingest = ({ calls }) => {
    seen = open
    expect(calls).toMatchObject([{ index: 0, call: { event: 'Order' } }])
    return Promise.resolve([])
  }
  expect(await take()).toEqual({ kind: 'taken', rejected: [] })
  expect([seen, open, told]).toMatchObject([1, 0, [{ method: 'POST', route: '/v1/track', status: 200 }]])
})

it('are not for an engine that does not serve their space, or has let go of it', async () => {
  served.delete('space1')
  expect(await take()).toEqual({ kind: 'misdirected' })
  expect(await take({ writeKey: 'of the space, which is not open here' })).toEqual({ kind: 'misdirected' })
  served.delete('first')
  expect(await take({ writeKey: 'nobody', spaceId: undefined })).toEqual({ kind: 'misdirected' })
  expect([told, open]).toEqual([[], 0])
})

it('are refused if nobody has their key, or nobody yet', async () => {
  expect(await take({ writeKey: 'nobody' })).toMatchObject({ error: { code: 'authentication_error' } })
  areAllKnown = false
  expect(await take({ writeKey: undefined })).toMatchObject({ error: { code: 'unavailable' } })
  expect(told.map(({ status }) => status)).toEqual([401, 503])
})

it('are refused before they are read if there is no room', async () => {
  full = new EngineError('rate_limit_error', 'Too many')
  expect(await take()).toEqual({ kind: 'refused', error: full })
  expect([reads, open, told]).toMatchObject([0, 0, [{ status: 429 }]])
})

it('are refused as a fault of ours where there is one', async () => {
  ingest = () => Promise.reject(new Error('a bug'))
  expect(await take()).toMatchObject({ kind: 'refused', error: { code: 'internal_error' } })
  expect([faults, told]).toMatchObject([[new Error('a bug')], [{ status: 500 }]])
})
