/** The sources of a space: who sends calls, and by which keys. */
import { Link, useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { type SyntheticEvent, useState } from 'react'
import { Page } from '../../frame/page.tsx'
import { answeredData, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { count, day } from '../../parts/format.ts'
import { TextRow } from '../../parts/form-row.tsx'
import { type Column, Rows } from '../../parts/rows.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { SourceAnswer } from './answers.ts'
import { useSourceChanged, useSources } from './queries.ts'
import './sources.css'

const COLUMNS: readonly Column<SourceAnswer>[] = [
  { title: 'Source', width: 'minmax(0,1fr)', cell: (source) => <Name source={source} /> },
  { title: 'Status', width: '120px', cell: ({ enabled }) => <SourceStatus enabled={enabled} /> },
  {
    title: 'Keys',
    width: '80px',
    isNumber: true,
    isExtra: true,
    cell: ({ writeKeys }) => count(writeKeys.length),
  },
  {
    title: 'Destinations',
    width: '180px',
    isExtra: true,
    cell: ({ quiet }) =>
      quiet ? <span className="chip">Quiet: told nothing</span> : <span className="dim">told</span>,
  },
  {
    title: 'Made',
    width: '130px',
    isExtra: true,
    cell: ({ createdAt }) => (
      <span className="dim">{Date.parse(createdAt) === 0 ? 'with the space' : day(createdAt)}</span>
    ),
  },
]

export function SourcesPage() {
  const { data, error, refetch } = useSources()
  const mayChange = useMay('admin')
  const navigate = useNavigate()
  const [isAdding, add] = useState(false)
  return (
    <Page
      title="Sources"
      note={data && <span className="dim">{count(data.length)}</span>}
      actions={
        mayChange && (
          <button
            className="btn pri"
            type="button"
            aria-expanded={isAdding}
            onClick={() => {
              add(!isAdding)
            }}
          >
            <Plus className="i" aria-hidden="true" />
            <span>New source</span>
          </button>
        )
      }
    >
      {isAdding && <NewSource />}
      {error && <Failed error={error} again={() => void refetch()} />}
      {!data && !error && <Loading rows={3} />}
      {data?.length === 0 && <Empty title="Nothing may send calls yet." />}
      {data && data.length > 0 && (
        <Rows
          label="Sources"
          rows={data}
          keyOf={({ id }) => id}
          columns={COLUMNS}
          onOpen={({ id }) => {
            void navigate({ to: '/sources/$sourceId', params: { sourceId: id } })
          }}
        />
      )}
    </Page>
  )
}

function Name({ source: { id, name } }: { readonly source: SourceAnswer }) {
  return (
    <>
      <Link className="nm trunc block-link" to="/sources/$sourceId" params={{ sourceId: id }} tabIndex={-1}>
        {name}
      </Link>
      <div className="dim mono trunc">{id}</div>
    </>
  )
}

/** Says if calls of a source are taken, as a dot and a word. */
export function SourceStatus({ enabled }: { readonly enabled: boolean }) {
  return <span className={enabled ? 'st' : 'st off'}>{enabled ? 'On' : 'Disabled'}</span>
}

function NewSource() {
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  const changed = useSourceChanged()
  const [name, setName] = useState('')
  const [quiet, setQuiet] = useState(false)
  const [problem, setProblem] = useState<string>()
  const create = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setProblem(undefined)
    try {
      const asked = api.POST('/spaces/{spaceId}/sources', { params: { path: { spaceId } }, body: { name, quiet } })
      const { source } = await answeredData<{ source: SourceAnswer }>(asked)
      await changed()
      await navigate({ to: '/sources/$sourceId', params: { sourceId: source.id } })
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <form className="card new-source" onSubmit={(event) => void create(event)}>
      <TextRow
        label="Name"
        help="As queries and lists show it: Shop, iOS app, …"
        problem={problem}
        autoFocus
        value={name}
        onChange={setName}
      />
      <label className="row tick-row">
        <input
          className="tick"
          type="checkbox"
          checked={quiet}
          onChange={({ target }) => {
            setQuiet(target.checked)
          }}
        />
        <span>
          Quiet: destinations are told nothing of what its calls change. For old events that are read in. It cannot be
          changed later.
        </span>
      </label>
      <button className="btn" type="submit" disabled={name.trim() === ''}>
        Make the source
      </button>
    </form>
  )
}
