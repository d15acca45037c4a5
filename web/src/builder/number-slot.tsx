/** A number as a slot: "2", chosen or typed. */
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'

export interface NumberSlotProps {
  readonly label: string
  readonly value: number
  /** The number that is the least; undefined: any is taken. */
  readonly least?: number
  readonly onChange: (value: number) => void
}

const USUAL = ['1', '2', '3', '5', '10']

export function NumberSlot({ label, value, least, onChange }: NumberSlotProps) {
  return (
    <Slot label={label} text={String(value)} look="v">
      {(close) => {
        const take = (text: string): void => {
          const number = Number(text)
          if (!Number.isFinite(number)) return
          if (least !== undefined && (number < least || !Number.isInteger(number))) return
          onChange(number)
          close()
        }
        return (
          <Choices
            label={label}
            placeholder="A number"
            choices={USUAL.map((text) => ({ id: text, text }))}
            onTake={take}
            onTyped={take}
          />
        )
      }}
    </Slot>
  )
}
