/** Users that are deleted, and links to accounts that are taken back. */
import { type Request, type Response, Router } from 'express'
import type { CommandAs } from '../http/acting-token.ts'
import type { PeopleCommand } from '../model/entry.ts'
import { EngineError } from '../model/errors.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import type { ShownProfile } from './profile-source.ts'
import { checkSpace, PROFILES, type ProfileApiOptions, readIdentifier, ROOTS } from './router.ts'

export interface PeopleApiOptions<Profile extends ShownProfile> extends Pick<
  ProfileApiOptions<Profile>,
  'spaceOf' | 'profiles'
> {
  readonly command: CommandAs<PeopleCommand>
}

const SUCCESS = { data: { status: 'SUCCESS' } }

export function peopleRouter<Profile extends ShownProfile>(options: PeopleApiOptions<Profile>): Router {
  const { command } = options
  const router = Router({ caseSensitive: true })
  const check = checkSpace(options)
  const remove = async ({ params, query }: Request, response: Response): Promise<void> => {
    const suppress = readFlag(query['suppress'])
    const profile = await idOf(options, 'users', params['identifier'])
    await command({ kind: 'delete', profile, suppress }, response)
    response.json(SUCCESS)
  }
  const unlink = async ({ params }: Request, response: Response): Promise<void> => {
    const account = await idOf(options, 'accounts', params['identifier'])
    const profile = await idOf(options, 'users', params['user'])
    await command({ kind: 'unlink', profile, account: account.value }, response)
    response.json(SUCCESS)
  }
  for (const root of ROOTS) {
    router.delete(`${root}/${PROFILES.replace(':collection', 'users')}/:identifier`, check, remove)
    router.delete(`${root}/${PROFILES.replace(':collection', 'accounts')}/:identifier/links/users/:user`, check, unlink)
  }
  return router
}

/** Returns an id of a profile. Throws an EngineError if there is no such profile. */
async function idOf<Profile extends ShownProfile>(
  { profiles }: PeopleApiOptions<Profile>,
  collection: Collection,
  identifier: unknown,
): Promise<ExternalId> {
  const profile = await profiles.find(collection, readIdentifier(identifier), false)
  if (!profile) throw new EngineError('not_found', 'Profile was not found.')
  return profile.ids[0]!
}

function readFlag(suppress: unknown): boolean {
  if (suppress === undefined || suppress === 'false') return false
  if (suppress === 'true') return true
  throw new EngineError('validation_error', 'suppress: expected true or false', 'suppress')
}
