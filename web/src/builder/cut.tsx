/** Beside a condition: how many meet it, on a logarithmic scale, and how many there would be without it. */
import type { ConditionCount } from '../api/answers.ts'
import { count } from '../parts/format.ts'

export interface CutProps {
  /** Undefined while it is not counted. */
  readonly found: ConditionCount | undefined
  readonly all: readonly ConditionCount[]
  readonly isNegated: boolean
}

export function Cut({ found, all, isNegated }: CutProps) {
  if (!found) return <div className="cut" />
  const most = Math.max(...all.map(({ without }) => without))
  const cutsMost = all.length > 1 && found.without === most
  const largest = Math.max(2, ...all.map(({ meets }) => meets))
  const width = (Math.log(Math.max(1, found.meets)) / Math.log(largest)) * 100
  return (
    <div className="cut">
      <div className="t">
        <span>
          <b>{count(found.meets)}</b> {isNegated ? 'are left by it' : 'meet it'}
        </span>
        {cutsMost && <span className="chip acc">cuts most</span>}
      </div>
      <div className={cutsMost ? 'cutbar most' : 'cutbar'} aria-hidden="true">
        <i style={{ width: `${Math.round(width)}%` }} />
      </div>
      <div className="t">
        <span>
          {found.onlyThrough === undefined
            ? `without it, ${count(found.without)}`
            : `only through it, ${count(found.onlyThrough)}`}
        </span>
      </div>
    </div>
  )
}
