/** The counts of a delivery overview. */
import { describe, expect, it } from 'vitest'
import { Tally } from '../../src/outbox/delivery-counts.ts'

describe('a tally', () => {
  it('has nothing at first', () => {
    const { created, filtered, delivered, collapsed, retries, failed } = new Tally()
    expect([created, filtered, delivered, collapsed, retries, failed.size]).toEqual([0, 0, 0, 0, 0, 0])
    expect(new Tally().latencyMs(0.5)).toBe(0)
  })

  it('counts failures by reason, and those of too many reasons together', () => {
    const tally = new Tally()
    for (let reason = 0; reason < 60; reason++) tally.failedBy(`status_${reason}`)
    tally.failedBy('status_0')
    expect(tally.failed.get('status_0')).toBe(2)
    expect(tally.failed.get('other')).toBe(10)
    expect(tally.failed.size).toBe(51)
  })

  it.each([1, 3, 8, 100, 1_000, 86_400_000])('says of %i ms no less, and less than twice as much', (ms) => {
    const tally = new Tally()
    tally.arrived(ms)
    for (const share of [0.5, 0.99, 1]) {
      expect(tally.latencyMs(share)).toBeGreaterThanOrEqual(ms)
      expect(tally.latencyMs(share)).toBeLessThan(2 * ms)
    }
    expect(tally.delivered).toBe(1)
  })

  it('tells the many fast from the few slow', () => {
    const tally = new Tally()
    for (let time = 0; time < 98; time++) tally.arrived(1)
    tally.arrived(1_000)
    tally.arrived(1_000)
    expect([tally.latencyMs(0.5), tally.latencyMs(0.98), tally.latencyMs(0.99)]).toEqual([1, 1, 1_024])
  })

  it('takes what has arrived before it was sent, or after ages, for the least and the most', () => {
    const tally = new Tally()
    tally.arrived(-5)
    expect(tally.latencyMs(1)).toBe(1 / 8)
    tally.arrived(Number.MAX_SAFE_INTEGER)
    expect(tally.latencyMs(1)).toBe(2 ** 41 / 8)
  })

  it('is what it was when it is made of its state', () => {
    const tally = new Tally()
    Object.assign(tally, { created: 9, filtered: 1, collapsed: 2, retries: 3 })
    tally.arrived(50)
    tally.failedBy('timeout')
    const again = Tally.of(structuredClone(tally.state()))
    expect(again.state()).toEqual(tally.state())
    again.arrived(50)
    again.failedBy('timeout')
    expect([again.delivered, tally.delivered, tally.failed.get('timeout')]).toEqual([2, 1, 1])
  })
})
