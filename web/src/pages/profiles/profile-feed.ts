/** A profile as it changes: its own transitions, and calls that change nothing of its audiences. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useSpaceId } from '../../api/session.ts'
import { profileKey, type Shown, usePresence } from './profile-queries.ts'

/** Transitions that come together refresh together. */
const TOGETHER_MS = 120

/** Refreshes all that is shown of a profile whenever it changes, as long as the component is shown. */
export function useLiveProfile({ collection, id }: Shown): void {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  useEffect(() => {
    const path = ['/v1/spaces', spaceId, 'collections', collection, 'profiles', id, 'transitions']
    const source = new EventSource(path.map((part, index) => (index === 0 ? part : encodeURIComponent(part))).join('/'))
    let timer: ReturnType<typeof setTimeout> | undefined
    const refresh = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        void queries.invalidateQueries({ queryKey: profileKey(spaceId, { collection, id }) })
      }, TOGETHER_MS)
    }
    source.addEventListener('transition', refresh)
    source.addEventListener('gap', refresh)
    return () => {
      source.close()
      clearTimeout(timer)
    }
  }, [spaceId, collection, id, queries])
  const presence = usePresence({ collection, id })
  const known = useRef<string>(undefined)
  useEffect(() => {
    if (known.current !== undefined && known.current !== presence)
      void queries.invalidateQueries({ queryKey: profileKey(spaceId, { collection, id }) })
    known.current = presence
  }, [presence, spaceId, collection, id, queries])
}
