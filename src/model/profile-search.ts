/** Names of profiles, and searches for them, by whoever reads them. */
import type { ExternalId } from './external-id.ts'

/** Names one profile: by an external id, or by its segment id. */
export type ProfileName = ExternalId | { readonly segmentId: string }

/** The profiles that are searched for. */
export type Sought =
  | { readonly kind: 'named'; readonly name: ProfileName }
  /** All that have an id of this value, of any type. */
  | { readonly kind: 'valued'; readonly value: string }
  /** All that have an id, of the type if one is given, whose value begins so, in capitals or not. */
  | { readonly kind: 'prefixed'; readonly prefix: string; readonly type: string | undefined }

/** The part of a list of profiles that is asked for. */
export interface ListRange {
  /** The segment id that the page before gives; undefined for the first page. */
  readonly next: string | undefined
  readonly limit: number
}

export interface ProfileList<Profile> {
  readonly profiles: readonly Profile[]
  /** Segment id of the profile at which the next page begins. */
  readonly next?: string
}
