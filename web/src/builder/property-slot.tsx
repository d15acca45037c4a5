/** Properties of an event as slots: one that is tested or reduced, and one that is to be tested too. */
import type { EventField, Scalar } from '../../../src/language/tree.ts'
import { fieldNamed } from './model/starts.ts'
import { choiceOf, useProperties } from './observed.ts'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'

export interface PropertySlotProps {
  /** The left side that stands there now. */
  readonly left: Scalar
  /** The event that has it, and the one around that. */
  readonly event: string
  readonly parent: string | undefined
  readonly onTake: (field: EventField) => void
  /** Undefined: it cannot be taken away. */
  readonly onRemove?: () => void
}

export function PropertySlot({ left, event, parent, onTake, onRemove }: PropertySlotProps) {
  return (
    <Slot label="Property" text={textOf(left, parent)} look={left.kind === 'property' && left.parent ? 'dyn' : ''}>
      {(close) => (
        <PropertyChoices
          event={event}
          onTake={(field) => {
            onTake(field)
            close()
          }}
          {...(onRemove && {
            onRemove: () => {
              onRemove()
              close()
            },
          })}
        />
      )}
    </Slot>
  )
}

export function AddWhere({ event, onTake }: Pick<PropertySlotProps, 'event' | 'onTake'>) {
  return (
    <Slot label="Add a property" text="+ where" look="add">
      {(close) => (
        <PropertyChoices
          event={event}
          onTake={(field) => {
            onTake(field)
            close()
          }}
        />
      )}
    </Slot>
  )
}

/** The words of a left side. */
function textOf(left: Scalar, parent: string | undefined): string {
  switch (left.kind) {
    case 'trait':
      return `their ${left.name}`
    case 'context':
      return `context ${left.path}`
    case 'property':
      return left.parent ? `${left.path} of ${parent ?? 'the event around it'}` : left.path
    case 'reduction':
      return left.stream.event
  }
}

const REMOVE = '\u0000remove'

function PropertyChoices({ event, onTake, onRemove }: Pick<PropertySlotProps, 'event' | 'onTake' | 'onRemove'>) {
  const { list, isLoading } = useProperties(event)
  const take = (path: string): void => {
    onTake(fieldNamed(path))
  }
  return (
    <Choices
      label={`Properties of ${event}`}
      placeholder={`Property of ${event}`}
      choices={[...list.map(choiceOf), ...(onRemove ? [{ id: REMOVE, text: 'Remove this' }] : [])]}
      isLoading={isLoading}
      onTake={(id) => {
        if (id === REMOVE) onRemove?.()
        else take(id)
      }}
      onTyped={take}
    />
  )
}
