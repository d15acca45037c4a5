/**
 * A slot: a word of a sentence that can be another one. It is a plain button; its list is there only while it is open.
 * Taking a choice closes it and goes on to the next slot of the sentence.
 */
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react'
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components'
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
