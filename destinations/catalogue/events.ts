/** Makes the events that definitions read: our calls, with what Segment adds to them. */
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { CallKind } from './catalogue.ts'

/** Tells calls apart as definitions do. Events may have names of the connection's own: the value says which it is. */
export function kindOf(call: DeliveryCall): CallKind {
  if (call.type !== 'track') return call.type
  const { computation_class: kind, computation_key: key } = call.context.personas
  if (kind === 'trait') return 'computed'
  return call.properties[key] === true ? 'entered' : 'exited'
}

export interface EventSetting {
  readonly audienceSettings: JsonObject
  /** In place of the connection's own names of events. */
  readonly names?: Readonly<Partial<Record<CallKind, string>>> | undefined
}

/** By the names of events, definitions of lists tell whoever enters from whoever leaves. */
export const USUAL_NAMES = {
  entered: 'Audience Entered',
  exited: 'Audience Exited',
  computed: 'Trait Computed',
} as const

/** Pure: a call that comes again becomes the same event, times included, so that tools can tell that it does. */
export function eventOf(call: DeliveryCall, { audienceSettings, names }: EventSetting): JsonObject {
  const { context, timestamp } = call
  const known = call.type === 'identify' ? contactOf(call.traits) : (context.traits ?? {})
  return asJson({
    ...call,
    ...(names && call.type === 'track' && { event: names[kindOf(call)] }),
    sentAt: timestamp,
    receivedAt: timestamp,
    context: {
      ...context,
      ...(Object.keys(known).length > 0 && { traits: known }),
      personas: { ...context.personas, audience_settings: audienceSettings },
    },
  })
}

/** The traits by which tools find a person; definitions look for them in the context as well. */
function contactOf(traits: JsonObject): JsonObject {
  const { email, phone } = traits
  return { ...(email !== undefined && { email }), ...(phone !== undefined && { phone }) }
}

function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}

/** Returns what an event has at a payload's field, as far as its mapping is a path or a value. */
export function resolved(mapping: JsonObject, field: string, event: JsonObject): JsonValue | undefined {
  const held = mapping[field]
  if (typeof held !== 'object' || held === null || Array.isArray(held)) return held
  const path = held['@path']
  if (typeof path !== 'string') return JSON.stringify(held)
  const names = path.replace(/^\$\./, '').split('.')
  return names.reduce<JsonValue | undefined>(
    (value, name) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value[name] : undefined),
    event,
  )
}
