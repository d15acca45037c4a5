/** The Profile API: reads users and accounts at the present of the space. */
import express, { type Request, type RequestHandler, Router } from 'express'
import { answerJson } from '../http/answer.ts'
import { answerWithFeed } from '../http/feed-answer.ts'
import { EngineError } from '../model/errors.ts'
import { parseJson } from '../model/json-body.ts'
import type { ProfileName } from '../model/profile-search.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import type { FeedApi } from '../model/transition-feed.ts'
import type { NextAddress } from './cursor.ts'
import { eventsPage, readEventQuery } from './events.ts'
import { idsPage, readIdsQuery } from './external-ids.ts'
import { historyPage, readHistoryQuery } from './history.ts'
import { LINK_LIMITS, linksPage, LIST_LIMITS, profilesPage, readName, readRange, readSearch } from './lists.ts'
import { metadataOf } from './metadata.ts'
import { propertiesPage, traitsPage, type TraitsPageOptions } from './page.ts'
import type { Parameters } from './parameters.ts'
import type { ProfileSource, ShownProfile } from './profile-source.ts'
import { readTraitsQuery, type TraitsQuery } from './query.ts'
import { limitRate } from './rate-limit.ts'
import { type Choice, type Trait, traitsOf } from './traits.ts'

export interface ProfileApiOptions<Profile extends ShownProfile> {
  /** Returns the space that a request may read, by its `Authorization` header. */
  readonly spaceOf: (authorization: string | undefined) => string | undefined
  /** Returns a text by which the token of a request is told from others. */
  readonly tokenOf: (authorization: string | undefined) => string
  readonly profiles: ProfileSource<Profile>
  readonly clock: () => number
  /** Requests a second that a token may make; 0: any number. */
  readonly rate: number
  /** Traits on a page, if a request does not say how many. */
  readonly traitsLimit: number
  readonly feed: FeedApi
}

/** A profile that was asked for, and found. */
interface Found<Profile, Query> {
  readonly profile: Profile
  readonly collection: Collection
  readonly query: Query
  readonly address: NextAddress
}

interface Resource<Profile, Query> {
  /** Reads the parameters, before the profile is looked for. */
  readonly read: (parameters: Parameters) => Query
  readonly show: (found: Found<Profile, Query>) => string | Promise<string>
  /** True if the users of an account are looked at too. */
  readonly withUsers?: (query: Query) => boolean
}

/** An empty space id stands for the space of the token. */
export const PROFILES = '{:space}/collections/:collection/profiles'
const BODY_BYTES_MAX = 16 * 1024

export function profileRouter<Profile extends ShownProfile>(options: ProfileApiOptions<Profile>): Router {
  const router = Router({ caseSensitive: true })
  const before = options.rate > 0 ? [checkSpace(options), limitRate(options)] : []
  for (const [name, lookup] of lookupsOf(options))
    for (const root of ROOTS)
      router.get(`${root}/${PROFILES}/:identifier/${name}`, ...before, answerProfile(options, lookup))
  for (const root of ROOTS) {
    router.get(`${root}/${PROFILES}`, ...before, answerList(options))
    router.post(`${root}/${PROFILES}/search`, ...before, checkSpace(options), readBody, answerSearch(options))
    router.get(`${root}/${PROFILES}/:identifier/transitions`, ...before, answerFeed(options))
    router.options(`${root}{/*path}`, refuse)
  }
  return router
}

export const ROOTS = ['/v1/spaces', '/v1/namespaces']
const readBody = express.raw({ type: () => true, limit: BODY_BYTES_MAX })

/** Browsers may not read profiles: a token that opens them all would stand in every page. */
const refuse: RequestHandler = () => {
  throw new EngineError('not_found', 'There is no such resource.')
}

/** A resource of a profile that is asked for. */
export interface Asked {
  /** The path up to the space. */
  readonly root: string
  readonly space: string
  readonly collection: unknown
  readonly identifier: unknown
  readonly parameters: Parameters
}

/**
 * Returns a resource as JSON: at once if all that it needs is in memory. Throws an EngineError, or rejects with one.
 */
export type Lookup = (asked: Asked) => string | Promise<string>

