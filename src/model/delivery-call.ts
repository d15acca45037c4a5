/**
 * Calls that destinations receive, in the shape of Segment's audiences and computed traits, with `context.personas`
 * naming the definition. One call addresses one identity of a profile.
 */
import type { JsonObject } from './json.ts'

export interface Personas {
  readonly computation_class: 'audience' | 'trait'
  /** `aud_…` or `tra_…`. */
  readonly computation_id: string
  readonly computation_key: string
  readonly namespace: string
  readonly space_id: string
  /** The destination's id of the list that it has created for the audience. */
  readonly external_audience_id?: string
}

export interface DeliveryContext {
  readonly personas: Personas
  /** For a track call: the profile's email. */
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
  /** The instant of the change, ISO 8601. */
  readonly timestamp: string
  readonly originalTimestamp: string
}

export interface IdentifyDelivery extends CallBase {
  readonly type: 'identify'
  /** The boolean under the audience's key, or the value under the trait's; and the traits that the connection adds. */
  readonly traits: JsonObject
}

export interface TrackDelivery extends CallBase {
  readonly type: 'track'
  /** `Audience Entered`, `Audience Exited`, `Trait Computed`, or the connection's own names. */
  readonly event: string
  readonly properties: JsonObject
}

export interface GroupDelivery extends CallBase {
  readonly type: 'group'
  readonly groupId: string
  readonly traits: JsonObject
}

export type DeliveryCall = IdentifyDelivery | TrackDelivery | GroupDelivery
