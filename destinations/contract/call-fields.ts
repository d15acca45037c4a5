/** Reads from a call what it says, whichever its type. */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'

/** Returns the values of a call: that of its definition, and those that enrich it. */
export function valuesOf(call: DeliveryCall): JsonObject {
  return call.type === 'track' ? call.properties : call.traits
}

/** Returns the value of the definition that a call is about; undefined if the call has none. */
export function valueOf(call: DeliveryCall): JsonValue | undefined {
  const { computation_key: key } = call.context.personas
  const values = valuesOf(call)
  return Object.hasOwn(values, key) ? values[key] : undefined
}

/** Returns the email that a call addresses, as it was sent. */
export function emailOf(call: DeliveryCall): JsonValue | undefined {
  return call.type === 'track' ? (call.context.traits?.['email'] ?? call.properties['email']) : call.traits['email']
}
