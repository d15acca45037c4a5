/**
 * The answer beside the question: how many, against what is saved, some of them, how they can be reached, where else they
 * are, and what it costs. Never a number without its kind.
 */
import type { Estimate, PreviewAnswer } from '../api/answers.ts'
import { clockMs, count, share } from '../parts/format.ts'
import { Tally } from '../parts/tally.tsx'
import type { AudiencePreview } from './audience-preview.ts'
import { boundsOf } from './bounds.ts'
import { Calls } from './calls.tsx'
import { useBuilder } from './context.ts'
import { Cost } from './cost.tsx'
import { useAudiences } from './observed.ts'
import { Kind } from './kind.tsx'
import { Sample } from './sample.tsx'

export interface PreviewPaneProps {
  readonly preview: AudiencePreview
  /** False while the text does not read: then it is that of the last one that did. */
  readonly isRead: boolean
  /** True while there is nothing saved to hold it against, or it is what is saved. */
  readonly isNew: boolean
  readonly emptyHint: string | undefined
  readonly query: string
  readonly onCompare: (id: string) => void
  readonly compared: readonly string[]
}

export function PreviewPane({ preview, isRead, isNew, emptyHint, query, onCompare, compared }: PreviewPaneProps) {
  const { answer, error } = preview
  const isOld = preview.isOld || !isRead
  return (
    <aside className={isOld ? 'right old' : 'right'} aria-label="Preview" aria-busy={preview.isOld}>
      {error && (
        <p className="pv problem" role="alert">
          {error.message}
        </p>
      )}
      {!answer && !error && (
        <div className="pv">
          <h2>In it now</h2>
          <p className="dim">Choose a condition, and the number of people stands here at once.</p>
        </div>
      )}
      {answer && (
        <>
          <Size answer={answer} isOld={isOld} isRead={isRead} emptyHint={emptyHint} />
          {!isNew && <Difference answer={answer} />}
          <Sample answer={answer} query={query} />
          <Reachable answer={answer} />
          <Overlap answer={answer} onCompare={onCompare} compared={compared} />
          <Cost cost={answer.cost} />
        </>
      )}
    </aside>
  )
}

interface SizeProps {
  readonly answer: PreviewAnswer
  /** True while the answer is that to an older question. */
  readonly isOld: boolean
  readonly isRead: boolean
  readonly emptyHint: string | undefined
}

function Size({ answer, isOld, isRead, emptyHint }: SizeProps) {
  const { type } = useBuilder()
  const { size, estimate, asOf, recent = [] } = answer
  const unit = type === 'USERS' ? 'people' : 'accounts'
  const times = recent.map(({ at, entered, left }) => ({ at: Date.parse(at), entered, left }))
  const entered = times.reduce((sum, step) => sum + step.entered, 0)
  const left = times.reduce((sum, step) => sum + step.left, 0)
  const [from, to] = [times[0]?.at ?? 0, times.at(-1)?.at ?? 1]
  return (
    <section className="pv">
      <h2>
        In it now
        {size && asOf && !isOld && <span className="r">exact at {clockMs(asOf)}</span>}
      </h2>
      <div className="row">
        <p className="size grow" role="status">
          <b>{size ? count(size.count) : estimate ? `${count(estimate.low)} – ${count(estimate.high)}` : '…'}</b>
          <span>{unit}</span>
        </p>
        <Kind isExact={size !== undefined && !isOld} isRead={isRead} />
      </div>
      {estimate && <Interval estimate={estimate} exact={size?.count} />}
      {size?.count === 0 && emptyHint && <p className="hint">{emptyHint}</p>}
      {recent.length > 0 && (
        <>
          <div className="mini">
            <span className="up b">+{count(entered)}</span>
            <Tally
              strokes={times}
              from={from}
              to={to}
              width={300}
              height={30}
              label={`As it would have moved in the last 10 minutes: ${count(entered)} entered, ${count(left)} left`}
            />
            <span className="down b">−{count(left)}</span>
          </div>
          <p className="dim">as it would have moved in the last 10 minutes</p>
        </>
      )}
    </section>
  )
}

/** The interval that closes into the exact number. */
function Interval({ estimate, exact }: { readonly estimate: Estimate; readonly exact: number | undefined }) {
  const { low, high } = estimate
  const span = Math.max(1, high - low)
  const [from, to] = [Math.max(0, low - span / 2), high + span / 2]
  const x = (value: number): number => ((value - from) / (to - from)) * 260
  return (
    <div className="conv" aria-hidden="true">
      <span>95 %</span>
      <svg viewBox="0 0 260 14" preserveAspectRatio="none">
        <path
          className="ends"
          vectorEffect="non-scaling-stroke"
          d={`M${x(low)} 3V11M${x(low)} 7H${x(high)}M${x(high)} 3V11`}
        />
      </svg>
      {exact !== undefined && (
        <>
          <span>exact</span>
          <svg viewBox="0 0 260 14" preserveAspectRatio="none">
            <path className="exact" vectorEffect="non-scaling-stroke" d={`M${x(exact)} 1V13`} />
          </svg>
        </>
      )}
    </div>
  )
}

function Difference({ answer }: { readonly answer: PreviewAnswer }) {
  const { difference, deliveries } = answer
  if (!difference) return null
  return (
    <section className="pv">
      <h2>Against what is saved</h2>
      <div className="diff">
        <div>
          <b className="up">{boundsOf(difference.enter)}</b> enter when you save
        </div>
        <div>
          <b className="down">{boundsOf(difference.leave)}</b> leave
        </div>
      </div>
      <Calls deliveries={deliveries} />
    </section>
  )
}

function Reachable({ answer }: { readonly answer: PreviewAnswer }) {
  const { identifiers, size } = answer
  const types = Object.entries(identifiers ?? {}).sort(([, a], [, b]) => b - a)
  if (!size || types.length === 0) return null
  return (
    <section className="pv">
      <h2>
        Reachable by <span className="r">{count(size.count)} = 100%</span>
      </h2>
      <ul className="sh">
        {types.map(([type, many]) => (
          <li key={type}>
            <span className="mono trunc">{type}</span>
            <Meter part={many / Math.max(1, size.count)} />
            <span className="num">{share(many / Math.max(1, size.count))}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Meter({ part }: { readonly part: number }) {
  return (
    <span className="meter" aria-hidden="true">
      <i style={{ width: `${Math.round(part * 1000) / 10}%` }} />
    </span>
  )
}

interface OverlapProps {
  readonly answer: PreviewAnswer
  readonly compared: readonly string[]
  readonly onCompare: (id: string) => void
}

function Overlap({ answer, compared, onCompare }: OverlapProps) {
  const audiences = useAudiences()
  const others = audiences.filter(({ id }) => !compared.includes(id))
  const size = answer.size?.count ?? 0
  return (
    <section className="pv">
      <h2>Also in</h2>
      <ul className="sh">
        {/* Before the size is exact, they are numbers of those who have been looked at. */}
        {(answer.size ? (answer.overlap ?? []) : []).map(({ id, both }) => (
          <li key={id}>
            <span className="trunc">{audiences.find((each) => each.id === id)?.name ?? id}</span>
            <Meter part={both / Math.max(1, size)} />
            <span className="num">{count(both)}</span>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <select
          className="field"
          aria-label="Compare with"
          value=""
          onChange={({ target }) => {
            onCompare(target.value)
          }}
        >
          <option value="">Compare with…</option>
          {others.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </section>
  )
}
