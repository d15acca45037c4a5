/**
 * The preview of what is being edited: begun 150 ms after the last change, refined by the server's stream, and kept up
 * to date once it is exact. An answer to an older question is never shown as that to the newer one.
 */
import { useEffect, useRef, useState } from 'react'
import { answeredData, api } from '../api/client.ts'
import type { PreviewAnswer } from '../api/answers.ts'

const ASKED_AFTER_MS = 150
const SHOWN_TRAITS = ['name', 'email', 'plan']

export interface PreviewQuestion {
  readonly spaceId: string
  readonly query: string
  readonly audienceType: 'USERS' | 'ACCOUNTS'
  /** The audience that is being changed; undefined for a new one. */
  readonly audienceId: string | undefined
  /** Audiences whose overlap is asked for. */
  readonly overlapWith: readonly string[]
}

export interface Preview {
  /** Undefined until the first has been answered. */
  readonly answer: PreviewAnswer | undefined
  /** The query that the answer is about. */
  readonly query: string
  /** True while a newer question is not answered yet. */
  readonly isOld: boolean
  /** Undefined unless the newest question was refused. */
  readonly error: Error | undefined
}

const NONE: Preview = { answer: undefined, query: '', isOld: false, error: undefined }

/** Asks for a preview of the question; of none while it is undefined. */
export function usePreview(question: PreviewQuestion | undefined): Preview {
  const [preview, show] = useState(NONE)
  const last = useRef<string>(undefined)
  const asked = JSON.stringify(question)
  useEffect(() => {
    if (question === undefined) {
      show(NONE)
      return
    }
    let isCurrent = true
    let source: EventSource | undefined
    show((before) => ({ ...before, isOld: true }))
    const begin = async (): Promise<void> => {
      const id = await ask(question, last.current)
      last.current = id
      if (!isCurrent) return
      source = new EventSource(`${pathOf(question.spaceId)}/${id}/stream`)
      source.addEventListener('preview', ({ data }: MessageEvent<string>) => {
        const answer = JSON.parse(data) as PreviewAnswer
        show({ answer, query: question.query, isOld: false, error: undefined })
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
      if (last.current !== undefined && question) void cancel(question.spaceId, last.current)
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [],
  )
  return preview
}

function pathOf(spaceId: string): string {
  return `/spaces/${encodeURIComponent(spaceId)}/audiences/previews`
}

/** Begins a preview; returns its id. */
async function ask(
  { spaceId, query, audienceType, audienceId, overlapWith }: PreviewQuestion,
  replaces: string | undefined,
): Promise<string> {
  const body = {
    definition: { query },
    audienceType,
    traits: SHOWN_TRAITS,
    overlapWith: [...overlapWith],
    ...(audienceId !== undefined && { changeOf: audienceId }),
    ...(replaces !== undefined && { replaces }),
  }
  const asked = api.POST('/spaces/{spaceId}/audiences/previews', { params: { path: { spaceId } }, body })
  return (await answeredData<{ audiencePreview: { id: string } }>(asked)).audiencePreview.id
}

async function cancel(spaceId: string, id: string): Promise<void> {
  // It may be gone already.
  await api.DELETE('/spaces/{spaceId}/audiences/previews/{id}', { params: { path: { spaceId, id } } })
}
