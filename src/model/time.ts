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

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

/** The form that `toISOString` gives, which is nearly all that SDKs send, without the cost of the general one. */
function parseUsual(text: string): number | undefined {
  if (text.length !== 24 || text.charCodeAt(23) !== 90) return undefined
  for (let index = 0; index < 23; index++) {
    const code = text.charCodeAt(index)
    if ((code < 48 || code > 57) !== (SEPARATORS[index] !== ' ')) return undefined
    if (SEPARATORS[index] !== ' ' && SEPARATORS.charCodeAt(index) !== code) return undefined
  }
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  // The last days of a month are left to the general form.
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59)
    return undefined
  const before = month > 2 ? year + 1 : year
  const leapDays = Math.floor((before - 1) / 4) - Math.floor((before - 1) / 100) + Math.floor((before - 1) / 400) - 477
  const days = (year - 1970) * 365 + leapDays + DAYS_BEFORE_MONTH[month - 1]! + day - 1
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + digits(text, 20, 3)
}

const SEPARATORS = '    -  -  T  :  :  .   '

function digits(text: string, start: number, count: number): number {
  let value = 0
  for (let index = start; index < start + count; index++) value = value * 10 + text.charCodeAt(index) - 48
  return value
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

/** ISO 8601 text of an instant, to the millisecond, in UTC. */
export function formatInstant(instant: number): string {
  return new Date(instant).toISOString()
}
