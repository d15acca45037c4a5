/**
 * The preview of what is being edited: begun 150 ms after the last change, refined by the server's stream, and kept up
 * to date once it is exact. An answer to an older question is never shown as that to the newer one.
 */
import { useEffect, useRef, useState } from 'react'
import { answeredData, api } from '../api/client.ts'

const ASKED_AFTER_MS = 150

export interface PreviewQuestion {
  readonly spaceId: string
  readonly of: 'audiences' | 'computed-traits'
  readonly query: string
  /** The body of the request. */
  readonly body: object
}

export interface Preview<Answer> {
  /** The last one; undefined until the first has come. */
  readonly answer: Answer | undefined
  /** The query that the answer is about. */
  readonly query: string
  /** True while a newer question is not answered yet. */
  readonly isOld: boolean
  /** Undefined unless the newest question was refused. */
  readonly error: Error | undefined
}

const NONE = { answer: undefined, query: '', isOld: false, error: undefined } as const

/** Asks for a preview of the question; of none while it is undefined. */
export function usePreview<Answer>(question: PreviewQuestion | undefined): Preview<Answer> {
  const [preview, show] = useState<Preview<Answer>>(NONE)
  const last = useRef<{ readonly question: PreviewQuestion; readonly id: string }>(undefined)
  const asked = JSON.stringify(question)
  useEffect(() => {
    if (question === undefined) {
      show(NONE)
      return
    }
    const { spaceId, of, query } = question
    let isCurrent = true
    let source: EventSource | undefined
    show((before) => ({ ...before, isOld: true }))
    const begin = async (): Promise<void> => {
      const id = await startPreview(question, last.current?.id)
      last.current = { question, id }
      if (!isCurrent) return
      source = new EventSource(`/spaces/${encodeURIComponent(spaceId)}/${of}/previews/${id}/stream`)
      source.addEventListener('preview', ({ data }: MessageEvent<string>) => {
        show({ answer: JSON.parse(data) as Answer, query, isOld: false, error: undefined })
      })
    }
    const timer = setTimeout(() => {
      begin().catch((error: unknown) => {
        if (isCurrent) show((before) => ({ ...before, isOld: true, error: error as Error }))
      })
    }, ASKED_AFTER_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
      source?.close()
    }
    // The question is compared by what it says.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked])
  useEffect(
    () => () => {
      if (last.current) cancelPreview(last.current.question, last.current.id)
    },
    [],
  )
  return preview
}

/** Begins a preview; resolves with its id. @param replaces the id of one that nobody needs any more */
export async function startPreview(question: PreviewQuestion, replaces?: string): Promise<string> {
  const { spaceId, of } = question
  const body = { ...question.body, ...(replaces !== undefined && { replaces }) }
  // The server's description leaves the body of a preview open.
  const init = { params: { path: { spaceId } }, body: body as never }
  if (of === 'audiences') {
    const asked = api.POST('/spaces/{spaceId}/audiences/previews', init)
    return (await answeredData<{ audiencePreview: { id: string } }>(asked)).audiencePreview.id
  }
  const asked = api.POST('/spaces/{spaceId}/computed-traits/previews', init)
  return (await answeredData<{ computedTraitPreview: { id: string } }>(asked)).computedTraitPreview.id
}

/** Cancels a preview, which may be gone already. */
export function cancelPreview({ spaceId, of }: Pick<PreviewQuestion, 'spaceId' | 'of'>, id: string): void {
  const init = { params: { path: { spaceId, id } } }
  if (of === 'audiences') void api.DELETE('/spaces/{spaceId}/audiences/previews/{id}', init)
  else void api.DELETE('/spaces/{spaceId}/computed-traits/previews/{id}', init)
}
