/** The calls of a source as they come, while somebody looks. They stay in this page. */
import { useEffect, useRef, useState } from 'react'
import { useSpaceId } from '../../api/session.ts'

export interface SeenCall {
  readonly number: number
  /** When it was seen here, epoch ms. */
  readonly at: number
  readonly call: Readonly<Record<string, unknown>>
  readonly rejected?: { readonly code: string; readonly message: string }
}

export interface SeenCalls {
  readonly state: 'connecting' | 'listening' | 'broken'
  /** The newest first. */
  readonly calls: readonly SeenCall[]
  readonly clear: () => void
}

const KEPT_MAX = 1_000
const SHOWN_EVERY_MS = 120

/** @param isPaused what comes meanwhile is not shown later */
export function useCalls(sourceId: string, isPaused: boolean): SeenCalls {
  const spaceId = useSpaceId()
  const [calls, setCalls] = useState<readonly SeenCall[]>([])
  const [state, setState] = useState<SeenCalls['state']>('connecting')
  const count = useRef(0)
  useEffect(() => {
    if (isPaused) return
    const source = new EventSource(
      `/spaces/${encodeURIComponent(spaceId)}/sources/${encodeURIComponent(sourceId)}/calls`,
    )
    let waiting: SeenCall[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (): void => {
      const come = waiting.reverse()
      waiting = []
      timer = undefined
      setCalls((before) => [...come, ...before].slice(0, KEPT_MAX))
    }
    const take = ({ data }: MessageEvent<string>): void => {
      const { call, rejected } = JSON.parse(data) as Pick<SeenCall, 'call' | 'rejected'>
      waiting.push({ number: count.current++, at: Date.now(), call: asObject(call), ...(rejected && { rejected }) })
      timer ??= setTimeout(show, SHOWN_EVERY_MS)
    }
    source.addEventListener('accepted', take)
    source.addEventListener('rejected', take)
    source.onopen = () => {
      setState('listening')
    }
    source.onerror = () => {
      setState('broken')
    }
    return () => {
      clearTimeout(timer)
      source.close()
    }
  }, [spaceId, sourceId, isPaused])
  return {
    state,
    calls,
    clear: () => {
      setCalls([])
    },
  }
}

/** A refused call may be anything. */
function asObject(call: unknown): Readonly<Record<string, unknown>> {
  return typeof call === 'object' && call !== null ? (call as Record<string, unknown>) : { call }
}
