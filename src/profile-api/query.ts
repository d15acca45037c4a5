/** Reads the parameters of a request for traits. */
import { type LimitRule, type Parameters, readLimit, readNames, readText, refused } from './parameters.ts'
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

/** Traits on a page, if neither the request nor a setting says otherwise. */
export const TRAITS_LIMIT = 10
export const TRAITS_LIMIT_MAX = 200

/** Reads the parameters. Throws an EngineError for one that is given twice or breaks a rule. */
export function readTraitsQuery(parameters: Parameters, usual = TRAITS_LIMIT): TraitsQuery {
  const limits: LimitRule = { usual, max: TRAITS_LIMIT_MAX }
  return {
    include: readNames(parameters, 'include'),
    class: readClass(readText(parameters, 'class')),
    limit: readLimit(parameters, limits),
    next: readText(parameters, 'next') ?? '',
    verbose: readText(parameters, 'verbose') === 'true',
  }
}

function readClass(value: string | undefined): TraitClass | undefined {
  if (value === undefined || value === 'audience' || value === 'computed_trait') return value
  throw refused('class', 'expected audience or computed_trait')
}
