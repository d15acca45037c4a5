/** A duration as a slot: "7 days", chosen or typed. */
import { printDuration } from '../../../src/language/duration.ts'
import type { Duration } from '../../../src/language/tree.ts'
import { unitNamed } from '../../../src/language/vocabulary.ts'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'

const USUAL = [
  '1 hour',
  '1 day',
  '3 days',
  '7 days',
  '14 days',
  '30 days',
  '60 days',
  '90 days',
  '10 minutes',
  '30 minutes',
]

export interface DurationSlotProps {
  readonly label: string
  readonly duration: Duration
  readonly onChange: (duration: Duration) => void
}

export function DurationSlot({ label, duration, onChange }: DurationSlotProps) {
  return (
    <Slot label={label} text={printDuration(duration)} look="v">
      {(close) => {
        const take = (text: string): void => {
          const read = durationOf(text)
          if (!read) return
          onChange(read)
          close()
        }
        return (
          <Choices
            label="Durations"
            placeholder="A number and a unit, as 36 hours"
            choices={USUAL.map((text) => ({ id: text, text }))}
            onTake={take}
            onTyped={take}
          />
        )
      }}
    </Slot>
  )
}

/** Reads "36 hours", or "36" for days; undefined if it is none. */
export function durationOf(text: string): Duration | undefined {
  const [, amount, word = 'days'] = /^(\d+)\s*([a-z]+)?$/i.exec(text.trim()) ?? []
  const unit = unitNamed(word.toLowerCase())
  return amount === undefined || !unit ? undefined : { amount: Number(amount), unit }
}
