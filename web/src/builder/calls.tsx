/** The calls that saving would send to connected destinations. */
import type { PreviewAnswer } from '../api/answers.ts'
import { count } from '../parts/format.ts'

export interface CallsProps {
  /** Undefined while they are not counted. */
  readonly deliveries: PreviewAnswer['deliveries']
}

export function Calls({ deliveries = [] }: CallsProps) {
  const calls = callsOf(deliveries)
  if (calls === 0) return null
  const isHeld = deliveries.some(({ held }) => held)
  return (
    <p className="hint">
      {count(calls)} calls to connected destinations{isHeld ? ', which wait for an approval.' : '.'}
    </p>
  )
}

export function callsOf(deliveries: PreviewAnswer['deliveries'] = []): number {
  return deliveries.reduce((sum, { calls }) => sum + calls, 0)
}
