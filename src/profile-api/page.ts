/**
 * One page of traits as JSON text. Written by hand: an object of JavaScript puts keys like `7` before all others, and
 * the keys stand in byte order.
 */
import { formatInstant } from '../model/time.ts'
import type { TraitsQuery } from './query.ts'
import { compareBytes, type Trait } from './traits.ts'

/**
 * @param traits in byte order of their keys
 * @param path of the request, for the address of the next page
 */
export function traitsPage(traits: readonly Trait[], query: TraitsQuery, path: string): string {
  const chosen = traits.filter(
    ({ key, class: its }) => (query.include?.has(key) ?? true) && (query.class === undefined || query.class === its),
  )
  const rest = chosen.filter(({ key }) => compareBytes(key, query.next) >= 0)
  const next = rest[query.limit]?.key
  const members = rest.slice(0, query.limit).map((trait) => `${JSON.stringify(trait.key)}:${valueText(trait, query)}`)
  const cursor = {
    url: next === undefined ? '' : nextAddress(query, path, next),
    has_more: next !== undefined,
    next: next ?? '',
    limit: query.limit,
  }
  return `{"traits":{${members.join(',')}},"cursor":${JSON.stringify(cursor)}}`
}

function valueText({ value, updatedAt }: Trait, { verbose }: TraitsQuery): string {
  if (!verbose) return JSON.stringify(value)
  return JSON.stringify({ value, ...(updatedAt === undefined ? {} : { updated_at: formatInstant(updatedAt) }) })
}

function nextAddress({ include, class: its, limit, verbose }: TraitsQuery, path: string, next: string): string {
  const parameters = new URLSearchParams({ limit: String(limit) })
  if (include) parameters.set('include', [...include].join(','))
  if (its) parameters.set('class', its)
  if (verbose) parameters.set('verbose', 'true')
  parameters.set('next', next)
  return `${path}?${parameters.toString()}`
}
