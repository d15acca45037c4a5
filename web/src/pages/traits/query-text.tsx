/** The query of a computed trait as text, with its fault at its place. */
import { useId, useRef } from 'react'
import type { ApiError } from '../../api/client.ts'

export interface QueryTextProps {
  readonly query: string
  readonly onChange: (query: string) => void
  readonly error: ApiError | undefined
}

const ROWS = 5

export function QueryText({ query, onChange, error }: QueryTextProps) {
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const place = error?.place
  const goThere = (): void => {
    if (!place || !field.current) return
    const before = query.split('\n').slice(0, place.line - 1)
    const at = before.reduce((sum, line) => sum + line.length + 1, 0) + place.column - 1
    field.current.focus()
    field.current.setSelectionRange(at, Math.min(query.length, at + 1))
  }
  return (
    <div>
      <label className="label" htmlFor={id}>
        Definition
      </label>
      <textarea
        id={id}
        ref={field}
        className="field query-text"
        rows={ROWS}
        spellCheck={false}
        autoCapitalize="off"
        value={query}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-problem`}
        onChange={({ target }) => {
          onChange(target.value)
        }}
      />
      <div id={`${id}-problem`} role="status">
        {error && <p className="problem">{error.message}</p>}
        {place && (
          <button type="button" className="link" onClick={goThere}>
            Go to line {place.line}, column {place.column}
          </button>
        )}
      </div>
    </div>
  )
}
