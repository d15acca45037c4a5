/** The state of a destination, as a dot and a word. */
import type { DestinationAnswer, OverviewAnswer } from './answers.ts'

export interface DestinationStatusProps {
  readonly destination: Pick<DestinationAnswer, 'status'>
  readonly known: OverviewAnswer | undefined
}

export function DestinationStatus({ destination: { status }, known }: DestinationStatusProps) {
  if (status === 'Unreachable') return <span className="st bad">Failing: not reached</span>
  if (status === 'Settings missing') return <span className="st bad">Settings are missing</span>
  if (status === 'Disabled') return <span className="st off">Paused</span>
  const isFailing = known !== undefined && known.overview.failed.total > 0
  return isFailing ? <span className="st bad">On, with failures</span> : <span className="st">On</span>
}
