/** A field of events, and what is said of how it is reduced: "price as text", "category (seen at least 2 times)". */
import type { EventField } from '../../../src/language/tree.ts'
import { type FieldReducer, reducerOf, TAKEN_AS } from './model/reducers.ts'
import { NumberSlot } from './number-slot.tsx'
import { typeOf, useProperties } from './observed.ts'
import { PropertySlot } from './property-slot.tsx'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'

export interface ReducedFieldProps {
  readonly reducer: FieldReducer
  /** The event that has the field, and the one around that. */
  readonly event: string
  readonly parent: string | undefined
  readonly onChange: (reducer: FieldReducer) => void
}

/** The words behind those of the reducer. */
export function ReducedField({ reducer, event, parent, onChange }: ReducedFieldProps) {
  return (
    <>
      <PropertySlot
        left={reducer.of}
        event={event}
        parent={parent}
        onTake={(of) => {
          onChange({ ...reducer, of })
        }}
      />{' '}
      {'as' in reducer && <TakenAsSlot reducer={reducer} onChange={onChange} />}
      {'minFrequency' in reducer && (
        <>
          (seen at least{' '}
          <NumberSlot
            label="Seen at least"
            value={reducer.minFrequency}
            least={1}
            onChange={(minFrequency) => {
              onChange({ ...reducer, minFrequency })
            }}
          />{' '}
          {reducer.minFrequency === 1 ? 'time' : 'times'}){' '}
        </>
      )}
    </>
  )
}

interface TakenAsProps {
  readonly reducer: Extract<FieldReducer, { as: unknown }>
  readonly onChange: (reducer: FieldReducer) => void
}

/** The first choice is meant where nothing is said, and stands there as an offer alone. */
function TakenAsSlot({ reducer, onChange }: TakenAsProps) {
  const words: Readonly<Record<string, string>> = TAKEN_AS[reducer.kind]
  const choices = Object.entries(words).map(([id, text]) => ({ id, text }))
  const isSaid = choices[0]!.id !== reducer.as
  return (
    <>
      <Slot label="Taken" text={words[reducer.as]!} look={isSaid ? '' : 'add'}>
        {(close) => (
          <Choices
            label="Taken"
            placeholder="Taken as"
            choices={choices}
            onTake={(as) => {
              onChange({ ...reducer, as } as FieldReducer)
              close()
            }}
          />
        )}
      </Slot>{' '}
    </>
  )
}

const OF_NUMBERS: ReadonlySet<FieldReducer['kind']> = new Set(['sum', 'avg', 'min', 'max'])

/** Returns a function that makes a reducer: of the same field as before, or of one that is there most often. */
export function useReducerOf(
  event: string,
): (kind: FieldReducer['kind'], before: EventField | undefined) => FieldReducer {
  const { list } = useProperties(event)
  return (kind, before) => {
    const number = list.find((field) => typeOf(field) === 'number')
    const path = ((OF_NUMBERS.has(kind) ? number : undefined) ?? list[0])?.path ?? 'value'
    return reducerOf(kind, before ?? { kind: 'property', path, parent: false })
  }
}
