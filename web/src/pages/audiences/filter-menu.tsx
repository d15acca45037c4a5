/** A quiet button that opens a list of which one is chosen: a filter, or an order. */
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'

export interface FilterMenuProps<Choice extends string> {
  readonly label: string
  readonly choices: readonly { readonly id: Choice; readonly text: string }[]
  readonly value: Choice
  readonly onChange: (value: Choice) => void
  /** The text of the button. */
  readonly children: ReactNode
  readonly className?: string
}

export function FilterMenu<Choice extends string>({
  label,
  choices,
  value,
  onChange,
  children,
  className = '',
}: FilterMenuProps<Choice>) {
  return (
    <MenuTrigger>
      <Button className={`btn quiet sm ${className}`}>{children}</Button>
      <Popover className="pop menu">
        <Menu
          aria-label={label}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[value]}
          onSelectionChange={(keys) => {
            const [first] = keys
            if (first !== undefined) onChange(first as Choice)
          }}
        >
          {choices.map(({ id, text }) => (
            <MenuItem key={id} id={id} textValue={text}>
              <span className="grow">{text}</span>
              {id === value && <Check className="i s" aria-hidden="true" />}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
