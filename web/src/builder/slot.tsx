/**
 * A slot: a word of a sentence that can be another one. It is a plain button; its list is there only while it is open.
 * Taking a choice closes it and goes on to the next slot of the sentence.
 */
import { Search } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react'
import {
  Autocomplete,
  Button,
  Dialog,
  DialogTrigger,
  Input,
  ListBox,
  ListBoxItem,
  Popover,
  SearchField,
} from 'react-aria-components'
import { useBuilder } from './context.ts'

export interface SlotProps {
  /** Names the slot for screen readers, with its text: "Event: Product Added". */
  readonly label: string
  readonly text: string
  readonly look?: 'ev' | 'v' | 'dyn' | 'add' | ''
  readonly icon?: ReactNode
  /** Content of the popover; calls `close` once something was taken. */
  readonly children: (close: () => void) => ReactNode
}

export function Slot({ label, text, look = '', icon, children }: SlotProps) {
  const { isEditable } = useBuilder()
  const [isOpen, open] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  if (!isEditable) return look === 'add' ? null : <b className="word">{text}</b>
  const close = (): void => {
    open(false)
    focusNext(button.current)
  }
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={open}>
      <Button ref={button} className={`slot ${look} ${isOpen ? 'open' : ''}`} aria-label={`${label}: ${text}`}>
        {icon}
        {text}
      </Button>
      <Popover className="pop" placement="bottom start" offset={6}>
        <Dialog aria-label={label}>{children(close)}</Dialog>
      </Popover>
    </DialogTrigger>
  )
}

/**
 * Moves the focus on, once the popover has given it back: to the first slot that is new, if something was added, and
 * otherwise to the next one of the sentence.
 */
function focusNext(from: HTMLElement | null): void {
  const form = from?.closest('main') ?? document.body
  const before = new Set(slotsIn(form))
  const sentence = from?.closest('[data-sentence]') ?? form
  const next = slotAfter(from, sentence)
  const isAdding = from?.classList.contains('add') ?? false
  setTimeout(() => {
    const added = isAdding ? slotsIn(form).find((slot) => !before.has(slot)) : undefined
    // A choice may have brought the slot that follows it.
    const following = from?.isConnected ? slotAfter(from, sentence) : undefined
    ;[added, following, next, from].find((slot) => slot?.isConnected)?.focus()
  }, FOCUS_BACK_MS)
}

function slotAfter(slot: HTMLElement | null, sentence: Element): HTMLElement | undefined {
  const all = slotsIn(sentence)
  return all[all.indexOf(slot!) + 1]
}

function slotsIn(around: Element): HTMLElement[] {
  return [...around.querySelectorAll<HTMLElement>('.slot')]
}

const FOCUS_BACK_MS = 60

/** Moves among the slots of a sentence by the arrow keys. */
export function onArrows(event: KeyboardEvent<HTMLElement>): void {
  if (event.altKey || event.metaKey || event.ctrlKey) return
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  if (by === undefined || !(event.target instanceof HTMLElement) || !event.target.classList.contains('slot')) return
  const slots = [...event.currentTarget.querySelectorAll<HTMLElement>('.slot')]
  slots[slots.indexOf(event.target) + by]?.focus()
  event.preventDefault()
}

export interface Choice {
  readonly id: string
  readonly text: string
  /** At the end of its line. */
  readonly note?: string
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
  const found = choices.filter((choice) => choice.text.toLowerCase().includes(sought)).slice(0, SHOWN_MAX)
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
    </Autocomplete>
  )
}
