/** What the control API needs of destinations, and does not know itself. */
import type { DestinationRecord } from './destination.ts'
import type { JsonObject } from './json.ts'

/** Settings as a record has them: what is secret is sealed. */
export type StoredSettings = Pick<DestinationRecord, 'settings' | 'sealed' | 'missing'>

/** What has become of deliveries. */
export interface DeliveryOverview {
  readonly created: number
  readonly filtered: number
  readonly delivered: number
  /** Gave way to a later value. */
  readonly collapsed: number
  readonly waiting: number
  readonly pendingRetry: number
  /** Kept back until somebody consents. */
  readonly held: number
  readonly retries: number
  readonly failed: { readonly total: number; readonly byReason: Readonly<Record<string, number>> }
  /** From the change to its arrival, ms: upper bounds within a factor of two. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
}

export interface FailedDelivery {
  readonly number: number
  readonly connectionId: string
  readonly profile: string
  readonly value: unknown
  readonly reason: string
  readonly message: string
  readonly attempts: number
  /** Epoch ms. */
  readonly failedAt: number
}

export interface TypeOfDestination {
  readonly slug: string
  readonly name: string
  readonly kind: 'event' | 'list'
}

export interface DestinationAdmin {
  /** Every type that there is, with the schema of its settings. */
  types(): readonly object[]
  /** Throws an EngineError where there is none such. */
  type(slug: string): TypeOfDestination
  /**
   * Checks settings and seals the secret ones. Throws an EngineError that names the field at fault.
   * @param before those that are changed: what is not given, or is given masked, stays
   * @param isPartial secrets may be missing, and are named
   */
  store(
    given: { readonly id: string; readonly type: string; readonly settings: JsonObject },
    options: { readonly before?: DestinationRecord | undefined; readonly isPartial?: boolean },
  ): StoredSettings
  /** Settings to show: secrets are masked. */
  shown(record: DestinationRecord): JsonObject
  /** What is wrong with its settings; undefined where they work. */
  test(record: DestinationRecord): Promise<{ readonly reason: string; readonly message: string } | undefined>
  status(record: DestinationRecord): 'Connected' | 'Disabled' | 'Unreachable' | 'Settings missing'
  overview(destinationId: string): DeliveryOverview
  overviewOf(connectionId: string): DeliveryOverview
  failures(destinationId: string): readonly FailedDelivery[]
  /** Resolves with what still waits: once nothing does, or after so long. */
  drain(destinationId: string, withinMs: number): Promise<number>
}
