/** Parameters and cursors of events. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventsPage, readEventQuery } from '../../src/profile-api/events.ts'
import { propertyRuns } from '../support/runs.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 0, 31)

describe('the parameters of events', () => {
  it('are, if none is given, the newest ten of the last 14 days', () => {
    const { isWanted, ...query } = readEventQuery({}, NOW)
    expect(query).toEqual({ from: NOW - 14 * DAY, to: Infinity, isNewestFirst: true, limit: 10, start: undefined })
    expect(isWanted('Any')).toBe(true)
  })

  it('count as left out if they are empty', () => {
    const { isWanted, ...query } = readEventQuery({ include: '', sort: '', limit: '', next: '', start: '' }, NOW)
    expect([query.limit, query.start, isWanted('Any')]).toEqual([10, undefined, true])
  })
})

describe('the cursor of events', () => {
  const place = fc.record({
    ts: fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
    messageId: fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => text.isWellFormed()),
    rank: fc.nat(999_999),
  })

  it('leads back to its place', () => {
    fc.assert(
      fc.property(place, (next) => {
        const options = { limit: 1, address: () => 'url', segmentIdOf: () => '' }
        const { cursor } = JSON.parse(eventsPage({ events: [], next }, options)) as { cursor: { next: string } }
        expect(readEventQuery({ next: cursor.next }, NOW).start).toEqual(next)
      }),
      propertyRuns(200),
    )
  })

  it('is the base64 of nanoseconds and messageId, as Segment has it', () => {
    const segments = Buffer.from('1513755435663000000::ajs-next-1').toString('base64')
    expect(readEventQuery({ next: segments }, NOW).start).toEqual({
      ts: 1_513_755_435_663,
      messageId: 'ajs-next-1',
      rank: 0,
    })
  })
})
