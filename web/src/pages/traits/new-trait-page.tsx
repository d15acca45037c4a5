/** A new computed trait, with its values beside it. */
import { useNavigate } from '@tanstack/react-router'
import { type SyntheticEvent, useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { useMay } from '../../api/session.ts'
import { Page } from '../../frame/page.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { Empty } from '../../parts/states.tsx'
import { TextField } from '../audience/form-fields.tsx'
import { sentenceOf } from '../audiences/sentence.ts'
import { type TraitType, useTraitChanges } from './queries.ts'
import { QueryText } from './query-text.tsx'
import { useTraitPreview } from './trait-preview.ts'
import { Values } from './values.tsx'
import './traits.css'

const EXAMPLES = [
  "event('Order Completed').within(30 days).sum(property('revenue'))",
  "event('Product Viewed').mode(property('category'), 2)",
  "event('Order Completed').where(property('revenue') >= 100).count()",
  "event('Page Viewed').last(context('page.path'))",
]
const TYPES = [
  { id: 'USERS', text: 'Users' },
  { id: 'ACCOUNTS', text: 'Accounts' },
] as const

export function NewTraitPage() {
  const mayEdit = useMay('editor')
  const parent = { to: '/traits', text: 'Computed traits' } as const
  if (mayEdit) return <NewTrait parent={parent} />
  return (
    <Page title="New computed trait" parent={parent}>
      <h1>New computed trait</h1>
      <Empty title="Your access is to look only.">
        <p>An editor can make one.</p>
      </Empty>
    </Page>
  )
}

function NewTrait({ parent }: { readonly parent: { readonly to: '/traits'; readonly text: string } }) {
  const navigate = useNavigate()
  const { create } = useTraitChanges()
  const [name, setName] = useState('')
  const [type, setType] = useState<TraitType>('USERS')
  const [query, setQuery] = useState('')
  const [refusal, setRefusal] = useState<ApiError>()
  const followed = useTraitPreview({ type, query })
  const fault = followed?.query === query ? followed.error : undefined
  const save = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setRefusal(undefined)
    try {
      const traitId = await create(name, type, query)
      await navigate({ to: '/traits/$traitId', params: { traitId } })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setRefusal(error)
    }
  }
  return (
    <Page title="New computed trait" parent={parent} isOwnLayout>
      <div className="build">
        <main className="left">
          <h1>New computed trait</h1>
          <form className="trait-form" onSubmit={(event) => void save(event)}>
            <TextField label="Name" value={name} onChange={setName} required />
            <div>
              <Segmented label="Of" choices={TYPES} value={type} onChange={setType} />
            </div>
            <QueryText query={query} onChange={setQuery} error={query.trim() === '' ? undefined : fault} />
            {followed && !fault && query.trim() !== '' && (
              <p className="trait-sentence">{sentenceOf(query, 'computed_trait', type)}</p>
            )}
            <Examples onTake={setQuery} />
            <p role="alert" className="problem">
              {refusal?.message}
            </p>
            <div>
              <button type="submit" className="btn pri" disabled={name.trim() === '' || query.trim() === ''}>
                Save
              </button>
            </div>
          </form>
        </main>
        <Values followed={followed} type={type} query={query} />
      </div>
    </Page>
  )
}

function Examples({ onTake }: { readonly onTake: (query: string) => void }) {
  return (
    <section aria-labelledby="examples">
      <h2 id="examples">Examples</h2>
      <ul className="examples">
        {EXAMPLES.map((example) => (
          <li key={example}>
            <button
              type="button"
              onClick={() => {
                onTake(example)
              }}
            >
              <span>{sentenceOf(example, 'computed_trait', 'USERS')}</span>
              <code>{example}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
