/** The demonstration shop, as the server has it: asked for, begun and removed. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSession } from '../../api/session.ts'
import type { DemonstrationAnswer } from './answers.ts'

const KEY = ['demonstration']
const FILLING_EVERY_MS = 700

interface Answer {
  readonly demonstration: DemonstrationAnswer
}

/** True if the session may make and remove spaces: it opens all of them. */
export function useMayDemonstrate(): boolean {
  return useSession().spaceId === undefined
}

/** Asks for its state, again and again while its past is coming in. */
export function useDemonstration() {
  return useQuery({
    queryKey: KEY,
    queryFn: async () => (await answeredData<Answer>(api.GET('/app/demonstration'))).demonstration,
    enabled: useMayDemonstrate(),
    refetchInterval: ({ state }) => (state.data?.status === 'filling' ? FILLING_EVERY_MS : false),
  })
}

export function useOpenDemonstration() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async () => (await answeredData<Answer>(api.POST('/app/demonstration'))).demonstration,
    onSuccess: (demonstration) => {
      queries.setQueryData(KEY, demonstration)
    },
  })
}

/** Returns a function that removes it; another space is shown then. */
export function useRemoveDemonstration(): () => Promise<void> {
  const queries = useQueryClient()
  const { space, spaces, chooseSpace } = useSession()
  return async () => {
    const { demonstration } = await answeredData<Answer>(api.DELETE('/app/demonstration'))
    const other = spaces.find(({ id }) => id !== space.id)
    if (other) chooseSpace(other.id)
    queries.setQueryData(KEY, demonstration)
    await queries.refetchQueries({ queryKey: ['spaces'] })
  }
}

/** Returns a function that shows another space, which may just have been made. */
export function useGoToSpace(): (id: string) => Promise<void> {
  const queries = useQueryClient()
  const { chooseSpace } = useSession()
  return async (id) => {
    await queries.refetchQueries({ queryKey: ['spaces'] })
    chooseSpace(id)
  }
}
