/** Every comparator of the language over reached values (docs/semantics.md, 4). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileTest, compileTimedTest, type Horizon } from '../../../actors/values/comparators.ts'
import { type Reached, reachedOf } from '../../../actors/values/values.ts'
import type { Comparator, RelativeDateComparator } from '../../../src/language/tree.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import { propertyRuns } from '../../support/runs.ts'

type Untimed = Exclude<Comparator['comparator'], RelativeDateComparator>

/** A list stands for several values; an empty one, or null, for a missing one. */
type Side = JsonValue

const MISSING: Side = null

const HOLDS: Record<Untimed, [left: Side, right: Side, holds: boolean][]> = {
  equals: [
    ['a', 'a', true],
    ['a', 'A', false],
    [true, 'TRUE', true],
    [100, '1e2', true],
    ['100', '1e2', false],
    [0, -0, true],
    [{ a: 1 }, '{"a":1}', true],
    [['b', 'a'], 'a', true],
    [['b', 'c'], 'a', false],
    // Several right values: any pair.
    ['a', ['b', 'a'], true],
    [['a', 'x'], ['b', 'x'], true],
    [['a', 'x'], ['b', 'y'], false],
    [MISSING, 'a', false],
    ['a', MISSING, false],
    [MISSING, MISSING, false],
  ],
  differs: [
    ['a', 'b', true],
    ['a', 'a', false],
    ['a', 'A', true],
    [false, 'FALSE', false],
    [1, '1.0', false],
    [['a', 'b'], 'a', false],
    [['a', 'b'], 'c', true],
    ['a', ['b', 'c'], true],
    ['a', ['b', 'a'], false],
    [MISSING, 'a', false],
    ['a', MISSING, false],
    [MISSING, MISSING, false],
  ],
  greater_than: [
    [2, 1, true],
    [1, 1, false],
    ['10', 9, true],
    ['10', '9', true],
    ['010', 9, false],
    ['b', 'a', false],
    [true, 0, false],
    ['2026-01-02', '2026-01-01', false],
    [[1, 5], 4, true],
    [[1, 3], 4, false],
    [3, [9, 2], true],
    [MISSING, 0, false],
    [1, MISSING, false],
  ],
  at_least: [
    [1, 1, true],
    [0.1, '0.10', true],
    [0.99, 1, false],
    [-0, 0, true],
    ['a', 'a', false],
    [MISSING, 0, false],
    [0, MISSING, false],
  ],
  less_than: [
    [1, 2, true],
    [2, 2, false],
    ['-1e3', 0, true],
    ['', 1, false],
    [false, 1, false],
    [[5, 1], 2, true],
    [MISSING, 1, false],
    [1, MISSING, false],
  ],
  at_most: [
    [2, 2, true],
    ['2', 2, true],
    [2.000001, 2, false],
    ['a', 'b', false],
    [MISSING, 0, false],
    [0, MISSING, false],
  ],
  absent: [
    [MISSING, MISSING, true],
    [[], MISSING, true],
    [[null, []], MISSING, true],
    ['', MISSING, false],
    [0, MISSING, false],
    [false, MISSING, false],
    [{}, MISSING, false],
  ],
  exists: [
    [MISSING, MISSING, false],
    [[], MISSING, false],
    [[null], MISSING, false],
    ['', MISSING, true],
    [0, MISSING, true],
    [false, MISSING, true],
    [[null, 1], MISSING, true],
    [{}, MISSING, true],
  ],
  contains: [
    ['running shoes', 'shoe', true],
    ['running shoes', 'Shoe', false],
    ['shoe', 'shoes', false],
    [1234, 23, true],
    [true, 'ru', true],
    [{ a: 'shoe' }, '"a":"sh', true],
    ['anything', '', true],
    ['', '', true],
    [['hat', 'shoe'], 'oe', true],
    ['a hat', ['shoe', 'hat'], true],
    [MISSING, '', false],
    ['a', MISSING, false],
  ],
  omits: [
    ['running shoes', 'hat', true],
    ['running shoes', 'shoe', false],
    ['anything', '', false],
    ['a hat', ['shoe', 'hat'], false],
    [['hat', 'shoe'], 'oe', false],
    [['hat', 'shoe'], 'x', true],
    [MISSING, 'a', true],
    ['a', MISSING, false],
    [MISSING, MISSING, false],
  ],
  starts_with: [
    ['shoes', 'sho', true],
    ['shoes', 'oes', false],
    ['Shoes', 'sho', false],
    [1234, '12', true],
    ['shoes', '', true],
    ['shoes', ['hat', 'sh'], true],
    [['a', 'shoes'], 'sh', true],
    [MISSING, '', false],
    ['a', MISSING, false],
  ],
  ends_with: [
    ['shoes', 'oes', true],
    ['shoes', 'sho', false],
    [12.5, '.5', true],
    ['shoes', ['x', 's'], true],
    [MISSING, '', false],
    ['a', MISSING, false],
  ],
  one_of: [
    ['a', ['b', 'a'], true],
    ['a', ['A', 'b'], false],
    ['a', 'ab', false],
    [5, ['4', '5.0'], true],
    [true, ['TRUE'], true],
    [['x', 'b'], ['a', 'b'], true],
    [MISSING, ['a'], false],
    ['a', MISSING, false],
  ],
  none_of: [
    ['a', ['b', 'c'], true],
    ['a', ['b', 'a'], false],
    [5, ['4', '5.0'], false],
    [['x', 'b'], ['a', 'b'], false],
    [MISSING, ['a'], true],
    ['a', MISSING, false],
    [MISSING, MISSING, false],
  ],
  before_date: [
    ['2026-01-01', '2026-01-02', true],
    ['2026-01-02', '2026-01-02', false],
    ['2026-01-01T23:59:59.999Z', '2026-01-02', true],
    ['2026-01-02T01:00:00+02:00', '2026-01-02', true],
    [0, '1970-01-01T00:00:00.001Z', true],
    ['0', '2026-01-02', false],
    ['2026-02-30', '2027-01-01', false],
    ['soon', '2027-01-01', false],
    [true, '2027-01-01', false],
    [['2028-01-01', '2026-01-01'], '2027-01-01', true],
    [MISSING, '2027-01-01', false],
    ['2026-01-01', MISSING, false],
  ],
  after_date: [
    ['2026-01-03', '2026-01-02', true],
    ['2026-01-02', '2026-01-02', false],
    ['2026-01-02T00:00:00.0009Z', '2026-01-02', false],
    ['2026-01-02T00:00:00.001Z', '2026-01-02', true],
    [1_767_312_000_001, '2026-01-02', true],
    ['1767312000001', '2026-01-02', false],
    ['2026-13-01', '2026-01-02', false],
    [MISSING, '2026-01-02', false],
    ['2026-01-03', MISSING, false],
  ],
}

