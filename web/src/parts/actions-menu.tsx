/**
 * The three dots at the end of a row: what else can be done with it. The menu is there only while it is open, as a list
 * has many of them in view.
 */
import { Ellipsis } from 'lucide-react'
import { useRef, useState } from 'react'
import { Menu, MenuItem, Popover } from 'react-aria-components'

export interface Action {
  readonly text: string
  readonly run: () => void
  readonly isDanger?: boolean
}

/** The item that has the focus when a menu is opened; none of them if it was opened by a pointer. */
type FocusOn = 'first' | 'last' | 'none'

const OPENING_KEYS: Readonly<Record<string, FocusOn>> = {
  ArrowDown: 'first',
  ArrowUp: 'last',
  Enter: 'first',
  ' ': 'first',
}

export function ActionsMenu({ label, actions }: { readonly label: string; readonly actions: readonly Action[] }) {
  const [focusOn, open] = useState<FocusOn>()
  const button = useRef<HTMLButtonElement>(null)
  const close = (): void => {
    open(undefined)
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        className="btn quiet icon sm"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={focusOn !== undefined}
        onClick={() => {
          open('none')
        }}
        onKeyDown={(event) => {
          const to = OPENING_KEYS[event.key]
          if (!to) return
          event.preventDefault()
          open(to)
        }}
      >
        <Ellipsis className="i" aria-hidden="true" />
      </button>
      {focusOn && (
        <Popover className="pop menu" isOpen onOpenChange={close} triggerRef={button}>
          <Menu
            aria-label={label}
            autoFocus={focusOn === 'none' ? true : focusOn}
            onClose={close}
            onAction={(key) => actions[Number(key)]?.run()}
          >
            {actions.map(({ text, isDanger }, index) => (
              <MenuItem key={text} id={String(index)} className={isDanger ? 'danger' : ''}>
                {text}
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      )}
    </>
  )
}
