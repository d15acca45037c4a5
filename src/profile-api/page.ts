/**
 * Writes one page of traits as JSON text. By hand: a JavaScript object puts keys like `7` before all others, and the
 * keys stand in byte order.
 */
import { formatInstant } from '../model/time.ts'
import { cursorOf, type NextAddress } from './cursor.ts'
import type { TraitsQuery } from './query.ts'
import type { Trait } from './traits.ts'

/**
 * Returns the instant since which the value of a definition is exact, epoch ms; undefined if it is over all history.
 */
export type ExactSince = (definition: number) => number | undefined

export interface TraitsPageOptions {
  readonly address: NextAddress
  readonly exactSince: ExactSince
}

/** @param traits from the first of the page on, in byte order of their keys, with the first of the next page */
export function traitsPage(
  traits: readonly Trait[],
  query: TraitsQuery,
  { address, exactSince }: TraitsPageOptions,
): string {
  const { shown, next } = onPage(traits, query)
  const members = shown.map((trait) => {
    const value = query.verbose ? JSON.stringify(verbose(trait, exactSince)) : JSON.stringify(trait.value)
    return `${JSON.stringify(trait.key)}:${value}`
  })
  const cursor = cursorOf(next, query.limit, address)
  return `{"traits":{${members.join(',')}},"cursor":${JSON.stringify(cursor)}}`
}

/** Writes the same page in the form of before 2020: a list of properties. */
export function propertiesPage(
  traits: readonly Trait[],
  query: TraitsQuery,
  { address, exactSince }: TraitsPageOptions,
): string {
  const { shown, next } = onPage(traits, query)
  const data = shown.map((trait) => {
    const { key, value } = trait
    return query.verbose ? { key, ...verbose(trait, exactSince) } : { key, value }
  })
  return JSON.stringify({ data, cursor: cursorOf(next, query.limit, address) })
}

function onPage(traits: readonly Trait[], { limit }: TraitsQuery) {
  return { shown: traits.slice(0, limit), next: traits[limit]?.key }
}

function verbose({ value, sourceId, updatedAt, definition }: Trait, exactSince: ExactSince): object {
  const since = definition === undefined ? undefined : exactSince(definition)
  return {
    value,
    source_id: sourceId,
    ...(updatedAt !== undefined && { updated_at: formatInstant(updatedAt) }),
    ...(since !== undefined && { exact_since: formatInstant(since) }),
  }
}
