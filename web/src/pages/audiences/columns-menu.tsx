/** The choice of columns that the list of audiences has; the browser remembers it. */
import { Check, Columns3 } from 'lucide-react'
import { useState } from 'react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'

const KEY = 'rollcall.audience-columns-hidden'
/** Titles of those that can be left out. */
const OPTIONAL: readonly string[] = ['In and out, 24 hours', 'Net', 'Status', 'Connections']

/** Returns the titles of the columns that are left out, and a function that chooses others. */
export function useHiddenColumns(): readonly [ReadonlySet<string>, (hidden: ReadonlySet<string>) => void] {
  const [hidden, hide] = useState<ReadonlySet<string>>(() => {
    const stored = (localStorage.getItem(KEY) ?? '').split('\n')
    return new Set(OPTIONAL.filter((title) => stored.includes(title)))
  })
  const choose = (chosen: ReadonlySet<string>): void => {
    localStorage.setItem(KEY, [...chosen].join('\n'))
    hide(chosen)
  }
  return [hidden, choose]
}

interface ColumnsMenuProps {
  readonly hidden: ReadonlySet<string>
  readonly onChange: (hidden: ReadonlySet<string>) => void
}

export function ColumnsMenu({ hidden, onChange }: ColumnsMenuProps) {
  return (
    <MenuTrigger>
      <Button className="btn quiet sm hide-s">
        <Columns3 className="i" aria-hidden="true" />
        Columns
      </Button>
      <Popover className="pop menu">
        <Menu
          aria-label="Columns"
          selectionMode="multiple"
          selectedKeys={OPTIONAL.filter((title) => !hidden.has(title))}
          onSelectionChange={(keys) => {
            if (keys !== 'all') onChange(new Set(OPTIONAL.filter((title) => !keys.has(title))))
          }}
        >
          {OPTIONAL.map((title) => (
            <MenuItem key={title} id={title} textValue={title}>
              <span className="grow">{title}</span>
              {!hidden.has(title) && <Check className="i s" aria-hidden="true" />}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
