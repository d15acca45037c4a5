/** On a phone: what matters most of a preview, always in sight. The whole of it is read out from the preview itself. */
import type { ReactNode } from 'react'
import type { Estimate } from '../api/answers.ts'
import { count } from '../parts/format.ts'
import { boundsOf } from './bounds.ts'

export interface SheetProps {
  /** Undefined while it is being counted. */
  readonly exact: number | undefined
  readonly estimate: Estimate | undefined
  readonly isOld: boolean
  /** Below the number. */
  readonly children?: ReactNode
}

export function Sheet({ exact, estimate, isOld, children }: SheetProps) {
  const isExact = exact !== undefined && !isOld
  return (
    <div className="sheet" aria-hidden="true">
      <div className="size">
        <b>{exact === undefined ? (estimate ? boundsOf(estimate) : '…') : count(exact)}</b>
        <span>{isExact ? 'exact' : 'being counted'}</span>
      </div>
      {children && <p className="dim">{children}</p>}
    </div>
  )
}
