/** The counts of a delivery overview. */
import { describe, expect, it } from 'vitest'
import { DeliveryCounts } from '../../src/outbox/delivery-counts.ts'

describe('a tally', () => {
  it('has nothing at first', () => {
    const { created, filtered, delivered, collapsed, retries, failed } = new DeliveryCounts()
    expect([created, filtered, delivered, collapsed, retries, failed.size]).toEqual([0, 0, 0, 0, 0, 0])
    expect(new DeliveryCounts().latencyMs(0.5)).toBe(0)
  })

  it('counts failures by reason, and those of too many reasons together', () => {
    const counts = new DeliveryCounts()
    for (let reason = 0; reason < 60; reason++) counts.failedBy(`status_${reason}`)
    counts.failedBy('status_0')
    expect(counts.failed.get('status_0')).toBe(2)
    expect(counts.failed.get('other')).toBe(10)
    expect(counts.failed.size).toBe(51)
  })

  it.each([1, 3, 8, 100, 1_000, 86_400_000])('says of %i ms no less, and less than twice as much', (ms) => {
    const counts = new DeliveryCounts()
    counts.arrived(ms)
    for (const share of [0.5, 0.99, 1]) {
      expect(counts.latencyMs(share)).toBeGreaterThanOrEqual(ms)
      expect(counts.latencyMs(share)).toBeLessThan(2 * ms)
    }
    expect(counts.delivered).toBe(1)
  })

  it('tells the many fast from the few slow', () => {
    const counts = new DeliveryCounts()
    for (let time = 0; time < 98; time++) counts.arrived(1)
    counts.arrived(1_000)
    counts.arrived(1_000)
    expect([counts.latencyMs(0.5), counts.latencyMs(0.98), counts.latencyMs(0.99)]).toEqual([1, 1, 1_024])
  })

  it('has each latency under the least power of two that is as long', () => {
    const counts = new DeliveryCounts()
    for (const ms of [0, 1, 2, 3, 1_000]) counts.arrived(ms)
    const found = counts.latencies()
    expect(found.filter(([, count]) => count > 0)).toEqual([
      [1 / 8, 1],
      [1, 1],
      [2, 1],
      [4, 1],
      [1_024, 1],
    ])
    expect(found).toHaveLength(42)
  })

  it('takes what has arrived before it was sent, or after ages, for the least and the most', () => {
    const counts = new DeliveryCounts()
    counts.arrived(-5)
    expect(counts.latencyMs(1)).toBe(1 / 8)
    counts.arrived(Number.MAX_SAFE_INTEGER)
    expect(counts.latencyMs(1)).toBe(2 ** 41 / 8)
  })

  it('is what it was when it is made of its state', () => {
    const counts = new DeliveryCounts()
    Object.assign(counts, { created: 9, filtered: 1, collapsed: 2, retries: 3 })
    counts.arrived(50)
    counts.failedBy('timeout')
    const again = DeliveryCounts.of(structuredClone(counts.state()))
    expect(again.state()).toEqual(counts.state())
    again.arrived(50)
    again.failedBy('timeout')
    expect([again.delivered, counts.delivered, counts.failed.get('timeout')]).toEqual([2, 1, 1])
  })
})
