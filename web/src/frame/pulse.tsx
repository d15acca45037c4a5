/** The last minute of the whole space, in the bar of every page. */
import { useEffect, useState } from 'react'
import { useSpaceId } from '../api/session.ts'
import { useFeed } from '../api/feed.ts'
import { count } from '../parts/format.ts'
import { Tally } from '../parts/tally.tsx'
import { strokesOf } from '../parts/strokes.ts'

const MINUTE_MS = 60_000
const FRESH_MS = 400

/** Returns the time, each second. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now())
    }, everyMs)
    return () => {
      clearInterval(timer)
    }
  }, [everyMs])
  return now
}

export function Pulse() {
  const { transitions } = useFeed(useSpaceId())
  const now = useNow()
  const strokes = strokesOf(transitions).filter(({ at }) => at > now - MINUTE_MS)
  const entered = strokes.reduce((sum, stroke) => sum + stroke.entered, 0)
  const left = strokes.reduce((sum, stroke) => sum + stroke.left, 0)
  return (
    <div className="pulse hide-s">
      <span className="up b">+{count(entered)}</span>
      <Tally
        strokes={strokes}
        from={now - MINUTE_MS}
        to={now}
        freshFrom={now - FRESH_MS}
        label={`Entries and exits in the last minute: ${count(entered)} entered, ${count(left)} left`}
      />
      <span className="down b">−{count(left)}</span>
      <span className="dim">last minute</span>
    </div>
  )
}
