/** Views that stay with one actor: they are handed out, and read what is there when they are asked. */
import { AccountActor } from './account-actor.ts'
import type { ActorStore } from './actor-store.ts'
import { ProfileActor } from './profile-actor.ts'
import type { SpaceActor } from './space-actor.ts'

export function viewOf(store: ActorStore, ordinal: number, isAccount: boolean): SpaceActor {
  return isAccount ? viewOfAccount(store, ordinal) : viewOfUser(store, ordinal)
}

export function viewOfUser(store: ActorStore, ordinal: number): ProfileActor {
  const view = new ProfileActor(store, store.plansOf(ordinal).user)
  view.ordinal = ordinal
  return view
}

export function viewOfAccount(store: ActorStore, ordinal: number): AccountActor {
  const view = new AccountActor(store, store.plansOf(ordinal).account)
  view.ordinal = ordinal
  return view
}
