/** Makes the call of a sample, as a delivery of its value would. */
import { callsOf } from '../calls/calls.ts'
import type { DeliveryCall } from '../model/delivery-call.ts'
import type { AddressedProfile, CallSample } from '../model/destination-admin.ts'
import { EngineError } from '../model/errors.ts'
import type { OutgoingDelivery, Subject } from '../outbox/delivery.ts'
import { enrichmentOf } from '../outbox/enrichment.ts'

export interface SampleSetting {
  /** The name of the destination in `integrations`. */
  readonly destinationName: string
  readonly spaceId: string
  /** Epoch ms. */
  readonly now: number
}

const USER: AddressedProfile = {
  ids: [
    { type: 'user_id', value: 'example-user' },
    { type: 'email', value: 'alex@example.com' },
  ],
  traits: { email: 'alex@example.com', first_name: 'Alex', last_name: 'Example', phone: '+12025550100' },
}
const ACCOUNT: AddressedProfile = {
  ids: [{ type: 'group_id', value: 'example-account' }],
  traits: { name: 'Example' },
}

/** Returns the first of the calls. Throws an EngineError if the profile has no id that the connection sends. */
export function sampleCall(
  { connection, type, value, about }: CallSample,
  { destinationName, spaceId, now }: SampleSetting,
): DeliveryCall {
  const { ids, traits } = about ?? (type === 'group' ? ACCOUNT : USER)
  const [first] = ids
  const group = ids.find((id) => id.type === 'group_id')
  const subject: Subject =
    type === 'group' ? { kind: 'account', groupId: group?.value ?? '' } : { kind: 'user', ids, only: undefined }
  const delivery: OutgoingDelivery = {
    number: 0,
    connectionId: connection.id,
    actor: 0,
    ownId: 0,
    subject,
    profile: first ? `${first.type}:${first.value}` : '',
    value,
    sequence: 1,
    at: now,
    resync: 0,
    traits: enrichmentOf(connection.traits, (key) => (Object.hasOwn(traits, key) ? traits[key] : undefined)),
  }
  const sends = { identify: type === 'identify', track: type === 'track', group: type === 'group' }
  const [call] = callsOf(delivery, { connection: { ...connection, sends }, destinationName, spaceId })
  if (call) return call
  throw new EngineError('validation_error', 'profile: expected one with an id that the connection sends', 'profile')
}
