/**
 * Sentences about events: "did Order Completed where price is at least 100, at least 2 times, within the last 7 days",
 * and what happened then, below it on a rail. A condition and a computed trait begin otherwise, and go on alike.
 */
import type { ReactNode } from 'react'
import { printDuration } from '../../../src/language/duration.ts'
import type { Comparison, Condition, Stream } from '../../../src/language/tree.ts'
import { useBuilder } from './context.ts'
import { AddEvent, EventSlot } from './event-slot.tsx'
import { replaced, without } from './model/groups.ts'
import { type EventComparison, type Item, itemOf, withStream } from './model/sentences.ts'
import { thenDidEvent, whereField } from './model/starts.ts'
import { partsOf, withEvent, withItems } from './model/streams.ts'
import { isNever, never, once } from './model/times.ts'
import { awaited, stillWaiting } from './model/waiting.ts'
import { useProperties } from './observed.ts'
import { AddWhere, PropertySlot } from './property-slot.tsx'
import { ReducedWords } from './reduced-words.tsx'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'
import { AddSource, SourceWords } from './source-slot.tsx'
import { TestWords } from './test-words.tsx'
import { ConditionText } from './text-row.tsx'
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

/** A sentence that says that something was done. */
export function EventSentence(props: EventSentenceProps) {
  const { comparison, onChange, parent, isNegated = false, onNegate, onRemove, depth = 0 } = props
  return (
    <StreamSentence
      stream={comparison.left.stream}
      parent={parent}
      depth={depth}
      lead={
        <>
          {parent !== undefined && 'and then '}
          <Verb comparison={comparison} isNegated={isNegated} onNegate={onNegate} onChange={onChange} />{' '}
        </>
      }
      onChange={(stream) => {
        onChange(withStream(comparison, stream))
      }}
      onRemove={onRemove}
    >
      <ReducedWords comparison={comparison} isNegated={isNegated} parent={parent} onChange={onChange} />
    </StreamSentence>
  )
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
            else if (not !== isNot) onChange((not ? never : once)(comparison))
            close()
          }}
        />
      )}
    </Slot>
  )
}

export interface StreamSentenceProps {
  readonly stream: Stream
  /** The event around it; undefined for one of the first level. */
  readonly parent?: string | undefined
  readonly depth?: number
  /** The words before the event. */
  readonly lead: ReactNode
  /** The words behind its tests. */
  readonly children?: ReactNode
  readonly onChange: (stream: Stream) => void
  readonly onRemove?: (() => void) | undefined
}

/** Events with their tests, window and sources, and below them what happened then. */
export function StreamSentence(props: StreamSentenceProps) {
  const { stream, parent, depth = 0, lead, children, onChange, onRemove } = props
  const { event, items } = partsOf(stream)
  const setItems = (conditions: readonly Condition[]): void => {
    onChange(stillWaiting(stream, withItems(stream, conditions)))
  }
  const waitsFor = awaited(stream)
  const own = { stream, parent, onChange }
  return (
    <div>
      <div className="say1">
        {lead}
        <EventSlot
          event={event}
          onTake={(taken) => {
            onChange(withEvent(stream, taken))
          }}
        />
        <WhereWords event={event} parent={parent} items={items} setItems={setItems} />
        {children}
        <WhenWords {...own} />
        <SourceWords stream={stream} onChange={onChange} />{' '}
        <AddWhere
          event={event}
          onTake={(field) => {
            setItems([...items, whereField(field)])
          }}
        />{' '}
        <AddEvent
          label="Add what happened then"
          text="+ and then…"
          onTake={(taken) => {
            setItems([...items, thenDidEvent(taken)])
          }}
        />{' '}
        <AddSource stream={stream} onChange={onChange} />
        {onRemove && <RemoveThen onRemove={onRemove} />}
      </div>
      <Then event={event} depth={depth} items={items} setItems={setItems} />
      {waitsFor && <WaitingHint stream={stream} onChange={onChange} awaitedText={printDuration(waitsFor)} />}
    </div>
  )
}