/** Returns the lookup of traits. */
export function traitsLookup<Profile extends ShownProfile>(options: ProfileApiOptions<Profile>): Lookup {
  return lookupOf(options, 'traits', traitsResource(options, traitsPage))
}

/** Lists the resources of a profile, those that are asked for most first. */
function lookupsOf<Profile extends ShownProfile>(options: ProfileApiOptions<Profile>): [string, Lookup][] {
  const { profiles, clock } = options
  const named = <Query>(name: string, resource: Resource<Profile, Query>): [string, Lookup] => {
    return [name, lookupOf(options, name, resource)]
  }
  return [
    ['traits', traitsLookup(options)],
    named('external_ids', {
      read: readIdsQuery,
      show: ({ profile, collection, query, address }) => idsPage(profile, collection, query, address),
    }),
    named('events', {
      read: (parameters) => readEventQuery(parameters, clock()),
      show: async ({ profile, query, address }) =>
        eventsPage(await profiles.eventsOf(profile, query), {
          limit: query.limit,
          address,
          segmentIdOf: (user) => profiles.segmentIdOf(user),
        }),
    }),
    named('metadata', {
      read: () => undefined,
      show: ({ profile }) => metadataOf(profile, profiles.expiryOf(profile)),
    }),
    named('links', {
      read: (parameters) => readRange(parameters, LINK_LIMITS),
      show: async ({ profile, collection, query, address }) =>
        linksPage(
          await profiles.linkedTo(profile, query),
          query.limit,
          { collection, segmentIdOf: (other) => profiles.segmentIdOf(other) },
          address,
        ),
    }),
    named('history', {
      read: readHistoryQuery,
      show: ({ profile, query, address }) => historyPage(profile.past, query, address),
    }),
    named('properties', traitsResource(options, propertiesPage)),
  ]
}

function traitsResource<Profile extends ShownProfile>(
  { profiles, traitsLimit }: ProfileApiOptions<Profile>,
  page: (traits: readonly Trait[], query: TraitsQuery, options: TraitsPageOptions) => string,
): Resource<Profile, TraitsQuery> {
  return {
    read: (parameters) => readTraitsQuery(parameters, traitsLimit),
    show: ({ profile, collection, query, address }) =>
      page(traitsOf(profile, collection, profiles.catalogue(), choiceOf(query)), query, {
        address,
        exactSince: (definition) => profiles.exactSince(profile, definition),
      }),
    // Since when a value of an account is exact depends on its users.
    withUsers: ({ verbose }) => verbose,
  }
}

/** The traits of a page, and the first of the next. */
function choiceOf({ include, class: wanted, next, limit }: TraitsQuery): Choice {
  return { include, class: wanted, from: next, count: limit + 1 }
}

function lookupOf<Profile extends ShownProfile, Query>(
  { profiles }: ProfileApiOptions<Profile>,
  resource: string,
  { read, show, withUsers }: Resource<Profile, Query>,
): Lookup {
  return (asked) => {
    const collection = readCollection(asked.collection)
    const query = read(asked.parameters)
    const name = readIdentifier(asked.identifier)
    const showFound = (profile: Profile | undefined): string | Promise<string> => {
      if (!profile) throw new EngineError('not_found', 'Profile was not found.')
      const address: NextAddress = (next, limit) =>
        addressOf(asked, `${collection}/profiles/${profiles.segmentIdOf(profile)}/${resource}`, { next, limit })
      return show({ profile, collection, query, address })
    }
    const found = profiles.find(collection, name, withUsers?.(query) ?? false)
    return found instanceof Promise ? found.then(showFound) : showFound(found)
  }
}

function answerProfile<Profile extends ShownProfile>(
  options: ProfileApiOptions<Profile>,
  lookup: Lookup,
): RequestHandler {
  return async (request, response) => {
    const { collection, identifier } = request.params
    answerJson(response, await lookup({ ...placeOf(request, options), collection, identifier }))
  }
}

/** Returns where a request reads, and its parameters. */
function placeOf(
  request: Request,
  { spaceOf }: Pick<ProfileApiOptions<ShownProfile>, 'spaceOf'>,
): Pick<Asked, 'root' | 'space' | 'parameters'> {
  const space = readSpace(request, spaceOf)
  const root = ROOTS.find((each) => request.path.startsWith(`${each}/`))!
  return { root, space, parameters: request.query }
}