function rightsOf(right: Side): readonly Reached[] {
  return right === MISSING ? [undefined] : [reachedOf(right)]
}

describe.each(Object.entries(HOLDS) as [Untimed, [Side, Side, boolean][]][])('%s', (comparator, cases) => {
  const test = compileTest(comparator)

  it.each(cases)('of %j and %j: %j', (left, right, holds) => {
    expect(test(reachedOf(left), rightsOf(right))).toBe(holds)
  })
})

describe('several right sides', () => {
  it.each<[comparator: Untimed, left: Side, rights: Side[], holds: boolean]>([
    ['one_of', 'a', ['b', 'a'], true],
    ['one_of', 'a', [MISSING, 'a'], true],
    ['none_of', 'a', [MISSING, 'b'], true],
    ['none_of', 'a', [MISSING, 'a'], false],
    ['none_of', 'a', [MISSING, MISSING], false],
    ['contains', 'abc', ['x', 'b'], true],
    ['omits', 'abc', ['x', 'b'], false],
    ['omits', MISSING, ['x', MISSING], true],
    ['starts_with', 'abc', ['b', 'a'], true],
    ['ends_with', 'abc', ['b', 'c'], true],
  ])('%s of %j and %j: %j', (comparator, left, rights, holds) => {
    expect(compileTest(comparator)(reachedOf(left), rights.map(reachedOf))).toBe(holds)
  })

  it.each<[comparator: Untimed, holds: boolean]>([
    ['exists', true],
    ['absent', false],
  ])('%s needs none', (comparator, holds) => {
    expect(compileTest(comparator)('a', [])).toBe(holds)
  })
})

describe('negations', () => {
  const anySide = fc.oneof(
    fc.constant(MISSING),
    fc.constantFrom<JsonValue>('a', 'b', 'ab', 1, '1', true, 'true', ''),
    fc.array(fc.constantFrom<JsonValue>('a', 'b', 'ab', 1, '1', true, 'true', ''), { maxLength: 3 }),
  )

  it.each<[negative: Untimed, positive: Untimed, needsLeft: boolean]>([
    ['differs', 'equals', true],
    ['omits', 'contains', false],
    ['none_of', 'one_of', false],
  ])('%s is not %s, where there is something to compare with', (negative, positive, needsLeft) => {
    fc.assert(
      fc.property(anySide, anySide, (left, right) => {
        const [reached, rights] = [reachedOf(left), rightsOf(right)]
        const isMissing = (side: Side) => compileTest('absent')(reachedOf(side), [])
        const comparable = !isMissing(right) && !(needsLeft && isMissing(left))
        const holds = compileTest(positive)(reached, rights)
        expect(compileTest(negative)(reached, rights)).toBe(comparable && !holds)
      }),
      propertyRuns(500),
    )
  })
})

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 15, 12)

