/** Opens the page of whoever the feed names, by an id that is looked up in the body of a request: no address has it. */
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { findProfile } from '../api/find-profile.ts'
import { useSpaceId } from '../api/session.ts'
import { profileRoute } from './profile-link.tsx'

export function useOpenProfile() {
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  const [problem, setProblem] = useState<string>()
  const look = async (profile: string): Promise<void> => {
    const found = await findProfile(spaceId, profile)
    const wanted = profile.startsWith('group_id:') ? 'accounts' : 'users'
    const one = found.find(({ collection }) => collection === wanted) ?? found[0]
    if (one) await navigate(profileRoute(one.id))
    else setProblem('This profile is there no more.')
  }
  /** @param profile `user_id:u1` */
  const open = (profile: string): void => {
    setProblem(undefined)
    look(profile).catch((error: unknown) => {
      setProblem((error as Error).message)
    })
  }
  return { open, problem }
}
