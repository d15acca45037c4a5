/** Instants are integer epoch milliseconds; durations are integer milliseconds. A day is 86,400,000 ms. */

/** The last instant that a date can name; nothing is due later. */
export const INSTANT_MAX = 8_640_000_000_000_000

export const UNITS = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const
export type Unit = keyof typeof UNITS

const ISO =
  /^(\d{4}|[+-]\d{6})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/

/**
 * The instant that an ISO 8601 text names, or undefined where it names none (an impossible date included).
 * A date alone is midnight; without a zone it is UTC; fractions are cut to the millisecond.
 */
export function parseInstant(text: string): number | undefined {
  return parseUsual(text) ?? parseAny(text)
}

/** The form that `toISOString` gives, which is nearly all that SDKs send, without the cost of the general one. */
function parseUsual(text: string): number | undefined {
  if (text.length !== 24 || !hasUsualMarks(text)) return undefined
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  const millisecond = twoDigits(text, 20) * 10 + digit(text, 22)
  // A part with a character that is no digit is below 0.
  if (year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23) return undefined
  if (minute < 0 || minute > 59 || second < 0 || second > 59 || millisecond < 0) return undefined
  const monthStart = daysUntil(year, month)
  if (day > 28 && day > daysUntil(year, month + 1) - monthStart) return undefined
  return (((monthStart + day - 1) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millisecond
}

/** `2026-01-31T12:00:00.000Z`: all that is no digit. */
function hasUsualMarks(text: string): boolean {
  return (
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a &&
    text.charCodeAt(19) === 0x2e &&
    text.charCodeAt(23) === 0x5a
  )
}

/** So far below 0 that the digits beside it do not make up for it. */
const NO_DIGIT = -10_000

function twoDigits(text: string, index: number): number {
  return digit(text, index) * 10 + digit(text, index + 1)
}

function digit(text: string, index: number): number {
  const value = text.charCodeAt(index) - 0x30
  return value >= 0 && value <= 9 ? value : NO_DIGIT
}

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]

/** Those of the years that `daysUntil` counts. */
const LEAP_DAYS_BEFORE_1970 = 574

/** Returns the days from 1970 to the first of a month. Years from 0 on; month 13 is the next January. */
function daysUntil(year: number, month: number): number {
  // The years whose February is over; four centuries more than there are, so that no quotient is below 0.
  const years = year + 399 + (month > 2 ? 1 : 0)
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400)
  return (year - 1970) * 365 + leapDays - LEAP_DAYS_BEFORE_1970 + DAYS_BEFORE_MONTH[month - 1]!
}

function parseAny(text: string): number | undefined {
  const match = ISO.exec(text)
  if (!match) return undefined
  const part = (index: number) => Number(match[index] ?? 0)
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const offset = zoneOffset(match[8])
  if (offset === undefined) return undefined
  const instant = date.setUTCHours(hour, minute, second, milliseconds) - offset
  return Number.isNaN(instant) ? undefined : instant
}

function zoneOffset(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', '') || 0)
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * UNITS.hour + minutes * UNITS.minute)
}

/**
 * ISO 8601 text of an instant, to the millisecond, in UTC. One that no date can name, as a client's clock may make it,
 * is written as the nearest that one can.
 */
export function formatInstant(instant: number): string {
  return new Date(Math.max(-INSTANT_MAX, Math.min(INSTANT_MAX, instant))).toISOString()
}
