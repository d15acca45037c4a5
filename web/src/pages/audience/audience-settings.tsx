/** The name of an audience, what it counts, and what can be done with the whole of it. */
import { useNavigate } from '@tanstack/react-router'
import { type SyntheticEvent, useId, useState } from 'react'
import { useMay } from '../../api/session.ts'
import type { AudienceAnswer } from '../../api/answers.ts'
import { dayAndClock } from '../../parts/format.ts'
import { useUnsaved } from '../../parts/use-unsaved.ts'
import { useAudienceChanges } from '../audiences/audience-changes.ts'
import { DeleteAudience } from '../audiences/delete-audience.tsx'
import { TextField } from './form-fields.tsx'

export function AudienceSettings({ audience }: { readonly audience: AudienceAnswer }) {
  const mayEdit = useMay('editor')
  const { change } = useAudienceChanges()
  return (
    <>
      <NameForm of={audience} save={(changed) => change(audience.id, changed)} />
      <section className="card" aria-labelledby="options">
        <div className="hd">
          <h2 id="options">What it is</h2>
        </div>
        <Options audience={audience} />
      </section>
      {mayEdit && <Whole audience={audience} />}
    </>
  )
}

export interface NameFormProps {
  readonly of: { readonly name: string; readonly description?: string }
  readonly save: (change: { readonly name: string; readonly description: string }) => Promise<void>
}

export function NameForm({ of, save }: NameFormProps) {
  const mayEdit = useMay('editor')
  const descriptionId = useId()
  const [name, setName] = useState(of.name)
  const [description, setDescription] = useState(of.description ?? '')
  const [said, setSaid] = useState<{ readonly problem?: string; readonly done?: string }>({})
  const isChanged = name !== of.name || description !== (of.description ?? '')
  useUnsaved(isChanged)
  if (!mayEdit) return <p className="mut settings-text">{of.description}</p>
  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setSaid({})
    try {
      await save({ name, description })
      setSaid({ done: 'Saved' })
    } catch (error) {
      setSaid({ problem: (error as Error).message })
    }
  }
  return (
    <form className="settings-form" onSubmit={(event) => void submit(event)}>
      <TextField label="Name" value={name} onChange={setName} required />
      <div>
        <label className="label" htmlFor={descriptionId}>
          Description
        </label>
        <textarea
          id={descriptionId}
          className="field"
          rows={3}
          value={description}
          onChange={({ target }) => {
            setDescription(target.value)
          }}
        />
      </div>
      <p role="alert" className="problem">
        {said.problem}
      </p>
      <div className="row">
        <button type="submit" className="btn pri" disabled={!isChanged}>
          Save
        </button>
        <span role="status" className="mut">
          {!isChanged && said.done}
        </span>
      </div>
    </form>
  )
}

function Options({ audience }: { readonly audience: AudienceAnswer }) {
  const { id, key, audienceType, options = {}, createdAt, updatedAt } = audience
  const { includeHistoricalData = true, includeAnonymousUsers = false, filterByExternalIds } = options
  const isOfUsers = audienceType === 'USERS'
  return (
    <dl className="kv settings-kv">
      <dt>Key</dt>
      <dd className="mono">{key}</dd>
      <dt>Id</dt>
      <dd className="mono">{id}</dd>
      <dt>Of</dt>
      <dd>{isOfUsers ? 'users' : 'accounts'}</dd>
      <dt>Events</dt>
      <dd>{includeHistoricalData ? 'all that are kept' : 'only those after it was made'}</dd>
      {isOfUsers && (
        <>
          <dt>Anonymous users</dt>
          <dd>{includeAnonymousUsers ? 'may be in it' : 'are not in it'}</dd>
          <dt>Needs one of these ids</dt>
          <dd className="mono">{filterByExternalIds?.join(', ') ?? 'any'}</dd>
        </>
      )}
      <dt>Made</dt>
      <dd>{dayAndClock(createdAt)}</dd>
      <dt>Last changed</dt>
      <dd>{dayAndClock(updatedAt)}</dd>
    </dl>
  )
}

function Whole({ audience }: { readonly audience: AudienceAnswer }) {
  const { id, enabled } = audience
  const navigate = useNavigate()
  const { change, clone } = useAudienceChanges()
  const [isDeleted, setDeleted] = useState(false)
  const [problem, setProblem] = useState('')
  const attempt = (done: Promise<unknown>): void => {
    setProblem('')
    done.catch((error: unknown) => {
      setProblem((error as Error).message)
    })
  }
  const cloneIt = async (): Promise<void> => {
    const audienceId = await clone(audience)
    await navigate({ to: '/audiences/$audienceId', params: { audienceId } })
  }
  return (
    <section className="settings-whole" aria-label="All of it">
      <p role="alert" className="problem">
        {problem}
      </p>
      <div className="row">
        <button type="button" className="btn" onClick={() => attempt(change(id, { enabled: !enabled }))}>
          {enabled ? 'Disable' : 'Enable'}
        </button>
        <button type="button" className="btn" onClick={() => attempt(cloneIt())}>
          Clone
        </button>
        <button type="button" className="btn" onClick={() => setDeleted(true)}>
          Delete…
        </button>
      </div>
      <p className="dim">
        {enabled
          ? 'Disabled, it has nobody and computes nothing; what is connected is told once it is enabled again.'
          : 'Enabled again, it tells what is connected the difference.'}
      </p>
      {isDeleted && (
        <DeleteAudience
          audience={audience}
          onDeleted={() => void navigate({ to: '/' })}
          onClose={() => setDeleted(false)}
        />
      )}
    </section>
  )
}
