/**
 * Activations: each says which changes of its connection's audience are sent, by which call, and with which traits.
 * Segment: Public API, «Activations».
 */

export const ACTIVATION_TYPES = ['Audience Entered', 'Audience Exited', 'Audience Membership Changed'] as const
export type ActivationType = (typeof ACTIVATION_TYPES)[number]

/** The kind of call that an activation makes. */
export const ACTIONS = ['identify', 'track', 'group'] as const
export type Action = (typeof ACTIONS)[number]

/** Activations that a connection may have. */
export const ACTIVATIONS_MAX = 20

/** As a command of the journal carries it, and as its connection's record has it. */
export interface ActivationRecord {
  /** `act_…`. */
  readonly id: string
  readonly name: string
  readonly type: ActivationType
  /** False: it sends nothing; the others of its connection go on. */
  readonly enabled: boolean
  /** Traits that it adds to those of its connection, by their name at the destination. */
  readonly traits: Readonly<Record<string, string>>
  /** Undefined: the calls are those that its connection makes. */
  readonly mapping?: ActivationMapping | undefined
  /** Epoch ms. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface ActivationMapping {
  readonly action: Action
  /** Names of its track calls; those that are left out are the connection's. */
  readonly events: { readonly entered?: string; readonly exited?: string }
}

/** Tells if activations of a type are told of who is a member, or of who is none any more. */
export function isToldOf(type: ActivationType, isMember: boolean): boolean {
  return type !== (isMember ? 'Audience Exited' : 'Audience Entered')
}
