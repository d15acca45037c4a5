/** The data of the queue: jobs to the workers, answers back. */
import type { ConnectionRecord } from '../model/destination.ts'
import type { OutgoingDelivery } from '../outbox/delivery.ts'

/** Deliveries of one lane of a destination, each of another actor. At most one job of a lane is in the queue. */
export interface DeliveryJob {
  /** Unique for good: a job that is added again under the same id is there once. */
  readonly id: string
  readonly destinationId: string
  readonly lane: number
  readonly items: readonly OutgoingDelivery[]
  /** The connections of the items, as they were when the job was made. */
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
  /** There was nothing to send. */
  | { readonly kind: 'skipped'; readonly reason: string; readonly message: string }
  /** Not tried: others of the job have shown that there is no use. */
  | { readonly kind: 'untried' }

/** The results of a job. */
export interface Answer {
  readonly jobId: string
  readonly destinationId: string
  readonly lane: number
  readonly items: readonly { readonly number: number; readonly actor: number; readonly outcome: Outcome }[]
}
