/** Audiences as the server has them, and what they are connected with. */
import { useQuery } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { Turns } from '../../api/turns.ts'
import type { AudienceAnswer, Pagination, SizeStep } from '../../api/answers.ts'
import type { DestinationOverview, ListedDestination } from './answers.ts'

const PAGE = '200'
const AGAIN_MS = 30_000
const COMPUTING_AGAIN_MS = 2_000
/** The more there are, the seldomer all of them are asked for. */
const AGAIN_MS_EACH = 20

/** Lists all audiences of the space. */
export function useAudiences() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['audiences', spaceId, 'all'],
    queryFn: ({ signal }) => allAudiences(spaceId, signal),
    // To compare thousands of audiences with those before would take longer than to show those in view.
    structuralSharing: false,
    refetchInterval: ({ state: { data = [] } }) => {
      const isComputing = data.some(({ status }) => status === 'Computing')
      return Math.max(isComputing ? COMPUTING_AGAIN_MS : AGAIN_MS, data.length * AGAIN_MS_EACH)
    },
  })
}

async function allAudiences(spaceId: string, signal: AbortSignal): Promise<readonly AudienceAnswer[]> {
  const all: AudienceAnswer[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const query = { 'pagination[count]': PAGE, ...(cursor && { 'pagination[cursor]': cursor }) }
    const page: { audiences: AudienceAnswer[]; pagination: Pagination } = await answeredData(
      api.GET('/spaces/{spaceId}/audiences', { params: { path: { spaceId }, query }, signal }),
    )
    all.push(...page.audiences)
    cursor = page.pagination.next
  }
  return all
}

/** For the rows that come into view together. */
const ROWS = new Turns(4)

/** Lists the sizes of an audience by steps. */
export function useSizes(id: string, step: 'minute' | 'hour' | 'day', isWanted = true) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['sizes', spaceId, id, step],
    queryFn: ({ signal }) => ROWS.take(() => sizesOf({ spaceId, id, step, signal })),
    enabled: isWanted,
    staleTime: AGAIN_MS,
    refetchInterval: 2 * AGAIN_MS,
  })
}

interface AskedSizes {
  readonly spaceId: string
  readonly id: string
  readonly step: 'minute' | 'hour' | 'day'
  readonly signal: AbortSignal
}

export async function sizesOf({ spaceId, id, step, signal }: AskedSizes): Promise<readonly SizeStep[]> {
  const params = { path: { spaceId, id }, query: { step } }
  const asked = api.GET('/spaces/{spaceId}/audiences/{id}/sizes', { params, signal })
  return (await answeredData<{ sizes: readonly SizeStep[] }>(asked)).sizes
}

export function useDestinations() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['destinations', spaceId, 'listed'],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/destinations', { params: { path: { spaceId } } })
      return (await answeredData<{ destinations: readonly ListedDestination[] }>(asked)).destinations
    },
  })
}

/** A destination that a definition is connected to, as a list shows it. */
export interface ConnectedTo {
  readonly destination: ListedDestination
  /** Calls that failed for good, and may be sent again. */
  readonly failed: number
  /** Changes that wait for approval. */
  readonly held: number
}

export type ConnectedByDefinition = ReadonlyMap<string, readonly ConnectedTo[]>

/** Tells of all definitions what they are connected to: asked of the destinations, which are few. */
export function useConnected(destinations: readonly ListedDestination[] | undefined) {
  const spaceId = useSpaceId()
  const ids = destinations?.map(({ id }) => id)
  return useQuery({
    queryKey: ['connected', spaceId, ids],
    queryFn: async (): Promise<ConnectedByDefinition> => {
      const each = await Promise.all(destinations!.map((destination) => connectedTo(spaceId, destination)))
      const byDefinition = new Map<string, ConnectedTo[]>()
      for (const { definitionId, ...connected } of each.flat()) {
        const own = byDefinition.get(definitionId)
        if (own) own.push(connected)
        else byDefinition.set(definitionId, [connected])
      }
      return byDefinition
    },
    structuralSharing: false,
    enabled: destinations !== undefined,
    refetchInterval: AGAIN_MS,
  })
}

async function connectedTo(
  spaceId: string,
  destination: ListedDestination,
): Promise<(ConnectedTo & { readonly definitionId: string })[]> {
  const params = { path: { spaceId, id: destination.id } }
  const asked = api.GET('/spaces/{spaceId}/destinations/{id}/overview', { params })
  const { connections } = await answeredData<DestinationOverview>(asked)
  const hasFailed = connections.some(({ failed }) => failed.total > 0)
  const failed = hasFailed ? await failuresByConnection(spaceId, destination.id) : new Map<string, number>()
  return connections.map(({ connectionId, definitionId, held }) => ({
    definitionId,
    destination,
    failed: failed.get(connectionId) ?? 0,
    held,
  }))
}

/** Counts the failures that can still be sent again; what they say of people is not kept. */
async function failuresByConnection(spaceId: string, id: string): Promise<ReadonlyMap<string, number>> {
  const asked = api.GET('/spaces/{spaceId}/destinations/{id}/failures', { params: { path: { spaceId, id } } })
  const { failures } = await answeredData<{ failures: readonly { readonly connectionId: string }[] }>(asked)
  const counts = new Map<string, number>()
  for (const { connectionId } of failures) counts.set(connectionId, (counts.get(connectionId) ?? 0) + 1)
  return counts
}
