/** The names of all audiences and computed traits, by their keys. */
import { useQuery } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'

interface Named {
  readonly key: string
  readonly name: string
}

const PAGE = '200'
const NONE: ReadonlyMap<string, string> = new Map()

export function useNames(): ReadonlyMap<string, string> {
  const spaceId = useSpaceId()
  const { data } = useQuery({
    queryKey: ['names', spaceId],
    queryFn: async () => {
      const params = { path: { spaceId }, query: { 'pagination[count]': PAGE } }
      const [{ audiences }, { computedTraits }] = await Promise.all([
        answeredData<{ audiences: Named[] }>(api.GET('/spaces/{spaceId}/audiences', { params })),
        answeredData<{ computedTraits: Named[] }>(api.GET('/spaces/{spaceId}/computed-traits', { params })),
      ])
      return new Map([...audiences, ...computedTraits].map(({ key, name }) => [key, name]))
    },
  })
  return data ?? NONE
}
