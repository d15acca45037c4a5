/**
 * One thing that a destination is to be told: that a value is so, for a user, or for an account itself. It is a
 * snapshot: whom it addresses stays as it was when the value became so, whatever becomes of the profile.
 */
import type { JsonObject } from '../model/json.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { JsonValue } from '../model/json.ts'

export interface Delivery {
  /** Counts the deliveries of the space. */
  readonly number: number
  readonly connectionId: string
  /** Ordinal of the actor whose deliveries to a destination stay in order. */
  readonly actor: number
  /** Ordinal of the actor whose value it is: an account's is told to its users. */
  readonly owner: number
  readonly subject: Subject
  /** Of whom the value is, `user_id:u1` or `group_id:g1`. */
  readonly profile: string
  readonly value: JsonValue
  /** Of the transition that made the value so. */
  readonly sequence: number
  /** When the value became so, and when it was known; epoch ms. */
  readonly at: number
  readonly queuedAt: number
  /** How often all was sent anew, for the connection. */
  readonly resync: number
  /** What goes with the value. */
  readonly traits: JsonObject | undefined
}

/** As it goes to a worker: without what only the outbox needs. */
export type OutgoingDelivery = Omit<Delivery, 'owner' | 'queuedAt'>

export function outgoing(delivery: Delivery): OutgoingDelivery {
  const { number, connectionId, actor, subject, profile, value, sequence, at, resync, traits } = delivery
  return { number, connectionId, actor, subject, profile, value, sequence, at, resync, traits }
}

export type Subject =
  | {
      readonly kind: 'user'
      /** In the order in which they were added. */
      readonly ids: readonly ExternalId[]
      /** Only what these ids address is told; undefined: all. */
      readonly only: readonly ExternalId[] | undefined
    }
  | { readonly kind: 'account'; readonly groupId: string }

/** Deliveries of the same name replace one another: the latest holds. */
export function nameOf({ connectionId, subject, profile }: Delivery): string {
  if (subject.kind === 'account') return `${connectionId} ${profile}`
  const only = subject.only?.map(({ type, value }) => `${type}:${value}`).join(' ') ?? ''
  return `${connectionId} ${profile.startsWith('group_id:') ? profile : ''} ${only}`
}
