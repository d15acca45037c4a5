/** The first call that a source receives while the page is open. Nothing of the person in it is kept. */
import { useEffect, useState } from 'react'
import { useSpaceId } from '../../api/session.ts'

export interface SeenCall {
  /** The event, or the type of a call that has none. */
  readonly name: string
  /** Epoch ms. */
  readonly at: number
  /** Why it was refused; undefined if it was taken. */
  readonly rejected: string | undefined
}

interface Heard {
  readonly state: 'listening' | 'broken'
  readonly call: SeenCall | undefined
}

interface Sent {
  readonly call: unknown
  readonly rejected?: { readonly message: string }
}

/** Listens until a call was taken; one that was refused is shown until then. */
export function useFirstCall(sourceId: string): Heard {
  const spaceId = useSpaceId()
  const [heard, hear] = useState<Heard>({ state: 'listening', call: undefined })
  useEffect(() => {
    const path = `/spaces/${encodeURIComponent(spaceId)}/sources/${encodeURIComponent(sourceId)}/calls`
    const source = new EventSource(path)
    const take = ({ data }: MessageEvent<string>): void => {
      const { call, rejected } = JSON.parse(data) as Sent
      hear({ state: 'listening', call: { name: nameOf(call), at: Date.now(), rejected: rejected?.message } })
      if (!rejected) source.close()
    }
    source.addEventListener('accepted', take)
    source.addEventListener('rejected', take)
    source.onopen = () => {
      hear(({ call }) => ({ state: 'listening', call }))
    }
    source.onerror = () => {
      hear(({ call }) => ({ state: 'broken', call }))
    }
    return () => {
      source.close()
    }
  }, [spaceId, sourceId])
  return heard
}

/** A refused call may be anything. */
function nameOf(call: unknown): string {
  const { event, type } = (typeof call === 'object' && call !== null ? call : {}) as { event?: unknown; type?: unknown }
  if (typeof event === 'string') return event
  return typeof type === 'string' ? type : 'a call'
}
