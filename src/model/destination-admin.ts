/** The operations on destinations that the control API calls. */
import type { DestinationRecord } from './destination.ts'
import type { JsonObject } from './json.ts'

/** Shown instead of a secret; if it is given back, the secret stays. */
export const MASK = '••••••••'

/** Settings as a record holds them: secret ones are sealed. */
export type StoredSettings = Pick<DestinationRecord, 'settings' | 'sealed' | 'missing'>

/** The counts of deliveries, by result. */
export interface DeliveryOverview {
  readonly created: number
  readonly filtered: number
  readonly delivered: number
  /** Replaced by a later value before they were sent. */
  readonly collapsed: number
  readonly waiting: number
  readonly pendingRetry: number
  /** Kept back until they are approved. */
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
  /** Returns all types, with the schema of their settings. */
  types(): readonly object[]
  /** Returns a type. Throws an EngineError if there is none such. */
  type(slug: string): TypeOfDestination
  /**
   * Checks settings and seals the secret ones. Throws an EngineError that names the field at fault.
   * @param before the destination that is changed: settings that are not given, or are given masked, stay
   * A secret that is given masked, though there is none, is listed as missing, and so is one that was missing before.
   * @param isPartial secrets that the type asks for may be missing, too
   */
  store(
    given: { readonly id: string; readonly type: string; readonly settings: JsonObject },
    options: { readonly before?: DestinationRecord | undefined; readonly isPartial?: boolean },
  ): StoredSettings
  /** Returns settings to show: secrets are masked. */
  shown(record: DestinationRecord): JsonObject
  /** Resolves with what is wrong with the settings; undefined if they work. */
  test(record: DestinationRecord): Promise<{ readonly reason: string; readonly message: string } | undefined>
  status(record: DestinationRecord): 'Connected' | 'Disabled' | 'Unreachable' | 'Settings missing'
  overview(destinationId: string): DeliveryOverview
  overviewOf(connectionId: string): DeliveryOverview
  failures(destinationId: string): readonly FailedDelivery[]
  /** Resolves with the number of deliveries that wait: once none does, or after so long. */
  drain(destinationId: string, withinMs: number): Promise<number>
}
