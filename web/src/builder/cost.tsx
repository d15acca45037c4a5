/** The cost of a definition: its memory, what changes of itself, and the history that it needs. */
import type { PreviewAnswer } from '../api/answers.ts'
import { count } from '../parts/format.ts'

const MEGABYTE = 1024 * 1024
/** Memory, or changes by time a day, from which a definition is more than light. */
const MEDIUM = { bytes: 50 * MEGABYTE, changes: 100_000 }
const HEAVY = { bytes: 500 * MEGABYTE, changes: 5_000_000 }

export interface CostProps {
  /** Undefined while it is not known. */
  readonly cost: PreviewAnswer['cost']
}

export function Cost({ cost }: CostProps) {
  if (!cost) return null
  const exceeds = ({ bytes, changes }: typeof MEDIUM): boolean =>
    cost.bytes > bytes || cost.changesByTimePerDay > changes
  const weight = exceeds(HEAVY) ? 'heavy' : exceeds(MEDIUM) ? 'medium' : 'light'
  return (
    <section className="pv">
      <h2>
        Cost <span className="r">{weight}</span>
      </h2>
      <dl className="kv flat">
        <dt>Memory</dt>
        <dd>{(cost.bytes / MEGABYTE).toFixed(1)} MB</dd>
        <dt>Changes by time alone</dt>
        <dd>about {count(Math.round(cost.changesByTimePerDay))} a day</dd>
        <dt>Needs</dt>
        <dd>{historyOf(cost.historyDays)}</dd>
      </dl>
    </section>
  )
}

function historyOf(days: number | null): string {
  if (days === null) return 'all history that is kept'
  return days === 0 ? 'no history' : `${count(days)} days of history`
}
