/** Sizes in steps of time, against a list of all changes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SizeStep } from '../../src/model/audience-size.ts'
import { ChangeSeries } from '../../src/space/change-series.ts'
import { propertyRuns } from '../support/runs.ts'

interface Change {
  readonly at: number
  readonly entered: number
  readonly left: number
}

const STEP = 10
const NOTHING = { entered: 0, left: 0, byTime: 0 }

/** Whatever a list of changes says; `late` ones come after those that are later. */
const changes = fc
  .array(fc.record({ after: fc.nat(60), entered: fc.nat(5), left: fc.nat(5), late: fc.nat(3) }), { maxLength: 40 })
  .map((all) => {
    let now = 1_000
    return all.map(({ after, entered, left, late }): Change => {
      now += after
      return { at: now - late * STEP, entered, left }
    })
  })

function listed(all: readonly Change[], from: number, to: number, stepMs: number): SizeStep[] {
  const first = Math.min(...all.map(({ at }) => Math.floor(at / stepMs) * stepMs))
  const steps: SizeStep[] = []
  for (let at = Math.max(first, Math.floor(from / stepMs) * stepMs); at < to; at += stepMs) {
    const until = all.filter((change) => change.at < at + stepMs)
    const within = until.filter((change) => change.at >= at)
    const sum = (some: readonly Change[], kind: 'entered' | 'left') => some.reduce((total, one) => total + one[kind], 0)
    const [entered, left] = [sum(within, 'entered'), sum(within, 'left')]
    steps.push({ at, size: sum(until, 'entered') - sum(until, 'left'), entered, left, byTime: left })
  }
  return steps
}

describe('a series of changes', () => {
  it('lists what a list of all changes says, also when it was stored in between', () => {
    fc.assert(
      fc.property(changes, fc.nat(2_000), fc.nat(3_000), fc.nat(), (all, from, length, place) => {
        let series = new ChangeSeries(STEP, 1_000)
        let size = 0
        for (const [index, { at, entered, left }] of all.entries()) {
          size += entered - left
          series.add(at, { entered, left, byTime: left }, size)
          if (index === place % all.length) series = ChangeSeries.of(Buffer.from(series.stored()), STEP, 1_000)
        }
        const to = from + length
        expect(series.list(from, to)).toEqual(listed(all, from, to, STEP))
        expect(series.list(from, to, 6)).toEqual(listed(all, from, to, 6 * STEP))
        expect(series.size).toBe(all.length === 0 ? undefined : size)
      }),
      propertyRuns(200),
    )
  })

  it('keeps so many steps, the last', () => {
    const series = new ChangeSeries(STEP, 3)
    for (let step = 0; step < 5; step++) series.add(step * STEP, { entered: 1, left: 0, byTime: 0 }, step + 1)
    expect(series.list(0, 50).map(({ at, size }) => [at, size])).toEqual([
      [20, 3],
      [30, 4],
      [40, 5],
    ])
    // A change of long ago counts in the present size alone.
    series.add(5, { entered: 1, left: 0, byTime: 0 }, 6)
    expect(series.list(0, 50).map(({ size }) => size)).toEqual([3, 4, 6])
    expect(series.since(30)).toEqual({ entered: 2, left: 0, byTime: 0 })
  })

  it('has the size of now where nothing entered or left', () => {
    const series = new ChangeSeries(STEP, 3)
    series.add(0, { entered: 2, left: 0, byTime: 0 }, 2)
    series.add(25, NOTHING, 1)
    expect(series.list(0, 40).map(({ size, left }) => [size, left])).toEqual([
      [2, 0],
      [2, 0],
      [1, 0],
      [1, 0],
    ])
  })
})
