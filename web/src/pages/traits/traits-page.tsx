/** All computed traits of the space. */
import { Link, useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { type KeyboardEvent, useMemo, useState } from 'react'
import { useMay, useSpaceId } from '../../api/session.ts'
import type { ComputedTraitAnswer } from '../../api/answers.ts'
import { Page } from '../../frame/page.tsx'
import { type Action, ActionsMenu } from '../../parts/actions-menu.tsx'
import { count } from '../../parts/format.ts'
import { type Column, Rows } from '../../parts/rows.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { ConnectionsCell, StatusCell, useIsSeen } from '../audiences/audience-cells.tsx'
import { exportAddress } from '../audiences/audience-changes.ts'
import { FilterText } from '../audiences/filters.tsx'
import { useNewKey } from '../audiences/new-key.ts'
import { useIsPhone } from '../audiences/phone.ts'
import { type ConnectedByDefinition, useConnected, useDestinations } from '../audiences/queries.ts'
import { sentenceOf } from '../../words/sentence.ts'
import { DeleteTrait } from './delete-trait.tsx'
import { useTraits, useTraitChanges } from './queries.ts'
import { useTraitValues } from './trait-preview.ts'
import { valuesInShort } from './values.tsx'
import '../audiences/audiences.css'

const NEW = '/traits/new'

export function TraitsPage() {
  const traits = useTraits()
  const mayEdit = useMay('editor')
  useNewKey(NEW, mayEdit)
  const { data, error } = traits
  const toNew = mayEdit && (
    <Link className="btn pri" to={NEW}>
      <Plus className="i s" aria-hidden="true" />
      New trait
      <kbd className="hide-s" aria-hidden="true">
        N
      </kbd>
    </Link>
  )
  const note = data && data.length > 0 && <span className="mut audiences-count">{count(data.length)} traits</span>
  return (
    <Page title="Computed traits" note={note} actions={toNew}>
      {error && <Failed error={error} again={() => void traits.refetch()} />}
      {!data && !error && <Loading rows={8} />}
      {data?.length === 0 && (
        <Empty title="No computed trait yet.">
          <p>One sums up what somebody did: how many orders, the average price, the category looked at most.</p>
          {mayEdit && (
            <Link className="btn" to={NEW}>
              New computed trait
            </Link>
          )}
        </Empty>
      )}
      {data && data.length > 0 && <TraitList traits={data} />}
    </Page>
  )
}

const NOTHING: ConnectedByDefinition = new Map()
const ROW_PX = 54
const PHONE_ROW_PX = 79

function TraitList({ traits }: { readonly traits: readonly ComputedTraitAnswer[] }) {
  const navigate = useNavigate()
  const isPhone = useIsPhone()
  const [text, setText] = useState('')
  const { data: destinations = [] } = useDestinations()
  const connected = useConnected(destinations).data ?? NOTHING
  const rows = useMemo(() => withText(traits, text), [traits, text])
  const { of, onKey, deleted, setDeleted, problem } = useActions()
  return (
    <>
      <div className="tools">
        <FilterText text={text} onChange={setText} />
      </div>
      <p role="alert" className="problem">
        {problem}
      </p>
      <div className="audience-rows">
        <Rows
          label="Computed traits"
          rows={rows}
          keyOf={({ id }) => id}
          columns={columnsOf(connected, of)}
          height={isPhone ? PHONE_ROW_PX : ROW_PX}
          onOpen={({ id }) => void navigate({ to: '/traits/$traitId', params: { traitId: id } })}
          onKey={onKey}
        />
      </div>
      {rows.length === 0 && <Empty title="No computed trait is like that." />}
      {deleted && (
        <DeleteTrait
          trait={deleted}
          onClose={() => {
            setDeleted(undefined)
          }}
        />
      )}
    </>
  )
}

function withText(traits: readonly ComputedTraitAnswer[], text: string): readonly ComputedTraitAnswer[] {
  const sought = text.trim().toLowerCase()
  const shown = traits.filter(({ name, key, definition }) =>
    [name, key, definition.query].some((part) => part.toLowerCase().includes(sought)),
  )
  return shown.sort((one, other) => one.name.localeCompare(other.name))
}

function columnsOf(
  connected: ConnectedByDefinition,
  actionsOf: (trait: ComputedTraitAnswer) => readonly Action[],
): readonly Column<ComputedTraitAnswer>[] {
  const connectedTo = ({ id }: ComputedTraitAnswer) => {
    const own = connected.get(id)
    return own ? { connected: own } : {}
  }
  return [
    { title: 'Computed trait', width: 'minmax(0,1fr)', cell: (trait) => <NameCell trait={trait} /> },
    { title: 'Values', width: 'minmax(0,0.7fr)', cell: (trait) => <ValuesCell trait={trait} /> },
    {
      title: 'Status',
      width: '130px',
      isExtra: true,
      cell: (trait) => <StatusCell audience={trait} {...connectedTo(trait)} />,
    },
    {
      title: 'Connections',
      width: '100px',
      isExtra: true,
      cell: (trait) => <ConnectionsCell {...connectedTo(trait)} />,
    },
    {
      title: 'Actions',
      width: '32px',
      isExtra: true,
      cell: (trait) => (
        <span
          onClick={(event) => {
            event.stopPropagation()
          }}
        >
          <ActionsMenu label={`Actions of ${trait.name}`} actions={actionsOf(trait)} />
        </span>
      ),
    },
  ]
}

function NameCell({ trait: { id, name, definition } }: { readonly trait: ComputedTraitAnswer }) {
  const { query, type } = definition
  const sentence = useMemo(() => sentenceOf(query, 'computed_trait', type), [query, type])
  return (
    <>
      <div className="row">
        <Link
          className="nm trunc"
          to="/traits/$traitId"
          params={{ traitId: id }}
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation()
          }}
        >
          {name}
        </Link>
        {type === 'ACCOUNTS' && <span className="chip line">Accounts</span>}
      </div>
      <div className="say" title={sentence}>
        {sentence}
      </div>
    </>
  )
}

