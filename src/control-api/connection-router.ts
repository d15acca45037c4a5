/** Connections of audiences and computed traits to destinations, over HTTP; at most one to each type of destination. */
import { type Request, type Response, Router } from 'express'
import type { ConnectionRecord } from '../model/destination.ts'
import type { TakenCalls, TypeOfDestination } from '../model/destination-admin.ts'
import { EngineError } from '../model/errors.ts'
import { formatInstant } from '../model/time.ts'
import { readJson } from './body.ts'
import { asApiHasIt, changeConnection, readConnection } from './destination-requests.ts'
import type { DestinationApiOptions } from './destination-router.ts'
import type { DefinitionKind, DefinitionRecord, SpaceCommand } from '../model/space-command.ts'

export interface ConnectionApiOptions extends DestinationApiOptions {
  readonly find: (id: string, kind: DefinitionKind) => DefinitionRecord | undefined
  readonly connections: {
    list(definitionId: string): readonly ConnectionRecord[]
    status(id: string): string
    /** Profiles that a sync tells, or that wait for consent; undefined while nothing waits. */
    waiting(id: string): number | undefined
    /** True if a sync by the activation is under way, or is still to come. */
    isSyncedBy(id: string, activationId: string): boolean
  }
}

/** Connections of definitions of one kind. */
export interface ConnectionsOfKind extends ConnectionApiOptions {
  readonly kind: DefinitionKind
}

type OfDefinition = Request<{ spaceId: string; id: string }>
type OfConnection = Request<{ spaceId: string; id: string; destinationId: string }>

/** Makes the routes; they must be mounted behind the check of the access token. */
export function connectionRouter(options: ConnectionApiOptions): Router {
  const router = Router({ caseSensitive: true })
  mount(router, '/spaces/:spaceId/audiences/:id', { ...options, kind: 'audience' })
  mount(router, '/spaces/:spaceId/computed-traits/:id', { ...options, kind: 'computed_trait' })
  return router
}

function mount(router: Router, definition: string, options: ConnectionsOfKind): void {
  const json = readJson()
  const all = `${definition}/destination-connections`
  const one = `${all}/:destinationId`
  router.post(all, json, create(options))
  router.get(all, list(options))
  router.get(one, get(options))
  router.patch(one, json, update(options))
  router.delete(one, remove(options))
  router.post(
    `${one}/resync`,
    order((connectionId) => ({ kind: 'sync', connectionId, scope: 'known' }), options),
  )
  router.post(
    `${one}/approve`,
    order((connectionId) => ({ kind: 'approve', connectionId }), options),
  )
  router.post(
    `${one}/reject`,
    order((connectionId) => ({ kind: 'reject', connectionId }), options),
  )
  router.get(`${one}/overview`, overview(options))
}

function create(options: ConnectionsOfKind) {
  return async ({ params, body }: OfDefinition, response: Response): Promise<void> => {
    const definition = presentDefinition(params.id, options)
    const find = (id: string, field: string) => typeOf(id, field, options)
    const connection = readConnection(body, definition, { find, now: options.clock() })
    const isSynced = connection.enabled && definition.source.includeHistoricalData !== false
    await options.command({ kind: 'connect', connection, ...(isSynced && { sync: 'present' as const }) }, response)
    answer(connection, response, options)
  }
}

function list(options: ConnectionsOfKind) {
  return ({ params }: OfDefinition, response: Response): void => {
    const records = options.connections.list(presentDefinition(params.id, options).id)
    response.json({ data: { connections: records.map((record) => connectionView(record, options)) } })
  }
}

function get(options: ConnectionsOfKind) {
  return ({ params }: OfConnection, response: Response): void => {
    answer(present(params, options), response, options)
  }
}

function update(options: ConnectionsOfKind) {
  return async ({ params, body }: OfConnection, response: Response): Promise<void> => {
    const before = present(params, options)
    const isList = typeOf(before.destinationId, 'destinationId', options).kind === 'list'
    const connection = changeConnection(before, body, { isList, now: options.clock() })
    // What changed while it was disconnected is told by telling everything anew.
    const isBack = connection.enabled && !before.enabled
    await options.command({ kind: 'connect', connection, ...(isBack && { sync: 'known' as const }) }, response)
    answer(connection, response, options)
  }
}

function remove(options: ConnectionsOfKind) {
  return async ({ params }: OfConnection, response: Response): Promise<void> => {
    await options.command({ kind: 'disconnect', id: present(params, options).id }, response)
    response.json({ data: { status: 'SUCCESS' } })
  }
}

/** Makes a handler that gives the command of a connection, and answers with the connection when it is applied. */
function order(commandOf: (connectionId: string) => SpaceCommand, options: ConnectionsOfKind) {
  return async ({ params }: OfConnection, response: Response): Promise<void> => {
    const connection = present(params, options)
    await options.command(commandOf(connection.id), response)
    answer(connection, response, options)
  }
}

function overview(options: ConnectionsOfKind) {
  return ({ params }: OfConnection, response: Response): void => {
    response.json({ data: { overview: options.destinations.overviewOf(present(params, options).id) } })
  }
}

/** Finds a definition of the kind. Throws an EngineError if there is none. */
export function presentDefinition(id: string, { kind, find }: ConnectionsOfKind): DefinitionRecord {
  const record = find(id, kind)
  if (!record) throw new EngineError('not_found', `id: there is no such ${kind.replace('_', ' ')}`, 'id')
  return record
}

function present({ id, destinationId }: OfConnection['params'], options: ConnectionsOfKind): ConnectionRecord {
  return presentConnection(id, destinationId, 'destinationId', options)
}

/**
 * Finds a connection by its destination, or by its own id. Throws an EngineError that names the field if there is none.
 */
export function presentConnection(
  definitionId: string,
  name: string,
  field: string,
  options: ConnectionsOfKind,
): ConnectionRecord {
  const record = options.connections
    .list(presentDefinition(definitionId, options).id)
    .find((connection) => connection.destinationId === name || connection.id === name)
  if (!record) throw new EngineError('not_found', `${field}: there is no such connection`, field)
  return record
}

/** Finds the type of a destination. Throws an EngineError that names the field if there is no such destination. */
export function typeOf(
  destinationId: string,
  field: string,
  { destinations }: ConnectionsOfKind,
): TypeOfDestination & { readonly takes: TakenCalls } {
  const destination = destinations.find(destinationId)
  if (!destination) throw new EngineError('not_found', `${field}: there is no such destination`, field)
  return { ...destinations.type(destination.type), takes: destinations.takes(destination) }
}

function answer(record: ConnectionRecord, response: Response, options: ConnectionsOfKind): void {
  response.json({ data: { connection: connectionView(record, options) } })
}

function connectionView(record: ConnectionRecord, { connections, destinations }: ConnectionApiOptions): object {
  const destination = destinations.find(record.destinationId)
  const waiting = connections.waiting(record.id)
  return {
    id: record.id,
    destination: { id: record.destinationId, name: destination?.name, type: destination?.type },
    definitionId: record.definitionId,
    key: record.key,
    enabled: record.enabled,
    status: connections.status(record.id),
    ...(waiting !== undefined && { waitingMembers: waiting }),
    ...asApiHasIt(record),
    createdAt: formatInstant(record.createdAt),
    updatedAt: formatInstant(record.updatedAt),
  }
}
