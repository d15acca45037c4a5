/** Entries and exits since the tab was last looked at. */
import { useCallback, useEffect, useState } from 'react'
import { type Received, useEachTransition } from '../api/feed.ts'
import { count } from '../parts/format.ts'

const NONE = { entered: 0, left: 0 }

/**
 * Returns what stands before the title in the tab: `(+6 −2) `, or nothing.
 * @param audienceId that of the audience whose moves count; undefined: of all
 */
export function useUnseen(spaceId: string, audienceId: string | undefined): string {
  const [{ entered, left }, setUnseen] = useState(NONE)
  const onTransition = useCallback(
    (transition: Received) => {
      if (!document.hidden || (audienceId !== undefined && transition.audienceId !== audienceId)) return
      if (transition.type === 'entered') setUnseen((before) => ({ ...before, entered: before.entered + 1 }))
      else if (transition.type === 'exited') setUnseen((before) => ({ ...before, left: before.left + 1 }))
    },
    [audienceId],
  )
  useEachTransition(spaceId, onTransition)
  useEffect(() => {
    const look = (): void => {
      if (!document.hidden) setUnseen(NONE)
    }
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
    }
  }, [])
  const moves = [...(entered > 0 ? [`+${count(entered)}`] : []), ...(left > 0 ? [`−${count(left)}`] : [])]
  return moves.length > 0 ? `(${moves.join(' ')}) ` : ''
}
