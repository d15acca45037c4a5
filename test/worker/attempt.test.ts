/** One try to deliver the items of a job. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type DeliveryError,
  type Destination,
  RetryableError,
  SkippedError,
  TerminalError,
} from '../../destinations/contract/destination.ts'
import { attempt } from '../../src/worker/attempt.ts'
import type { Outcome } from '../../src/queue/job.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { identify } from '../destinations/calls.ts'

const TIMEOUT_MS = 1_000
const DELIVERED: Outcome = { kind: 'delivered' }
const UNTRIED: Outcome = { kind: 'untried' }
const TIMED_OUT = { kind: 'retry', reason: 'timeout' }

/** Items whose calls are for the users that are named: `a`, `b c`. */
function items(...users: readonly string[]): DeliveryCall[][] {
  return users.map((names) => names.split(' ').map((name) => identify(name)))
}

interface Tried {
  readonly outcomes: readonly Outcome[]
  readonly faults: readonly unknown[]
}

async function tried(destination: Destination, all: readonly DeliveryCall[][], batchCalls = 1): Promise<Tried> {
  const faults: unknown[] = []
  const limits = { batchCalls, timeoutMs: TIMEOUT_MS, gatherMs: 0 }
  const { signal } = new AbortController()
  const outcomes = await attempt(all, { destination, limits, signal, onFault: (cause) => void faults.push(cause) })
  return { outcomes, faults }
}

/** Takes calls one by one: by user, what goes wrong. */
function single(errors: Readonly<Record<string, unknown>> = {}) {
  const sent: string[] = []
  const destination: Destination = {
    deliver: (call) => {
      sent.push(call.userId!)
      const error = errors[call.userId!]
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- faults are of any kind
      return error === undefined ? Promise.resolve() : Promise.reject(error)
    },
  }
  return { destination, sent }
}

/** Takes calls together: by user, what goes wrong with it; an error for `*` fails the request. */
function batching(errors: Readonly<Record<string, DeliveryError>> = {}) {
  const sent: string[][] = []
  const destination: Destination = {
    deliver: () => Promise.reject(new Error('not by itself')),
    deliverBatch: (calls: readonly DeliveryCall[]) => {
      const names = calls.map(({ userId }) => userId!)
      sent.push(names)
      const error = names.map((name) => errors[`*${name}`]).find(Boolean)
      return error ? Promise.reject(error) : Promise.resolve(names.map((name) => errors[name]))
    },
  }
  return { destination, sent }
}

const retryable = (retryAfterMs?: number) =>
  new RetryableError('status_503', 'The answer has status 503.', retryAfterMs === undefined ? {} : { retryAfterMs })
