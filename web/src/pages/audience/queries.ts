/** One audience as the server has it. */
import { useQuery } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type { AudienceAnswer, ObservedField } from '../../api/answers.ts'

const AGAIN_MS = 30_000
const COMPUTING_AGAIN_MS = 1_000

export function useAudience(id: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['audiences', spaceId, id],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/audiences/{id}', { params: { path: { spaceId, id } } })
      return (await answeredData<{ audience: AudienceAnswer }>(asked)).audience
    },
    refetchInterval: ({ state: { data } }) => (data?.status === 'Computing' ? COMPUTING_AGAIN_MS : AGAIN_MS),
  })
}

/** Lists the names of traits that users, or accounts, have had lately. */
export function useObservedTraits(type: AudienceAnswer['audienceType']) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['observed traits', spaceId, type, 'names'],
    queryFn: async () => {
      const query = { collection: type === 'USERS' ? 'users' : 'accounts' }
      const asked = api.GET('/spaces/{spaceId}/observed/traits', { params: { path: { spaceId }, query } })
      return (await answeredData<{ traits: readonly ObservedField[] }>(asked)).traits.map(({ path }) => path)
    },
    staleTime: AGAIN_MS,
  })
}
