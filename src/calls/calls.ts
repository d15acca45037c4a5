/**
 * Makes the calls that a destination receives for a delivery: exactly those that Segment sends for audiences and
 * computed traits. Pure: the same delivery gives the same calls, ids included.
 */
import type { DeliveryCall, DeliveryContext, Personas } from '../model/delivery-call.ts'
import type { ConnectionRecord } from '../model/destination.ts'
import type { JsonObject } from '../model/json.ts'
import { type Sending, sendingOf } from '../model/sending.ts'
import type { ExternalId } from '../model/external-id.ts'
import { formatInstant } from '../model/time.ts'
import { type Addressee, addresseesOf, addressOf } from './addressees.ts'
import type { OutgoingDelivery } from '../outbox/delivery.ts'
import type { DeliveryJob } from '../queue/job.ts'
import { messageIdOf } from './message-id.ts'

/** The settings of calls, beyond the delivery. */
export interface CallSetting {
  readonly connection: ConnectionRecord
  /** The name of the destination in `integrations`. */
  readonly destinationName: string
  readonly spaceId: string
}

/** The fields of a delivery by which it finds its addressees. */
type Addressed = Pick<OutgoingDelivery, 'subject' | 'value' | 'activationId' | 'isDeletion'>

/**
 * Makes one call of each kind for each identity, in the order in which they are sent; none if nobody is addressed, or
 * the activation of the delivery sends nothing any more. For a deletion it is one that names the identity.
 */
export function callsOf(delivery: OutgoingDelivery, setting: CallSetting): DeliveryCall[] {
  if (delivery.isDeletion)
    return addresseesFor(delivery, setting.connection).map((addressee) => identifyCall(delivery, setting, addressee))
  const sending = sendingOf(setting.connection, delivery.activationId)
  if (!sending) return []
  const { sends } = sending
  if (delivery.subject.kind === 'account')
    return sends.group ? [groupCall(delivery, setting, delivery.subject.groupId)] : []
  return addresseesFor(delivery, setting.connection).flatMap((addressee) => [
    ...(sends.identify ? [identifyCall(delivery, setting, addressee)] : []),
    ...(sends.track ? [trackCall(delivery, { ...setting, sending }, addressee)] : []),
  ])
}

/** Makes the calls of each item of a job, in order. */
export function callsOfJob(
  { items, connections }: Pick<DeliveryJob, 'items' | 'connections'>,
  setting: Omit<CallSetting, 'connection'>,
): DeliveryCall[][] {
  const settings = new Map(connections.map((connection) => [connection.id, { ...setting, connection }]))
  return items.map((item) => callsOf(item, settings.get(item.connectionId)!))
}

/** Returns the number of calls that a delivery makes. */
export function callCountOf(delivery: Addressed, connection: ConnectionRecord): number {
  if (delivery.isDeletion) return addresseesFor(delivery, connection).length
  const sending = sendingOf(connection, delivery.activationId)
  if (!sending) return 0
  const { identify, track, group } = sending.sends
  if (delivery.subject.kind === 'account') return Number(group)
  const kinds = Number(identify) + Number(track)
  return kinds === 0 ? 0 : kinds * addresseesFor(delivery, connection).length
}

function addresseesFor({ subject, value, isDeletion }: Addressed, connection: ConnectionRecord): Addressee[] {
  if (subject.kind === 'account') return []
  const { idSync, includesAnonymous, kind } = connection
  const isExit = isDeletion === true || (kind === 'audience' && value === false)
  return addresseesOf(subject.ids, { idSync, includesAnonymous, isExit, only: subject.only })
}

function identifyCall(delivery: OutgoingDelivery, setting: CallSetting, addressee: Addressee): DeliveryCall {
  return {
    type: 'identify',
    ...namesOf(addressee),
    traits: { ...delivery.traits, ...emailOf(addressee), [setting.connection.key]: delivery.value },
    ...envelope(delivery, setting, 'identify', addressOf(addressee)),
    context: contextOf(setting, addressee),
  }
}

function trackCall(
  delivery: OutgoingDelivery,
  setting: CallSetting & { readonly sending: Sending },
  addressee: Addressee,
): DeliveryCall {
  const { key, kind } = setting.connection
  const { events } = setting.sending
  const { value } = delivery
  const nameOfKey = kind === 'audience' ? 'audience_key' : 'trait_key'
  return {
    type: 'track',
    event: kind === 'computed_trait' ? events.computed : value === true ? events.entered : events.exited,
    ...namesOf(addressee),
    properties: { ...delivery.traits, [nameOfKey]: key, [key]: value },
    ...envelope(delivery, setting, 'track', addressOf(addressee)),
    context: { ...contextOf(setting, addressee), ...traitsOf(addressee) },
  }
}

function groupCall(delivery: OutgoingDelivery, setting: CallSetting, groupId: string): DeliveryCall {
  return {
    type: 'group',
    groupId,
    traits: { ...delivery.traits, [setting.connection.key]: delivery.value },
    ...envelope(delivery, setting, 'group', groupId),
    context: { personas: personasOf(setting) },
  }
}

function envelope(delivery: OutgoingDelivery, setting: CallSetting, type: DeliveryCall['type'], address: string) {
  const { ownId, profile, sequence, resync, anew, at, value, activationId } = delivery
  const { id, definitionId, key, destinationId } = setting.connection
  const timestamp = formatInstant(at)
  // Names are given again: a definition's key, a user's id. Own ids are not.
  const about =
    ownId === undefined ? [profile, key, sequence, destinationId] : [ownId, definitionId, sequence, destinationId, id]
  return {
    // United profiles may both have had a transition of this sequence, with different values: those are not one call.
    messageId: messageIdOf(
      [...about, type, address, resync, JSON.stringify(value), ...given(anew), ...given(activationId)],
      at,
    ),
    integrations: { All: false, [setting.destinationName]: true },
    timestamp,
    originalTimestamp: timestamp,
  }
}

function given<Part extends string | number>(part: Part | undefined): Part[] {
  return part === undefined ? [] : [part]
}

function personasOf({ connection, spaceId }: CallSetting): Personas {
  return {
    computation_class: connection.kind === 'audience' ? 'audience' : 'trait',
    computation_id: connection.definitionId,
    computation_key: connection.key,
    namespace: spaceId,
    space_id: spaceId,
  }
}

function namesOf({ userId, anonymousId }: Addressee): { userId?: string; anonymousId?: string } {
  if (userId !== undefined) return { userId }
  return anonymousId === undefined ? {} : { anonymousId }
}

function emailOf({ email }: Addressee): JsonObject {
  return email === undefined ? {} : { email }
}

function traitsOf(addressee: Addressee): { traits?: JsonObject } {
  return addressee.email === undefined ? {} : { traits: emailOf(addressee) }
}

function contextOf(setting: CallSetting, { userId, email, anonymousId, others }: Addressee): DeliveryContext {
  const named: ExternalId[] = [...others]
  // A profile known by an email alone is named here too: a call has no other field for it.
  if (userId === undefined && anonymousId === undefined && email !== undefined)
    named.push({ type: 'email', value: email })
  const mobile = others.findLast(({ type }) => type.endsWith('.idfa'))
  const device = mobile && {
    type: mobile.type.startsWith('ios') ? ('ios' as const) : ('android' as const),
    advertisingId: mobile.value,
  }
  return {
    personas: personasOf(setting),
    ...(device && { device }),
    ...(named.length > 0 && {
      externalIds: named.map(
        ({ type, value }) => ({ id: value, type, collection: 'users', encoding: 'none' }) as const,
      ),
    }),
  }
}
