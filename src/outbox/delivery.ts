/**
 * A delivery: the value of a definition, for a user or an account, on its way to a destination. It is a snapshot: the
 * ids that it addresses stay as they were, whatever becomes of the profile.
 */
import type { JsonObject, JsonValue } from '../model/json.ts'
import type { ExternalId } from '../model/external-id.ts'

export interface Delivery {
  /** The number of the delivery in its space, from 1. */
  readonly number: number
  readonly connectionId: string
  /** The activation by which it is sent; undefined: the connection itself. */
  readonly activationId?: string | undefined
  /** Ordinal of the actor whose deliveries to a destination stay in order. */
  readonly actor: number
  /** Ordinal of the actor that has the value: an account's value goes to its users too. */
  readonly owner: number
  readonly subject: Subject
  /** The owner, if calls are named by own ids: not before version 5 of the rules, when they were by `profile`. */
  readonly ownId: number | undefined
  /** The profile that has the value, `user_id:u1` or `group_id:g1`. */
  readonly profile: string
  readonly value: JsonValue
  /** Sequence of the transition to this value. */
  readonly sequence: number
  /** The instant of the change, and when it was received; epoch ms. */
  readonly at: number
  readonly queuedAt: number
  /** Counts how often everything was sent again for the connection. */
  readonly resync: number
  /**
   * The number of calls until then, where an account's value begins or ends for a user with their link; undefined for
   * all else, and for links of before version 6 of the rules.
   */
  readonly anew?: number | undefined
  /** True if the profile is deleted: no more is known of it than the call needs. */
  readonly isFinal?: boolean
  /** True if it tells of no value, but that the destination is to delete whom it is about. */
  readonly isDeletion?: boolean
  /** Traits that go with the value. */
  readonly traits: JsonObject | undefined
}

/** A delivery as a worker gets it: without the fields that only the outbox needs. */
export type OutgoingDelivery = Omit<Delivery, 'owner' | 'queuedAt'>

export function outgoing(delivery: Delivery): OutgoingDelivery {
  const { number, connectionId, activationId, actor, ownId, subject, profile } = delivery
  const { value, sequence, at, resync, anew, isFinal, isDeletion, traits } = delivery
  return {
    number,
    connectionId,
    activationId,
    actor,
    ownId,
    subject,
    profile,
    value,
    sequence,
    at,
    resync,
    anew,
    ...(isFinal === true && { isFinal }),
    ...(isDeletion === true && { isDeletion }),
    traits,
  }
}

/** Returns a delivery as one of a profile that is deleted. */
export function asFinal(delivery: Delivery): Delivery {
  return { ...delivery, traits: undefined, isFinal: true }
}

/**
 * True for what is told of nobody whose profile is deleted: that it has entered, by an activation. An exit follows, but
 * not by an activation of entries alone.
 */
export function isMoot({ activationId, value }: Delivery): boolean {
  return activationId !== undefined && value === true
}

export type Subject =
  | {
      readonly kind: 'user'
      /** In the order in which they were added. */
      readonly ids: readonly ExternalId[]
      /** Only these ids are addressed; undefined: all. */
      readonly only: readonly ExternalId[] | undefined
    }
  | { readonly kind: 'account'; readonly groupId: string }

/** Names a delivery: one replaces those of the same name that wait. */
export function nameOf({ connectionId, activationId, subject, profile, isDeletion }: Delivery): string {
  if (isDeletion) return `${connectionId} deletion`
  const by = activationId === undefined ? connectionId : `${connectionId} ${activationId}`
  if (subject.kind === 'account') return `${by} ${profile}`
  const only = subject.only?.map(({ type, value }) => `${type}:${value}`).join(' ') ?? ''
  return `${by} ${profile.startsWith('group_id:') ? profile : ''} ${only}`
}
