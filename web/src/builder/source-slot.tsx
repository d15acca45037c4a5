/** Sources whose events do not count, as slots: ", not from Website or Server". */
import type { Stream } from '../../../src/language/tree.ts'
import { useBuilder } from './context.ts'
import { replaced, without } from './model/groups.ts'
import { partsOf, withoutSources } from './model/streams.ts'
import { useSources } from './observed.ts'
import { type Choice, Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'

export interface SourceWordsProps {
  readonly stream: Stream
  readonly onChange: (stream: Stream) => void
}

export function SourceWords({ stream, onChange }: SourceWordsProps) {
  const { excluded } = partsOf(stream)
  const leaveOut = (ids: readonly string[]): void => {
    onChange(withoutSources(stream, [...new Set(ids)]))
  }
  return excluded.map((id, index) => (
    <span key={index}>
      {index === 0 ? ', not from ' : ' or '}
      <SourceSlot
        id={id}
        onTake={(taken) => {
          leaveOut(replaced(excluded, index, taken))
        }}
        onRemove={() => {
          leaveOut(without(excluded, index))
        }}
      />
    </span>
  ))
}

/** Leaves a source out, or one more; there is nothing to choose where a space has one source alone. */
export function AddSource({ stream, onChange }: SourceWordsProps) {
  const { excluded } = partsOf(stream)
  const others = useSources().filter(({ id }) => !excluded.includes(id))
  const { isEditable } = useBuilder()
  if (!isEditable || others.length < (excluded.length === 0 ? 2 : 1)) return null
  return (
    <>
      <Slot label="Leave a source out" text={excluded.length === 0 ? '+ not from…' : '+ or from…'} look="add">
        {(close) => (
          <SourceChoices
            sources={others}
            onTake={(taken) => {
              onChange(withoutSources(stream, [...excluded, taken]))
              close()
            }}
          />
        )}
      </Slot>{' '}
    </>
  )
}

const REMOVE = '\u0000remove'

interface SourceSlotProps {
  readonly id: string
  readonly onTake: (id: string) => void
  readonly onRemove: () => void
}

function SourceSlot({ id, onTake, onRemove }: SourceSlotProps) {
  const sources = useSources()
  return (
    <Slot label="Source" text={sources.find((source) => source.id === id)?.text ?? id}>
      {(close) => (
        <SourceChoices
          sources={[...sources, { id: REMOVE, text: 'Let it count again' }]}
          onTake={(taken) => {
            if (taken === REMOVE) onRemove()
            else onTake(taken)
            close()
          }}
        />
      )}
    </Slot>
  )
}

/** One that is there no more may be typed by its id. */
function SourceChoices({ sources, onTake }: { sources: readonly Choice[]; onTake: (id: string) => void }) {
  return <Choices label="Sources" placeholder="A source" choices={sources} onTake={onTake} onTyped={onTake} />
}
