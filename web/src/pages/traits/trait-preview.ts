/** The values that a computed trait has, or would have: asked of the server as a preview. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { answeredData, api, type ApiError } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type { Estimate } from '../../api/answers.ts'
import type { TraitType } from './queries.ts'

export interface TraitValues {
  /** The number of those who have a value. */
  readonly count: number
  /** Numbers, by the share of all that is at most as high. */
  readonly quantiles?: Readonly<Record<string, number>>
  /** All that is no number, the most frequent first. */
  readonly mostFrequent?: readonly { readonly value: unknown; readonly count: number }[]
}

export interface TraitPreview {
  readonly id: string
  readonly status: 'RUNNING' | 'COMPLETED' | 'FAILED'
  readonly failureReason?: string
  readonly asOf?: string
  readonly progress: number
  readonly estimate?: Estimate
  readonly values?: TraitValues
  readonly identifiers?: Readonly<Record<string, number>>
}

interface Draft {
  readonly type: TraitType
  readonly query: string
}

const ASKED_AFTER_MS = 150
const LOOK_AGAIN_MS = 400

async function start(spaceId: string, definition: Draft, replaces?: string): Promise<string> {
  const body = { definition, ...(replaces !== undefined && { replaces }) }
  // The server's description leaves the body of a preview open.
  const init = { params: { path: { spaceId } }, body: body as never }
  const asked = api.POST('/spaces/{spaceId}/computed-traits/previews', init)
  return (await answeredData<{ computedTraitPreview: { id: string } }>(asked)).computedTraitPreview.id
}

function cancel(spaceId: string, id: string): void {
  void api.DELETE('/spaces/{spaceId}/computed-traits/previews/{id}', { params: { path: { spaceId, id } } })
}

interface Followed {
  /** The query that was asked about. */
  readonly query: string
  readonly preview?: TraitPreview
  readonly error?: ApiError
}

/**
 * Follows the values of a draft, some time after its last change. The answer says which query it is about, so that none
 * is taken for that of a later one.
 */
export function useTraitPreview({ type, query }: Draft): Followed | undefined {
  const spaceId = useSpaceId()
  const [followed, setFollowed] = useState<Followed>()
  useEffect(() => {
    if (query.trim() === '') return undefined
    let source: EventSource | undefined
    let startedId: string | undefined
    let isOver = false
    const follow = async (): Promise<void> => {
      try {
        const id = await start(spaceId, { type, query })
        startedId = id
        if (isOver) {
          cancel(spaceId, id)
          return
        }
        source = new EventSource(`/spaces/${encodeURIComponent(spaceId)}/computed-traits/previews/${id}/stream`)
        source.addEventListener('preview', ({ data }: MessageEvent<string>) => {
          setFollowed({ query, preview: JSON.parse(data) as TraitPreview })
        })
      } catch (error) {
        if (!isOver) setFollowed({ query, error: error as ApiError })
      }
    }
    const timer = setTimeout(() => void follow(), ASKED_AFTER_MS)
    return () => {
      isOver = true
      clearTimeout(timer)
      source?.close()
      if (startedId !== undefined) cancel(spaceId, startedId)
    }
  }, [spaceId, type, query])
  return followed
}

/** Returns the values of a computed trait once they are complete. */
export function useTraitValues({ type, query }: Draft, isWanted: boolean) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['trait values', spaceId, type, query],
    queryFn: async ({ signal }) => {
      const id = await start(spaceId, { type, query })
      try {
        return await completed(spaceId, id, signal)
      } finally {
        cancel(spaceId, id)
      }
    },
    enabled: isWanted,
    staleTime: 60_000,
  })
}

async function completed(spaceId: string, id: string, signal: AbortSignal): Promise<TraitValues | undefined> {
  for (;;) {
    const params = { path: { spaceId, id } }
    const asked = api.GET('/spaces/{spaceId}/computed-traits/previews/{id}', { params, signal })
    const { computedTraitPreview } = await answeredData<{ computedTraitPreview: TraitPreview }>(asked)
    if (computedTraitPreview.status !== 'RUNNING') return computedTraitPreview.values
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}
