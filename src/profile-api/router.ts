/** The Profile API: reads users and accounts at the present of the space. */
import { type Request, type Response, Router } from 'express'
import { EngineError } from '../model/errors.ts'
import type { Collection, TraitCatalogue } from '../model/trait-catalogue.ts'
import { traitsPage } from './page.ts'
import { readTraitsQuery } from './query.ts'
import { type ProfileView, traitsOf } from './traits.ts'

export interface ProfileApiOptions<Profile extends ProfileView> {
  /** Returns the space that a request may read, by its `Authorization` header. */
  readonly spaceOf: (authorization: string | undefined) => string | undefined
  /** Returns a profile that is in memory at once, and others as a promise. */
  readonly find: (
    collection: Collection,
    id: { type: string; value: string },
    withUsers: boolean,
  ) => Profile | undefined | Promise<Profile | undefined>
  /** Returns the catalogue of the present definitions. */
  readonly catalogue: () => TraitCatalogue
  /**
   * Returns the instant since which the value of a definition is exact, epoch ms; undefined if it is over all history.
   */
  readonly exactSince: (profile: Profile, definition: number) => number | undefined
}

/** An empty space id stands for the space of the token. */
export const PROFILE = '{:space}/collections/:collection/profiles/:identifier'

export function profileRouter<Profile extends ProfileView>(options: ProfileApiOptions<Profile>): Router {
  const { spaceOf, find, catalogue, exactSince } = options
  const router = Router({ caseSensitive: true })
  const answer = async (request: Request, response: Response): Promise<void> => {
    checkSpace(request.params['space'], spaceOf(request.get('authorization')))
    const collection = readCollection(request.params['collection'])
    const query = readTraitsQuery(request.query)
    // Since when a value of an account is exact depends on its users.
    const found = find(collection, readIdentifier(request.params['identifier']), query.verbose)
    const profile = found instanceof Promise ? await found : found
    if (!profile) throw new EngineError('not_found', 'Profile was not found.')
    const traits = traitsOf(profile, collection, catalogue(), query)
    const page = traitsPage(traits, query, {
      path: request.path,
      exactSince: (definition) => exactSince(profile, definition),
    })
    // Express would add these for a JSON response: half the cost of a lookup.
    response.setHeader('Content-Type', 'application/json; charset=utf-8')
    response.setHeader('Content-Length', Buffer.byteLength(page))
    response.end(page)
  }
  for (const name of ['spaces', 'namespaces']) router.get(`/v1/${name}/${PROFILE}/traits`, answer)
  return router
}

/** Makes the body of an error, in the form of Segment's Profile API. */
export function profileErrorBody({ code, message, field }: EngineError): object {
  return { error: { code, message, ...(field === undefined ? {} : { field }) } }
}

/** Throws an EngineError if a request may not read the space that it asks for. */
export function checkSpace(asked: unknown, own: string | undefined): void {
  if (own === undefined)
    throw new EngineError('authentication_error', 'Authorization: expected Basic with an access token as username')
  if (asked !== undefined && asked !== own) throw new EngineError('not_found', 'Space was not found.', 'space')
}

/** Throws an EngineError for what is no collection. */
export function readCollection(collection: unknown): Collection {
  if (collection === 'users' || collection === 'accounts') return collection
  throw new EngineError('validation_error', 'collection: expected users or accounts', 'collection')
}

/** Reads `type:value`; the value may contain colons. */
export function readIdentifier(identifier: unknown): { type: string; value: string } {
  const text = typeof identifier === 'string' ? identifier : ''
  const colon = text.indexOf(':')
  if (colon > 0) return { type: text.slice(0, colon), value: text.slice(colon + 1) }
  throw new EngineError('validation_error', 'identifier: expected type:value, such as user_id:u1', 'identifier')
}
