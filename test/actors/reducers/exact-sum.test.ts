/** The running sum against a reference that counts in whole multiples of 2^-1074. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactSum } from '../../../actors/reducers/exact-sum.ts'
import { exactSum } from '../../oracle/exact-sum.ts'
import { propertyRuns } from '../../support/runs.ts'

const EPSILON = 2 ** -53
const LARGEST = Number.MAX_VALUE
const SMALLEST = Number.MIN_VALUE

/** Doubles whose exponents lie so close that they cancel, tie and carry; and any double at all. */
const near = fc
  .tuple(
    fc.constantFrom(-1074, -1022, -60, -1, 0, 52, 53, 900, 958, 971),
    fc.integer({ min: -8, max: 8 }),
    fc.integer(),
  )
  .map(([base, shift, mantissa]) => mantissa * 2 ** Math.min(base + shift, 971))
  .filter(Number.isFinite)
const doubles = fc.oneof(
  { weight: 4, arbitrary: near },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1, -1, 0.1, 1e16, -1e16, LARGEST, -LARGEST, SMALLEST, -SMALLEST) },
)

function sumOf(values: readonly number[]): ExactSum {
  const sum = new ExactSum()
  for (const value of values) sum.add(value)
  return sum
}

/** Null where it is not finite, as the reference has it. */
function finite(sum: ExactSum): number | null {
  const value = sum.value()
  return Number.isFinite(value) ? value : null
}

describe('a sum of doubles', () => {
  it.each<[says: string, values: number[], sum: number]>([
    ['nothing', [], 0],
    ['one value', [0.1], 0.1],
    ['decimal noise that a plain sum would keep', [0.1, 0.2, -0.3], 2 ** -55],
    ['ten tenths', Array<number>(10).fill(0.1), 1],
    ['a small value beside two that cancel', [1e16, 1, -1e16], 1],
    ['values that cancel wholly', [1e308, 3, -1e308, -3], 0],
    ['a total in reach of doubles past one that is not', [LARGEST, LARGEST, -LARGEST], LARGEST],
    ['a tie, to the even neighbour below', [1, EPSILON], 1],
    ['a tie, to the even neighbour above', [1 + 2 * EPSILON, EPSILON], 1 + 4 * EPSILON],
    ['a tie that the smallest double decides upwards', [1, EPSILON, SMALLEST], 1 + 2 * EPSILON],
    ['a tie that the smallest double decides downwards', [1 + 2 * EPSILON, EPSILON, -SMALLEST], 1 + 2 * EPSILON],
    ['a negative tie that the smallest double decides', [-1, -EPSILON, -SMALLEST], -1 - 2 * EPSILON],
    ['a tie far above that the smallest double decides', [2 ** 1000, 2 ** 947, SMALLEST], 2 ** 1000 + 2 ** 948],
    ['denormals', [SMALLEST, SMALLEST, SMALLEST], 3 * SMALLEST],
    ['denormals that make a normal', [2 ** -1022 - SMALLEST, SMALLEST], 2 ** -1022],
    ['a denormal left by huge values', [LARGEST, SMALLEST, -LARGEST], SMALLEST],
    ['half a unit above the largest double: a tie that leaves the range', [LARGEST, 2 ** 970], Infinity],
    ['less than half a unit above it', [LARGEST, 2 ** 969], LARGEST],
    ['less than half a unit below the negative of it', [-LARGEST, -(2 ** 969)], -LARGEST],
    ['a negative total beyond doubles', [-LARGEST, -LARGEST], -Infinity],
  ])('of %s', (_, values, sum) => {
    expect(sumOf(values).value()).toBe(sum)
    expect(sumOf(values.toReversed()).value()).toBe(sum)
  })

  it('is the exact one, rounded once', () => {
    fc.assert(
      fc.property(fc.array(doubles, { maxLength: 40 }), (values) => {
        expect(finite(sumOf(values))).toBe(exactSum(values))
      }),
      propertyRuns(3000),
    )
  })

  it('shows nothing of what has left it, in whatever order it left', () => {
    const step = fc.record({ value: doubles, leaves: fc.boolean(), turn: fc.nat() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const sum = sumOf(steps.map(({ value }) => value))
        const leaving = steps.filter(({ leaves }) => leaves).sort((a, b) => a.turn - b.turn)
        for (const { value } of leaving) sum.subtract(value)
        const staying = steps.filter(({ leaves }) => !leaves).map(({ value }) => value)
        expect(finite(sum)).toBe(exactSum(staying))
      }),
      propertyRuns(3000),
    )
  })

  it('stays exact while values come and go like those of a window', () => {
    fc.assert(
      fc.property(
        fc.array(doubles, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (values, width) => {
          const sum = new ExactSum()
          for (const [index, value] of values.entries()) {
            sum.add(value)
            if (index >= width) sum.subtract(values[index - width]!)
            expect(finite(sum)).toBe(exactSum(values.slice(Math.max(0, index - width + 1), index + 1)))
          }
        },
      ),
      propertyRuns(1000),
    )
  })

  it('takes up all that another holds, and leaves that one as it was', () => {
    fc.assert(
      fc.property(fc.array(doubles, { maxLength: 20 }), fc.array(doubles, { maxLength: 20 }), (ours, theirs) => {
        const [sum, other] = [sumOf(ours), sumOf(theirs)]
        sum.addState(other.state())
        expect(finite(sum)).toBe(exactSum([...ours, ...theirs]))
        expect(finite(other)).toBe(exactSum(theirs))
      }),
      propertyRuns(1000),
    )
  })
})

describe('infinite values', () => {
  it.each([[[Infinity]], [[-Infinity]], [[1, Infinity, 2]], [[Infinity, -Infinity]], [[Infinity, LARGEST]]])(
    'make a sum that is not finite: %j',
    (values) => {
      expect(sumOf(values).value()).not.toSatisfy(Number.isFinite)
    },
  )

  it('leave the sum of the others behind when they are gone', () => {
    const sum = sumOf([0.1, Infinity, 0.2, -Infinity, Infinity])
    sum.subtract(-Infinity)
    sum.subtract(Infinity)
    expect(sum.value()).not.toSatisfy(Number.isFinite)
    sum.subtract(Infinity)
    expect(sum.value()).toBe(0.1 + 0.2)
  })

  it('go over with all that another sum holds', () => {
    const sum = sumOf([1])
    sum.addState(sumOf([Infinity, 2]).state())
    expect(sum.value()).not.toSatisfy(Number.isFinite)
    sum.subtract(Infinity)
    expect(sum.value()).toBe(3)
  })
})
