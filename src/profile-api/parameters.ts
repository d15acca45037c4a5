/** Parameters of requests that several resources have. */
import { EngineError } from '../model/errors.ts'
import { parseInstant } from '../model/time.ts'

export type Parameters = Readonly<Record<string, unknown>>

/** Returns a parameter; undefined if it is empty or left out. Throws an EngineError if it is given twice. */
export function readText(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw refused(name, 'expected it once')
  return value
}

/** Returns the names that stand between commas; undefined if there are none. */
export function readNames(parameters: Parameters, name: string): ReadonlySet<string> | undefined {
  const text = readText(parameters, name)
  return text === undefined ? undefined : new Set(text.split(','))
}

export interface LimitRule {
  /** If none is given. */
  readonly usual: number
  readonly max: number
}

export function readLimit(parameters: Parameters, { usual, max }: LimitRule): number {
  const text = readText(parameters, 'limit')
  if (text === undefined) return usual
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= max) return limit
  throw refused('limit', `expected a whole number from 1 to ${max}`)
}

/** Returns an instant, epoch ms; undefined if it is left out. */
export function readInstant(parameters: Parameters, name: string): number | undefined {
  const text = readText(parameters, name)
  const instant = text === undefined ? undefined : parseInstant(text)
  if (text !== undefined && instant === undefined)
    throw refused(name, 'expected an ISO 8601 date, such as 2026-01-31T12:00:00Z')
  return instant
}

/** Makes the refusal of a parameter. */
export function refused(name: string, expectation: string): EngineError {
  return new EngineError('validation_error', `${name}: ${expectation}`, name)
}
