/** Connections of audiences and computed traits, and what can be done with them. */
import type { AudienceAnswer } from '../../api/answers.ts'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type { ConnectionAnswer, ConnectionSettings, DeliveryOverview, IdSync } from '../audiences/answers.ts'

/** An audience or a computed trait. */
export interface Connectable {
  readonly kind: 'audiences' | 'computed-traits'
  readonly id: string
}

export interface ConnectionChange {
  readonly enabled?: boolean
  readonly idSyncConfiguration?: IdSync[]
  readonly connectionSettings?: Partial<ConnectionSettings>
}

const AGAIN_MS = 15_000
const MOVING_AGAIN_MS = 1_500

export function useConnections({ kind, id }: Connectable) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['connections', spaceId, id],
    queryFn: async () => {
      const path = `/spaces/{spaceId}/${kind}/{id}/destination-connections` as const
      const asked = api.GET(path, { params: { path: { spaceId, id } } })
      return (await answeredData<{ connections: readonly ConnectionAnswer[] }>(asked)).connections
    },
    refetchInterval: ({ state: { data = [] } }) => (data.some(isMoving) ? MOVING_AGAIN_MS : AGAIN_MS),
  })
}

function isMoving({ status, waitingMembers }: ConnectionAnswer): boolean {
  return status === 'syncing' || waitingMembers !== undefined
}

export function useOverview({ kind, id }: Connectable, destinationId: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['connections', spaceId, id, destinationId, 'overview'],
    queryFn: async () => {
      const path = `/spaces/{spaceId}/${kind}/{id}/destination-connections/{destinationId}/overview` as const
      const asked = api.GET(path, { params: { path: { spaceId, id, destinationId } } })
      return (await answeredData<{ overview: DeliveryOverview }>(asked)).overview
    },
    refetchInterval: ({ state: { data } }) => (data && data.waiting > 0 ? MOVING_AGAIN_MS : AGAIN_MS),
  })
}

/** Returns functions that change connections. Each rejects with an ApiError if it is refused. */
export function useConnectionChanges({ kind, id }: Connectable) {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  const all = `/spaces/{spaceId}/${kind}/{id}/destination-connections` as const
  const path = (destinationId: string) => ({ params: { path: { spaceId, id, destinationId } } })
  const done = async (asked: Parameters<typeof answeredData>[0]): Promise<void> => {
    await answeredData(asked)
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['connections', spaceId, id] }),
      queries.invalidateQueries({ queryKey: ['connected', spaceId] }),
    ])
  }
  return {
    connect: (destinationId: string, change: ConnectionChange) =>
      done(api.POST(all, { params: { path: { spaceId, id } }, body: { ...bodyOf(change), destinationId } })),
    change: (destinationId: string, change: ConnectionChange) =>
      done(api.PATCH(`${all}/{destinationId}`, { ...path(destinationId), body: bodyOf(change) })),
    remove: (destinationId: string) => done(api.DELETE(`${all}/{destinationId}`, path(destinationId))),
    order: (destinationId: string, order: 'resync' | 'approve' | 'reject') =>
      done(api.POST(`${all}/{destinationId}/${order}`, path(destinationId))),
  }
}

/** The request's type asks for fields that may change, and knows none that are not given. */
function bodyOf({ enabled, idSyncConfiguration, connectionSettings }: ConnectionChange) {
  return {
    ...(enabled !== undefined && { enabled }),
    ...(idSyncConfiguration && { idSyncConfiguration }),
    ...(connectionSettings && { connectionSettings }),
  }
}

export interface ConnectionsProps {
  readonly of: Connectable
  readonly type: AudienceAnswer['audienceType']
}