function judge(comparator: RelativeDateComparator, left: Side, now = NOW): { holds: boolean; until: number } {
  const test = compileTimedTest({ comparator, duration: { amount: 2, unit: 'day' } })
  const horizon: Horizon = { at: Infinity, isSettled: true }
  return { holds: test(reachedOf(left), now, horizon), until: horizon.at }
}

describe('relative to the clock', () => {
  /** Both ends are inclusive; the distance is how far the value lies before the present. */
  const ENDS: Record<RelativeDateComparator, [distance: number, holds: boolean][]> = {
    within_last: [
      [-1, false],
      [0, true],
      [2 * DAY, true],
      [2 * DAY + 1, false],
    ],
    before_last: [
      [-1, false],
      [0, false],
      [2 * DAY - 1, false],
      [2 * DAY, true],
      [4000 * DAY, true],
    ],
    within_next: [
      [1, false],
      [0, true],
      [-2 * DAY, true],
      [-2 * DAY - 1, false],
    ],
    after_next: [
      [1, false],
      [0, false],
      [-2 * DAY + 1, false],
      [-2 * DAY, true],
      [-4000 * DAY, true],
    ],
  }
  const table = (Object.entries(ENDS) as [RelativeDateComparator, [number, boolean][]][]).flatMap(
    ([comparator, ends]) => ends.map(([distance, holds]) => ({ comparator, distance, holds })),
  )

  it.each(table)('$comparator(2 days) of a value $distance ms ago: $holds', ({ comparator, distance, holds }) => {
    const instant = NOW - distance
    expect(judge(comparator, instant).holds).toBe(holds)
    expect(judge(comparator, new Date(instant).toISOString()).holds).toBe(holds)
  })

  it.each(Object.keys(ENDS) as RelativeDateComparator[])('%s of what is no date is false for good', (comparator) => {
    for (const left of [MISSING, [], 'soon', '2026-02-30', String(NOW), true, {}, ['soon', null]])
      expect(judge(comparator, left)).toEqual({ holds: false, until: Infinity })
  })

  it.each<[comparator: RelativeDateComparator, left: number[], holds: boolean, until: number]>([
    ['within_last', [0], true, 2 * DAY + 1],
    ['within_last', [-1], false, 1],
    ['within_last', [5 * DAY], false, Infinity],
    ['within_last', [DAY, 0], true, DAY + 1],
    ['before_last', [DAY], false, DAY],
    ['before_last', [3 * DAY], true, Infinity],
    ['within_next', [-5 * DAY], false, 3 * DAY],
    ['within_next', [-DAY], true, DAY + 1],
    ['within_next', [1], false, Infinity],
    ['after_next', [-3 * DAY], true, DAY + 1],
    ['after_next', [0], false, Infinity],
  ])('%s of values %j ms ago is %j, and next to be judged in %d ms', (comparator, distances, holds, until) => {
    const left = distances.map((distance) => NOW - distance)
    expect(judge(comparator, left)).toEqual({ holds, until: NOW + until })
  })

  it('stays as judged until the horizon, and a lone value changes right there', () => {
    const comparator = fc.constantFrom(...(Object.keys(ENDS) as RelativeDateComparator[]))
    const distance = fc.oneof(
      fc.constantFrom(0, 1, -1, 2 * DAY, 2 * DAY + 1, 2 * DAY - 1, -2 * DAY, -2 * DAY - 1, 0.5, -0.5, 2 * DAY + 0.5),
      fc.integer({ min: -5 * DAY, max: 5 * DAY }),
    )
    fc.assert(
      fc.property(comparator, fc.array(distance, { minLength: 1, maxLength: 3 }), fc.nat(), (name, distances, some) => {
        const left = distances.map((each) => NOW - each)
        const { holds, until } = judge(name, left)
        expect(until).toBeGreaterThan(NOW)
        const last = Math.min(until, NOW + 20 * DAY) - 1
        for (const now of [last, NOW + (some % (last - NOW + 1))]) expect(judge(name, left, now).holds).toBe(holds)
        if (distances.length === 1 && until !== Infinity) expect(judge(name, left, until).holds).toBe(!holds)
      }),
      propertyRuns(2000),
    )
  })

  it('lowers a horizon that is later, and leaves one that is earlier', () => {
    const test = compileTimedTest({ comparator: 'within_last', duration: { amount: 1, unit: 'second' } })
    const early: Horizon = { at: NOW + 1, isSettled: true }
    const late: Horizon = { at: NOW + 5000, isSettled: true }
    test(NOW, NOW, early)
    test(NOW, NOW, late)
    expect([early.at, late.at]).toEqual([NOW + 1, NOW + 1001])
  })

  it('says that the clock may change the verdict', () => {
    const horizon: Horizon = { at: Infinity, isSettled: true }
    compileTimedTest({ comparator: 'within_last', duration: { amount: 1, unit: 'second' } })(NOW, NOW, horizon)
    expect(horizon.isSettled).toBe(false)
  })
})
