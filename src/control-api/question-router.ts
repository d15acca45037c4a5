/**
 * Questions to destinations over HTTP: the requests that a call would make, the values that a field may have, and where
 * a user lets the destination's app in.
 */
import { type Request, type Response, Router } from 'express'
import { actingToken } from '../http/acting-token.ts'
import type { ConnectionRecord, DestinationRecord } from '../model/destination.ts'
import type { AddressedProfile, CallSample, TriedSettings } from '../model/destination-admin.ts'
import type { DestinationAnswer, DestinationQuestion } from '../model/destination-question.ts'
import { EngineError } from '../model/errors.ts'
import type { DefinitionKind, DefinitionRecord, ListedRecord } from '../model/space-command.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import { readJson } from './body.ts'
import type { ConnectionApiOptions } from './connection-router.ts'
import { readConnection } from './destination-requests.ts'
import { invalid } from './fields.ts'
import { presentDestination } from './destination-router.ts'
import {
  type AskedSample,
  readAuthorization,
  readQuestion,
  readRehearsal,
  readRehearsalOfDraft,
  valueOf,
} from './question-requests.ts'

export interface QuestionApiOptions extends ConnectionApiOptions {
  readonly list: (kind: DefinitionKind) => readonly ListedRecord[]
  /** Finds a profile by `user_id:u1`, for a call. Throws an EngineError that names the field `profile`. */
  readonly addressed: (collection: Collection, name: string) => Promise<AddressedProfile>
  /** Where this server is for browsers; undefined if nobody has said. */
  readonly publicUrl: string | undefined
}

type OfDestination = Request<{ spaceId: string; id: string }>

/** Makes the routes; they must be mounted behind the check of the access token. */
export function questionRouter(options: QuestionApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const json = readJson()
  const all = '/spaces/:spaceId/destinations'
  const { destinations } = options
  router.post(`${all}/rehearse`, json, async ({ body }: Request, response: Response) => {
    const { sample, type, settings } = readRehearsalOfDraft(body)
    await rehearse(sample, destinations.onTrial(type, settings), options, response)
  })
  router.post(`${all}/:id/rehearse`, json, async ({ params, body }: OfDestination, response: Response) => {
    const record = presentDestination(params.id, options)
    const { sample, mappings } = readRehearsal(body)
    await rehearse(sample, destinations.tried(record, mappings), options, response)
  })
  router.post(`${all}/:id/choices`, json, async ({ params, body }: OfDestination, response: Response) => {
    const record = presentDestination(params.id, options)
    answer(await destinations.choices(record, readQuestion(body)), response)
  })
  router.post(`${all}/:id/authorize`, json, ({ params, body }: OfDestination, response: Response) => {
    const record = presentDestination(params.id, options)
    const url = destinations.authorize(record, {
      ...readAuthorization(body, options.publicUrl),
      by: actingToken(response),
    })
    response.json({ data: { url } })
  })
  return router
}

async function rehearse(
  sample: AskedSample,
  tried: TriedSettings,
  options: QuestionApiOptions,
  response: Response,
): Promise<void> {
  const { destinations, addressed } = options
  const { connection, definition } = connectionFor(sample, tried, options)
  const value = valueOf(sample, definition)
  const collection = sample.type === 'group' ? 'accounts' : 'users'
  const about = sample.profile === undefined ? undefined : await addressed(collection, sample.profile)
  const call: CallSample = { connection, type: sample.type, value, about }
  answer(await destinations.rehearse(tried, call), response)
}

interface Connected {
  readonly connection: ConnectionRecord
  readonly definition: DefinitionRecord
}

/** Finds the connection that is named, or that there is; or makes one as a new one would be. */
function connectionFor(sample: AskedSample, tried: TriedSettings, options: QuestionApiOptions): Connected {
  const { find, destinations, clock } = options
  const named = destinations
    .list()
    .flatMap(({ id }: DestinationRecord) => destinations.connectionsTo(id))
    .find(({ id }) => id === sample.audience)
  if (named) return { connection: named, definition: find(named.definitionId, named.kind)! }
  const definition = definitionOf(sample, options)
  const own = destinations.connectionsTo(tried.id).find(({ definitionId }) => definitionId === definition.id)
  if (own) return { connection: own, definition }
  const type = { ...destinations.type(tried.type), takes: destinations.takes(tried) }
  if (definition.source.kind === 'computed_trait' && !type.takes.computedTraits)
    throw invalid('audience', `expected an audience, as ${type.name} takes no computed traits`)
  const setting = { find: () => type, now: clock() }
  return { connection: readConnection({ destinationId: tried.id }, definition, setting), definition }
}

/** A group call is of the accounts, where an audience of users has the same key. */
function definitionOf({ audience, type }: AskedSample, { list }: QuestionApiOptions): DefinitionRecord {
  const found = (['audience', 'computed_trait'] as const)
    .flatMap((kind) => list(kind))
    .map(({ record }) => record)
    .filter(({ source }) => source.key === audience)
  const wanted = type === 'group' ? 'ACCOUNTS' : 'USERS'
  const definition = found.find(({ source }) => source.type === wanted) ?? found[0]
  if (definition) return definition
  throw new EngineError('not_found', 'audience: there is no such audience, computed trait or connection', 'audience')
}

function answer<Kind extends DestinationQuestion['kind']>(found: DestinationAnswer<Kind>, response: Response): void {
  response.json({
    data: 'failure' in found ? { status: 'FAILED', ...found.failure } : { status: 'SUCCESS', ...found.value },
  })
}
