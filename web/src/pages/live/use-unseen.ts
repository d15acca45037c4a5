/** Counts the transitions since the tab was last looked at. */
import { useCallback, useEffect, useState } from 'react'
import { useEachTransition } from '../../api/feed.ts'

export function useUnseen(spaceId: string): number {
  const [unseen, setUnseen] = useState(0)
  const onTransition = useCallback(() => {
    if (document.hidden) setUnseen((before) => before + 1)
  }, [])
  useEachTransition(spaceId, onTransition)
  useEffect(() => {
    const look = (): void => {
      if (!document.hidden) setUnseen(0)
    }
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
    }
  }, [])
  return unseen
}
