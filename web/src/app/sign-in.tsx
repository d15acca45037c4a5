/** The way in: an access token is shown once, and the browser then has a session. */
import { type SyntheticEvent, useState } from 'react'
import { ApiError } from '../api/client.ts'
import { useSigning } from '../api/session.ts'
import { Mark } from '../parts/mark.tsx'

export function SignIn() {
  const { begin } = useSigning()
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      await begin(token.trim())
    } catch (error) {
      const isUnknown = error instanceof ApiError && (error.status === 401 || error.status === 400)
      setProblem(isUnknown ? 'Nobody has been given this token.' : (error as Error).message)
    }
    setBusy(false)
  }
  return (
    <main className="sign-in">
      <title>Sign in · Rollcall</title>
      <form className="card" onSubmit={(event) => void submit(event)}>
        <h1>
          <Mark /> Rollcall
        </h1>
        <label htmlFor="token">Access token</label>
        <input
          id="token"
          className="field"
          type="password"
          autoComplete="current-password"
          required
          autoFocus
          value={token}
          aria-describedby="token-help"
          aria-invalid={problem !== undefined}
          onChange={({ target }) => {
            setToken(target.value)
          }}
        />
        <p id="token-help" className="dim">
          The server printed one when it was first started, and keeps it in its data directory. Editors and viewers get
          theirs from an administrator.
        </p>
        <p role="alert" className="problem">
          {problem}
        </p>
        <button className="btn pri lg" type="submit" disabled={isBusy}>
          Sign in
        </button>
      </form>
    </main>
  )
}
