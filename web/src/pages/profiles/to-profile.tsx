/** A link to a profile that is known by one of its ids: the id is looked up, as no address may have it. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useSpaceId } from '../../api/session.ts'
import { ProfileLink } from '../../parts/profile-link.tsx'
import type { Collection } from './answers.ts'
import { searchProfiles } from './profile-queries.ts'

interface ToProfileProps {
  readonly collection: Collection
  /** `user_id:u1`, `group_id:g1`, or a segment id. */
  readonly name: string
  readonly children: ReactNode
}

/** Returns the segment id of a profile by any of its ids, once it is found. */
function useSegmentId(collection: Collection, name: string): string | undefined {
  const spaceId = useSpaceId()
  const { data } = useQuery({
    queryKey: ['segment id', spaceId, collection, name],
    queryFn: async () => (await searchProfiles(spaceId, collection, { id: name, limit: 1 })).data[0]?.id ?? null,
    enabled: !/^(use|acc)_/.test(name),
    staleTime: 60_000,
    // It names somebody: nothing of it is kept.
    gcTime: 0,
  })
  return /^(use|acc)_/.test(name) ? name : (data ?? undefined)
}

export function ToProfile({ collection, name, children }: ToProfileProps) {
  const id = useSegmentId(collection, name)
  if (id === undefined) return <span>{children}</span>
  return <ProfileLink id={id}>{children}</ProfileLink>
}
