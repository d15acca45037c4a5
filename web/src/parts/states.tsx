/** The three states of whatever is asked of the server: it is loading, there is nothing, or something has failed. */
import { type ReactNode, useEffect, useState } from 'react'
import { ApiError } from '../api/client.ts'

/** Whoever waits for less sees nothing move. */
const SHOWN_AFTER_MS = 200

/** Keeps the place of what is loading; says so after a while. */
export function Loading({ rows = 1 }: { readonly rows?: number }) {
  const [isShown, show] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => {
      show(true)
    }, SHOWN_AFTER_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [])
  return (
    <div className="loading" style={{ minHeight: rows * 54 }} aria-busy="true" role="status">
      {isShown && 'Loading…'}
    </div>
  )
}

/** Says what would fill a place that is empty, and offers it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="b">{title}</p>
      {children}
    </div>
  )
}

interface FailedProps {
  readonly error: Error
  readonly again?: () => void
  /** When what is still shown was true. */
  readonly since?: string
}

/** Says what has failed, and since when what is shown is old; has one button. */
export function Failed({ error, again, since }: FailedProps) {
  return (
    <div className="failed" role="alert">
      <p>
        <b>{error.message}</b>
        {since && <span className="mut"> What is shown is of {since}.</span>}
      </p>
      {error instanceof ApiError && (
        <details>
          <summary>Details</summary>
          <code>{error.code}</code>
          {error.field && <code> {error.field}</code>}
        </details>
      )}
      {again && (
        <button className="btn" type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}
