/** Transitions of the last minutes, from before the page was opened: what is kept of the feed, read once. */
import { useEffect, useState } from 'react'
import type { Transition } from '../../api/answers.ts'
import { useSpaceId } from '../../api/session.ts'

/** A transition of the feed. */
export interface LiveTransition extends Transition {
  /** Counts those of its profile and key: together they are its name. */
  readonly sequence: number
}

export const RECENT_MS = 10 * 60_000
export const KEPT_MAX = 2_000
/** All that is kept has been read when nothing more comes for so long. */
const IDLE_MS = 3_000

export interface Recent {
  /** The oldest first. */
  readonly transitions: readonly LiveTransition[]
  /** False while more may come. */
  readonly isRead: boolean
}

const NOTHING: Recent = { transitions: [], isRead: false }

/** They name people: they are kept in this page alone. */
export function useRecent(): Recent {
  const spaceId = useSpaceId()
  const [recent, setRecent] = useState(NOTHING)
  useEffect(() => {
    const reading = new AbortController()
    const read = async (): Promise<void> => {
      let found: readonly LiveTransition[] = []
      try {
        for await (const some of readKept(spaceId, Date.now() - RECENT_MS, reading)) {
          found = [...found, ...some].slice(-KEPT_MAX)
          setRecent({ transitions: found, isRead: false })
        }
      } catch (error) {
        // What comes from now on is shown without what was before.
        if (!reading.signal.aborted) console.warn('The transitions of before could not be read', error)
      }
      setRecent({ transitions: found, isRead: true })
    }
    void read()
    return () => {
      reading.abort()
    }
  }, [spaceId])
  return recent
}

/** Reads what is kept of the feed, as it comes; ends once nothing more comes, as the connection is one of a hundred. */
async function* readKept(spaceId: string, from: number, reading: AbortController): AsyncGenerator<LiveTransition[]> {
  const path = `/spaces/${encodeURIComponent(spaceId)}/transitions?lastEventId=0-0`
  const response = await fetch(path, { signal: reading.signal, headers: { accept: 'text/event-stream' } })
  if (!response.ok || !response.body) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const chunk = await withinIdle(reader.read())
    if (chunk === undefined || chunk.done) break
    const events = (text + chunk.value).split('\n\n')
    text = events.pop() ?? ''
    const found = events.flatMap((event) => transitionOf(event, from))
    if (found.length > 0) yield found
  }
  await reader.cancel()
}

function transitionOf(event: string, from: number): LiveTransition[] {
  const data = /^data: (.*)$/m.exec(event)?.[1]
  if (data === undefined || !/^event: transition$/m.test(event)) return []
  const transition = JSON.parse(data) as LiveTransition
  return Date.parse(transition.at) >= from ? [transition] : []
}

/** Resolves with undefined if nothing comes for a while. */
function withinIdle<Value>(coming: Promise<Value>): Promise<Value | undefined> {
  return Promise.race([
    coming,
    new Promise<undefined>((resolve) => {
      setTimeout(() => {
        resolve(undefined)
      }, IDLE_MS)
    }),
  ])
}