const terminal = () => new TerminalError('status_400', 'The answer has status 400.')
const skipped = () => new SkippedError('no_action', 'No action takes it.')
const timeout = () => new RetryableError('timeout', 'No answer came in time.')

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('calls that go one by one', () => {
  it('arrive, each item with its own outcome', async () => {
    const { destination, sent } = single({ b: retryable(5_000), c: terminal() })
    const { outcomes, faults } = await tried(destination, items('a', 'b', 'c', 'd'))
    expect(outcomes).toEqual([
      DELIVERED,
      { kind: 'retry', reason: 'status_503', message: 'The answer has status 503.', retryAfterMs: 5_000 },
      { kind: 'failed', reason: 'status_400', message: 'The answer has status 400.' },
      DELIVERED,
    ])
    expect(sent).toEqual(['a', 'b', 'c', 'd'])
    expect(faults).toEqual([])
  })

  it('are none where there are no items', async () => {
    expect((await tried(single().destination, [])).outcomes).toEqual([])
  })

  it('of one item go one after the other, and stop where one is to be tried again', async () => {
    const { destination, sent } = single({ b: retryable() })
    const { outcomes } = await tried(destination, items('a b c'))
    expect(outcomes).toMatchObject([{ kind: 'retry' }])
    expect(sent).toEqual(['a', 'b'])
  })

  it('of one item all go where one is refused for good: an address that is wrong keeps the others from nothing', async () => {
    const { destination, sent } = single({ a: terminal() })
    const { outcomes } = await tried(destination, items('a b c'))
    expect(outcomes).toMatchObject([{ kind: 'failed', reason: 'status_400' }])
    expect(sent).toEqual(['a', 'b', 'c'])
  })

  it('come again whole where one was refused and another is to be tried again', async () => {
    const { destination } = single({ a: terminal(), c: retryable() })
    expect((await tried(destination, items('a b c'))).outcomes).toMatchObject([{ kind: 'retry' }])
  })

  it('are skipped where the destination has no use for any of them, and have arrived where it has for one', async () => {
    const { destination } = single({ a: skipped(), b: skipped(), d: terminal() })
    const { outcomes } = await tried(destination, items('a b', 'a c', 'a d'))
    expect(outcomes).toEqual([
      { kind: 'skipped', reason: 'no_action', message: 'No action takes it.' },
      DELIVERED,
      expect.objectContaining({ kind: 'failed' }),
    ])
  })

  it('are under way eight at a time', async () => {
    let [underWay, most] = [0, 0]
    const destination: Destination = {
      deliver: async () => {
        most = Math.max(most, ++underWay)
        await Promise.resolve()
        underWay--
      },
    }
    await tried(destination, items(...Array.from({ length: 30 }, (_, index) => `u${index}`)))
    expect(most).toBe(8)
  })

  it('stop where three in a row have timed out; the rest is untried', async () => {
    const all = Array.from({ length: 20 }, (_, index) => `u${index}`)
    const { destination, sent } = single(Object.fromEntries(all.map((name) => [name, timeout()])))
    const { outcomes } = await tried(destination, items(...all))
    expect(outcomes.filter(({ kind }) => kind === 'retry')).toHaveLength(sent.length)
    expect(sent.length).toBeLessThan(15)
    expect(outcomes.at(-1)).toEqual(UNTRIED)
  })

  it('go on where timeouts are few and far between', async () => {
    const all = Array.from({ length: 40 }, (_, index) => `u${index}`)
    const slow = all.filter((_, index) => index % 3 === 0)
    const { destination } = single(Object.fromEntries(slow.map((name) => [name, timeout()])))
    const { outcomes } = await tried(destination, items(...all))
    expect(outcomes.filter(({ kind }) => kind === 'untried')).toEqual([])
  })

  it('are tried again where the fault is ours, which is told', async () => {
    const fault = new TypeError('undefined is not a function')
    const { outcomes, faults } = await tried(single({ a: fault }).destination, items('a', 'b'))
    expect(outcomes).toEqual([{ kind: 'retry', reason: 'internal_error', message: 'A fault of the server' }, DELIVERED])
    expect(faults).toEqual([fault])
  })
})

