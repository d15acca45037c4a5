/** The room that deliveries to a destination may take up, by its type. */
import { destinationType } from '../../destinations/registry.ts'
import type { DestinationRecord } from '../model/destination.ts'
import type { OutboxLimits } from '../outbox/destination-state.ts'

const LIMITS: OutboxLimits = { lanes: 8, waitingMax: 200_000, collapseMs: 60_000 }

/** A list is written by one job at a time. */
export function limitsOf({ type }: DestinationRecord): OutboxLimits {
  return destinationType(type)?.kind === 'list' ? { ...LIMITS, lanes: 1 } : LIMITS
}
