/** The transitions that the page shows: those of before it was opened, and those that the feed has brought since. */
import { useMemo } from 'react'
import { useFeed } from '../../api/feed.ts'
import { useSpaceId } from '../../api/session.ts'
import { KEPT_MAX, type LiveTransition, useRecent } from './recent.ts'

export interface Shown {
  /** The newest first. */
  readonly transitions: readonly LiveTransition[]
  /** False while those of before are being read. */
  readonly isRead: boolean
}

export function useTransitions(): Shown {
  const { transitions } = useFeed(useSpaceId())
  const recent = useRecent()
  const shown = useMemo(() => {
    const come = transitions as unknown as readonly LiveTransition[]
    const known = new Set(come.map(nameOfTransition))
    const before = recent.transitions.filter((transition) => !known.has(nameOfTransition(transition)))
    return [...before, ...come].slice(-KEPT_MAX).reverse()
  }, [recent.transitions, transitions])
  return { transitions: shown, isRead: recent.isRead }
}

/** Returns the name of a transition among all of the space. */
export function nameOfTransition({ key, profile, sequence }: LiveTransition): string {
  return `${key} ${profile} ${sequence}`
}
