/**
 * The bytes of one actor as version 2 of checkpoints has them: a list of its parts, packed. Version 1 was a map with
 * the parts' names, without the receive time of the last call.
 */
import { unpack } from 'msgpackr'

export const USER = 0
export const ACCOUNT = 1

/** Traits, values of definitions, and what they need to be read. */
export interface ValueParts {
  /** Instant, number and source of each call that set a trait, one behind the other. */
  readonly origins: readonly (number | string)[]
  /** For each trait, the index of its origin. */
  readonly traits: readonly number[]
  /** For each definition: id, transitions, instant of the last one, and 1 if it has been one, else 0. */
  readonly defined: readonly number[]
  /** True if the last of the values holds the totals of forgotten events. */
  readonly hasOlder: boolean
  /** Keys and values of the traits, then the values of the definitions; packed as those of events are. */
  readonly values: Uint8Array
}

export interface UserFrame extends ValueParts {
  readonly kind: typeof USER
  readonly ordinal: number
  /** Types and values in turn. */
  readonly ids: readonly string[]
  readonly mergeCount: number
  /** Receive time of the last call, epoch ms. */
  readonly seenAt: number
  /** Ordinals, in the order in which they were linked. */
  readonly accounts: readonly number[]
  readonly history: Uint8Array
}

export interface AccountFrame extends ValueParts {
  readonly kind: typeof ACCOUNT
  readonly ordinal: number
  readonly groupId: string
  /** Ordinals and the instants at which they were linked, in turn. */
  readonly users: readonly number[]
}

export type ActorFrame = UserFrame | AccountFrame

type Parts = [
  kind: number,
  ordinal: number,
  names: readonly string[] | string,
  mergeCount: number,
  seenAt: number,
  links: readonly number[],
  history: Uint8Array | undefined,
  origins: readonly (number | string)[],
  traits: readonly number[],
  defined: readonly number[],
  hasOlder: boolean,
  values: Uint8Array,
]

export function readFrame(bytes: Uint8Array): ActorFrame {
  const read = unpack(bytes) as Parts | FrameOfVersion1
  if (!Array.isArray(read)) return upgraded(read)
  const [kind, ordinal, names, mergeCount, seenAt, links, history, origins, traits, defined, hasOlder, values] = read
  const rest = { ordinal, origins, traits, defined, hasOlder, values }
  return kind === USER
    ? { kind, ids: names as string[], mergeCount, seenAt, accounts: links, history: history!, ...rest }
    : { kind: ACCOUNT, groupId: names as string, users: links, ...rest }
}

interface FrameOfVersion1 {
  readonly kind: 'user' | 'account'
  readonly ordinal: number
  readonly ids: readonly (readonly [type: string, value: string])[]
  readonly mergeCount: number
  readonly accounts: readonly number[]
  readonly history: Uint8Array
  readonly groupId: string
  readonly users: readonly (readonly [ordinal: number, linkedAt: number])[]
  readonly traits: readonly (readonly [ts: number, arrival: number, sourceId: string])[]
  readonly defined: readonly (readonly [id: number, sequence: number, changedAt: number, hasBeenOne: boolean])[]
  readonly hasOlder: boolean
  readonly values: Uint8Array
}

/**
 * Reads version 1. It lacks the receive time of a user's last call; the last change of a value is as late as can be
 * known.
 */
function upgraded(frame: FrameOfVersion1): ActorFrame {
  const { ordinal, hasOlder, values } = frame
  const rest = {
    ordinal,
    origins: frame.traits.flat(),
    traits: frame.traits.map((_, index) => index),
    defined: frame.defined.flatMap(([id, sequence, changedAt, hasBeenOne]) => [
      id,
      sequence,
      changedAt,
      hasBeenOne ? 1 : 0,
    ]),
    hasOlder,
    values,
  }
  if (frame.kind === 'account') return { kind: ACCOUNT, groupId: frame.groupId, users: frame.users.flat(), ...rest }
  const { ids, mergeCount, accounts, history, traits, defined } = frame
  const seenAt = Math.max(0, ...traits.map(([ts]) => ts), ...defined.map(([, , changedAt]) => changedAt))
  return { kind: USER, ids: ids.flat(), mergeCount, seenAt, accounts, history, ...rest }
}
