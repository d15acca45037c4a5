/**
 * A sentence that says what is computed: "The sum of revenue of Order Completed where price is at least 100, within the
 * last 30 days".
 */
import type { Reduction } from '../../../src/language/tree.ts'
import { useBuilder } from './context.ts'
import { StreamSentence } from './event-sentence.tsx'
import { type FieldReducer, REDUCER_WORDS, REDUCERS } from './model/reducers.ts'
import { isDrawn } from './model/streams.ts'
import { ReducedField, useReducerOf } from './reducer-words.tsx'
import { Choices } from '../parts/choices.tsx'
import { onArrows, Slot } from './slot.tsx'
import { ReductionText } from './text-row.tsx'

export interface ValueSentenceProps {
  readonly reduction: Reduction
  readonly onChange: (reduction: Reduction) => void
}

export function ValueSentence({ reduction, onChange }: ValueSentenceProps) {
  const { stream } = reduction
  return (
    <div className="cond value" data-sentence onKeyDown={onArrows}>
      {isDrawn(stream) ? (
        <StreamSentence
          stream={stream}
          lead={<Lead reduction={reduction} onChange={onChange} />}
          onChange={(changed) => {
            onChange({ ...reduction, stream: changed })
          }}
        />
      ) : (
        <ReductionText reduction={reduction} onChange={onChange} />
      )}
    </div>
  )
}

const OFTEN = { USERS: 'How often they did', ACCOUNTS: 'How often its users did' } as const

/** "How often they did", or "The sum of revenue of". */
function Lead({ reduction, onChange }: ValueSentenceProps) {
  const { type } = useBuilder()
  const { stream, reducer } = reduction
  const reducerOf = useReducerOf(stream.event)
  const choices = [
    { id: 'count', text: OFTEN[type] },
    ...REDUCERS.map((id) => ({ id, text: `The ${REDUCER_WORDS[id]}` })),
  ]
  const choose = (id: string): void => {
    if (id === 'count') onChange({ ...reduction, reducer: { kind: 'count' } })
    else {
      const before = 'of' in reducer ? reducer.of : undefined
      onChange({ ...reduction, reducer: reducerOf(id as FieldReducer['kind'], before) })
    }
  }
  return (
    <>
      <Slot label="What is computed" text={choices.find(({ id }) => id === reducer.kind)!.text}>
        {(close) => (
          <Choices
            label="What is computed"
            placeholder="What is computed"
            choices={choices}
            onTake={(id) => {
              choose(id)
              close()
            }}
          />
        )}
      </Slot>{' '}
      {reducer.kind !== 'count' && (
        <>
          <ReducedField
            reducer={reducer}
            event={stream.event}
            parent={undefined}
            onChange={(changed) => {
              onChange({ ...reduction, reducer: changed })
            }}
          />
          {'of '}
        </>
      )}
    </>
  )
}
