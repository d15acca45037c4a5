/** Anybody by any id: the draft is asked about that one person or account. */
import { type SyntheticEvent, useId, useState } from 'react'
import { useBuilder } from './context.ts'
import type { Asked } from './explained.ts'

export interface CheckPersonProps {
  readonly query: string
  /** Answers in words. */
  readonly ask: (asked: Asked) => Promise<string>
}

export function CheckPerson({ query, ask }: CheckPersonProps) {
  const { spaceId, type } = useBuilder()
  const fieldId = useId()
  const [id, setId] = useState('')
  const [answer, show] = useState<{ readonly query: string; readonly words: string }>()
  const label = type === 'USERS' ? 'Check a person by any id' : 'Check an account by its id'
  const check = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    const asked = ask({ spaceId, type, query, profile: `any:${id.trim()}` })
    show({ query, words: await asked.catch((error: unknown) => (error as Error).message) })
  }
  return (
    <form className="check-person" onSubmit={(event) => void check(event)}>
      <label className="vh" htmlFor={fieldId}>
        {label}
      </label>
      <input
        id={fieldId}
        className="field"
        placeholder={label}
        autoComplete="off"
        value={id}
        onChange={({ target }) => {
          setId(target.value)
        }}
      />
      <button className="btn" type="submit" disabled={id.trim() === ''}>
        Check
      </button>
      <p role="status">{answer?.query === query && answer.words}</p>
    </form>
  )
}
