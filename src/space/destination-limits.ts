/** The room that deliveries to a destination may take up, by its type. */
import { destinationType } from '../../destinations/registry.ts'
import type { DestinationRecord } from '../model/destination.ts'
import type { OutboxLimits } from '../outbox/destination-state.ts'

const LIMITS: OutboxLimits = { lanes: 8, waitingMax: 200_000, collapseMs: 60_000 }

/** A list is written by one job at a time, and so is whatever its type says. */
export function limitsOf({ type }: DestinationRecord): OutboxLimits {
  const known = destinationType(type)
  const lanes = known?.lanes ?? (known?.kind === 'list' ? 1 : LIMITS.lanes)
  return { ...LIMITS, lanes }
}
