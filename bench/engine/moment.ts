/** One call as the general-purpose baselines take it: named, timed, once. */
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import { formatInstant } from '../../src/model/time.ts'
import { entryOf } from '../harness/calls.ts'
import { readInstant } from './instant.ts'
import type { ShopCall, ShopProperties, ShopTraits } from './shop-call.ts'

export interface Moment {
  readonly userId: string
  readonly messageId: string
  /** Only for a call that sets traits: `identify`. */
  readonly name: string
  readonly ts: number
  readonly now: number
  readonly properties: ShopProperties
  readonly traits: ShopTraits | undefined
}

const NOTHING: ShopProperties = {}

export function momentOf({ receivedAt, calls }: CallsEntry<RawCall>): Moment {
  const call = calls[0]!.body as ShopCall
  return {
    userId: call.userId,
    messageId: call.messageId,
    name: call.type === 'track' ? call.event : call.type === 'page' ? 'Page Viewed' : 'identify',
    ts: Math.min(readInstant(call.timestamp), receivedAt),
    now: receivedAt,
    properties: call.type === 'identify' ? NOTHING : call.properties,
    traits: call.type === 'identify' ? call.traits : undefined,
  }
}

/** A call that no definition asks for: it makes a baseline judge the profile at that instant. */
export function lastLook(userId: string, at: number): CallsEntry<RawCall> {
  const timestamp = formatInstant(at)
  const body = { type: 'track', messageId: `last-${userId}`, timestamp, userId, event: 'Looked At', properties: {} }
  return entryOf(body, at)
}
