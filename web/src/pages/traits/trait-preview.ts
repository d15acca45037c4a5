/** The values that a computed trait has, or would have: asked of the server as a preview. */
import { useQuery } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type { Estimate, PreviewAnswer } from '../../api/answers.ts'
import {
  cancelPreview,
  type Preview,
  type PreviewQuestion,
  startPreview,
  usePreview,
} from '../../builder/use-preview.ts'
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
  /** The calls of a change, once its values are exact. */
  readonly deliveries?: PreviewAnswer['deliveries']
  /** For a change: how many would have another value. */
  readonly changing?: number
  readonly cost?: PreviewAnswer['cost']
}

interface TraitQuestion {
  readonly spaceId: string
  readonly type: TraitType
  readonly query: string
  /** The computed trait that is being changed; undefined for a new one. */
  readonly traitId?: string | undefined
}

const LOOK_AGAIN_MS = 400

export type DraftPreview = Preview<TraitPreview>

/** Follows the values of a draft; of none while it is undefined. */
export function useTraitPreview(question: TraitQuestion | undefined): DraftPreview {
  return usePreview<TraitPreview>(question && whole(question))
}

function whole({ spaceId, type, query, traitId }: TraitQuestion): PreviewQuestion {
  const body = { definition: { type, query }, ...(traitId !== undefined && { changeOf: traitId }) }
  return { spaceId, of: 'computed-traits', query, body }
}

/** Returns the values of a computed trait once they are complete. */
export function useTraitValues({ type, query }: Pick<TraitQuestion, 'type' | 'query'>, isWanted: boolean) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['trait values', spaceId, type, query],
    queryFn: async ({ signal }) => {
      const question = whole({ spaceId, type, query })
      const id = await startPreview(question)
      try {
        return await completed(spaceId, id, signal)
      } finally {
        cancelPreview(question, id)
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
