/** The list of audiences, with what can be done with each. */
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useDeferredValue, useMemo, useState } from 'react'
import type { AudienceAnswer } from '../../api/answers.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { type Action, ActionsMenu } from '../../parts/actions-menu.tsx'
import { type Column, Rows } from '../../parts/rows.tsx'
import { Empty } from '../../parts/states.tsx'
import { ConnectionsCell, NameCell, NetCell, SizeCell, StatusCell, TallyCell } from './audience-cells.tsx'
import { exportAddress, useAudienceChanges } from './audience-changes.ts'
import { ChosenAudiences } from './chosen-audiences.tsx'
import { ColumnsMenu, useHiddenColumns } from './columns-menu.tsx'
import { DeleteAudience } from './delete-audience.tsx'
import { Filters } from './filters.tsx'
import { useMoves } from './moves.ts'
import { useIsPhone } from './phone.ts'
import { type ConnectedByDefinition, useConnected, useDestinations } from './queries.ts'
import { EVERYTHING, isInNeed, selected } from './selection.ts'

export interface AudienceListProps {
  readonly audiences: readonly AudienceAnswer[]
  /** When the list was read, epoch ms. */
  readonly readAt: number
}

const NOTHING: ConnectedByDefinition = new Map()
const NONE_CHOSEN: ReadonlySet<string> = new Set()
const ROW_PX = 54
const PHONE_ROW_PX = 79

export function AudienceList({ audiences, readAt }: AudienceListProps) {
  const navigate = useNavigate()
  const isPhone = useIsPhone()
  const [selection, select] = useState(EVERYTHING)
  const [deleted, setDeleted] = useState<AudienceAnswer>()
  const [problem, setProblem] = useState('')
  const { data: destinations = [] } = useDestinations()
  const connected = useConnected(destinations).data ?? NOTHING
  const text = useDeferredValue(selection.text)
  const rows = useMemo(
    () => selected(audiences, connected, { ...selection, text }),
    [audiences, connected, selection, text],
  )
  const inNeed = useMemo(() => audiences.filter(({ id }) => isInNeed(connected.get(id))).length, [audiences, connected])
  const [hidden, hide] = useHiddenColumns()
  const [chosen, choose] = useState<ReadonlySet<string>>(NONE_CHOSEN)
  const chosenOnes = useMemo(() => audiences.filter(({ id }) => chosen.has(id)), [audiences, chosen])
  const actions = useActions({ setDeleted, setProblem, chosen, choose })
  const [wantsBoxes, showBoxes] = useState(false)
  // Elsewhere a row's menu and the space bar choose it.
  const mayShowBoxes = isPhone && actions.mayEdit
  const hasBoxes = mayShowBoxes && wantsBoxes
  const columns = useColumns({ audiences, readAt, connected, actionsOf: actions.of })
  const open = ({ id }: AudienceAnswer): void => {
    void navigate({ to: '/audiences/$audienceId', params: { audienceId: id } })
  }
  return (
    <>
      <Filters {...{ audiences, destinations, inNeed, selection }} onChange={select}>
        <ColumnsMenu hidden={hidden} onChange={hide} />
        {mayShowBoxes && (
          <button
            type="button"
            className="btn sm"
            aria-pressed={hasBoxes}
            onClick={() => {
              showBoxes(!hasBoxes)
              choose(NONE_CHOSEN)
            }}
          >
            {hasBoxes ? 'Done' : 'Select'}
          </button>
        )}
      </Filters>
      {chosenOnes.length > 0 && (
        <ChosenAudiences
          chosen={chosenOnes}
          onClear={() => {
            choose(NONE_CHOSEN)
          }}
          onProblem={setProblem}
        />
      )}
      <p role="alert" className="problem">
        {problem}
      </p>
      <div className={hasBoxes ? 'audience-rows has-boxes' : 'audience-rows'}>
        <Rows
          label="Audiences"
          rows={rows}
          keyOf={({ id }) => id}
          columns={[...(hasBoxes ? [boxColumn(chosen, actions.choose)] : []), ...columns].filter(
            ({ title }) => !hidden.has(title),
          )}
          {...(actions.mayEdit && { chosen })}
          height={isPhone ? PHONE_ROW_PX : ROW_PX}
          onOpen={hasBoxes ? ({ id }) => actions.choose(id) : open}
          onKey={actions.onKey}
        />
      </div>
      {rows.length === 0 && (
        <Empty title="No audience is like that.">
          <button
            type="button"
            className="btn"
            onClick={() => {
              select(EVERYTHING)
            }}
          >
            Show all
          </button>
        </Empty>
      )}
      <KeysNote />
      {deleted && (
        <DeleteAudience
          audience={deleted}
          onClose={() => {
            setDeleted(undefined)
          }}
        />
      )}
    </>
  )
}

