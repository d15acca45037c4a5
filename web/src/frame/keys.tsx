/** Keys that work on every page, and the list of all of them. */
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'

const GO = { a: '/', t: '/traits', p: '/profiles', d: '/destinations', s: '/sources', l: '/live' } as const
type PagePath = (typeof GO)[keyof typeof GO]
const ALL_KEYS = [
  ['⌘K', 'find or go to'],
  ['/', 'filter this list'],
  ['?', 'all keys'],
  ['G then A T P D S L', 'audiences, traits, profiles, destinations, sources, live'],
  ['N E C ⌫', 'new, edit, clone, delete'],
  ['↑ ↓ Home End, Enter, Space', 'in lists: move, open, select'],
  ['← →, Enter, Tab, Esc', 'in a sentence: word by word, open, next word, close'],
  ['Alt+↑ ↓', 'move a condition'],
  ['⌘D, ⌘⌫', 'duplicate, remove a condition'],
  ['⌘Z, ⇧⌘Z', 'undo, redo'],
  ['⌘↵, ⌘\\', 'save; form, both, text'],
] as const
const SECOND_KEY_MS = 1_500

/** True if a key belongs to a field that is being typed in: keys of a list that it filters are of other targets. */
export function isTyping(target: EventTarget | null): boolean {
  return [target, document.activeElement].some(
    (element) =>
      element instanceof HTMLElement &&
      (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)),
  )
}

export function Keys() {
  const navigate = useNavigate()
  const [isShown, show] = useState(false)
  useEffect(() => {
    let wentAt = -Infinity
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event.target) || event.metaKey || event.ctrlKey || event.altKey) return
      const to = (GO as Partial<Record<string, PagePath>>)[event.key.toLowerCase()]
      if (event.key === '?') show(true)
      else if (event.key === 'g') wentAt = event.timeStamp
      else if (to && event.timeStamp - wentAt < SECOND_KEY_MS) {
        event.preventDefault()
        wentAt = -Infinity
        void navigate({ to })
      }
    }
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('keydown', onKey)
    }
  }, [navigate])
  return (
    <ModalOverlay className="overlay" isOpen={isShown} onOpenChange={show} isDismissable>
      <Modal className="modal">
        <Dialog>
          <Heading slot="title">Keys</Heading>
          <dl className="keys">
            {ALL_KEYS.map(([keys, what]) => (
              <div key={keys}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
