/** Reducers in blocks: what their accumulators give for the events that count, whatever comes late and whatever fails. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAccumulator } from '../../../actors/reducers/create-accumulator.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import { KeptGroup, type Step } from '../../support/kept-group.ts'
import { propertyRuns } from '../../support/runs.ts'

/** Reducers of the property `x`, each of a form of its own. */
const REDUCERS = [
  "unique(property('x'))",
  "unique(property('x')).count()",
  "mode(property('x'))",
  "mode(property('x'), 2)",
  "mode(property('x') as string)",
  "mode(property('x') as number)",
  "mode(property('x') as array)",
  "sum(property('x'))",
  "avg(property('x'))",
  "min(property('x'))",
  "max(property('x'))",
  "min(property('x') as string)",
  "max(property('x') as string)",
  "first(property('x'))",
  "last(property('x'))",
]
const FILTERS = ['', '.within(40 seconds)', '.between(10 seconds, 40 seconds)']

const SESSIONS = [
  '.expires_after(10 seconds)',
  '.within(40 seconds).expires_after(5 seconds)',
  '.between(5 seconds, 40 seconds).expires_after(15 seconds)',
]

const over = (filters: readonly string[], reducers: readonly string[]) =>
  filters.flatMap((filter) => reducers.map((reducer) => `event('A')${filter}.${reducer}`))
const QUERIES = [...over(FILTERS, REDUCERS), ...over(SESSIONS, ['count()', ...REDUCERS])]

const word = fc.constantFrom('a', 'b', 'c', 'aa', '10', 'true', '{"a":1}', 'Ж', 'a much longer text than the others')
const scalar = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 2, arbitrary: fc.constantFrom<JsonValue>(10, -0, 0, 1e300, 2 ** 70, 0.1, -3) },
  { weight: 1, arbitrary: fc.constantFrom<JsonValue>(true, false, { a: 1 }, { b: [1] }, null) },
)
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.array(fc.nat(99), { maxLength: 30, size: 'max' }) },
)

/** One event brings values of one form: totals do not know which of several forms in one event came first. */
const plain = fc.oneof(scalar, fc.array(fc.nat(99), { maxLength: 30, size: 'max' }))

const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.constantFrom(0, 0, 1, 1000, 5000, 9999, 10_000, 30_000, 40_000),
  /** An actor that is restored settles just before the last instant: then an event may lie ahead. */
  lateMs: fc.constantFrom(0, 0, 0, 0, 1, 1000, 10_000, 15_000, 39_999, 40_000, -1),
  value,
  isTick: fc.constantFrom(false, false, false, true),
  failsAt: fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 7, 9, 12, 100),
})
const steps = fc.array(step, { maxLength: 60, size: 'max' })

describe.each(QUERIES)('%s', (query) => {
  it('is what its accumulator gives, whatever comes late and whatever fails, and after it was stored', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const kept = new KeptGroup(query)
        for (const [index, step] of steps.entries()) {
          if (index % 7 === 6) kept.reopen()
          kept.take(step)
        }
        expect(kept.drop()).toBe(0)
      }),
      propertyRuns(15),
    )
  })
})

describe.each(REDUCERS.map((reducer) => `event('A').${reducer}`))('%s', (query) => {
  it('goes on from the totals of forgotten events', () => {
    fc.assert(
      fc.property(fc.array(plain), fc.array(plain), fc.array(plain), (first, second, later) => {
        const kept = new KeptGroup(query)
        const { reducer, read } = kept.node
        const all = createAccumulator(reducer, false)
        let arrival = 0
        const add = (accumulator: typeof all, values: readonly JsonValue[]) => {
          for (const x of values) {
            const event = { ts: 1000 - (arrival % 3), arrival: arrival++, properties: x === null ? {} : { x } }
            accumulator.add(event, read?.(event as never))
          }
        }
        for (const values of [first, second]) {
          const older = createAccumulator(reducer, false)
          add(older, values)
          all.addState(older.state())
          kept.addOlder(older.state())
          expect(JSON.stringify(kept.value)).toBe(JSON.stringify(all.result()))
        }
        for (const x of later) {
          kept.add(kept.now + 1, x)
          all.add({ ts: kept.now, arrival: arrival++ }, read?.({ properties: x === null ? {} : { x } } as never))
          expect(JSON.stringify(kept.value)).toBe(JSON.stringify(all.result()))
        }
      }),
      propertyRuns(15),
    )
  })
})

/** An event may cost so much in the mean: it, its value, the block of the group, and now and then a wider block. */
const WORDS_MAX = 150

const MEMORY = { stateBytes: 32 * 1024 ** 2, bytesBytes: 1024 ** 2 }

/** Values of which none comes twice within so many. */
const DISTINCT = 1_000
const ORDERS = {
  mixed: (index: number) => String(DISTINCT * 10 + ((index * 7919) % (DISTINCT * 2))),
  rising: (index: number) => String(DISTINCT * 10 + index),
}

describe.each(QUERIES)('%s with a thousand distinct values', (query) => {
  it.each(['mixed', 'rising'] as const)('copies a few words for each that comes and goes, %s', (order) => {
    const kept = new KeptGroup(query, MEMORY)
    const start = kept.now
    const add = (from: number, until: number, pauseMs: number) => {
      kept.words = 0
      for (let index = from; index < until; index++) kept.add(start + index * pauseMs, ORDERS[order](index))
      kept.check()
      expect(kept.words / (until - from)).toBeLessThan(WORDS_MAX)
    }
    add(0, DISTINCT, 4)
    kept.reopen()
    add(DISTINCT, DISTINCT * 2, 16)
  })
})
