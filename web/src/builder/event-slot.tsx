/** Events as slots: the one that a sentence is about, and the first one, or the next, that is yet to be chosen. */
import { Zap } from 'lucide-react'
import { useEvents } from './observed.ts'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'

export interface EventSlotProps {
  readonly event: string
  readonly onTake: (event: string) => void
}

export function EventSlot({ event, onTake }: EventSlotProps) {
  return (
    <Slot label="Event" text={event} look="ev" icon={<Zap className="i" aria-hidden="true" />}>
      {(close) => (
        <EventChoices
          onTake={(taken) => {
            onTake(taken)
            close()
          }}
        />
      )}
    </Slot>
  )
}

export interface AddEventProps extends Pick<EventSlotProps, 'onTake'> {
  readonly label: string
  readonly text: string
}

export function AddEvent({ label, text, onTake }: AddEventProps) {
  return (
    <Slot label={label} text={text} look="add">
      {(close) => (
        <EventChoices
          onTake={(event) => {
            onTake(event)
            close()
          }}
        />
      )}
    </Slot>
  )
}

export function EventChoices({ onTake }: Pick<EventSlotProps, 'onTake'>) {
  const { list, isLoading } = useEvents()
  return (
    <Choices
      label="Events"
      placeholder="An event"
      choices={list}
      isLoading={isLoading}
      onTake={onTake}
      onTyped={onTake}
    />
  )
}
