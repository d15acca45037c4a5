/** The line above the list of audiences: which of them are shown, and in which order. */
import { ChevronDown, ListFilter, Send, TriangleAlert } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import type { AudienceAnswer } from '../../api/answers.ts'
import { isTyping } from '../../frame/keys.tsx'
import { count } from '../../parts/format.ts'
import { Segmented } from '../../parts/segmented.tsx'
import type { ListedDestination } from './answers.ts'
import { FilterMenu } from './filter-menu.tsx'
import { useIsPhone } from './phone.ts'
import type { Order, Selection, Status } from './selection.ts'

export interface FiltersProps {
  readonly audiences: readonly AudienceAnswer[]
  readonly destinations: readonly ListedDestination[]
  /** The number of audiences that need attention. */
  readonly inNeed: number
  readonly selection: Selection
  readonly onChange: (selection: Selection) => void
  /** At the end of the line. */
  readonly children: ReactNode
}

const STATUSES: readonly { readonly id: Status; readonly text: string }[] = [
  { id: 'any', text: 'Any status' },
  { id: 'Live', text: 'Live' },
  { id: 'Computing', text: 'Computing' },
  { id: 'Disabled', text: 'Disabled' },
]
const ORDERS: readonly { readonly id: Order; readonly text: string }[] = [
  { id: 'size', text: 'size now' },
  { id: 'name', text: 'name' },
  { id: 'newest', text: 'newest' },
]

export function Filters({ audiences, destinations, inNeed, selection, onChange, children }: FiltersProps) {
  const { kind, status, needsAttention, text, order } = selection
  const change = (changed: Partial<Selection>): void => {
    onChange({ ...selection, ...changed })
  }
  const users = audiences.filter(({ audienceType }) => audienceType === 'USERS').length
  const kinds = [
    { id: 'all', text: `All ${count(audiences.length)}` },
    { id: 'USERS', text: `Users ${count(users)}` },
    { id: 'ACCOUNTS', text: `Accounts ${count(audiences.length - users)}` },
  ] as const
  return (
    <div className="tools">
      <Segmented label="Audiences of" choices={kinds} value={kind} onChange={(chosen) => change({ kind: chosen })} />
      <FilterMenu
        label="Status"
        className="hide-s"
        choices={STATUSES}
        value={status}
        onChange={(chosen) => change({ status: chosen })}
      >
        <ListFilter className="i" aria-hidden="true" />
        {status === 'any' ? 'Status' : status}
      </FilterMenu>
      <DestinationFilter
        destinations={destinations}
        value={selection.destination}
        onChange={(destination) => change({ destination })}
      />
      {(inNeed > 0 || needsAttention) && (
        <button
          type="button"
          className="chip warn need"
          aria-pressed={needsAttention}
          onClick={() => change({ needsAttention: !needsAttention })}
        >
          <TriangleAlert className="i s" aria-hidden="true" />
          {count(inNeed)} {inNeed === 1 ? 'needs' : 'need'} attention
        </button>
      )}
      <span className="grow" />
      <FilterText text={text} onChange={(typed) => change({ text: typed })} />
      <FilterMenu label="Order" choices={ORDERS} value={order} onChange={(chosen) => change({ order: chosen })}>
        Sorted by {ORDERS.find(({ id }) => id === order)!.text}
        <ChevronDown className="i s" aria-hidden="true" />
      </FilterMenu>
      {children}
    </div>
  )
}

interface DestinationFilterProps {
  readonly destinations: readonly ListedDestination[]
  readonly value: string
  readonly onChange: (value: string) => void
}

function DestinationFilter({ destinations, value, onChange }: DestinationFilterProps) {
  const choices = [
    { id: 'any', text: 'Any destination' },
    { id: 'none', text: 'Connected to none' },
    ...destinations.map(({ id, name }) => ({ id, text: name })),
  ]
  return (
    <FilterMenu label="Destination" className="hide-s" choices={choices} value={value} onChange={onChange}>
      <Send className="i" aria-hidden="true" />
      {value === 'any' ? 'Destination' : choices.find(({ id }) => id === value)?.text}
    </FilterMenu>
  )
}

interface FilterTextProps {
  readonly text: string
  readonly onChange: (text: string) => void
}

/** The field that narrows a list; the key `/` goes there. */
export function FilterText({ text, onChange }: FilterTextProps) {
  const field = useRef<HTMLInputElement>(null)
  const isPhone = useIsPhone()
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || isTyping(event.target) || event.metaKey || event.ctrlKey) return
      event.preventDefault()
      field.current?.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('keydown', onKey)
    }
  }, [])
  return (
    <input
      ref={field}
      className="field filter-text"
      type="search"
      aria-label="Filter by name or definition"
      placeholder={isPhone ? 'Filter' : 'Filter   /'}
      value={text}
      onChange={({ target }) => {
        onChange(target.value)
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onChange('')
      }}
    />
  )
}
