/**
 * Readers of an event's property or context field, and the key by which equal fields are recognised.
 *
 * Example: `property('cart.total')` becomes a reader that walks `cart`, then `total`.
 */
import type { EventField } from '../../src/language/tree.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import { compilePath, type Reached } from '../values/values.ts'

export type FieldReader = (event: ProfileEvent) => Reached

export function fieldKey(field: EventField, whole = false): string {
  return `${field.kind}:${field.path}${whole ? ':whole' : ''}`
}

export function compileField(field: EventField, whole = false): FieldReader {
  const read = compilePath(field.path, whole)
  return field.kind === 'property' ? (event) => read(event.properties) : (event) => read(event.context)
}
