/** Activations of an audience's connections, over HTTP, in the shapes of Segment's Public API. */
import { type Request, type Response, Router } from 'express'
import type { ActivationRecord } from '../model/activation.ts'
import type { ConnectionRecord } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import { formatInstant } from '../model/time.ts'
import { activationAsApiHasIt, changeActivation, readActivation } from './activation-requests.ts'
import { readJson } from './body.ts'
import { type ConnectionsOfKind, presentConnection, presentDefinition, typeOf } from './connection-router.ts'
import type { ConnectionApiOptions } from './connection-router.ts'
import { cursorOf, readPagination } from './requests.ts'

const PAGE_MAX = 200

type OfAudience = { spaceId: string; id: string }
type OfConnection = OfAudience & { connectionId: string }
type OfActivation = OfAudience & { activationId: string }

/** An activation with its connection. */
interface Found {
  readonly connection: ConnectionRecord
  readonly activation: ActivationRecord
}

/** Makes the routes; they must be mounted behind the check of the access token. */
export function activationRouter(options: ConnectionApiOptions): Router {
  const ofKind = { ...options, kind: 'audience' } as const
  const router = Router({ caseSensitive: true })
  const json = readJson()
  const audience = '/spaces/:spaceId/audiences/:id'
  router.post(`${audience}/destination-connections/:connectionId/activations`, json, create(ofKind))
  router.get(`${audience}/activations`, list(ofKind))
  router.get(`${audience}/activations/:activationId`, get(ofKind))
  router.patch(`${audience}/activations/:activationId`, json, update(ofKind))
  router.delete(`${audience}/activations/:activationId`, remove(ofKind))
  return router
}

function create(options: ConnectionsOfKind) {
  return async ({ params, body }: Request<OfConnection>, response: Response): Promise<void> => {
    const connection = presentConnection(params.id, params.connectionId, 'connectionId', options)
    const { activation, isSynced } = readActivation(body, settingOf(connection, options))
    const put = { kind: 'put activation', connectionId: connection.id, activation } as const
    await options.command({ ...put, ...(isSynced && { sync: 'present' as const }) }, response)
    answer({ connection, activation }, params, response, options)
  }
}

function list(options: ConnectionsOfKind) {
  return ({ params, query }: Request<OfAudience>, response: Response): void => {
    const { count, from } = readPagination(query, PAGE_MAX)
    const all = allOf(params.id, options)
    const activations = all.slice(from, from + count).map((found) => activationView(found, params.spaceId, options))
    const pagination = {
      current: cursorOf(from),
      ...(from + count < all.length && { next: cursorOf(from + count) }),
      totalEntries: all.length,
    }
    response.json({ data: { activations, pagination } })
  }
}

function get(options: ConnectionsOfKind) {
  return ({ params }: Request<OfActivation>, response: Response): void => {
    answer(present(params, options), params, response, options)
  }
}

function update(options: ConnectionsOfKind) {
  return async ({ params, body }: Request<OfActivation>, response: Response): Promise<void> => {
    const { connection, activation: before } = present(params, options)
    const { activation, isSynced } = changeActivation(before, body, settingOf(connection, options))
    const put = { kind: 'put activation', connectionId: connection.id, activation } as const
    await options.command({ ...put, ...(isSynced && { sync: 'known' as const }) }, response)
    answer({ connection, activation }, params, response, options)
  }
}

function remove(options: ConnectionsOfKind) {
  return async ({ params }: Request<OfActivation>, response: Response): Promise<void> => {
    const { connection, activation } = present(params, options)
    await options.command({ kind: 'remove activation', connectionId: connection.id, id: activation.id }, response)
    response.json({ data: { status: 'SUCCESS' } })
  }
}

function settingOf(connection: ConnectionRecord, options: ConnectionsOfKind) {
  const isList = typeOf(connection.destinationId, 'connectionId', options).kind === 'list'
  return { connection, isList, now: options.clock() }
}

/** Lists the activations of an audience. Throws an EngineError if there is no such audience. */
function allOf(audienceId: string, options: ConnectionsOfKind): Found[] {
  const connections = options.connections.list(presentDefinition(audienceId, options).id)
  return connections.flatMap((connection) =>
    (connection.activations ?? []).map((activation) => ({ connection, activation })),
  )
}

/** Finds an activation. Throws an EngineError if there is none. */
function present({ id, activationId }: OfActivation, options: ConnectionsOfKind): Found {
  const found = allOf(id, options).find(({ activation }) => activation.id === activationId)
  if (!found) throw new EngineError('not_found', 'activationId: there is no such activation', 'activationId')
  return found
}

function answer(found: Found, { spaceId }: OfAudience, response: Response, options: ConnectionsOfKind): void {
  response.json({ data: { activation: activationView(found, spaceId, options) } })
}

function activationView({ connection, activation }: Found, spaceId: string, options: ConnectionsOfKind): object {
  return {
    id: activation.id,
    // A space is in no workspace here, and stands for its own.
    workspaceId: spaceId,
    spaceId,
    audienceId: connection.definitionId,
    connectionId: connection.id,
    ...activationAsApiHasIt(activation),
    performResync: options.connections.isSyncedBy(connection.id, activation.id),
    createdAt: formatInstant(activation.createdAt),
    updatedAt: formatInstant(activation.updatedAt),
  }
}
