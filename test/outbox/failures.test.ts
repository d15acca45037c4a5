/** Deliveries that have failed for good at one destination. */
import { describe, expect, it } from 'vitest'
import { type Failure, Failures, FAILURES_MAX } from '../../src/outbox/failures.ts'
import { delivery } from './given.ts'

const failure = (number: number, reason = 'status_400'): Failure => ({
  delivery: delivery(number),
  reason,
  message: 'The answer has status 400.',
  attempts: 1,
  failedAt: 0,
})
const numbers = (failures: Failures) => failures.list().map(({ delivery: { number } }) => number)

describe('failures', () => {
  it('are listed, the oldest first, each once', () => {
    const failures = new Failures()
    for (const number of [1, 2, 1]) expect(failures.add(failure(number))).toBe(false)
    expect(numbers(failures)).toEqual([2, 1])
  })

  it('are the latest thousand', () => {
    const failures = new Failures()
    for (let number = 0; number <= FAILURES_MAX; number++) failures.add(failure(number))
    expect(numbers(failures)).toHaveLength(FAILURES_MAX)
    expect(numbers(failures)[0]).toBe(1)
  })

  it('that are taken are listed no more', () => {
    const failures = Failures.of([failure(1), failure(2), failure(3)])
    expect(failures.take([3, 1]).map(({ delivery }) => delivery.number)).toEqual([3, 1])
    expect(numbers(failures)).toEqual([2])
  })

  it('that are asked for before they are known are sent again when they come, once', () => {
    const failures = new Failures()
    expect(failures.take([5])).toEqual([])
    expect(failures.add(failure(5))).toBe(true)
    expect(failures.list()).toEqual([])
    expect(failures.add(failure(5))).toBe(false)
    expect(numbers(failures)).toEqual([5])
  })
})
