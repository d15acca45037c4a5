/** How an event's property or context field is read, and the key by which equal fields are known. */
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
