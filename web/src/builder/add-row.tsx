/** Adds a condition: an event, a trait, another audience, or text, chosen in one popover. */
import { useState } from 'react'
import type { Condition } from '../../../src/language/tree.ts'
import { Segmented } from '../parts/segmented.tsx'
import { EventChoices } from './event-slot.tsx'
import { areIn, didEvent, haveTrait } from './model/starts.ts'
import { Slot } from './slot.tsx'
import { AudienceChoices, TraitChoices } from './trait-sentence.tsx'

export interface AddRowProps {
  readonly label: string
  readonly text: string
  readonly onAdd: (condition: Condition) => void
}

type What = 'event' | 'trait' | 'audience'

export function AddRow({ label, text, onAdd }: AddRowProps) {
  return (
    <Slot label={label} text={text} look="add">
      {(close) => (
        <RowChoices
          onAdd={(condition) => {
            onAdd(condition)
            close()
          }}
        />
      )}
    </Slot>
  )
}

function RowChoices({ onAdd }: Pick<AddRowProps, 'onAdd'>) {
  const [what, choose] = useState<What>('event')
  return (
    <>
      <Segmented<What>
        label="A condition about"
        className="pop-seg"
        choices={[
          { id: 'event', text: 'An event' },
          { id: 'trait', text: 'A trait' },
          { id: 'audience', text: 'An audience' },
        ]}
        value={what}
        onChange={choose}
      />
      {what === 'event' && (
        <EventChoices
          onTake={(event) => {
            onAdd(didEvent(event))
          }}
        />
      )}
      {what === 'trait' && (
        <TraitChoices
          onTake={(name) => {
            onAdd(haveTrait(name))
          }}
        />
      )}
      {what === 'audience' && (
        <AudienceChoices
          onTake={(key) => {
            onAdd(areIn(key))
          }}
        />
      )}
    </>
  )
}
