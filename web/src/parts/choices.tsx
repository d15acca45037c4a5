/** A list in a popover: what is typed finds a choice, and where anything may be, it is a choice itself. */
import { Search } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Autocomplete, Input, ListBox, ListBoxItem, SearchField } from 'react-aria-components'
import { count } from './format.ts'

export interface Choice {
  readonly id: string
  readonly text: string
  /** At the end of its line. */
  readonly note?: string
  /** It is found by this, too. */
  readonly sought?: string
}

export interface ChoicesProps {
  readonly label: string
  readonly placeholder: string
  readonly choices: readonly Choice[]
  readonly isLoading?: boolean
  readonly onTake: (id: string) => void
  /** If anything may be typed: takes that. */
  readonly onTyped?: (text: string) => void
  /** Above the field. */
  readonly head?: ReactNode
}

const SHOWN_MAX = 200
/** The id of the choice that is what was typed. */
const TYPED = '\u0000typed'

export function Choices({ label, placeholder, choices, isLoading = false, onTake, onTyped, head }: ChoicesProps) {
  const [text, setText] = useState('')
  const sought = text.trim().toLowerCase()
  const fitting = choices.filter(({ text: words, sought: also = '' }) =>
    `${words}\n${also}`.toLowerCase().includes(sought),
  )
  const found = fitting.slice(0, SHOWN_MAX)
  const isKnown = found.some((choice) => choice.text.toLowerCase() === sought)
  const typed = onTyped && sought !== '' && !isKnown ? [{ id: TYPED, text: text.trim(), note: 'as typed' }] : []
  const shown: Choice[] = [...found, ...typed]
  const take = (id: string): void => {
    if (id === TYPED) onTyped?.(text.trim())
    else onTake(id)
  }
  return (
    <Autocomplete inputValue={text} onInputChange={setText}>
      {head}
      <SearchField
        aria-label={placeholder}
        autoFocus
        className="q"
        onKeyDown={(event) => {
          // What came after it was typed has no focus yet.
          const isFocused = event.target instanceof Element && event.target.hasAttribute('aria-activedescendant')
          const isTaken = (event.key === 'Tab' && !event.shiftKey) || (event.key === 'Enter' && !isFocused)
          if (!isTaken || sought === '' || !shown[0]) return
          event.preventDefault()
          take(shown[0].id)
        }}
      >
        <Search className="i" aria-hidden="true" />
        <Input placeholder={placeholder} />
      </SearchField>
      <ListBox
        aria-label={label}
        className="choices"
        items={shown}
        selectionMode="none"
        onAction={(key) => {
          take(String(key))
        }}
        renderEmptyState={() => (
          <p className="dim pad">{isLoading ? 'Loading…' : onTyped ? 'Type what it is called.' : 'Nothing fits.'}</p>
        )}
      >
        {({ id, text: words, note }) => (
          <ListBoxItem id={id} textValue={words} className="choice">
            <span className="trunc grow">{words}</span>
            {note !== undefined && <span className="dim">{note}</span>}
          </ListBoxItem>
        )}
      </ListBox>
      {fitting.length > SHOWN_MAX && (
        <p className="dim pad">{`${count(SHOWN_MAX)} of ${count(fitting.length)}; type to find the others.`}</p>
      )}
    </Autocomplete>
  )
}
