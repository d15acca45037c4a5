/** The name of a computed trait, what it is, and what can be done with the whole of it. */
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ComputedTraitAnswer } from '../../api/answers.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { dayAndClock } from '../../parts/format.ts'
import { NameForm } from '../audience/audience-settings.tsx'
import { exportAddress } from '../audiences/audience-changes.ts'
import { DeleteTrait } from './delete-trait.tsx'
import { useTraitChanges } from './queries.ts'

export function TraitSettings({ trait }: { readonly trait: ComputedTraitAnswer }) {
  const { change } = useTraitChanges()
  return (
    <>
      <NameForm of={trait} save={(changed) => change(trait.id, changed)} />
      <section className="card" aria-labelledby="facts">
        <div className="hd">
          <h2 id="facts">What it is</h2>
        </div>
        <Facts trait={trait} />
      </section>
      <Whole trait={trait} />
    </>
  )
}

function Facts({ trait: { id, key, definition, createdAt, updatedAt } }: { readonly trait: ComputedTraitAnswer }) {
  return (
    <dl className="kv settings-kv">
      <dt>Key</dt>
      <dd className="mono">{key}</dd>
      <dt>Id</dt>
      <dd className="mono">{id}</dd>
      <dt>Of</dt>
      <dd>{definition.type === 'USERS' ? 'users' : 'accounts'}</dd>
      <dt>Made</dt>
      <dd>{dayAndClock(createdAt)}</dd>
      <dt>Last changed</dt>
      <dd>{dayAndClock(updatedAt)}</dd>
    </dl>
  )
}

function Whole({ trait }: { readonly trait: ComputedTraitAnswer }) {
  const { id, enabled } = trait
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  const mayEdit = useMay('editor')
  const { change } = useTraitChanges()
  const [isDeleted, setDeleted] = useState(false)
  const [problem, setProblem] = useState('')
  const switchIt = (): void => {
    setProblem('')
    change(id, { enabled: !enabled }).catch((error: unknown) => {
      setProblem((error as Error).message)
    })
  }
  return (
    <>
      <p role="alert" className="problem">
        {problem}
      </p>
      <div className="row">
        <a className="btn" href={exportAddress(spaceId, 'computed-traits', id)} download>
          Download CSV
        </a>
        {mayEdit && (
          <>
            <button type="button" className="btn" onClick={switchIt}>
              {enabled ? 'Disable' : 'Enable'}
            </button>
            <button type="button" className="btn" onClick={() => setDeleted(true)}>
              Delete…
            </button>
          </>
        )}
      </div>
      {isDeleted && (
        <DeleteTrait
          trait={trait}
          onDeleted={() => void navigate({ to: '/traits' })}
          onClose={() => setDeleted(false)}
        />
      )}
    </>
  )
}
