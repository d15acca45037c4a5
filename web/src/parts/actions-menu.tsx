/** The three dots at the end of a row: what else can be done with it. */
import { Ellipsis } from 'lucide-react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'

export interface Action {
  readonly text: string
  readonly run: () => void
  readonly isDanger?: boolean
}

export function ActionsMenu({ label, actions }: { readonly label: string; readonly actions: readonly Action[] }) {
  return (
    <MenuTrigger>
      <Button className="btn quiet icon sm" aria-label={label}>
        <Ellipsis className="i" aria-hidden="true" />
      </Button>
      <Popover className="pop menu">
        <Menu aria-label={label} onAction={(key) => actions[Number(key)]?.run()}>
          {actions.map(({ text, isDanger }, index) => (
            <MenuItem key={text} id={String(index)} className={isDanger ? 'danger' : ''}>
              {text}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