describe('calls that go together', () => {
  it('are as many to a request as it takes, across items', async () => {
    const { destination, sent } = batching()
    const { outcomes } = await tried(destination, items('a b', 'c', 'd e'), 2)
    expect(sent).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    expect(outcomes).toEqual([DELIVERED, DELIVERED, DELIVERED])
  })

  it('have results of their own, whatever the others have', async () => {
    const { destination } = batching({ b: terminal(), d: retryable(9_000) })
    const { outcomes } = await tried(destination, items('a', 'b', 'c', 'd'), 3)
    expect(outcomes).toMatchObject([
      DELIVERED,
      { kind: 'failed', reason: 'status_400' },
      DELIVERED,
      { kind: 'retry', retryAfterMs: 9_000 },
    ])
  })

  it('of one item come again whole where any is to be tried again, else fail where any has', async () => {
    const { destination } = batching({ a: terminal(), b: retryable(), d: terminal() })
    const { outcomes } = await tried(destination, items('a b', 'c d', 'e'), 10)
    expect(outcomes).toMatchObject([{ kind: 'retry' }, { kind: 'failed' }, DELIVERED])
  })

  it('of one item are skipped where none of them has been sent', async () => {
    const { destination } = batching({ a: skipped(), b: skipped() })
    const { outcomes } = await tried(destination, items('a b', 'a c'), 10)
    expect(outcomes).toMatchObject([{ kind: 'skipped' }, DELIVERED])
  })

  it('share what becomes of their request, and of no other', async () => {
    const { destination } = batching({ '*a': retryable() })
    const { outcomes } = await tried(destination, items('a', 'b', 'c'), 2)
    expect(outcomes).toMatchObject([{ kind: 'retry' }, { kind: 'retry' }, DELIVERED])
  })

  it('stop after three requests that have timed out', async () => {
    const { destination, sent } = batching(
      Object.fromEntries('abcdef'.split('').map((name) => [`*${name}`, timeout()])),
    )
    const { outcomes } = await tried(destination, items('a a', 'b b', 'c c', 'd d', 'e e'), 2)
    expect(sent).toHaveLength(3)
    expect(outcomes).toMatchObject([TIMED_OUT, TIMED_OUT, TIMED_OUT, UNTRIED, UNTRIED])
  })

  it('go one by one where a request carries one only', async () => {
    const { destination, sent } = single()
    const both: Destination = { ...destination, deliverBatch: () => Promise.reject(new Error('together')) }
    expect((await tried(both, items('a', 'b'), 1)).outcomes).toEqual([DELIVERED, DELIVERED])
    expect(sent).toEqual(['a', 'b'])
  })
})

describe('a try that takes too long', () => {
  it('is told so by its signal', async () => {
    const destination: Destination = {
      deliver: (_call, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(timeout()))),
    }
    const under = tried(destination, items('a'))
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS)
    expect((await under).outcomes).toMatchObject([TIMED_OUT])
  })

  it('has failed, though the destination does not listen to the signal', async () => {
    const never = (): Promise<never> => new Promise<never>(() => undefined)
    const one = tried({ deliver: never }, items('a'))
    const other = tried({ deliver: never, deliverBatch: never }, items('a', 'b'), 2)
    let ended = 0
    for (const each of [one, other]) void each.then(() => ended++)
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1)
    expect(ended).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toBe(2)
    expect((await one).outcomes).toMatchObject([TIMED_OUT])
    expect((await other).outcomes).toMatchObject([TIMED_OUT, TIMED_OUT])
  })

  it('leaves no timer behind when it ends in time', async () => {
    await tried(single().destination, items('a', 'b'))
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a worker that gives up', () => {
  const limits = { batchCalls: 1, timeoutMs: TIMEOUT_MS, gatherMs: 0 }
  const onFault = () => undefined

  it('begins nothing, and rejects with the reason', async () => {
    const { destination, sent } = single()
    const signal = AbortSignal.abort(new Error('closed'))
    await expect(attempt(items('a'), { destination, limits, signal, onFault })).rejects.toThrow('closed')
    expect(sent).toEqual([])
  })

  it('in the midst of it sends no more calls, of the items under way neither', async () => {
    const stopping = new AbortController()
    const sent: string[] = []
    const destination: Destination = {
      deliver: (call) => {
        sent.push(call.userId!)
        stopping.abort(new Error('closed'))
        return Promise.resolve()
      },
    }
    const { signal } = stopping
    await expect(attempt(items('a b', 'c d'), { destination, limits, signal, onFault })).rejects.toThrow('closed')
    expect(sent).toEqual(['a'])
  })

  it('tells what is under way', async () => {
    const stopping = new AbortController()
    const { signal } = stopping
    const destination: Destination = {
      deliver: (_call, given) =>
        new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason as Error))),
    }
    const under = attempt(items('a'), { destination, limits, signal, onFault })
    stopping.abort(new Error('closed'))
    await expect(under).rejects.toThrow('closed')
  })
})
