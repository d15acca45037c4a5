/** One computed trait: its definition, its values, and who is told of it. */
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import type { ComputedTraitAnswer } from '../../api/answers.ts'
import { Page } from '../../frame/page.tsx'
import { dayAndClock } from '../../parts/format.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import { NameForm } from '../audience/audience-settings.tsx'
import { Connections } from '../audience/connections.tsx'
import { StatusCell } from '../audiences/audience-cells.tsx'
import { exportAddress } from '../audiences/audience-changes.ts'
import { sentenceOf } from '../audiences/sentence.ts'
import { DeleteTrait } from './delete-trait.tsx'
import { useTrait, useTraitChanges } from './queries.ts'
import { QueryText } from './query-text.tsx'
import { useTraitPreview } from './trait-preview.ts'
import { Values } from './values.tsx'
import './traits.css'

export function TraitPage() {
  const { traitId } = useParams({ strict: false })
  const trait = useTrait(traitId!)
  const { data, error } = trait
  if (data) return <Trait key={data.id} trait={data} />
  return (
    <Page title="Computed trait">
      {error ? <Failed error={error} again={() => void trait.refetch()} /> : <Loading rows={12} />}
    </Page>
  )
}

function Trait({ trait }: { readonly trait: ComputedTraitAnswer }) {
  const { id, name, definition } = trait
  const { change } = useTraitChanges()
  const [query, setQuery] = useState(definition.query)
  const followed = useTraitPreview({ type: definition.type, query })
  return (
    <Page title={name} parent={{ to: '/traits', text: 'Computed traits' }} isOwnLayout>
      <div className="build">
        <main className="left trait">
          <div className="ttl">
            <h1>{name}</h1>
            <StatusCell audience={trait} />
            {definition.type === 'ACCOUNTS' && <span className="chip line">Accounts</span>}
          </div>
          <Definition {...{ trait, query, setQuery }} fault={followed?.query === query ? followed.error : undefined} />
          <section aria-labelledby="connections" className="trait-part">
            <h2 id="connections">Connections</h2>
            <Connections of={{ kind: 'computed-traits', id }} type={definition.type} />
          </section>
          <section aria-labelledby="settings" className="trait-part">
            <h2 id="settings">Settings</h2>
            <NameForm of={trait} save={(changed) => change(id, changed)} />
            <Facts trait={trait} />
            <Whole trait={trait} />
          </section>
        </main>
        <Values followed={followed} type={definition.type} query={query} />
      </div>
    </Page>
  )
}

interface DefinitionProps {
  readonly trait: ComputedTraitAnswer
  readonly query: string
  readonly setQuery: (query: string) => void
  readonly fault: ApiError | undefined
}

function Definition({ trait: { id, definition }, query, setQuery, fault }: DefinitionProps) {
  const mayEdit = useMay('editor')
  const { change } = useTraitChanges()
  const [refusal, setRefusal] = useState<ApiError>()
  const isChanged = query !== definition.query
  const save = async (): Promise<void> => {
    setRefusal(undefined)
    try {
      await change(id, { definition: { query } })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setRefusal(error)
    }
  }
  const sentence = sentenceOf(fault ? definition.query : query, 'computed_trait', definition.type)
  return (
    <section className="trait-part" aria-label="Definition">
      <p className={fault ? 'trait-sentence is-old' : 'trait-sentence'}>{sentence}</p>
      {mayEdit ? (
        <QueryText query={query} onChange={setQuery} error={fault ?? refusal} />
      ) : (
        <pre className="code">{definition.query}</pre>
      )}
      {isChanged && (
        <div className="row">
          <button type="button" className="btn pri" disabled={fault !== undefined} onClick={() => void save()}>
            Save
          </button>
          <button
            type="button"
            className="btn quiet"
            onClick={() => {
              setQuery(definition.query)
            }}
          >
            Discard
          </button>
          <span className="chip warn">unsaved</span>
        </div>
      )}
    </section>
  )
}

function Facts({ trait: { id, key, definition, createdAt, updatedAt } }: { readonly trait: ComputedTraitAnswer }) {
  return (
    <dl className="card kv settings-kv">
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