function ValuesCell({ trait: { status, definition } }: { readonly trait: ComputedTraitAnswer }) {
  const isSeen = useIsSeen()
  const { data, isFetching } = useTraitValues(definition, isSeen && status === 'Live')
  if (!data) return <span className="dim">{isFetching ? 'counting…' : '—'}</span>
  return (
    <>
      <div className="trunc">{valuesInShort(data)}</div>
      <div className="dim trunc">{count(data.count)} have one</div>
    </>
  )
}

function useActions() {
  const navigate = useNavigate()
  const spaceId = useSpaceId()
  const mayEdit = useMay('editor')
  const { change } = useTraitChanges()
  const [deleted, setDeleted] = useState<ComputedTraitAnswer>()
  const [problem, setProblem] = useState('')
  const open = (traitId: string) => void navigate({ to: '/traits/$traitId', params: { traitId } })
  const of = (trait: ComputedTraitAnswer): readonly Action[] => {
    const { id, enabled } = trait
    const switchIt = (): void => {
      setProblem('')
      change(id, { enabled: !enabled }).catch((error: unknown) => {
        setProblem((error as Error).message)
      })
    }
    const download = () => location.assign(exportAddress(spaceId, 'computed-traits', id))
    const all: readonly Action[] = [
      { text: 'Open', run: () => open(id) },
      { text: 'Download CSV', run: download },
    ]
    if (!mayEdit) return all
    return [
      ...all,
      { text: enabled ? 'Disable' : 'Enable', run: switchIt },
      { text: 'Delete…', isDanger: true, run: () => setDeleted(trait) },
    ]
  }
  const onKey = (trait: ComputedTraitAnswer, event: KeyboardEvent): void => {
    if (!mayEdit || event.metaKey || event.ctrlKey || event.altKey) return
    if (event.key === 'e') open(trait.id)
    else if (event.key === 'Backspace') setDeleted(trait)
  }
  return { of, onKey, deleted, setDeleted, problem }
}
