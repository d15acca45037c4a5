/** The preview of an audience that is being edited. */
import type { PreviewAnswer } from '../api/answers.ts'
import { type Preview, usePreview } from './use-preview.ts'

const SHOWN_TRAITS = ['name', 'email', 'plan']

export interface AudienceQuestion {
  readonly spaceId: string
  readonly query: string
  readonly audienceType: 'USERS' | 'ACCOUNTS'
  /** The audience that is being changed; undefined for a new one. */
  readonly audienceId: string | undefined
  /** Audiences whose overlap is asked for. */
  readonly overlapWith: readonly string[]
}

export type AudiencePreview = Preview<PreviewAnswer>

/** Asks for a preview of the question; of none while it is undefined. */
export function useAudiencePreview(question: AudienceQuestion | undefined): AudiencePreview {
  return usePreview<PreviewAnswer>(question && whole(question))
}

function whole({ spaceId, query, audienceType, audienceId, overlapWith }: AudienceQuestion) {
  const body = {
    definition: { query },
    audienceType,
    traits: SHOWN_TRAITS,
    overlapWith,
    ...(audienceId !== undefined && { changeOf: audienceId }),
  }
  return { spaceId, of: 'audiences', query, body } as const
}
