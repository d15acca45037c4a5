/** A group of conditions, any of which is enough: "and who …, or …". */
import { ChevronsUpDown } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import type { Comparison, Condition } from '../../../src/language/tree.ts'
import { ActionsMenu } from '../parts/actions-menu.tsx'
import { AddRow } from './add-row.tsx'
import { useBuilder } from './context.ts'
import { EventSentence } from './event-sentence.tsx'
import { type Group, moved, type Quantifier, replaced, without } from './model/groups.ts'
import { isEventComparison, isSentence } from './model/sentences.ts'
import { ALWAYS } from './model/starts.ts'
import { Choices } from '../parts/choices.tsx'
import { onArrows, Slot } from './slot.tsx'
import { ConditionText } from './text-row.tsx'
import { type TraitComparison, TraitSentence } from './trait-sentence.tsx'

export interface GroupViewProps {
  readonly group: Group
  /** The first one says whom it is about. */
  readonly isFirst: boolean
  /** Undefined: takes the group away. */
  readonly onChange: (group: Group | undefined) => void
  /** Adds a group after this one. */
  readonly onAddGroup: (group: Group) => void
  /** Returns what a condition cuts, to be shown beside it. */
  readonly cutOf: (condition: Condition, group: Group) => ReactNode
  readonly isMarked: (condition: Condition) => boolean
}

const QUANTIFIERS = [
  { id: 'none', text: 'that' },
  { id: 'q any', text: 'where any user' },
  { id: 'q all', text: 'where every user' },
  { id: 'q none', text: 'where no user' },
] as const

export function GroupView({ group, isFirst, onChange, onAddGroup, cutOf, isMarked }: GroupViewProps) {
  const { isEditable } = useBuilder()
  const setRows = (rows: readonly Condition[]): void => {
    onChange(rows.length === 0 ? undefined : { ...group, rows })
  }
  return (
    <section className="group">
      <GroupHead group={group} isFirst={isFirst} onChange={onChange} onAddGroup={onAddGroup} />
      <div className="conds">
        {group.rows.map((row, index) => (
          <Row
            key={index}
            row={row}
            rows={group.rows}
            index={index}
            isMarked={isMarked(row)}
            cut={cutOf(row, group)}
            setRows={setRows}
          />
        ))}
        {isEditable && (
          <div className="addrow" data-sentence>
            <AddRow
              label="Add another condition, of which one is enough"
              text="+ or"
              onAdd={(condition) => {
                setRows([...group.rows, condition])
              }}
            />
          </div>
        )}
      </div>
    </section>
  )
}

type HeadProps = Pick<GroupViewProps, 'group' | 'isFirst' | 'onChange' | 'onAddGroup'>

function GroupHead({ group, isFirst, onChange, onAddGroup }: HeadProps) {
  const { type, isEditable } = useBuilder()
  const { isNegated, quantifier } = group
  const who = type === 'USERS' ? 'who' : 'that'
  const whom = type === 'USERS' ? 'Users' : 'Accounts'
  const words = isFirst ? `${whom} ${isNegated ? 'not ' : ''}${who}` : `and ${isNegated ? 'not ' : ''}${who}`
  const isTrueOfNone = type === 'ACCOUNTS' && (quantifier === 'all' || quantifier === 'none') && !isNegated
  return (
    <div className={isNegated ? 'join not' : 'join'} data-sentence>
      {isEditable ? (
        <button
          type="button"
          title="Switch between who and not who"
          onClick={() => {
            onChange({ ...group, isNegated: !isNegated })
          }}
        >
          {words}
          <ChevronsUpDown className="i s" aria-hidden="true" />
        </button>
      ) : (
        <span>{words}</span>
      )}
      {type === 'ACCOUNTS' && (
        <QuantifierSlot
          quantifier={quantifier}
          onTake={(taken) => {
            onChange({ ...group, quantifier: taken })
          }}
        />
      )}
      {isTrueOfNone && (
        <span className="hint">
          True for accounts without users.{' '}
          {isEditable && (
            <button
              type="button"
              className="link"
              onClick={() => {
                onAddGroup({ isNegated: false, quantifier: 'any', rows: [ALWAYS] })
              }}
            >
              And have at least one user
            </button>
          )}
        </span>
      )}
    </div>
  )
}

interface QuantifierProps {
  readonly quantifier: Quantifier | undefined
  readonly onTake: (quantifier: Quantifier | undefined) => void
}

function QuantifierSlot({ quantifier, onTake }: QuantifierProps) {
  const id = quantifier ? (`q ${quantifier}` as const) : 'none'
  return (
    <Slot label="Of the users" text={QUANTIFIERS.find((each) => each.id === id)!.text}>
      {(close) => (
        <Choices
          label="Of the users"
          placeholder="Of the users"
          choices={QUANTIFIERS}
          onTake={(taken) => {
            onTake(taken === 'none' ? undefined : (taken.slice(2) as Quantifier))
            close()
          }}
        />
      )}
    </Slot>
  )
}

interface RowProps {
  readonly row: Condition
  readonly rows: readonly Condition[]
  readonly index: number
  readonly isMarked: boolean
  readonly cut: ReactNode
  readonly setRows: (rows: readonly Condition[]) => void
}

function Row({ row, rows, index, isMarked, cut, setRows }: RowProps) {
  const { isEditable } = useBuilder()
  const change = (condition: Condition): void => {
    setRows(replaced(rows, index, condition))
  }
  const duplicate = (): void => {
    setRows([...rows.slice(0, index + 1), row, ...rows.slice(index + 1)])
  }
  const remove = (): void => {
    setRows(without(rows, index))
  }
  const move = (by: number): void => {
    setRows(moved(rows, index, by))
  }
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    onArrows(event)
    const isCommand = event.metaKey || event.ctrlKey
    if (!isEditable || event.defaultPrevented) return
    if (event.altKey && event.key === 'ArrowUp') move(-1)
    else if (event.altKey && event.key === 'ArrowDown') move(1)
    else if (isCommand && event.key === 'd') duplicate()
    else if (isCommand && event.key === 'Backspace') remove()
    else return
    event.preventDefault()
  }
  const isText = !isSentence(row)
  return (
    <div className={isMarked ? 'cond at' : 'cond'} data-sentence onKeyDown={onKeyDown}>
      <div>
        {isText ? <ConditionText condition={row} onChange={change} /> : <Sentence comparison={row} onChange={change} />}
      </div>
      <div className="row-end">
        {cut}
        {isEditable && (
          <ActionsMenu
            label="This condition"
            actions={[
              { text: 'Duplicate', run: duplicate },
              ...(index > 0 ? [{ text: 'Move up', run: () => move(-1) }] : []),
              ...(index < rows.length - 1 ? [{ text: 'Move down', run: () => move(1) }] : []),
              { text: 'Remove', run: remove, isDanger: true },
            ]}
          />
        )}
      </div>
    </div>
  )
}

interface SentenceProps {
  readonly comparison: Comparison
  readonly onChange: (comparison: Comparison) => void
}

function Sentence({ comparison, onChange }: SentenceProps) {
  if (isEventComparison(comparison)) return <EventSentence comparison={comparison} onChange={onChange} />
  return <TraitSentence comparison={comparison as TraitComparison} onChange={onChange} />
}
