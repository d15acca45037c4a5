/** The actors of a space: users and accounts, told apart by their kind. */
import type { AccountActor } from './account-actor.ts'
import type { ProfileActor } from './profile-actor.ts'

export type SpaceActor = ProfileActor | AccountActor