/** The window of an event, from now or from the event around it. */
function WhenWords({ stream, parent, onChange }: Pick<StreamSentenceProps, 'stream' | 'parent' | 'onChange'>) {
  const isWindowed = parent === undefined || partsOf(stream).window !== undefined
  return (
    <>
      {parent !== undefined && (
        <>
          , <ReachWords stream={stream} onChange={onChange} />
        </>
      )}
      {isWindowed && (
        <>
          , <WindowWords stream={stream} onChange={onChange} />
        </>
      )}
    </>
  )
}

interface ItemsProps {
  readonly event: string
  readonly items: readonly Condition[]
  readonly setItems: (items: readonly Condition[]) => void
}

/** "where price is at least 100 and category is shoes" */
function WhereWords({ event, parent, items, setItems }: ItemsProps & { readonly parent: string | undefined }) {
  const drawn = items.map(itemOf)
  const first = drawn.findIndex(({ kind }) => kind === 'test')
  return drawn.map((item, index) => {
    if (item.kind !== 'test') return null
    return (
      <span key={index}>
        {index === first ? ' where ' : ' and '}
        <WhereTest
          comparison={item.comparison}
          event={event}
          parent={parent}
          onChange={(changed) => {
            setItems(replaced(items, index, changed))
          }}
          onRemove={() => {
            setItems(without(items, index))
          }}
        />
      </span>
    )
  })
}

interface WhereTestProps {
  readonly comparison: Comparison
  readonly event: string
  readonly parent: string | undefined
  readonly onChange: (comparison: Comparison) => void
  readonly onRemove: () => void
}

function WhereTest({ comparison, event, parent, onChange, onRemove }: WhereTestProps) {
  const { list } = useProperties(event)
  const { left } = comparison
  const path = left.kind === 'property' || left.kind === 'context' ? left.path : undefined
  return (
    <>
      <PropertySlot
        left={left}
        event={event}
        parent={parent}
        onTake={(field) => {
          onChange({ ...comparison, left: field })
        }}
        onRemove={onRemove}
      />{' '}
      <TestWords
        test={comparison}
        field={list.find((observed) => observed.path === path)}
        parent={parent}
        onChange={(test) => {
          onChange({ kind: 'comparison', left, ...test })
        }}
      />
    </>
  )
}

/** Deeper funnels are folded to text. */
const DRAWN_DEPTH = 3

/** Steps that came after an event, or did not, and conditions on it that are no sentence. */
function Then({ event, items, setItems, depth }: ItemsProps & { readonly depth: number }) {
  return items.map((condition, index) => {
    const item = itemOf(condition)
    if (item.kind === 'test') return null
    const own = {
      onChange: (changed: Condition) => {
        setItems(replaced(items, index, changed))
      },
      onRemove: () => {
        setItems(without(items, index))
      },
    }
    return (
      <div className="then" key={index}>
        {item.kind === 'then' && depth < DRAWN_DEPTH ? (
          <ThenSentence item={item} parent={event} depth={depth + 1} {...own} />
        ) : (
          <ConditionText condition={condition} isInside {...own} />
        )}
      </div>
    )
  })
}

interface ThenSentenceProps {
  readonly item: Extract<Item, { kind: 'then' }>
  readonly parent: string
  readonly depth: number
  readonly onChange: (condition: Condition) => void
  readonly onRemove: () => void
}

function ThenSentence({ item: { comparison, isNegated }, onChange, ...rest }: ThenSentenceProps) {
  return (
    <EventSentence
      comparison={comparison}
      isNegated={isNegated}
      onNegate={(negated) => {
        onChange(negated ? { kind: 'not', operand: comparison } : comparison)
      }}
      onChange={(changed) => {
        onChange(isNegated ? { kind: 'not', operand: changed } : changed)
      }}
      {...rest}
    />
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
