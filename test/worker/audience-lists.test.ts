import { beforeEach, describe, expect, it } from 'vitest'
import { type Destination, RetryableError, TerminalError } from '../../destinations/contract/destination.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { AudienceLists } from '../../src/worker/audience-lists.ts'
import { attemptWithDeletions } from '../../src/worker/deletions.ts'
import { attempt, type AttemptOptions } from '../../src/worker/attempt.ts'
import type { Outcome } from '../../src/queue/job.ts'
import { identify, PERSONAS } from '../destinations/calls.ts'

let stored: Map<string, string>
let created: string[]
let sent: string[]
let deleted: string[]
let refusal: Error | undefined
let gone: Set<string>
let lists: AudienceLists

beforeEach(() => {
  stored = new Map()
  ;[created, sent, deleted] = [[], [], []]
  refusal = undefined
  gone = new Set()
  lists = new AudienceLists(store())
})

function store() {
  return {
    get: (field: string) => Promise.resolve(stored.get(field) ?? null),
    set: (field: string, list: string) => Promise.resolve(stored.set(field, list)),
  }
}

const destination: Destination = {
  deliver: (call) => {
    sent.push(`${call.userId} ${call.context.personas.external_audience_id}`)
    return Promise.resolve()
  },
  createAudience: ({ id, key, spaceId }) => {
    if (refusal) return Promise.reject(refusal)
    created.push(`${id} ${key} ${spaceId}`)
    return Promise.resolve(`list_${created.length}`)
  },
  hasAudience: (list) => Promise.resolve(!gone.has(list)),
  deleteUser: ({ userId, anonymousId }) => {
    if (refusal) return Promise.reject(refusal)
    deleted.push(userId ?? anonymousId!)
    return Promise.resolve()
  },
}

const options = () => ({
  destination,
  limits: { batchCalls: 1, timeoutMs: 1_000, gatherMs: 0 },
  signal: new AbortController().signal,
  onFault: () => undefined,
})

function of(key: string, call: DeliveryCall): DeliveryCall[] {
  return [{ ...call, context: { personas: { ...PERSONAS, computation_key: key } } }]
}

function kindsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ kind }) => kind)
}

describe('the list of an audience', () => {
  it('is created once, however many jobs ask for it at once, and named in each call', async () => {
    const jobs = ['a', 'b', 'c'].map((user) => lists.attempt([of('vips', identify(user))], 'dst_1', options()))
    expect((await Promise.all(jobs)).map(kindsOf)).toEqual([['delivered'], ['delivered'], ['delivered']])
    expect(created).toEqual(['aud_1 vips spa_1'])
    expect(sent.sort()).toEqual(['a list_1', 'b list_1', 'c list_1'])
  })

  it('is another for another audience, and at another destination', async () => {
    await lists.attempt([of('vips', identify('a')), of('new', identify('b'))], 'dst_1', options())
    await lists.attempt([of('vips', identify('c'))], 'dst_2', options())
    expect(sent).toEqual(['a list_1', 'b list_2', 'c list_3'])
  })

  it('is found again by another process', async () => {
    await lists.attempt([of('vips', identify('a'))], 'dst_1', options())
    await new AudienceLists(store()).attempt([of('vips', identify('b'))], 'dst_1', options())
    expect(sent).toEqual(['a list_1', 'b list_1'])
  })

  it('is known once it is created, and is not created by asking', async () => {
    expect(await lists.known('dst_1', 'vips')).toBeUndefined()
    await lists.attempt([of('vips', identify('a'))], 'dst_1', options())
    expect(await new AudienceLists(store()).known('dst_1', 'vips')).toBe('list_1')
    expect([await lists.known('dst_1', 'new'), created]).toEqual([undefined, ['aud_1 vips spa_1']])
  })

  it('is created anew where the destination has it no more', async () => {
    await lists.attempt([of('vips', identify('a'))], 'dst_1', options())
    gone.add('list_1')
    await new AudienceLists(store()).attempt([of('vips', identify('b'))], 'dst_1', options())
    expect([sent, [...stored.values()]]).toEqual([['a list_1', 'b list_2'], ['list_2']])
  })

  it('that cannot be created fails its own calls alone, and is asked for again', async () => {
    await lists.attempt([of('vips', identify('a'))], 'dst_1', options())
    refusal = new RetryableError('status_503', 'm', { retryAfterMs: 7 })
    const items = [of('new', identify('b')), of('vips', identify('c'))]
    const [first, second] = await lists.attempt(items, 'dst_1', options())
    expect(first).toEqual({ kind: 'retry', reason: 'status_503', message: 'm', retryAfterMs: 7 })
    expect(second).toEqual({ kind: 'delivered' })
    refusal = undefined
    await lists.attempt([of('new', identify('b'))], 'dst_1', options())
    expect(sent).toEqual(['a list_1', 'c list_1', 'b list_2'])
  })
})

describe('deletions', () => {
  const calls = [[identify('a'), identify('a'), identify('b')], [identify('c')], [identify('d')]]
  const items = [{ isDeletion: true }, {}, { isDeletion: true }]
  const attempted = (given: AttemptOptions) =>
    attemptWithDeletions(items, calls, { options: given, attempt: (some) => attempt(some, given) })

  it('delete each person once, and send nothing of them', async () => {
    expect(kindsOf(await attempted(options()))).toEqual(['delivered', 'delivered', 'delivered'])
    expect([deleted, sent]).toEqual([['a', 'b', 'd'], [expect.stringMatching(/^c /)]])
  })

  it('are tried again, or fail, by themselves', async () => {
    refusal = new RetryableError('status_503', 'm')
    expect(kindsOf(await attempted(options()))).toEqual(['retry', 'delivered', 'retry'])
    refusal = new TerminalError('status_400', 'm')
    expect(kindsOf(await attempted(options()))).toEqual(['failed', 'delivered', 'failed'])
  })

  it('are left out where the destination deletes nobody', async () => {
    const given = { ...options(), destination: { deliver: destination.deliver.bind(destination) } }
    expect(kindsOf(await attempted(given))).toEqual(['skipped', 'delivered', 'skipped'])
  })
})
