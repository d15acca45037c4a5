/** The values of a computed trait, beside its definition. */
import type { ReactNode } from 'react'
import { clockMs, count, share, valueText } from '../../parts/format.ts'
import { Failed } from '../../parts/states.tsx'
import type { useTraitPreview, TraitPreview, TraitValues } from './trait-preview.ts'
import type { TraitType } from './queries.ts'

export interface ValuesProps {
  readonly followed: ReturnType<typeof useTraitPreview>
  readonly type: TraitType
  readonly query: string
}

export function Values({ followed, type, query }: ValuesProps) {
  const { preview } = followed ?? {}
  const hasQuery = query.trim() !== ''
  const isOld = followed?.query !== query
  return (
    <aside className="right trait-values" aria-label="Values">
      {!preview && (
        <Part title="Values">
          <p className="dim">
            {hasQuery && !followed?.error ? 'Counting…' : 'They are shown once the definition can be read.'}
          </p>
        </Part>
      )}
      {preview && (
        <div className={isOld || followed.error ? 'is-old' : ''}>
          <HaveOne preview={preview} type={type} />
          {preview.status === 'FAILED' && (
            <Failed error={new Error(preview.failureReason ?? 'It could not be counted.')} />
          )}
          {preview.values && <Spread values={preview.values} />}
          {preview.status === 'COMPLETED' && <Reachable preview={preview} />}
        </div>
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
  readonly note?: string
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
}

function HaveOne({ preview: { status, asOf, progress, values, estimate }, type }: HaveOneProps) {
  const who = type === 'USERS' ? 'people' : 'accounts'
  const isExact = status === 'COMPLETED'
  const note = isExact && asOf ? `exact at ${clockMs(asOf)}` : `${share(progress)} counted`
  return (
    <Part title="Have a value" note={note}>
      {isExact && (
        <p className="size">
          <b>{count(values?.count ?? 0)}</b>
          <span>{who}</span>
        </p>
      )}
      {!isExact && estimate && (
        <p className="size">
          <b>
            {count(estimate.low)}–{count(estimate.high)}
          </b>
          <span>{who}</span>
        </p>
      )}
      {!isExact && (
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

function Spread({ values: { count: all, quantiles, mostFrequent } }: { readonly values: TraitValues }) {
  if (all === 0)
    return (
      <Part title="Values">
        <p className="dim">No value yet: nobody has done what it counts.</p>
      </Part>
    )
  if (quantiles) {
    const most = Math.max(...Object.values(quantiles).map(Math.abs), Number.MIN_VALUE)
    const shown = SHARES.flatMap(([share, text]) => {
      const value = quantiles[share]
      return value === undefined ? [] : [{ text, value }]
    })
    return (
      <Part title="Values" note="numbers">
        <ul className="sh">
          {shown.map(({ text, value }) => (
            <Bar key={text} text={text} share={Math.abs(value) / most} number={valueText(value)} />
          ))}
        </ul>
      </Part>
    )
  }
  return (
    <Part title="Most frequent" note={`of ${count(all)}`}>
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