/** A box for each row. The row is a stop of the Tab key itself, and the space bar does the same. */
function boxColumn(chosen: ReadonlySet<string>, choose: (id: string) => void): Column<AudienceAnswer> {
  return {
    title: 'Selected',
    width: '32px',
    cell: ({ id, name }) => (
      <input
        type="checkbox"
        className="tick"
        aria-label={`Select ${name}`}
        tabIndex={-1}
        checked={chosen.has(id)}
        onClick={(event) => {
          event.stopPropagation()
        }}
        onChange={() => {
          choose(id)
        }}
      />
    ),
  }
}

interface ColumnsOf extends AudienceListProps {
  readonly connected: ConnectedByDefinition
  readonly actionsOf: (audience: AudienceAnswer) => readonly Action[]
}

function useColumns({ audiences, readAt, connected, actionsOf }: ColumnsOf): readonly Column<AudienceAnswer>[] {
  const movesOf = useMoves(readAt)
  const names = useMemo(() => new Map(audiences.map(({ key, name }) => [key, name])), [audiences])
  return [
    { title: 'Audience', width: 'minmax(0,1fr)', cell: (audience) => <NameCell {...{ audience, names }} /> },
    {
      title: 'Size now',
      width: '80px',
      isNumber: true,
      cell: (audience) => <SizeCell audience={audience} moves={movesOf(audience.id)} />,
    },
    { title: 'In and out, 24 hours', width: '168px', cell: (audience) => <TallyCell audience={audience} /> },
    {
      title: 'Net',
      width: '64px',
      isNumber: true,
      isExtra: true,
      cell: (audience) => <NetCell audience={audience} moves={movesOf(audience.id)} />,
    },
    {
      title: 'Status',
      width: '132px',
      isExtra: true,
      cell: (audience) => <StatusCell audience={audience} {...connectedOf(connected, audience)} />,
    },
    {
      title: 'Connections',
      width: '98px',
      isExtra: true,
      cell: (audience) => <ConnectionsCell {...connectedOf(connected, audience)} />,
    },
    {
      title: 'Actions',
      width: '32px',
      isExtra: true,
      cell: (audience) => (
        <span
          onClick={(event) => {
            event.stopPropagation()
          }}
        >
          <ActionsMenu label={`Actions of ${audience.name}`} actions={actionsOf(audience)} />
        </span>
      ),
    },
  ]
}

function connectedOf(connected: ConnectedByDefinition, { id }: AudienceAnswer) {
  const own = connected.get(id)
  return own ? { connected: own } : {}
}

interface ActionsOf {
  readonly setDeleted: (audience: AudienceAnswer) => void
  readonly setProblem: (problem: string) => void
  readonly chosen: ReadonlySet<string>
  readonly choose: (chosen: ReadonlySet<string>) => void
}

function useActions({ setDeleted, setProblem, chosen, choose }: ActionsOf) {
  const navigate = useNavigate()
  const spaceId = useSpaceId()
  const mayEdit = useMay('editor')
  const { change, clone } = useAudienceChanges()
  const open = (audienceId: string) => navigate({ to: '/audiences/$audienceId', params: { audienceId } })
  const attempt = (done: Promise<unknown>): void => {
    setProblem('')
    done.catch((error: unknown) => {
      setProblem((error as Error).message)
    })
  }
  const cloneIt = (audience: AudienceAnswer): void => {
    attempt(clone(audience).then(open))
  }
  const chooseIt = (id: string): void => {
    const others = new Set(chosen)
    if (!others.delete(id)) others.add(id)
    choose(others)
  }
  const of = (audience: AudienceAnswer): readonly Action[] => {
    const { id, enabled } = audience
    const download = { text: 'Download CSV', run: () => location.assign(exportAddress(spaceId, 'audiences', id)) }
    const openIt = { text: 'Open', run: () => void open(id) }
    if (!mayEdit) return [openIt, download]
    return [
      openIt,
      { text: chosen.has(id) ? 'Deselect' : 'Select', run: () => chooseIt(id) },
      { text: 'Clone', run: () => cloneIt(audience) },
      { text: enabled ? 'Disable' : 'Enable', run: () => attempt(change(id, { enabled: !enabled })) },
      download,
      { text: 'Delete…', isDanger: true, run: () => setDeleted(audience) },
    ]
  }
  const onKey = (audience: AudienceAnswer, event: KeyboardEvent): void => {
    if (!mayEdit || event.metaKey || event.ctrlKey || event.altKey) return
    if (event.key === 'e') void open(audience.id)
    else if (event.key === 'c') cloneIt(audience)
    else if (event.key === 'Backspace') setDeleted(audience)
    else if (event.key === ' ') {
      event.preventDefault()
      chooseIt(audience.id)
    }
  }
  return { of, onKey, mayEdit, choose: chooseIt }
}

function KeysNote() {
  return (
    <p className="dim keys-note hide-s">
      <kbd>↑</kbd> <kbd>↓</kbd> move <kbd>↵</kbd> open <kbd>C</kbd> clone <kbd>Space</kbd> select <kbd>⌫</kbd> delete{' '}
      <kbd>?</kbd> all keys
    </p>
  )
}
