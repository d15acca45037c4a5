/** A few choices side by side, of which one is taken. */
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components'

export interface SegmentedProps<Choice extends string> {
  readonly label: string
  readonly choices: readonly { readonly id: Choice; readonly text: string }[]
  readonly value: Choice
  readonly onChange: (value: Choice) => void
  readonly className?: string
}

export function Segmented<Choice extends string>({
  label,
  choices,
  value,
  onChange,
  className = '',
}: SegmentedProps<Choice>) {
  return (
    <ToggleButtonGroup
      className={`seg ${className}`}
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
        <ToggleButton key={id} id={id}>
          {text}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
