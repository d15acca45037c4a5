/**
 * A sentence about events: "did Order Completed where price is at least 100, at least 2 times, within the last 7 days",
 * and what happened then, below it on a rail.
 */
import { Zap } from 'lucide-react'
import { printDuration } from '../../../src/language/duration.ts'
import type { Comparison, Condition, EventField, Reducer } from '../../../src/language/tree.ts'
import { useBuilder } from './context.ts'
import { replaced, without } from './model/groups.ts'
import { type EventComparison, itemOf, partsOf, withEvent, withItems, withReducer } from './model/sentences.ts'
import { didEvent, thenDidEvent, whereProperty } from './model/starts.ts'
import { COUNT_WORDS } from './model/tests.ts'
import { awaited, stillWaiting } from './model/waiting.ts'
import { choiceOf, useEvents, useProperties } from './observed.ts'
import { Choices, Slot } from './slot.tsx'
import { TestWords } from './test-words.tsx'
import { TextRow } from './text-row.tsx'
import { ReachWords, WaitingHint, WindowWords } from './time-words.tsx'

export interface EventSentenceProps {
  readonly comparison: EventComparison
  readonly onChange: (comparison: EventComparison) => void
  /** The event around it; undefined for one of the first level. */
  readonly parent?: string
  /** True for a child that must not have come. */
  readonly isNegated?: boolean
  readonly onNegate?: (isNegated: boolean) => void
  readonly onRemove?: () => void
  readonly depth?: number
}

/** Deeper funnels are folded to a sentence in words. */
const DRAWN_DEPTH = 3

export function EventSentence(props: EventSentenceProps) {
  const { comparison, onChange, parent, isNegated = false, onNegate, onRemove, depth = 0 } = props
  const parts = partsOf(comparison)
  const { list } = useProperties(parts.event)
  const items = parts.items.map(itemOf)
  const setItems = (conditions: readonly Condition[]): void => {
    onChange(stillWaiting(comparison, withItems(comparison, conditions)))
  }
  const set = (index: number, condition: Condition): void => {
    setItems(replaced(parts.items, index, condition))
  }
  const remove = (index: number): void => {
    setItems(without(parts.items, index))
  }
  const waitsFor = awaited(comparison)
  let tests = 0
  return (
    <div>
      <div className="say1">
        {parent !== undefined && 'and then '}
        <Verb comparison={comparison} isNegated={isNegated} onNegate={onNegate} onChange={onChange} />{' '}
        <EventSlot
          event={parts.event}
          onTake={(event) => {
            onChange(withEvent(comparison, event))
          }}
        />
        {items.map((item, index) => {
          if (item.kind !== 'test') return null
          const { left } = item.comparison
          const field = left.kind === 'property' || left.kind === 'context' ? left : undefined
          return (
            <span key={index}>
              {tests++ === 0 ? ' where ' : ' and '}
              <FieldSlot
                field={field}
                text={fieldText(item.comparison, parent)}
                event={parts.event}
                onTake={(path) => {
                  set(index, { ...item.comparison, left: whereProperty(path).left })
                }}
                onRemove={() => {
                  remove(index)
                }}
              />{' '}
              <TestWords
                test={item.comparison}
                field={list.find(({ path }) => path === field?.path)}
                parent={parent}
                onChange={(test) => {
                  set(index, { kind: 'comparison', left, ...test })
                }}
              />
            </span>
          )
        })}
        <ReducedWords comparison={comparison} isNegated={isNegated} parent={parent} onChange={onChange} />
        {parent === undefined ? (
          <>
            , <WindowWords comparison={comparison} onChange={onChange} />
          </>
        ) : (
          <>
            , <ReachWords comparison={comparison} onChange={onChange} />
            {parts.window && (
              <>
                , <WindowWords comparison={comparison} onChange={onChange} />
              </>
            )}
          </>
        )}
        {parts.excluded.length > 0 && <span className="dim">, not from {parts.excluded.join(' or ')}</span>}{' '}
        <AddWhere
          event={parts.event}
          onTake={(path) => {
            setItems([...parts.items, whereProperty(path)])
          }}
        />{' '}
        <AddThen
          onTake={(event) => {
            setItems([...parts.items, thenDidEvent(event)])
          }}
        />
        {onRemove && <RemoveThen onRemove={onRemove} />}
      </div>
      {items.map((item, index) => {
        if (item.kind === 'test') return null
        return (
          <div className="then" key={index}>
            {item.kind === 'then' && depth < DRAWN_DEPTH ? (
              <EventSentence
                comparison={item.comparison}
                parent={parts.event}
                isNegated={item.isNegated}
                depth={depth + 1}
                onNegate={(negated) => {
                  set(index, negated ? { kind: 'not', operand: item.comparison } : item.comparison)
                }}
                onChange={(changed) => {
                  set(index, item.isNegated ? { kind: 'not', operand: changed } : changed)
                }}
                onRemove={() => {
                  remove(index)
                }}
              />
            ) : (
              <TextRow
                condition={parts.items[index]!}
                isInside
                onChange={(condition) => {
                  set(index, condition)
                }}
                onRemove={() => {
                  remove(index)
                }}
              />
            )}
          </div>
        )
      })}
      {waitsFor && <WaitingHint comparison={comparison} onChange={onChange} awaitedText={printDuration(waitsFor)} />}
    </div>
  )
}

