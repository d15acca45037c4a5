/** Calls as destinations get them. */
import type { DeliveryCall, IdentifyDelivery } from '../../src/model/delivery-call.ts'
import type { JsonObject } from '../../src/model/json.ts'

export const PERSONAS = {
  computation_class: 'audience',
  computation_id: 'aud_1',
  computation_key: 'vips',
  namespace: 'spa_1',
  space_id: 'spa_1',
} as const

export const SINCE = '2026-03-01T12:00:00.000Z'

export function identify(
  userId: string,
  traits: JsonObject = { vips: true },
  changes: Partial<IdentifyDelivery> = {},
): IdentifyDelivery {
  return { ...envelope(userId), type: 'identify', userId, traits, ...changes }
}

function envelope(id: string) {
  return {
    messageId: `personas_${id}`,
    context: { personas: PERSONAS },
    integrations: { All: false, Webhooks: true },
    timestamp: SINCE,
    originalTimestamp: SINCE,
  }
}

export function track(userId: string, properties: JsonObject, email?: string): DeliveryCall {
  const context = { personas: PERSONAS, ...(email !== undefined && { traits: { email } }) }
  return { ...envelope(userId), userId, context, type: 'track', event: 'Audience Entered', properties }
}

export function group(groupId: string, traits: JsonObject): DeliveryCall {
  return { ...envelope(groupId), type: 'group', groupId, traits }
}
