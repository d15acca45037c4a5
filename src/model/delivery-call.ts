/**
 * What a destination is told of a change: a call in the shape that Segment's audiences and computed traits arrive in,
 * with `context.personas` saying what was computed. One call addresses one identity of a profile.
 */
import type { JsonObject } from './json.ts'

export interface Personas {
  readonly computation_class: 'audience' | 'trait'
  /** `aud_…` or `tra_…`. */
  readonly computation_id: string
  readonly computation_key: string
  readonly namespace: string
  readonly space_id: string
  /** What the destination gave a list that it has made for the audience. */
  readonly external_audience_id?: string
}

export interface DeliveryContext {
  readonly personas: Personas
  /** Of a track call: who it is about, beyond `userId`. */
  readonly traits?: JsonObject
  readonly externalIds?: readonly ExternalIdEntry[]
  readonly device?: { readonly type: 'ios' | 'android'; readonly advertisingId?: string; readonly token?: string }
}

export interface ExternalIdEntry {
  readonly id: string
  readonly type: string
  readonly collection: 'users'
  readonly encoding: 'none'
}

interface CallBase {
  /** `personas_` and a KSUID; the same on every try. */
  readonly messageId: string
  readonly userId?: string
  readonly anonymousId?: string
  readonly context: DeliveryContext
  /** `{ "All": false, "<destination>": true }`. */
  readonly integrations: Readonly<Record<string, boolean>>
  /** The instant at which it became so, ISO 8601. */
  readonly timestamp: string
  readonly originalTimestamp: string
}

export interface IdentifyDelivery extends CallBase {
  readonly type: 'identify'
  /** The boolean under the audience's key, or the value under the trait's; and what enriches it. */
  readonly traits: JsonObject
}

export interface TrackDelivery extends CallBase {
  readonly type: 'track'
  /** `Audience Entered`, `Audience Exited`, `Trait Computed`, or what the connection calls them. */
  readonly event: string
  readonly properties: JsonObject
}

export interface GroupDelivery extends CallBase {
  readonly type: 'group'
  readonly groupId: string
  readonly traits: JsonObject
}

export type DeliveryCall = IdentifyDelivery | TrackDelivery | GroupDelivery
