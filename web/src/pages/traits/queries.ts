/** Computed traits as the server has them, and changes of them. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type { AudienceAnswer, ComputedTraitAnswer, Pagination } from '../../api/answers.ts'

const PAGE = '1000'
const AGAIN_MS = 30_000
const COMPUTING_AGAIN_MS = 1_000

export type TraitType = ComputedTraitAnswer['definition']['type']

export interface TraitChange {
  readonly name?: string
  readonly description?: string
  readonly enabled?: boolean
  readonly definition?: { readonly query: string }
}

export function useTraits() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['computed traits', spaceId, 'all'],
    queryFn: ({ signal }) => allTraits(spaceId, signal),
    structuralSharing: false,
    refetchInterval: ({ state: { data = [] } }) =>
      data.some(({ status }) => status === 'Computing') ? COMPUTING_AGAIN_MS : AGAIN_MS,
  })
}

async function allTraits(spaceId: string, signal: AbortSignal): Promise<readonly ComputedTraitAnswer[]> {
  const all: ComputedTraitAnswer[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const query = { 'pagination[count]': PAGE, ...(cursor && { 'pagination[cursor]': cursor }) }
    const page: { computedTraits: ComputedTraitAnswer[]; pagination: Pagination } = await answeredData(
      api.GET('/spaces/{spaceId}/computed-traits', { params: { path: { spaceId }, query }, signal }),
    )
    all.push(...page.computedTraits)
    cursor = page.pagination.next
  }
  return all
}

export function useTrait(id: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['computed traits', spaceId, id],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/computed-traits/{id}', { params: { path: { spaceId, id } } })
      return (await answeredData<{ computedTrait: ComputedTraitAnswer }>(asked)).computedTrait
    },
    refetchInterval: ({ state: { data } }) => (data?.status === 'Computing' ? COMPUTING_AGAIN_MS : AGAIN_MS),
  })
}

/** Returns functions that change computed traits. Each rejects with an ApiError if it is refused. */
export function useTraitChanges() {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  const done = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
    const answer = await asked
    await queries.invalidateQueries({ queryKey: ['computed traits', spaceId] })
    return answer
  }
  return {
    /** Resolves with the id of the new one. */
    create: async (name: string, type: TraitType, query: string): Promise<string> => {
      const body = { name, definition: { type, query } }
      const asked = api.POST('/spaces/{spaceId}/computed-traits', { params: { path: { spaceId } }, body })
      return (await done(answeredData<{ computedTrait: ComputedTraitAnswer }>(asked))).computedTrait.id
    },
    /** @param ifUpdatedAt refuses it if there was another change since */
    change: async (id: string, change: TraitChange, ifUpdatedAt?: string): Promise<void> => {
      const params = { path: { spaceId, id }, query: { ...(ifUpdatedAt !== undefined && { ifUpdatedAt }) } }
      await done(answeredData(api.PATCH('/spaces/{spaceId}/computed-traits/{id}', { params, body: change })))
    },
    remove: async (id: string): Promise<void> => {
      const params = { path: { spaceId, id } }
      await answeredData(api.DELETE('/spaces/{spaceId}/computed-traits/{id}', { params }))
      // A page that still shows it does not ask for it again.
      await queries.invalidateQueries({ queryKey: ['computed traits', spaceId, 'all'] })
    },
  }
}

/** Names the audiences and computed traits whose queries name a trait. */
export function useReaders(key: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['readers', spaceId, key],
    queryFn: async () => {
      const query = { 'search[type]': 'DEFINITION', 'search[query]': key, 'pagination[count]': '200' }
      const params = { path: { spaceId }, query }
      const [audiences, traits] = await Promise.all([
        answeredData<{ audiences: AudienceAnswer[] }>(api.GET('/spaces/{spaceId}/audiences', { params })),
        answeredData<{ computedTraits: ComputedTraitAnswer[] }>(
          api.GET('/spaces/{spaceId}/computed-traits', { params }),
        ),
      ])
      return [...audiences.audiences, ...traits.computedTraits]
        .filter((reader) =>
          [`trait('${key}')`, `trait("${key}")`].some((text) => reader.definition.query.includes(text)),
        )
        .map(({ name }) => name)
    },
    staleTime: 0,
  })
}
