/** The line above the list of audiences: which of them are shown, and in which order. */
import { ChevronDown, ListFilter, Send, TriangleAlert } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { AudienceAnswer } from '../../api/answers.ts'
import { isTyping } from '../../app/keys.tsx'
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

export function Filters({ audiences, destinations, inNeed, selection, onChange }: FiltersProps) {
  const change = (changed: Partial<Selection>): void => {
    onChange({ ...selection, ...changed })
  }
  const users = audiences.filter(({ audienceType }) => audienceType === 'USERS').length
  const to = [
    { id: 'any', text: 'Any destination' },
    { id: 'none', text: 'Connected to none' },
    ...destinations.map(({ id, name }) => ({ id, text: name })),
  ]
  return (
    <div className="tools">
      <Segmented
        label="Audiences of"
        choices={[
          { id: 'all', text: `All ${count(audiences.length)}` },
          { id: 'USERS', text: `Users ${count(users)}` },
          { id: 'ACCOUNTS', text: `Accounts ${count(audiences.length - users)}` },
        ]}
        value={selection.kind}
        onChange={(kind) => {
          change({ kind })
        }}
      />
      <FilterMenu
        label="Status"
        className="hide-s"
        choices={STATUSES}
        value={selection.status}
        onChange={(status) => {
          change({ status })
        }}
      >
        <ListFilter className="i" aria-hidden="true" />
        {selection.status === 'any' ? 'Status' : selection.status}
      </FilterMenu>
      <FilterMenu
        label="Destination"
        className="hide-s"
        choices={to}
        value={selection.destination}
        onChange={(destination) => {
          change({ destination })
        }}
      >
        <Send className="i" aria-hidden="true" />
        {selection.destination === 'any' ? 'Destination' : to.find(({ id }) => id === selection.destination)?.text}
      </FilterMenu>
      {(inNeed > 0 || selection.needsAttention) && (
        <button
          type="button"
          className="chip warn need"
          aria-pressed={selection.needsAttention}
          onClick={() => {
            change({ needsAttention: !selection.needsAttention })
          }}
        >
          <TriangleAlert className="i s" aria-hidden="true" />
          {count(inNeed)} {inNeed === 1 ? 'needs' : 'need'} attention
        </button>
      )}
      <span className="grow" />
      <FilterText
        text={selection.text}
        onChange={(text) => {
          change({ text })
        }}
      />
      <FilterMenu
        label="Order"
        choices={ORDERS}
        value={selection.order}
        onChange={(order) => {
          change({ order })
        }}
      >
        Sorted by {ORDERS.find(({ id }) => id === selection.order)!.text}
        <ChevronDown className="i s" aria-hidden="true" />
      </FilterMenu>
    </div>
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
