/** The values that a path reached as data: a list that is empty, of one value, or of several. */
import type { JsonValue } from '../../src/model/json.ts'
import { type Reached, Several } from './values.ts'

export function reachedToJson(reached: Reached): JsonValue[] {
  if (reached === undefined || reached === null) return []
  return reached instanceof Several ? [...reached.values] : [reached]
}

export function reachedFromJson(values: readonly JsonValue[]): Reached {
  return values.length < 2 ? values[0] : new Several(values)
}
