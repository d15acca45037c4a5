/** The session, and the space that is shown. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { answeredData, api } from './client.ts'
import type { Role, SessionAnswer, SpaceAnswer } from './answers.ts'

export interface Session extends SessionAnswer {
  readonly spaces: readonly SpaceAnswer[]
  /** The space that is shown. */
  readonly space: SpaceAnswer
  readonly chooseSpace: (id: string) => void
}

export const SessionContext = createContext<Session | undefined>(undefined)

/** Returns the session that there is on every page. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('a page is shown without a session')
  return session
}

/** Returns the id of the space that is shown. */
export function useSpaceId(): string {
  return useSession().space.id
}

/** True if the role of the session may change what editors, or admins, may. */
export function useMay(needed: Role): boolean {
  const order: readonly Role[] = ['viewer', 'editor', 'admin']
  return order.indexOf(useSession().role) >= order.indexOf(needed)
}

export function useSessionAnswer() {
  return useQuery({
    queryKey: ['session'],
    queryFn: () => answeredData<SessionAnswer>(api.GET('/app/session')),
    retry: false,
    staleTime: Infinity,
  })
}

/** Returns functions that begin and end a session. Begin rejects with an ApiError if the token is nobody's. */
export function useSigning() {
  const queries = useQueryClient()
  return {
    begin: async (token: string): Promise<void> => {
      const answer = await answeredData<SessionAnswer>(api.POST('/app/session', { body: { token } }))
      queries.setQueryData(['session'], answer)
      // Of the cache that is cleared, nothing that is shown would hear of the new session.
      await queries.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
    },
    end: async (): Promise<void> => {
      await answeredData(api.DELETE('/app/session'))
      await queries.resetQueries()
    },
  }
}
