/** The numbers beside the pages: how many audiences, computed traits, destinations and sources there are. */
import { useQuery } from '@tanstack/react-query'
import { answeredData, api } from '../api/client.ts'

/** They change seldom: a page that changes one asks anew. */
const STALE_MS = 30_000

interface Counted {
  readonly pagination: { readonly totalEntries: number }
}

/** Returns them by the path of the page; undefined until they are known. */
export function useNavCounts(spaceId: string): Readonly<Record<string, number>> | undefined {
  const { data } = useQuery({
    queryKey: ['counts', spaceId],
    staleTime: STALE_MS,
    refetchInterval: 2 * STALE_MS,
    queryFn: async () => {
      const params = { path: { spaceId } }
      const first = { ...params, query: { 'pagination[count]': '1' } }
      const [audiences, traits, destinations, sources] = await Promise.all([
        answeredData<Counted>(api.GET('/spaces/{spaceId}/audiences', { params: first })),
        answeredData<Counted>(api.GET('/spaces/{spaceId}/computed-traits', { params: first })),
        answeredData<{ destinations: readonly unknown[] }>(api.GET('/spaces/{spaceId}/destinations', { params })),
        answeredData<{ sources: readonly unknown[] }>(api.GET('/spaces/{spaceId}/sources', { params })),
      ])
      return {
        '/': audiences.pagination.totalEntries,
        '/traits': traits.pagination.totalEntries,
        '/destinations': destinations.destinations.length,
        '/sources': sources.sources.length,
      }
    },
  })
  return data
}
