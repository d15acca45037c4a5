/**
 * The number of times, or what is made of the events instead: ", at least 2 times", ", with a sum of revenue that is at
 * least 200".
 */
import { COUNT_WORDS } from './model/tests.ts'
import { type FieldReducer, givesNumber, REDUCER_WORDS, REDUCERS } from './model/reducers.ts'
import { type EventComparison, withReducer } from './model/sentences.ts'
import { didEvent } from './model/starts.ts'
import { isNever, timesOf } from './model/times.ts'
import { NumberSlot } from './number-slot.tsx'
import { useProperties } from './observed.ts'
import { ReducedField, useReducerOf } from './reducer-words.tsx'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'
import { TestWords } from './test-words.tsx'

export interface ReducedWordsProps {
  readonly comparison: EventComparison
  readonly isNegated: boolean
  readonly parent: string | undefined
  readonly onChange: (comparison: EventComparison) => void
}

const COUNTS = Object.entries(COUNT_WORDS).map(([id, text]) => ({ id, text }))
/** A list of values is not compared. */
const COMPARED = REDUCERS.filter((kind) => kind !== 'unique').map((id) => ({ id, text: withA(REDUCER_WORDS[id]) }))

function withA(words: string): string {
  return `with ${/^a/.test(words) ? 'an' : 'a'} ${words}`
}

export function ReducedWords({ comparison, isNegated, parent, onChange }: ReducedWordsProps) {
  const { stream, reducer } = comparison.left
  const reducerOf = useReducerOf(stream.event)
  const times = timesOf(comparison)
  const choose = (id: string): void => {
    if (id in COUNT_WORDS) onChange({ ...countedOf(comparison), comparator: id } as EventComparison)
    else
      onChange(withReducer(comparison, reducerOf(id as FieldReducer['kind'], 'of' in reducer ? reducer.of : undefined)))
  }
  if (!isNegated && isNever(comparison)) return null
  return (
    <>
      {', '}
      <Slot label="How often" text={headOf(comparison)}>
        {(close) => (
          <Choices
            label="How often, or what of it"
            placeholder="How often, or what of it"
            choices={[...COUNTS, ...COMPARED]}
            onTake={(id) => {
              choose(id)
              close()
            }}
          />
        )}
      </Slot>{' '}
      {times === undefined ? (
        <ComparedWords comparison={comparison} parent={parent} onChange={onChange} />
      ) : (
        <>
          <NumberSlot
            label="Times"
            value={times}
            onChange={(value) => {
              onChange({ ...comparison, right: { kind: 'literal', value } } as EventComparison)
            }}
          />{' '}
          {times === 1 ? 'time' : 'times'}
        </>
      )}
    </>
  )
}

function headOf(comparison: EventComparison): string {
  const { kind } = comparison.left.reducer
  if (timesOf(comparison) !== undefined) return COUNT_WORDS[comparison.comparator as keyof typeof COUNT_WORDS]
  return kind === 'count' ? 'counted' : withA(REDUCER_WORDS[kind])
}

/** The field that is reduced, and the test of what it gives. */
function ComparedWords({ comparison, parent, onChange }: Omit<ReducedWordsProps, 'isNegated'>) {
  const { stream, reducer } = comparison.left
  const { list } = useProperties(stream.event)
  return (
    <>
      {reducer.kind !== 'count' && (
        <ReducedField
          reducer={reducer}
          event={stream.event}
          parent={parent}
          onChange={(changed) => {
            onChange(withReducer(comparison, changed))
          }}
        />
      )}
      {'that '}
      <TestWords
        test={comparison}
        field={'of' in reducer ? list.find(({ path }) => path === reducer.of.path) : undefined}
        {...(givesNumber(reducer) && { type: 'number' })}
        parent={parent}
        onChange={(test) => {
          onChange({ kind: 'comparison', left: comparison.left, ...test })
        }}
      />
    </>
  )
}

/** Returns the comparison as one of a count; a number that there was stays. */
function countedOf(comparison: EventComparison): EventComparison {
  if (timesOf(comparison) !== undefined) return comparison
  const { event, filters } = comparison.left.stream
  return didEvent(event, filters)
}
