/** The part of a space that the Profile API reads. */
import type { CallOrigin } from '../model/call-origin.ts'
import type { EventPage, EventQuery } from '../model/event-query.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { ListRange, ProfileList, ProfileName, Sought } from '../model/profile-search.ts'
import type { PastTransition } from '../model/transition.ts'
import type { Collection, TraitCatalogue } from '../model/trait-catalogue.ts'
import type { ProfileView } from './traits.ts'

/** A user or an account, as it is shown. */
export interface ShownProfile extends ProfileView {
  readonly ids: readonly ExternalId[]
  /** The calls that brought the ids, one for each; undefined for one that is not known. */
  readonly origins: readonly (CallOrigin | undefined)[]
  /** Undefined if it is not known. */
  readonly firstCall: CallOrigin | undefined
  readonly lastCall: CallOrigin | undefined
  /** The last transitions, oldest first. */
  readonly past: readonly PastTransition[]
  /** Receive time of its last call, epoch ms; only for a user. */
  readonly seenAt?: number
}

export interface ProfileSource<Profile extends ShownProfile> {
  /** Returns a profile that is in memory at once, and others as a promise. */
  find(
    collection: Collection,
    name: ProfileName,
    withUsers: boolean,
  ): Profile | undefined | Promise<Profile | undefined>
  /** Returns the catalogue of the present definitions. */
  catalogue(): TraitCatalogue
  /**
   * Returns the instant since which the value of a definition is exact, epoch ms; undefined if it is over all history.
   */
  exactSince(profile: Profile, definition: number): number | undefined
  segmentIdOf(profile: Profile): string
  /** Returns the instant at which it is forgotten unless a call comes, epoch ms; undefined if it is kept. */
  expiryOf(profile: Profile): number | undefined
  eventsOf(profile: Profile, query: EventQuery): Promise<EventPage<Profile>>
  /** Lists the accounts of a user, or the users of an account. */
  linkedTo(profile: Profile, range: ListRange): Promise<ProfileList<Profile>>
  list(collection: Collection, range: ListRange): Promise<ProfileList<Profile>>
  search(collection: Collection, sought: Sought, range: ListRange): Promise<ProfileList<Profile>>
}
