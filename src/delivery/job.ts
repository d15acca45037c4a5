/** What goes through the queue: jobs there, answers back. */
import type { DeliveryCall } from '../model/delivery-call.ts'

/** One delivery, as the calls that it makes. */
export interface JobItem {
  readonly number: number
  readonly actor: number
  readonly calls: readonly DeliveryCall[]
}

/** Deliveries of one lane of a destination, each of another actor. At most one job of a lane is in the queue. */
export interface DeliveryJob {
  /** For good: what is added again under the same id is there once. */
  readonly id: string
  readonly destinationId: string
  readonly lane: number
  readonly items: readonly JobItem[]
}

export type Outcome =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'retry' | 'failed'
      readonly reason: string
      /** Without persons and secrets. */
      readonly message: string
      readonly retryAfterMs?: number
    }
  /** Others before it said that there was no use. */
  | { readonly kind: 'untried' }

/** What has become of a job. */
export interface Answer {
  readonly jobId: string
  readonly destinationId: string
  readonly lane: number
  readonly items: readonly { readonly number: number; readonly actor: number; readonly outcome: Outcome }[]
}