/** The words of the left side of a test. */
function fieldText({ left }: Comparison, parent: string | undefined): string {
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

interface VerbProps {
  readonly comparison: EventComparison
  readonly isNegated: boolean
  readonly onNegate: ((isNegated: boolean) => void) | undefined
  readonly onChange: (comparison: EventComparison) => void
}

/** "did" or "did not do": of a child its negation, otherwise a count of none. */
function Verb({ comparison, isNegated, onNegate, onChange }: VerbProps) {
  const isNot = onNegate ? isNegated : isNever(comparison)
  return (
    <Slot label="Did or did not" text={isNot ? 'did not do' : 'did'}>
      {(close) => (
        <Choices
          label="Did or did not"
          placeholder="Did or did not"
          choices={[
            { id: 'did', text: 'did' },
            { id: 'not', text: 'did not do' },
          ]}
          onTake={(id) => {
            const not = id === 'not'
            if (onNegate) onNegate(not)
            else if (not !== isNot) onChange(not ? never(comparison) : { ...comparison, ...once() })
            close()
          }}
        />
      )}
    </Slot>
  )
}

function once() {
  return { comparator: 'at_least', right: { kind: 'literal', value: 1 } } as const
}

function never(comparison: EventComparison): EventComparison {
  const { left } = comparison
  const counted = { ...left, reducer: { kind: 'count' } } as const
  return { kind: 'comparison', left: counted, comparator: 'equals', right: { kind: 'literal', value: 0 } }
}

function isNever(comparison: EventComparison): boolean {
  return countOf(comparison) === 0 && comparison.comparator === 'equals'
}

/** Returns the number that a count is compared with; undefined if it is another reducer, or compared otherwise. */
function countOf(comparison: EventComparison): number | undefined {
  if (comparison.left.reducer.kind !== 'count' || !(comparison.comparator in COUNT_WORDS)) return undefined
  const right = 'right' in comparison ? comparison.right : undefined
  const isLiteral = right !== undefined && 'kind' in right && right.kind === 'literal'
  return isLiteral && typeof right.value === 'number' ? right.value : undefined
}

interface EventSlotProps {
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

interface FieldSlotProps {
  readonly field: EventField | undefined
  readonly text: string
  readonly event: string
  readonly onTake: (path: string) => void
  readonly onRemove: () => void
}

const REMOVE = '\u0000remove'

function FieldSlot({ field, text, event, onTake, onRemove }: FieldSlotProps) {
  return (
    <Slot label="Property" text={text} look={field?.kind === 'property' && field.parent ? 'dyn' : ''}>
      {(close) => (
        <PropertyChoices
          event={event}
          onRemove={() => {
            onRemove()
            close()
          }}
          onTake={(path) => {
            onTake(path)
            close()
          }}
        />
      )}
    </Slot>
  )
}

interface PropertyChoicesProps {
  readonly event: string
  readonly onTake: (path: string) => void
  readonly onRemove?: () => void
}

export function PropertyChoices({ event, onTake, onRemove }: PropertyChoicesProps) {
  const { list, isLoading } = useProperties(event)
  return (
    <Choices
      label={`Properties of ${event}`}
      placeholder={`Property of ${event}`}
      choices={[...list.map(choiceOf), ...(onRemove ? [{ id: REMOVE, text: 'Remove this' }] : [])]}
      isLoading={isLoading}
      onTake={(id) => {
        if (id === REMOVE) onRemove?.()
        else onTake(id)
      }}
      onTyped={onTake}
    />
  )
}

function AddWhere({ event, onTake }: Pick<PropertyChoicesProps, 'event' | 'onTake'>) {
  return (
    <Slot label="Add a property" text="+ where" look="add">
      {(close) => (
        <PropertyChoices
          event={event}
          onTake={(path) => {
            onTake(path)
            close()
          }}
        />
      )}
    </Slot>
  )
}

function AddThen({ onTake }: Pick<EventSlotProps, 'onTake'>) {
  return (
    <Slot label="Add what happened then" text="+ and then…" look="add">
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

function RemoveThen({ onRemove }: { readonly onRemove: () => void }) {
  const { isEditable } = useBuilder()
  if (!isEditable) return null
  return (
    <button type="button" className="slot add" aria-label="Remove this step" onClick={onRemove}>
      remove
    </button>
  )
}

const REDUCERS = [
  { id: 'sum', text: 'with a sum of' },
  { id: 'avg', text: 'with an average of' },
  { id: 'min', text: 'with a least' },
  { id: 'max', text: 'with a greatest' },
  { id: 'first', text: 'with a first' },
  { id: 'last', text: 'with a last' },
  { id: 'unique_count', text: 'with a number of different values of' },
  { id: 'mode', text: 'with a most frequent' },
] as const

function reducerOf(kind: string, of: EventField): Reducer {
  switch (kind) {
    case 'min':
    case 'max':
      return { kind, of, as: 'number' }
    case 'mode':
      return { kind, of, as: 'value', minFrequency: 2 }
    default:
      return { kind: kind as 'sum', of }
  }
}

interface ReducedWordsProps {
  readonly comparison: EventComparison
  readonly isNegated: boolean
  readonly parent: string | undefined
  readonly onChange: (comparison: EventComparison) => void
}

/** The number of times, or what is made of the events instead: ", at least 2 times", ", with a sum of revenue is at least 200". */
function ReducedWords({ comparison, isNegated, parent, onChange }: ReducedWordsProps) {
  const { event, reducer } = partsOf(comparison)
  const { list } = useProperties(event)
  const count = countOf(comparison)
  const reduce = (id: string): void => {
    const number = list.find((field) => field.types.some(({ type }) => type === 'number'))
    const of = 'of' in reducer ? reducer.of : whereProperty(number?.path ?? 'value').left
    onChange(withReducer(comparison, reducerOf(id, of as EventField)))
  }
  const setReducer = (id: string): void => {
    if (id in COUNT_WORDS) onChange({ ...countedOf(comparison), comparator: id } as EventComparison)
    else reduce(id)
  }
  if (!isNegated && isNever(comparison)) return null
  const counts = Object.entries(COUNT_WORDS).map(([id, text]) => ({ id, text }))
  const words =
    count === undefined
      ? (REDUCERS.find(({ id }) => id === reducer.kind)?.text ?? 'counted')
      : COUNT_WORDS[comparison.comparator as 'at_least']
  return (
    <>
      {', '}
      <Slot label="How often" text={words}>
        {(close) => (
          <Choices
            label="How often, or what of it"
            placeholder="How often, or what of it"
            choices={[...counts, ...REDUCERS]}
            onTake={(id) => {
              setReducer(id)
              close()
            }}
          />
        )}
      </Slot>{' '}
      {count !== undefined && (
        <>
          <NumberSlot
            label="Times"
            value={count}
            onChange={(value) => {
              onChange({ ...comparison, right: { kind: 'literal', value } } as EventComparison)
            }}
          />{' '}
          {count === 1 ? 'time' : 'times'}
        </>
      )}
      {count === undefined && reducer.kind !== 'count' && (
        <>
          <Slot label="Property" text={reducer.of.path}>
            {(close) => (
              <PropertyChoices
                event={event}
                onTake={(path) => {
                  onChange(withReducer(comparison, { ...reducer, of: whereProperty(path).left as EventField }))
                  close()
                }}
              />
            )}
          </Slot>{' '}
        </>
      )}
      {count === undefined && (
        <>
          {'that '}
          <TestWords
            test={comparison}
            field={'of' in reducer ? list.find(({ path }) => path === reducer.of.path) : undefined}
            {...(NUMBERS.has(reducer.kind) && { type: 'number' })}
            parent={parent}
            onChange={(test) => {
              onChange({ kind: 'comparison', left: comparison.left, ...test })
            }}
          />
        </>
      )}
    </>
  )
}

const NUMBERS: ReadonlySet<Reducer['kind']> = new Set(['count', 'sum', 'avg', 'min', 'max', 'unique_count'])

/** Returns the comparison as one of a count; a number that there was stays. */
function countedOf(comparison: EventComparison): EventComparison {
  if (countOf(comparison) !== undefined) return comparison
  const { event, filters } = comparison.left.stream
  return didEvent(event, filters)
}

interface NumberSlotProps {
  readonly label: string
  readonly value: number
  readonly onChange: (value: number) => void
}

function NumberSlot({ label, value, onChange }: NumberSlotProps) {
  return (
    <Slot label={label} text={String(value)} look="v">
      {(close) => {
        const take = (text: string): void => {
          const number = Number(text)
          if (!Number.isFinite(number)) return
          onChange(number)
          close()
        }
        return (
          <Choices
            label={label}
            placeholder="A number"
            choices={['1', '2', '3', '5', '10'].map((text) => ({ id: text, text }))}
            onTake={take}
            onTyped={take}
          />
        )
      }}
    </Slot>
  )
}
