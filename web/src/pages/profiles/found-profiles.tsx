/** The profiles that a search by an id finds: the profile that has it, then those with an id that begins so. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useSpaceId } from '../../api/session.ts'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { Collection, Listed, ProfileAnswer } from './answers.ts'
import { ProfileRows } from './profile-rows.tsx'
import { searchProfiles } from './profile-queries.ts'

const FOUND_A_PAGE = 50
/** A request goes over a part of everybody; so many are made before somebody is asked. */
const REQUESTS_AT_ONCE = 10

interface FoundProfilesProps {
  readonly collection: Collection
  readonly sought: string
}

export function FoundProfiles({ collection, sought }: FoundProfilesProps) {
  const exact = useExact(collection, sought)
  const begun = useBegun(collection, sought)
  const has = exact.data ?? []
  const begin = (begun.data?.pages ?? []).flatMap((page) => page.data)
  const found = [...has, ...begin.filter(({ id }) => !has.some((profile) => profile.id === id))]
  const error = exact.error ?? begun.error
  if (error)
    return (
      <Failed
        error={error}
        again={() => {
          void exact.refetch()
          void begun.refetch()
        }}
      />
    )
  const isSearching = exact.isPending || begun.isFetching
  const united = has[0] && /^(use|acc)_/.test(sought) && has[0].id !== sought ? has[0] : undefined
  return (
    <>
      {united && (
        <p className="united" role="status">
          <span className="mono">{sought}</span> was united with the profile <span className="mono">{united.id}</span>.
        </p>
      )}
      {found.length > 0 && <ProfileRows collection={collection} profiles={found} />}
      {found.length === 0 && isSearching && <Loading rows={2} />}
      {found.length === 0 && !isSearching && <NothingFound collection={collection} sought={sought} />}
      {begun.hasNextPage && !isSearching && (
        <button className="btn" type="button" onClick={() => void begun.fetchNextPage()}>
          Look further
        </button>
      )}
    </>
  )
}

function useExact(collection: Collection, sought: string) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['found by an id', spaceId, collection, sought],
    queryFn: async () => (await searchProfiles(spaceId, collection, { id: sought })).data,
    // It names somebody: nothing of it is kept.
    gcTime: 0,
  })
}

function useBegun(collection: Collection, sought: string) {
  const spaceId = useSpaceId()
  return useInfiniteQuery({
    queryKey: ['found by a beginning', spaceId, collection, sought],
    queryFn: async ({ pageParam }): Promise<Listed<ProfileAnswer>> => {
      let next = pageParam
      let data: readonly ProfileAnswer[] = []
      for (let request = 0; ; request++) {
        const body = { prefix: sought, limit: FOUND_A_PAGE, ...(next && { next }) }
        const page = await searchProfiles(spaceId, collection, body)
        data = [...data, ...page.data]
        const isEnough = data.length >= FOUND_A_PAGE || request + 1 >= REQUESTS_AT_ONCE
        if (!page.cursor.has_more || isEnough) return { data, cursor: page.cursor }
        next = page.cursor.next
      }
    },
    initialPageParam: '',
    getNextPageParam: ({ cursor }) => (cursor.has_more ? cursor.next : undefined),
    gcTime: 0,
  })
}

/** Says that nobody has the id, and whether the other collection has. */
function NothingFound({ collection, sought }: FoundProfilesProps) {
  const other = collection === 'users' ? 'accounts' : 'users'
  const { data } = useExact(other, sought)
  const found = data?.[0]
  return (
    <Empty title={`No ${collection === 'users' ? 'profile' : 'account'} has this id.`}>
      {found ? (
        <Link
          className="link"
          to={other === 'users' ? '/profiles/$profileId' : '/accounts/$profileId'}
          params={{ profileId: found.id }}
        >
          {other === 'users' ? 'A person has it' : 'An account has it'}
        </Link>
      ) : (
        <p>Ids count as they were sent, but for emails, which are found in capitals too.</p>
      )}
    </Empty>
  )
}
