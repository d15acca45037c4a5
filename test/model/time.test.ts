/** ISO 8601 instants: what is read, and what is no instant. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatInstant, parseInstant } from '../../src/model/time.ts'
import { instantOfText } from '../oracle/values.ts'
import { propertyRuns } from '../support/runs.ts'

const NOON = Date.UTC(2026, 0, 31, 12)
const HOUR = 3_600_000

describe('an instant', () => {
  it.each<[text: string, instant: number]>([
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T12:00', NOON],
    ['2026-01-31T12:00:00', NOON],
    ['2026-01-31T12:00:00Z', NOON],
    ['2026-01-31T12:00:00.000Z', NOON],
    // Milliseconds are cut, not rounded.
    ['2026-01-31T12:00:00.5Z', NOON + 500],
    ['2026-01-31T12:00:00.05', NOON + 50],
    ['2026-01-31T12:00:00,123Z', NOON + 123],
    ['2026-01-31T12:00:00.123999999Z', NOON + 123],
    ['2026-01-31T12:00:00.9999Z', NOON + 999],
    // Zones.
    ['2026-01-31T12:00:00+00:00', NOON],
    ['2026-01-31T12:00:00-00:00', NOON],
    ['2026-01-31T14:00:00+02:00', NOON],
    ['2026-01-31T14:00:00.000+0200', NOON],
    ['2026-01-31T14:00+02', NOON],
    ['2026-01-31T06:30:00-05:30', NOON],
    ['2026-02-01T11:59:00+23:59', NOON],
    ['2026-01-30T12:01:00-23:59', NOON],
    // Years.
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00.000Z', Date.UTC(2000, 1, 29)],
    ['1969-12-31T23:59:59.999Z', -1],
    ['1970-01-01T00:00:00.000Z', 0],
    ['0001-01-01T00:00:00.000Z', -62_135_596_800_000],
    ['0000-01-01', -62_167_219_200_000],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
    ['+002026-01-31T12:00:00Z', NOON],
    ['-000001-01-01', -62_198_755_200_000],
    ['+275760-09-13', 8_640_000_000_000_000],
    ['-271821-04-20T00:00:00Z', -8_640_000_000_000_000],
  ])('%s', (text, instant) => {
    expect(parseInstant(text)).toBe(instant)
  })

  it.each([
    // Impossible dates and times, in the usual form and in others.
    ...['2026-02-29', '2026-02-29T00:00:00.000Z', '1900-02-29T00:00:00.000Z', '2026-04-31T00:00:00.000Z', '2026-06-31'],
    ...['2026-00-10T00:00:00.000Z', '2026-13-10T00:00:00.000Z', '2026-01-00T00:00:00.000Z', '2026-01-32T00:00:00.000Z'],
    ...[
      '2026-01-01T24:00:00.000Z',
      '2026-01-01T00:60:00.000Z',
      '2026-01-01T00:00:60.000Z',
      '2026-01-01T24:00',
      '2026-13-01',
    ],
    // Other forms.
    ...['', ' ', 'soon', '2026', '2026-01', '2026-1-1', '26-01-01', '20260101', '2026-W05-1', '2026-031', '01/31/2026'],
    ...['2026-01-31 12:00:00Z', '2026-01-31t12:00:00Z', '2026-01-31T12:00:00z', '2026-01-31T12', '2026-01-31T12:0'],
    ...['2026-01-31T12:00:00.Z', '2026-01-31T12:00.5Z', '2026-01-31T', '2026-01-31Z', '2026-01-31+02:00'],
    ...['2026-01-31T12:00:00.000Z ', ' 2026-01-31T12:00:00.000Z', '2026-01-31T12:00:00.000Z\n', '2026-01-31\n'],
    ...['2026-01-31T12:00:00.00٣Z', '٢026-01-31', '2026-01-31T12:00:00.-01Z', '2026-01-31T12:00:00:000Z'],
    ...['2026/01-31T12:00:00.000Z', '2026-01/31T12:00:00.000Z', '2026-01-31T12.00:00.000Z', '2026-01-31T12:00:00.000X'],
    ...['2026-01-31T12:00:00+24:00', '2026-01-31T12:00:00+02:60', '2026-01-31T12:00:00+2', '2026-01-31T12:00:00+2:00'],
    ...['2026-01-31T12:00:00+02:00Z', '2026-01-31T12:00:00GMT', '2026-01-31T12:00:00 Z'],
    // Beyond what a date can hold.
    ...['+275760-09-13T00:00:00.001Z', '+275761-01-01', '-271821-04-19', '+999999-01-01', '2026-01-31T12:00:00.000ZZ'],
    ...['1767225600000', '0', '-1', 'NaN', 'Invalid Date', 'null', '12026-01-31', '+2026-01-31', '+02026-01-31'],
  ])('is not %j', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })

  const instants = fc.oneof(
    fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
    fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
    // Just beside the borders of days, months and years.
    fc
      .tuple(fc.integer({ min: 1960, max: 2110 }), fc.nat({ max: 11 }), fc.constantFrom(-1, 0, 1, HOUR, 24 * HOUR))
      .map(([year, month, offset]) => Date.UTC(year, month, 1) + offset),
  )

  it('is written and read as the same, in the usual form and in others', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        const text = formatInstant(instant)
        expect(parseInstant(text)).toBe(instant)
        // These take the general way.
        expect(parseInstant(text.replace('Z', '+00:00'))).toBe(instant)
        expect(parseInstant(text.replace('.', ','))).toBe(instant)
        expect(parseInstant(text.replace('Z', '000Z'))).toBe(instant)
      }),
      propertyRuns(5000),
    )
  })

  it('in a zone is the instant in UTC, less the zone', () => {
    const zone = fc.tuple(fc.constantFrom(1, -1), fc.nat({ max: 23 }), fc.nat({ max: 59 }))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(9000, 0, 1) }), zone, (instant, [sign, hours, minutes]) => {
        const local = formatInstant(instant + sign * (hours * HOUR + minutes * 60_000)).slice(0, -1)
        const [h, m] = [hours, minutes].map((part) => String(part).padStart(2, '0'))
        const mark = sign < 0 ? '-' : '+'
        expect(parseInstant(`${local}${mark}${h}:${m}`)).toBe(instant)
        expect(parseInstant(`${local}${mark}${h}${m}`)).toBe(instant)
      }),
      propertyRuns(1000),
    )
  })

  it('is read from any text of that form as the oracle reads it, days that do not exist included', () => {
    const part = (max: number) => fc.nat({ max }).map((number) => String(number).padStart(2, '0'))
    const year = fc
      .oneof(fc.integer({ min: 1890, max: 2110 }), fc.nat({ max: 9999 }))
      .map((n) => String(n).padStart(4, '0'))
    const text = fc
      .tuple(year, part(14), part(32), part(25), part(61), part(61), fc.nat({ max: 999 }))
      .map(([y, mo, d, h, mi, s, ms]) => `${y}-${mo}-${d}T${h}:${mi}:${s}.${String(ms).padStart(3, '0')}Z`)
    fc.assert(
      fc.property(text, (usual) => {
        expect(parseInstant(usual)).toBe(instantOfText(usual))
      }),
      propertyRuns(5000),
    )
  })

  it('is not read from a text with one character changed to another kind', () => {
    const change = fc.tuple(fc.nat({ max: 23 }), fc.constantFrom('x', '-', ':', '.', ' ', '/', '٣', 'T', 'Z', '7'))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), change, (instant, [place, character]) => {
        const text = formatInstant(instant)
        const changed = text.slice(0, place) + character + text.slice(place + 1)
        expect(parseInstant(changed)).toBe(instantOfText(changed))
      }),
      propertyRuns(3000),
    )
  })

  it('is read as in the general form, and as the oracle reads it, from any text near the usual form', () => {
    const usual = fc
      .integer({ min: Date.UTC(-1, 11, 31), max: Date.UTC(10_000, 0, 2) })
      .map((instant) => formatInstant(instant))
    const mark = fc.constantFrom('-', '+', ':', '.', ',', 'T', 'Z', ' ', '/')
    const character = fc.oneof(fc.nat({ max: 9 }).map(String), mark, fc.string({ unit: 'binary', maxLength: 1 }))
    const edit = fc.record({ place: fc.nat({ max: 24 }), removed: fc.nat({ max: 1 }), put: character })
    const near = fc
      .tuple(usual, fc.array(edit, { maxLength: 3 }))
      .map(([text, edits]) =>
        edits.reduce((now, { place, removed, put }) => now.slice(0, place) + put + now.slice(place + removed), text),
      )
    fc.assert(
      fc.property(near, (text) => {
        const instant = parseInstant(text)
        // Of 24 characters that end in Z, this makes others that take the general way.
        expect(parseInstant(text.replace(/Z$/, '+00:00'))).toBe(instant)
        expect(instantOfText(text)).toBe(instant)
      }),
      propertyRuns(3000),
    )
  })

  it('is read from the first and the last day of every month, and from no day behind it', () => {
    const wrong: string[] = []
    const check = (day: string, time: string, expected: number | undefined) => {
      if (parseInstant(`${day}T${time}Z`) !== expected) wrong.push(day)
    }
    const first = new Date(0)
    for (let month = 0; month < 12 * 10_000; month++) {
      const from = first.setUTCFullYear(0, month, 1)
      const until = first.setUTCFullYear(0, month + 1, 1)
      const days = (until - from) / (24 * HOUR)
      const name = formatInstant(from).slice(0, 8)
      check(`${name}01`, '00:00:00.000', from)
      check(`${name}${days}`, '23:59:59.999', until - 1)
      check(`${name}${days + 1}`, '00:00:00.000', undefined)
    }
    expect(wrong).toEqual([])
  })
})
