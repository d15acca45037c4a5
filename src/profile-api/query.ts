/** Reads the parameters of a request for traits. */
import { EngineError } from '../model/errors.ts'
import type { TraitClass } from './traits.ts'

export interface TraitsQuery {
  /** Only these keys; undefined: all. */
  readonly include: ReadonlySet<string> | undefined
  readonly class: TraitClass | undefined
  readonly limit: number
  /** Key at which the page starts; '' for the first. */
  readonly next: string
  readonly verbose: boolean
}

export const LIMIT_DEFAULT = 10
export const LIMIT_MAX = 200

/** Reads the parameters. Throws an EngineError for one that is given twice or breaks a rule. */
export function readTraitsQuery(parameters: Readonly<Record<string, unknown>>): TraitsQuery {
  const include = text(parameters, 'include')
  return {
    include: include === undefined ? undefined : new Set(include.split(',')),
    class: readClass(text(parameters, 'class')),
    limit: readLimit(text(parameters, 'limit')),
    next: text(parameters, 'next') ?? '',
    verbose: text(parameters, 'verbose') === 'true',
  }
}

function text(parameters: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = parameters[name]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw new EngineError('validation_error', `${name}: expected it once`, name)
  return value
}

function readClass(value: string | undefined): TraitClass | undefined {
  if (value === undefined || value === 'audience' || value === 'computed_trait') return value
  throw new EngineError('validation_error', 'class: expected audience or computed_trait', 'class')
}

function readLimit(value: string | undefined): number {
  if (value === undefined) return LIMIT_DEFAULT
  const limit = /^\d{1,4}$/.test(value) ? Number(value) : 0
  if (limit >= 1 && limit <= LIMIT_MAX) return limit
  throw new EngineError('validation_error', `limit: expected a whole number from 1 to ${LIMIT_MAX}`, 'limit')
}
