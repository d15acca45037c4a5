/** What goes through the queue: jobs there, answers back. */
import type { ConnectionRecord } from '../model/destination.ts'
import type { OutgoingDelivery } from '../outbox/delivery.ts'

/** Deliveries of one lane of a destination, each of another actor. At most one job of a lane is in the queue. */
export interface DeliveryJob {
  /** For good: what is added again under the same id is there once. */
  readonly id: string
  readonly destinationId: string
  readonly lane: number
  readonly items: readonly OutgoingDelivery[]
  /** Those that the items name, as they were when the job was made. */
  readonly connections: readonly ConnectionRecord[]
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
