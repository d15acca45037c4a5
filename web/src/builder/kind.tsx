/** The kind of a number: exact, being counted, or that of the last text that read. */
import { Check } from 'lucide-react'

export interface KindProps {
  /** True if it is the exact number of the present text. */
  readonly isExact: boolean
  /** False while the present text does not read. */
  readonly isRead: boolean
}

export function Kind({ isExact, isRead }: KindProps) {
  if (!isExact) return <span className="chip">{isRead ? 'being counted' : 'as last read'}</span>
  return (
    <span className="chip ok">
      <Check className="i s" aria-hidden="true" />
      exact
    </span>
  )
}
