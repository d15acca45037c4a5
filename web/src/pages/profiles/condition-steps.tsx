/**
 * The conditions of an explanation, one below the other: whether it holds, its words, its value and events, until when
 * that is so, and what would change it. What is inside a condition hangs below it.
 */
import { Check, Hourglass, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { nameOfProfile } from '../../parts/format.ts'
import type { EventAnswer, EventReference, ExplainedCondition, ExplainedOccurrence, ExplainedUser } from './answers.ts'
import type { ReadCondition } from '../../words/reader.ts'
import type { Words } from '../../words/words.ts'
import { evidenceSource, valueWords, whenWords } from './evidence.ts'
import { moment, momentMs } from './instants.ts'
import { summaryOf } from './names.ts'
import type { Shown } from './profile-queries.ts'
import { ToProfile } from './to-profile.tsx'

/** The subject of an explanation. */
export interface Why {
  readonly shown: Shown
  /** Reads a condition by its place in the query. */
  readonly read: (place: { readonly start: number; readonly end: number }) => ReadCondition
  /** Events of which the properties are known. */
  readonly events: readonly EventAnswer[]
}

const SHOWN_AT_FIRST = 3

interface ConditionStepsProps {
  readonly conditions: readonly ExplainedCondition[]
  readonly why: Why
  /** They are judged for a single event. */
  readonly isOfEvent?: boolean
}

export function ConditionSteps({ conditions, why, isOfEvent = false }: ConditionStepsProps) {
  return (
    <ul className="steps">
      {conditions.map((condition) => (
        <ConditionStep
          key={`${condition.start}:${condition.end}`}
          condition={condition}
          why={why}
          isOfEvent={isOfEvent}
        />
      ))}
    </ul>
  )
}

/** The words of a condition, its events standing out. */
export function Said({ words }: { readonly words: Words }) {
  return words.map((word, index) =>
    typeof word === 'string' ? (
      word
    ) : (
      <b className="b" key={index}>
        {word.event}
      </b>
    ),
  )
}

interface ConditionStepProps {
  readonly condition: ExplainedCondition
  readonly why: Why
  readonly isOfEvent: boolean
}

function ConditionStep({ condition, why, isOfEvent }: ConditionStepProps) {
  const read = why.read(condition)
  const source = evidenceSource(condition, read)
  const { occurrences = [], users = [], of = [] } = source
  return (
    <li>
      <div className="step">
        <Holds condition={condition} />
        <div>
          <div className="what">
            <Said words={read.words} />
          </div>
          <Evidence condition={condition} read={read} events={occurrences.length > 0 ? [] : source.events} why={why} />
          {condition.wants !== undefined && condition.changesAt === undefined && isWantShown(read) && (
            <div className="ev">to meet it: {condition.wants}</div>
          )}
        </div>
        <div className="when">{whenWords(condition, read, isOfEvent)}</div>
      </div>
      {of.length > 0 && users.length === 0 && <ConditionSteps conditions={of} why={why} isOfEvent={isOfEvent} />}
      <Few
        items={occurrences}
        show={(occurrence) => (
          <Occurrence
            key={`${occurrence.messageId}@${occurrence.ts}`}
            occurrence={occurrence}
            event={read.event}
            why={why}
          />
        )}
      />
      <Few items={users} show={(user) => <JudgedUser key={user.id} user={user} why={why} />} />
    </li>
  )
}

/** The value of a property, or the operands of a junction want is what their words say. */
function isWantShown({ kind }: ReadCondition): boolean {
  return kind === 'count' || kind === 'value' || kind === 'not' || kind === 'quantifier'
}

function Holds({
  condition: { holds, changesAt },
}: {
  readonly condition: Pick<ExplainedCondition, 'holds' | 'changesAt'>
}) {
  if (holds)
    return (
      <span className="ok">
        <Check className="i" role="img" aria-label="Holds" />
      </span>
    )
  return changesAt === undefined ? (
    <span className="no">
      <X className="i" role="img" aria-label="Does not hold" />
    </span>
  ) : (
    <span className="waits">
      <Hourglass className="i" role="img" aria-label="Does not hold yet" />
    </span>
  )
}

interface EvidenceProps {
  readonly condition: ExplainedCondition
  readonly read: ReadCondition
  readonly events: readonly EventReference[]
  readonly why: Why
}

function Evidence({ condition, read, events, why }: EvidenceProps) {
  const value = valueWords(condition, read)
  const [first, second, third, ...others] = events
  const shown = [first, second, third].flatMap((event) => event ?? [])
  if (value === '' && shown.length === 0) return null
  const detail = first && shown.length === 1 ? summaryOf(eventOf(first, read.event, why)?.properties ?? {}) : ''
  return (
    <div className="ev">
      {value}
      {shown.length > 0 && ` · ${shown.map(({ ts }) => momentMs(ts)).join(', ')}`}
      {detail && ` · ${detail}`}
      {others.length > 0 && (
        <details>
          <summary>{`and ${others.length} more`}</summary>
          {others.map(({ ts }) => momentMs(ts)).join(', ')}
        </details>
      )}
    </div>
  )
}

/** Returns an event that is referred to, if it is among those that are known. */
function eventOf(reference: EventReference, name: string | undefined, { events }: Why): EventAnswer | undefined {
  return events.find(
    ({ event, timestamp, message_id: id }) =>
      timestamp === reference.ts && (id ?? '') === reference.messageId && (name === undefined || event === name),
  )
}

interface OccurrenceProps {
  readonly occurrence: ExplainedOccurrence
  /** The name of the event. */
  readonly event: string | undefined
  readonly why: Why
}

/** An event that may pass: of what it met, only that is shown which took it out, or may yet. */
function Occurrence({ occurrence, event, why }: OccurrenceProps) {
  const { ts, holds, leavesAt, changesAt, of } = occurrence
  const known = eventOf(occurrence, event, why)
  const telling = of.filter((condition) => (holds ? why.read(condition).kind !== 'field' : !condition.holds))
  return (
    <li>
      <div className="step">
        <Holds condition={occurrence} />
        <div>
          <div className="what">
            <b className="b">{event ?? 'An event'}</b> {momentMs(ts)}
          </div>
          <div className="ev">{summaryOf(known?.properties ?? {}) || (holds ? 'it counts' : 'it does not count')}</div>
        </div>
        <div className="when">{occurrenceWhen(holds, changesAt, leavesAt)}</div>
      </div>
      {telling.length > 0 && <ConditionSteps conditions={telling} why={why} isOfEvent />}
    </li>
  )
}

function occurrenceWhen(holds: boolean, changesAt: string | undefined, leavesAt: string | undefined): string {
  if (!holds) return changesAt === undefined ? 'does not count' : `waits until ${moment(changesAt)}`
  const end = [changesAt, leavesAt].flatMap((at) => at ?? []).sort()[0]
  return end === undefined ? 'counts' : `counts until ${moment(end)}`
}

function JudgedUser({ user, why }: { readonly user: ExplainedUser; readonly why: Why }) {
  const [condition] = user.of
  return (
    <li>
      <div className="step">
        <Holds condition={user} />
        <div>
          <div className="what">
            <ToProfile collection="users" name={user.id}>
              {nameOfProfile(user.id)}
            </ToProfile>
          </div>
          {user.of.length === 1 && condition && (
            <Evidence condition={condition} read={why.read(condition)} events={condition.events} why={why} />
          )}
        </div>
        <div className="when">
          {user.changesAt !== undefined && `${user.holds ? 'until' : 'from'} ${moment(user.changesAt)}`}
        </div>
      </div>
      {(user.of.length > 1 || condition?.of || condition?.occurrences) && (
        <ConditionSteps conditions={user.of} why={why} />
      )}
    </li>
  )
}

interface FewProps<Item> {
  readonly items: readonly Item[]
  readonly show: (item: Item) => ReactNode
}

/** The first of some, and the others on demand. */
function Few<Item>({ items, show }: FewProps<Item>) {
  const [isAll, showAll] = useState(false)
  if (items.length === 0) return null
  const rest = items.length - SHOWN_AT_FIRST
  return (
    <>
      <ul className="steps">{(isAll ? items : items.slice(0, SHOWN_AT_FIRST)).map(show)}</ul>
      {rest > 0 && (
        <button
          className="btn quiet sm few"
          type="button"
          aria-expanded={isAll}
          onClick={() => {
            showAll(!isAll)
          }}
        >
          {isAll ? 'Show fewer' : `Show ${rest} more`}
        </button>
      )}
    </>
  )
}
