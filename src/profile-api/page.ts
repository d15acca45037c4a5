/**
 * Writes one page of traits as JSON text. By hand: a JavaScript object puts keys like `7` before all others, and the
 * keys stand in byte order.
 */
import { formatInstant } from '../model/time.ts'
import type { TraitsQuery } from './query.ts'
import { compareBytes, type Trait } from './traits.ts'

/**
 * Returns the instant since which the value of a definition is exact, epoch ms; undefined if it is over all history.
 */
export type ExactSince = (definition: number) => number | undefined

/**
 * @param traits in byte order of their keys
 * @param path of the request, for the address of the next page
 */
export function traitsPage(
  traits: readonly Trait[],
  query: TraitsQuery,
  { path, exactSince }: { readonly path: string; readonly exactSince: ExactSince },
): string {
  const rest = query.next === '' ? traits : traits.filter(({ key }) => compareBytes(key, query.next) >= 0)
  const next = rest[query.limit]?.key
  const members: string[] = []
  for (const trait of rest.slice(0, query.limit)) {
    const value = query.verbose ? verboseText(trait, exactSince) : JSON.stringify(trait.value)
    members.push(`${JSON.stringify(trait.key)}:${value}`)
  }
  const cursor = {
    url: next === undefined ? '' : nextAddress(query, path, next),
    has_more: next !== undefined,
    next: next ?? '',
    limit: query.limit,
  }
  return `{"traits":{${members.join(',')}},"cursor":${JSON.stringify(cursor)}}`
}

function verboseText({ value, sourceId, updatedAt, definition }: Trait, exactSince: ExactSince): string {
  const since = definition === undefined ? undefined : exactSince(definition)
  return JSON.stringify({
    value,
    source_id: sourceId,
    ...(updatedAt !== undefined && { updated_at: formatInstant(updatedAt) }),
    ...(since !== undefined && { exact_since: formatInstant(since) }),
  })
}

function nextAddress({ include, class: its, limit, verbose }: TraitsQuery, path: string, next: string): string {
  const parameters = new URLSearchParams({ limit: String(limit) })
  if (include) parameters.set('include', [...include].join(','))
  if (its) parameters.set('class', its)
  if (verbose) parameters.set('verbose', 'true')
  parameters.set('next', next)
  return `${path}?${parameters.toString()}`
}
