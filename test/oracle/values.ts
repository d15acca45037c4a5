/** JSON values as docs/semantics.md section 4 reads them: paths, texts, numbers, instants. Shares nothing with the engine. */
import type { JsonValue } from '../../src/model/json.ts'

/** The parts of a path: split at dots, where `\.` is a dot of the name itself. */
export function pathParts(path: string): readonly string[] {
  const known = PARTS.get(path)
  if (known) return known
  const parts = path.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
  PARTS.set(path, parts)
  return parts
}

const PARTS = new Map<string, readonly string[]>()

/** The values that a path reaches, arrays still whole; nulls are dropped. */
export function reachWhole(value: JsonValue | undefined, parts: readonly string[]): JsonValue[] {
  const [name, ...rest] = parts
  if (value === undefined || value === null) return []
  if (name === undefined) return [value]
  if (Array.isArray(value)) return value.flatMap((entry) => reachWhole(entry, name === '$' ? rest : parts))
  if (typeof value !== 'object') return []
  const exact = parts.join('.')
  if (Object.hasOwn(value, exact)) return reachWhole(value[exact], [])
  return Object.hasOwn(value, name) ? reachWhole(value[name], rest) : []
}

/** An array is its entries, theirs too; nulls are dropped. */
export function entriesOf(value: JsonValue): JsonValue[] {
  if (value === null) return []
  return Array.isArray(value) ? value.flatMap(entriesOf) : [value]
}

export function reach(value: JsonValue | undefined, parts: readonly string[]): JsonValue[] {
  return reachWhole(value, parts).flatMap(entriesOf)
}

export function textOf(value: JsonValue): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const JSON_NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/

/** A number, or a string that is a JSON number. */
export function numberOf(value: JsonValue): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && JSON_NUMBER.test(value) ? Number(value) : undefined
}

export function alphabetically(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const DATE = /^(?<year>\d{4}|[+-]\d{6})-(?<month>\d\d)-(?<day>\d\d)$/
const TIME = /^(?<hour>\d\d):(?<minute>\d\d)(:(?<second>\d\d)([.,](?<fraction>\d+))?)?(?<zone>Z|[+-]\d\d(:?\d\d)?)?$/

/** The instant of an ISO 8601 text, epoch ms: without a time midnight, without a zone UTC, milliseconds cut. */
export function instantOfText(text: string): number | undefined {
  const [dateText = '', timeText = '00:00', ...more] = text.split('T')
  const date = DATE.exec(dateText)?.groups
  const time = TIME.exec(timeText)?.groups
  if (!date || !time || more.length > 0) return undefined
  const midnight = new Date(0)
  midnight.setUTCFullYear(Number(date['year']), Number(date['month']) - 1, Number(date['day']))
  if (midnight.getUTCMonth() + 1 !== Number(date['month']) || midnight.getUTCDate() !== Number(date['day']))
    return undefined
  const [hour, minute, second] = [Number(time['hour']), Number(time['minute']), Number(time['second'] ?? 0)]
  const [zoneHour, zoneMinute] = zoneOf(time['zone'] ?? 'Z')
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return undefined
  const sign = time['zone']?.startsWith('-') ? -1 : 1
  const fraction = Number((time['fraction'] ?? '').padEnd(3, '0').slice(0, 3))
  const minutes = hour * 60 + minute - sign * (zoneHour * 60 + zoneMinute)
  return midnight.getTime() + (minutes * 60 + second) * 1000 + fraction
}

function zoneOf(zone: string): [hour: number, minute: number] {
  const digits = zone.replace(/\D/g, '').padEnd(4, '0')
  return [Number(digits.slice(0, 2)), Number(digits.slice(2))]
}

/** The instant that a value names in date comparators; a numeric string names none. */
export function instantOf(value: JsonValue): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? instantOfText(value) : undefined
}