function answerList<Profile extends ShownProfile>(options: ProfileApiOptions<Profile>): RequestHandler {
  const { profiles } = options
  return async (request, response) => {
    const place = placeOf(request, options)
    const collection = readCollection(request.params['collection'])
    const range = readRange(request.query, LIST_LIMITS)
    const list = await profiles.list(collection, range)
    const shown = { collection, segmentIdOf: (profile: Profile) => profiles.segmentIdOf(profile) }
    const address: NextAddress = (next, limit) => addressOf(place, `${collection}/profiles`, { next, limit })
    answerJson(response, profilesPage(list, range.limit, shown, address))
  }
}

function answerSearch<Profile extends ShownProfile>({ profiles }: ProfileApiOptions<Profile>): RequestHandler {
  return async (request, response) => {
    const collection = readCollection(request.params['collection'])
    const body: unknown = request.body
    const { sought, range } = readSearch(Buffer.isBuffer(body) && body.length > 0 ? parseJson(body) : undefined)
    const list = await profiles.search(collection, sought, range)
    const shown = { collection, segmentIdOf: (profile: Profile) => profiles.segmentIdOf(profile) }
    // The next page is asked for by a body: what is searched for stands in no address.
    answerJson(
      response,
      profilesPage(list, range.limit, shown, () => ''),
    )
  }
}

function answerFeed<Profile extends ShownProfile>(options: ProfileApiOptions<Profile>): RequestHandler {
  const { spaceOf, profiles, feed } = options
  return async (request, response) => {
    readSpace(request, spaceOf)
    const collection = readCollection(request.params['collection'])
    const name = readIdentifier(request.params['identifier'])
    const id = 'segmentId' in name ? (await profiles.find(collection, name, false))?.ids[0] : name
    if (!id) throw new EngineError('not_found', 'Profile was not found.')
    answerWithFeed(feed, { kind: 'profile', collection, id }, request, response)
  }
}

/** Makes the body of an error, in the form of Segment's Profile API. */
export function profileErrorBody({ code, message, field }: EngineError): object {
  return { error: { code, message, ...(field === undefined ? {} : { field }) } }
}

/** Returns the address of a page, with all parameters of the request. A profile's own ids do not stand in it. */
function addressOf(
  { root, space, parameters: given }: Pick<Asked, 'root' | 'space' | 'parameters'>,
  path: string,
  { next, limit }: { readonly next: string; readonly limit: number },
): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(given))
    if (typeof value === 'string' && value !== '') parameters.set(name, value)
  parameters.set('limit', String(limit))
  parameters.set('next', next)
  return `${root}/${space}/collections/${path}?${parameters.toString()}`
}

export function checkSpace({ spaceOf }: Pick<ProfileApiOptions<ShownProfile>, 'spaceOf'>): RequestHandler {
  return (request, _response, next) => {
    readSpace(request, spaceOf)
    next()
  }
}

/** Returns the space that is read. */
function readSpace(request: Request, spaceOf: ProfileApiOptions<ShownProfile>['spaceOf']): string {
  return checkedSpace(spaceOf(request.get('authorization')), String(request.params['space'] ?? ''))
}

/**
 * Returns the space that a token opens. Throws an EngineError if there is none, or the path names another.
 * @param named '' for the token's own
 */
export function checkedSpace(own: string | undefined, named: string): string {
  if (own === undefined)
    throw new EngineError('authentication_error', 'Authorization: expected Basic or Bearer with an access token')
  if (named !== '' && named !== own) throw new EngineError('not_found', 'Space was not found.', 'space')
  return own
}

export function readCollection(collection: unknown): Collection {
  if (collection === 'users' || collection === 'accounts') return collection
  throw new EngineError('validation_error', 'collection: expected users or accounts', 'collection')
}

export function readIdentifier(identifier: unknown): ProfileName {
  const name = readName(typeof identifier === 'string' ? identifier : '')
  if (name) return name
  throw new EngineError(
    'validation_error',
    'identifier: expected type:value, such as user_id:u1, or a segment id',
    'identifier',
  )
}
