/** The consumers of an audience: definitions that read it, and destinations that are told of it. */
import { type Request, type Response, Router } from 'express'
import type { ConnectionRecord, DestinationRecord } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import type { DefinitionKind, DefinitionRecord } from '../model/space-command.ts'
import { cursorOf, readPagination } from './requests.ts'

export interface ReferenceApiOptions {
  readonly find: (id: string, kind: DefinitionKind) => DefinitionRecord | undefined
  /** Lists the enabled definitions that read a definition. */
  readonly readersOf: (id: string) => readonly DefinitionRecord[]
  readonly connections: { list(definitionId: string): readonly ConnectionRecord[] }
  readonly destinations: { find(id: string): DestinationRecord | undefined }
}

const PAGE_MAX = 1_000
const TYPES = { audience: 'AUDIENCE', computed_trait: 'COMPUTED_TRAIT' } as const

export function referenceRouter({ find, readersOf, connections, destinations }: ReferenceApiOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/spaces/:spaceId/audiences/:id/audience-references', (request: Request, response: Response) => {
    const id = String(request.params['id'])
    if (!find(id, 'audience')) throw new EngineError('not_found', 'id: there is no such audience', 'id')
    const { count, from } = readPagination(request.query, PAGE_MAX)
    const all = [
      ...readersOf(id).map(({ id: reader, name, source }) => ({
        id: reader,
        type: TYPES[source.kind],
        name,
        key: source.key,
      })),
      ...connections.list(id).map((connection) => {
        const destination = destinations.find(connection.destinationId)
        return { id: connection.destinationId, type: 'DESTINATION', name: destination?.name ?? '' }
      }),
    ]
    const pagination = {
      current: cursorOf(from),
      ...(from + count < all.length && { next: cursorOf(from + count) }),
      totalEntries: all.length,
    }
    response.json({ data: { references: all.slice(from, from + count), pagination } })
  })
  return router
}
