/** Connections of audiences and computed traits to destinations, over HTTP; at most one to each type of destination. */
import { type Request, type Response, Router } from 'express'
import type { ConnectionRecord, SyncScope } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import { formatInstant } from '../model/time.ts'
import { readJson } from './body.ts'
import { asApiHasIt, changeConnection, readConnection } from './destination-requests.ts'
import type { DestinationApiOptions } from './destination-router.ts'
import type { DefinitionKind, DefinitionRecord } from '../model/space-command.ts'

export interface ConnectionApiOptions extends DestinationApiOptions {
  readonly find: (id: string, kind: DefinitionKind) => DefinitionRecord | undefined
  readonly connections: {
    list(definitionId: string): readonly ConnectionRecord[]
    status(id: string): string
    /** Profiles that a sync tells, or that wait for consent; undefined while nothing waits. */
    waiting(id: string): number | undefined
  }
}

type OfDefinition = Request<{ spaceId: string; id: string }>
type OfConnection = Request<{ spaceId: string; id: string; destinationId: string }>

/** To be mounted behind the check of who asks. */
export function connectionRouter(options: ConnectionApiOptions): Router {
  const router = Router({ caseSensitive: true })
  mount(router, options, { kind: 'audience', path: 'audiences' })
  mount(router, options, { kind: 'computed_trait', path: 'computed-traits' })
  return router
}

function mount(
  router: Router,
  options: ConnectionApiOptions,
  { kind, path }: { readonly kind: DefinitionKind; readonly path: string },
): void {
  const { command, clock, destinations, connections } = options
  const json = readJson()
  const all = `/spaces/:spaceId/${path}/:id/destination-connections`
  const one = `${all}/:destinationId`
  const view = (record: ConnectionRecord): object => connectionView(record, options)
  const definition = (id: string): DefinitionRecord => {
    const record = options.find(id, kind)
    if (!record) throw new EngineError('not_found', `id: there is no such ${kind.replace('_', ' ')}`, 'id')
    return record
  }
  const present = ({ id, destinationId }: OfConnection['params']): ConnectionRecord => {
    const found = connections.list(definition(id).id)
    const record = found.find(
      (connection) => connection.destinationId === destinationId || connection.id === destinationId,
    )
    if (!record) throw new EngineError('not_found', 'destinationId: there is no such connection', 'destinationId')
    return record
  }
  const typeOf = (destinationId: string, field = 'destination.id') => {
    const destination = destinations.find(destinationId)
    if (!destination) throw new EngineError('not_found', `${field}: there is no such destination`, field)
    return destinations.type(destination.type)
  }

  router.post(all, json, async ({ params, body }: OfDefinition, response: Response) => {
    const record = definition(params.id)
    const connection = readConnection(body, record, { find: typeOf, now: clock() })
    const isSynced = connection.enabled && record.source.includeHistoricalData !== false
    await command({ kind: 'connect', connection, ...(isSynced && { sync: 'present' as const }) })
    response.json({ data: { connection: view(connection) } })
  })
  router.get(all, ({ params }: OfDefinition, response: Response) => {
    response.json({ data: { connections: connections.list(definition(params.id).id).map(view) } })
  })
  router.get(one, ({ params }: OfConnection, response: Response) => {
    response.json({ data: { connection: view(present(params)) } })
  })
  router.patch(one, json, async ({ params, body }: OfConnection, response: Response) => {
    const before = present(params)
    const isList = typeOf(before.destinationId).kind === 'list'
    const connection = changeConnection(before, body, { isList, now: clock() })
    // What changed while it was disconnected is told by telling everything anew.
    const isBack = connection.enabled && !before.enabled
    await command({ kind: 'connect', connection, ...(isBack && { sync: 'known' as const }) })
    response.json({ data: { connection: view(connection) } })
  })
  router.delete(one, async ({ params }: OfConnection, response: Response) => {
    await command({ kind: 'disconnect', id: present(params).id })
    response.json({ data: { status: 'SUCCESS' } })
  })
  router.post(`${one}/resync`, async ({ params }: OfConnection, response: Response) => {
    const connection = present(params)
    const scope: SyncScope = 'known'
    await command({ kind: 'sync', connectionId: connection.id, scope })
    response.json({ data: { connection: view(connection) } })
  })
  for (const verb of ['approve', 'reject'] as const)
    router.post(`${one}/${verb}`, async ({ params }: OfConnection, response: Response) => {
      const connection = present(params)
      await command({ kind: verb, connectionId: connection.id })
      response.json({ data: { connection: view(connection) } })
    })
  router.get(`${one}/overview`, ({ params }: OfConnection, response: Response) => {
    response.json({ data: { overview: destinations.overviewOf(present(params).id) } })
  })
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
