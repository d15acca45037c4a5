/** The values of a computed trait, beside its definition. */
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { clockMs, count, share, valueText } from '../../parts/format.ts'
import { Failed } from '../../parts/states.tsx'
import { boundsOf } from '../../builder/bounds.ts'
import { Calls, callsOf } from '../../builder/calls.tsx'
import { CheckPerson } from '../../builder/check-person.tsx'
import { Cost } from '../../builder/cost.tsx'
import { valueOf } from '../../builder/explained.ts'
import type { DraftPreview, TraitPreview, TraitValues } from './trait-preview.ts'
import type { TraitType } from './queries.ts'

export interface ValuesProps {
  readonly preview: DraftPreview
  /** True if something else is saved: then the answer is held against that. */
  readonly isChange: boolean
  readonly type: TraitType
  /** The text that the values are asked of. */
  readonly query: string
}

export function Values({ preview, isChange, type, query }: ValuesProps) {
  const { answer, isOld, error } = preview
  return (
    <aside className={isOld ? 'right trait-values old' : 'right trait-values'} aria-label="Values" aria-busy={isOld}>
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
          <HaveOne preview={answer} type={type} isOld={isOld} />
          {answer.status === 'FAILED' && (
            <Failed error={new Error(answer.failureReason ?? 'It could not be counted.')} />
          )}
          {isChange && callsOf(answer.deliveries) > 0 && (
            <Part title="When you save">
              <Calls deliveries={answer.deliveries} />
            </Part>
          )}
          {answer.values && <Spread values={answer.values} type={type} isExact={answer.status === 'COMPLETED'} />}
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
}

function HaveOne({ preview: { status, asOf, progress, values, estimate }, type, isOld }: HaveOneProps) {
  const isCounted = status === 'COMPLETED'
  const note = isCounted ? (asOf && !isOld ? `exact at ${clockMs(asOf)}` : undefined) : `${share(progress)} counted`
  return (
    <Part title="Have a value" note={note}>
      <div className="row">
        <p className="size grow" role="status">
          <b>{isCounted ? count(values?.count ?? 0) : estimate ? boundsOf(estimate) : '…'}</b>
          <span>{type === 'USERS' ? 'people' : 'accounts'}</span>
        </p>
        {isCounted && !isOld ? (
          <span className="chip ok">
            <Check className="i s" aria-hidden="true" />
            exact
          </span>
        ) : (
          <span className="chip">being counted</span>
        )}
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
  readonly type: TraitType
  /** False while they are being counted. */
  readonly isExact: boolean
}

function Spread({ values: { count: all, quantiles, mostFrequent }, type, isExact }: SpreadProps) {
  const soFar = isExact ? '' : ' so far'
  if (all === 0)
    return (
      <Part title="Values">
        <p className="dim">
          No value yet: {type === 'USERS' ? 'nobody has' : 'the users of no account have'} done what it is made of.
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
          <Bar key={JSON.stringify(value)} text={valueText(value)} share={own / all} number={count(own)} />
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
    .map(({ value, count: own }) => `${valueText(value)} ${share(own / all)}`)
    .join(', ')
}
