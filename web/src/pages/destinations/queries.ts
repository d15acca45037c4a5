/** Questions about destinations to the server, each asked in one place. */
import { keepPreviousData, useInfiniteQuery, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import type { AudienceAnswer, ComputedTraitAnswer } from '../../api/answers.ts'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type {
  ConnectionAnswer,
  DestinationAnswer,
  FailureAnswer,
  OverviewAnswer,
  TypeAnswer,
  WholeTypeAnswer,
} from './answers.ts'

/** Counts move while one looks. */
const COUNTS_EVERY_MS = 5_000
const DEFINITIONS_PAGE = '200'

export function useDestinations() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['destinations', spaceId],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/destinations', { params: { path: { spaceId } } })
      return (await answeredData<{ destinations: DestinationAnswer[] }>(asked)).destinations
    },
  })
}

export function useDestination(id: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['destination', spaceId, id],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/destinations/{id}', { params: { path: { spaceId, id } } })
      return (await answeredData<{ destination: DestinationAnswer }>(asked)).destination
    },
  })
}

export function useType(slug: string | undefined) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['destination type', spaceId, slug],
    queryFn: async () => {
      const path = { spaceId, slug: slug! }
      const asked = api.GET('/spaces/{spaceId}/destination-types/{slug}', { params: { path } })
      return (await answeredData<{ destinationType: WholeTypeAnswer }>(asked)).destinationType
    },
    enabled: slug !== undefined,
    staleTime: Infinity,
  })
}

export interface TypeFilter {
  readonly search: string
  readonly category: string
}

interface TypesAnswer {
  readonly destinationTypes: TypeAnswer[]
  readonly pagination: { readonly next?: string; readonly totalEntries: number }
}

/** The catalogue, 50 on a page. */
export function useTypes({ search, category }: TypeFilter) {
  const spaceId = useSpaceId()
  return useInfiniteQuery({
    queryKey: ['destination types', spaceId, search, category],
    queryFn: ({ pageParam }) => {
      const query = { ...(search && { search }), ...(category && { category }), ...(pageParam && { next: pageParam }) }
      return answeredData<TypesAnswer>(
        api.GET('/spaces/{spaceId}/destination-types', { params: { path: { spaceId }, query } }),
      )
    },
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.next,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  })
}

function overviewQuery(spaceId: string, id: string) {
  return {
    queryKey: ['overview', spaceId, id],
    queryFn: () =>
      answeredData<OverviewAnswer>(
        api.GET('/spaces/{spaceId}/destinations/{id}/overview', { params: { path: { spaceId, id } } }),
      ),
    refetchInterval: COUNTS_EVERY_MS,
  }
}

export function useOverview(id: string) {
  return useQuery(overviewQuery(useSpaceId(), id))
}

/** Returns what is known of the deliveries to each destination, by its id. */
export function useOverviews(ids: readonly string[]): ReadonlyMap<string, OverviewAnswer> {
  const spaceId = useSpaceId()
  return useQueries({
    queries: ids.map((id) => overviewQuery(spaceId, id)),
    combine: (results) => new Map(results.flatMap(({ data }, index) => (data ? [[ids[index]!, data] as const] : []))),
  })
}

export function useFailures(id: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['failures', spaceId, id],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/destinations/{id}/failures', { params: { path: { spaceId, id } } })
      return (await answeredData<{ failures: FailureAnswer[] }>(asked)).failures
    },
    refetchInterval: COUNTS_EVERY_MS,
  })
}

/** A definition that may be connected. */
export interface NamedDefinition {
  readonly id: string
  readonly key: string
  readonly name: string
  readonly kind: 'audience' | 'computed trait'
  readonly isOfAccounts: boolean
}

/** All audiences and computed traits, by their names. */
export function useDefinitions() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['definitions', spaceId],
    queryFn: async (): Promise<NamedDefinition[]> => {
      const params = { path: { spaceId }, query: { 'pagination[count]': DEFINITIONS_PAGE } }
      const [{ audiences }, { computedTraits }] = await Promise.all([
        answeredData<{ audiences: AudienceAnswer[] }>(api.GET('/spaces/{spaceId}/audiences', { params })),
        answeredData<{ computedTraits: ComputedTraitAnswer[] }>(
          api.GET('/spaces/{spaceId}/computed-traits', { params }),
        ),
      ])
      return [
        ...audiences.map(({ id, key, name, audienceType }) => ({
          ...{ id, key, name },
          kind: 'audience' as const,
          isOfAccounts: audienceType === 'ACCOUNTS',
        })),
        ...computedTraits.map(({ id, key, name, definition }) => ({
          ...{ id, key, name },
          kind: 'computed trait' as const,
          isOfAccounts: definition.type === 'ACCOUNTS',
        })),
      ]
    },
  })
}

/** A connection, as its definition knows it. */
export function useConnection(destinationId: string, definitionId: string) {
  const spaceId = useSpaceId()
  const isAudience = definitionId.startsWith('aud_')
  return useQuery({
    queryKey: ['connection', spaceId, destinationId, definitionId],
    queryFn: async () => {
      const params = { path: { spaceId, id: definitionId, destinationId } }
      const asked = isAudience
        ? api.GET('/spaces/{spaceId}/audiences/{id}/destination-connections/{destinationId}', { params })
        : api.GET('/spaces/{spaceId}/computed-traits/{id}/destination-connections/{destinationId}', { params })
      return (await answeredData<{ connection: ConnectionAnswer }>(asked)).connection
    },
    refetchInterval: COUNTS_EVERY_MS,
  })
}

/** Returns a function to call once a destination has changed. */
export function useChanged(id?: string): () => Promise<void> {
  const queries = useQueryClient()
  const spaceId = useSpaceId()
  return async () => {
    const words = ['destination', 'overview', 'failures', 'connection']
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['destinations', spaceId] }),
      ...(id ? words.map((word) => queries.invalidateQueries({ queryKey: [word, spaceId, id] })) : []),
    ])
  }
}
