/** Questions about sources to the server, each asked in one place. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type { RejectionsAnswer, SourceAnswer } from './answers.ts'

const REJECTIONS_EVERY_MS = 5_000
const REJECTIONS_SHOWN = '1000'

export function useSources() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['sources', spaceId],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/sources', { params: { path: { spaceId } } })
      return (await answeredData<{ sources: SourceAnswer[] }>(asked)).sources
    },
  })
}

export function useSource(id: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['source', spaceId, id],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/sources/{id}', { params: { path: { spaceId, id } } })
      return (await answeredData<{ source: SourceAnswer }>(asked)).source
    },
  })
}

export function useRejections(id: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['rejections', spaceId, id],
    queryFn: () =>
      answeredData<RejectionsAnswer>(
        api.GET('/spaces/{spaceId}/sources/{id}/rejections', {
          params: { path: { spaceId, id }, query: { count: REJECTIONS_SHOWN } },
        }),
      ),
    refetchInterval: REJECTIONS_EVERY_MS,
  })
}

/** Returns a function to call once a source has changed. */
export function useSourceChanged(): () => Promise<void> {
  const queries = useQueryClient()
  const spaceId = useSpaceId()
  return async () => {
    await Promise.all(['sources', 'source'].map((word) => queries.invalidateQueries({ queryKey: [word, spaceId] })))
  }
}
