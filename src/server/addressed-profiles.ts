/** Profiles as calls are made of them, found by their names. */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { AddressedProfile } from '../model/destination-admin.ts'
import { EngineError } from '../model/errors.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import { readName } from '../profile-api/lists.ts'
import type { ProfileSource } from '../profile-api/profile-source.ts'
import { traitsOf } from '../profile-api/traits.ts'

/** Resolves with a profile. Throws an EngineError that names the field `profile`. */
export async function addressedProfile(
  profiles: ProfileSource<SpaceActor>,
  collection: Collection,
  text: string,
): Promise<AddressedProfile> {
  const name = readName(text)
  if (!name) throw new EngineError('validation_error', 'profile: expected type:value, such as user_id:u1', 'profile')
  const profile = await profiles.find(collection, name, false)
  if (!profile) throw new EngineError('not_found', `profile: none of the ${collection} has this name`, 'profile')
  const traits = traitsOf(profile, collection, profiles.catalogue())
  return { ids: [...profile.ids], traits: Object.fromEntries(traits.map(({ key, value }) => [key, value])) }
}
