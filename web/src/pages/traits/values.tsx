/** The values of a computed trait, beside its definition. */
import type { ReactNode } from 'react'
import { clockMs, count, share, valueText } from '../../parts/format.ts'
import { Failed } from '../../parts/states.tsx'
import { boundsOf } from '../../builder/bounds.ts'
import { Calls } from '../../builder/calls.tsx'
import { CheckPerson } from '../../builder/check-person.tsx'
import { Cost } from '../../builder/cost.tsx'
import { valueOf } from '../../builder/explained.ts'
import { Kind } from '../../builder/kind.tsx'
import type { DraftPreview, TraitPreview, TraitValues } from './trait-preview.ts'
import type { TraitType } from './queries.ts'

export interface ValuesProps {
  readonly preview: DraftPreview
  /** False while the text does not read: then it is that of the last one that did. */
  readonly isRead: boolean
  /** The number that would have another value when it is saved; undefined: nothing changes, or it is not known yet. */
  readonly changing: number | undefined
  readonly type: TraitType
  /** The text that the values are asked of. */
  readonly query: string
  /** The event that it is made of; undefined while none is chosen. */
  readonly event: string | undefined
}

export function Values({ preview, isRead, changing, type, query, event }: ValuesProps) {
  const { answer, error } = preview
  const isOld = preview.isOld || !isRead
  return (
    <aside
      className={isOld ? 'right trait-values old' : 'right trait-values'}
      aria-label="Values"
      aria-busy={preview.isOld}
    >
      {error && (
        <p className="pv problem" role="alert">
          {error.message}
        </p>
      )}
      {!answer && !error && (
        <Part title="Values">
          <p className="dim">{query === '' ? 'Choose an event, and its values stand here at once.' : 'Counting…'}</p>
        </Part>
      )}
      {answer && (
        <>
          <HaveOne preview={answer} type={type} isOld={isOld} isRead={isRead} />
          {answer.status === 'FAILED' && (
            <Failed error={new Error(answer.failureReason ?? 'It could not be counted.')} />
          )}
          {changing !== undefined && (
            <Part title="When you save">
              <p>
                {count(changing)} {type === 'USERS' ? 'people' : 'accounts'} get another value.
              </p>
              <Calls deliveries={answer.deliveries} />
            </Part>
          )}
          {answer.values && <Spread values={answer.values} event={event} isExact={answer.status === 'COMPLETED'} />}
          <Part title="Of one">
            <CheckPerson query={query} ask={valueOf} />
          </Part>
          {answer.status === 'COMPLETED' && <Reachable preview={answer} />}
          <Cost cost={answer.cost} />
        </>
      )}
    </aside>
  )
}

function Part({
  title,
  note,
  children,
}: {
  readonly title: string
  readonly note?: string | undefined
  readonly children: ReactNode
}) {
  return (
    <section className="pv">
      <h2>
        {title}
        {note && <span className="r">{note}</span>}
      </h2>
      {children}
    </section>
  )
}

interface HaveOneProps {
  readonly preview: TraitPreview
  readonly type: TraitType
  /** True while the answer is that to an older question. */
  readonly isOld: boolean
  readonly isRead: boolean
}

function HaveOne({ preview: { status, asOf, progress, values, estimate }, type, isOld, isRead }: HaveOneProps) {
  const isCounted = status === 'COMPLETED'
  const note = isCounted ? (asOf && !isOld ? `exact at ${clockMs(asOf)}` : undefined) : `${share(progress)} counted`
  return (
    <Part title="Have a value" note={note}>
      <div className="row">
        <p className="size grow" role="status">
          <b>{isCounted ? count(values?.count ?? 0) : estimate ? boundsOf(estimate) : '…'}</b>
          <span>{type === 'USERS' ? 'people' : 'accounts'}</span>
        </p>
        <Kind isExact={isCounted && !isOld} isRead={isRead} />
      </div>
      {!isCounted && (
        <div className="meter" role="img" aria-label={`${share(progress)} counted`}>
          <i style={{ width: `${progress * 100}%` }} />
        </div>
      )}
    </Part>
  )
}

const SHARES: readonly (readonly [string, string])[] = [
  ['0', 'lowest'],
  ['0.25', '1 in 4 at most'],
  ['0.5', 'half at most'],
  ['0.75', '3 in 4 at most'],
  ['0.9', '9 in 10 at most'],
  ['0.99', '99 in 100 at most'],
  ['1', 'highest'],
]

interface SpreadProps {
  readonly values: TraitValues
  readonly event: string | undefined
  /** False while they are being counted. */
  readonly isExact: boolean
}

function Spread({ values: { count: all, quantiles, mostFrequent }, event, isExact }: SpreadProps) {
  const soFar = isExact ? '' : ' so far'
  if (all === 0)
    return (
      <Part title="Values">
        <p className="dim">
          {isExact ? `No value yet${event === undefined ? '' : `: it waits for ${event}`}.` : 'None so far.'}
        </p>
      </Part>
    )
  if (quantiles) {
    const most = Math.max(...Object.values(quantiles).map(Math.abs), Number.MIN_VALUE)
    const shown = SHARES.flatMap(([share, text]) => {
      const value = quantiles[share]
      return value === undefined ? [] : [{ text, value }]
    })
    return (
      <Part title="Values" note={`numbers${soFar}`}>
        <ul className="sh">
          {shown.map(({ text, value }) => (
            <Bar key={text} text={text} share={Math.abs(value) / most} number={valueText(value)} />
          ))}
        </ul>
      </Part>
    )
  }
  return (
    <Part title="Most frequent" note={`of ${count(all)}${soFar}`}>
      <ul className="sh">
        {(mostFrequent ?? []).map(({ value, count: own }) => (
          <Bar key={JSON.stringify(value)} text={listText(value)} share={own / all} number={count(own)} />
        ))}
      </ul>
    </Part>
  )
}

function Reachable({ preview: { values, identifiers = {} } }: { readonly preview: TraitPreview }) {
  const all = values?.count ?? 0
  const types = Object.entries(identifiers)
  if (all === 0 || types.length === 0) return null
  return (
    <Part title="Reachable by" note={`${count(all)} = 100%`}>
      <ul className="sh">
        {types.map(([type, own]) => (
          <Bar key={type} text={type} share={own / all} number={share(own / all)} />
        ))}
      </ul>
    </Part>
  )
}

/** A list of values as its values. */
function listText(value: unknown): string {
  return Array.isArray(value) ? value.map(valueText).join(', ') : valueText(value)
}

interface BarProps {
  readonly text: string
  readonly share: number
  readonly number: string
}

function Bar({ text, share: width, number }: BarProps) {
  return (
    <li>
      <span className="trunc" title={text}>
        {text}
      </span>
      <span className="meter" aria-hidden="true">
        <i style={{ width: `${Math.min(1, width) * 100}%` }} />
      </span>
      <span className="num">{number}</span>
    </li>
  )
}

/** The same in a line, for lists. */
export function valuesInShort({ count: all, quantiles, mostFrequent }: TraitValues): string {
  if (all === 0) return 'no value yet'
  const [lowest, half, highest] = ['0', '0.5', '1'].map((share) => quantiles?.[share])
  if (lowest !== undefined && half !== undefined && highest !== undefined)
    return `${valueText(lowest)} to ${valueText(highest)}, half at most ${valueText(half)}`
  return (mostFrequent ?? [])
    .slice(0, 3)
    .map(({ value, count: own }) => `${listText(value)} ${share(own / all)}`)
    .join(', ')
}
