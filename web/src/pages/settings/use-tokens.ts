/** The access tokens of the space, without their secrets. */
import { useQuery } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type { TokenAnswer } from './answers.ts'

export function useTokens() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['tokens', spaceId],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/tokens', { params: { path: { spaceId } } })
      return (await answeredData<{ tokens: TokenAnswer[] }>(asked)).tokens
    },
  })
}
