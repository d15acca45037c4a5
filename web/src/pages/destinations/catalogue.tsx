/** The catalogue: types of destination by name and category, with why those that are off are so. */
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../../api/session.ts'
import { count } from '../../parts/format.ts'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { TypeAnswer } from './answers.ts'
import { useTypes } from './queries.ts'

const CATEGORIES = [
  'advertising',
  'analytics',
  'crm',
  'email',
  'loyalty',
  'messaging',
  'personalization',
  'storage',
  'webhooks',
  'other',
]
const CATEGORY_WORDS: Readonly<Record<string, string>> = { crm: 'CRM' }
const NEEDS = {
  settings: undefined,
  client_credentials: 'client credentials',
  oauth_app: 'an app of your own',
  partner_secret: 'a secret for partners',
} as const

export function Catalogue() {
  const [search, setSearch] = useState('')
  const [category, setCategory] = useState('')
  const types = useTypes({ search: search.trim(), category })
  const found = types.data?.pages.flatMap(({ destinationTypes }) => destinationTypes)
  const total = types.data?.pages[0]?.pagination.totalEntries
  return (
    <section className="catalogue" aria-labelledby="catalogue">
      <div className="tools">
        <h2 id="catalogue">Catalogue</h2>
        <span className="dim" role="status">
          {total !== undefined && `${count(total)} ${total === 1 ? 'type' : 'types'}`}
        </span>
        <span className="grow" />
        <Filter {...{ search, setSearch, category, setCategory }} />
      </div>
      {types.error && <Failed error={types.error} again={() => void types.refetch()} />}
      {!found && !types.error && <Loading rows={6} />}
      {found?.length === 0 && (
        <Empty title="No type has this name.">
          <p>A webhook reaches any tool that takes calls by HTTP.</p>
        </Empty>
      )}
      {found && found.length > 0 && (
        <ul className="types">
          {found.map((type) => (
            <Type key={type.slug} type={type} />
          ))}
        </ul>
      )}
      {types.hasNextPage && (
        <button
          className="btn"
          type="button"
          disabled={types.isFetchingNextPage}
          onClick={() => void types.fetchNextPage()}
        >
          Show more
        </button>
      )}
    </section>
  )
}

interface FilterProps {
  readonly search: string
  readonly setSearch: (search: string) => void
  readonly category: string
  readonly setCategory: (category: string) => void
}

function Filter({ search, setSearch, category, setCategory }: FilterProps) {
  return (
    <>
      <select
        className="field auto"
        aria-label="Category"
        value={category}
        onChange={({ target }) => {
          setCategory(target.value)
        }}
      >
        <option value="">All categories</option>
        {CATEGORIES.map((one) => (
          <option key={one} value={one}>
            {categoryText(one)}
          </option>
        ))}
      </select>
      <input
        className="field search"
        type="search"
        aria-label="Search the catalogue"
        placeholder="Search by name or category"
        value={search}
        onChange={({ target }) => {
          setSearch(target.value)
        }}
      />
    </>
  )
}

function Type({ type }: { readonly type: TypeAnswer }) {
  const mayChange = useMay('editor')
  const navigate = useNavigate()
  const isOff = type.availability === 'off'
  const needed = type.needs && NEEDS[type.needs]
  return (
    <li className={isOff ? 'card type off' : 'card type'}>
      <span className="dst" aria-hidden="true">
        {type.name.slice(0, 1).toUpperCase()}
      </span>
      <div className="grow">
        <div className="b">{type.name.replace(/ \(Actions\)$/, '')}</div>
        <p className="mut about">{isOff ? `Off: it ${offText(type.reason)}.` : (type.description ?? '')}</p>
        <div className="row tags">
          {type.origin === 'rollcall' && <span className="chip">Rollcall</span>}
          {type.categories.map((one) => (
            <span className="chip" key={one}>
              {categoryText(one)}
            </span>
          ))}
          {type.kind === 'list' && <span className="chip">Keeps a list</span>}
          {needed && <span className="chip line">Needs {needed}</span>}
        </div>
      </div>
      {mayChange && !isOff && (
        <button
          className="btn sm"
          type="button"
          aria-label={`Add ${type.name}`}
          onClick={() => void navigate({ to: '/destinations/new/$slug', params: { slug: type.slug } })}
        >
          Add
        </button>
      )}
    </li>
  )
}

function categoryText(category: string): string {
  return CATEGORY_WORDS[category] ?? category.charAt(0).toUpperCase() + category.slice(1)
}

/** Reasons continue the sentence "It …", but for those about its actions. */
function offText(reason = 'cannot be made here'): string {
  return reason.startsWith('its ') ? `cannot be made: ${reason}` : reason
}
