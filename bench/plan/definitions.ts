/** Sets of audiences of any size, of which a call concerns the same few. */
import type { DefinitionSource } from '../../src/model/definition.ts'

/** Concerned in every set. */
export const CONCERNED = 10

/** Ten audiences on the event that is sent; the others on events that never come. */
export function onOtherEvents(count: number): DefinitionSource[] {
  return queries(count, (index) =>
    index < CONCERNED
      ? `event('Visited').within(${index + 1} days).count() >= 2`
      : `event('Unheard ${index}').within(7 days).count() >= 2`,
  )
}

/** All on the event that is sent, each for another value of a property; the calls have the first ten of them. */
export function onOtherValues(count: number): DefinitionSource[] {
  return queries(count, (index) => `event('Visited').where(property('sku') = 's-${index}').within(7 days).count() >= 2`)
}

/** All on the event that is sent, each for another count of it, of which a user reaches the first ten at most. */
export function onOtherCounts(count: number): DefinitionSource[] {
  return queries(count, (index) => `event('Visited').within(7 days).count() >= ${index + 1}`)
}

function queries(count: number, queryOf: (index: number) => string): DefinitionSource[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'audience',
    key: `audience_${index}`,
    type: 'USERS',
    query: queryOf(index),
  }))
}
