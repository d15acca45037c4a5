/** Messages between the server and the process of its workers. */
import type { TriedSettings } from '../model/destination-admin.ts'
import type { DestinationAnswer, DestinationQuestion } from '../model/destination-question.ts'
import type { JsonObject } from '../model/json.ts'
import type { WorkerDestination } from './delivery-worker.ts'

export interface WorkerConfig {
  /** `redis://…`, `rediss://…`, or the path of a unix socket. */
  readonly address: string
  readonly spaceId: string
  /** Where destinations may keep files: a folder for each. */
  readonly directory: string
  /** Private addresses that may be connected to: all, none, or these. */
  readonly allowPrivate: boolean | readonly string[]
}

export type ToWorker =
  | { readonly kind: 'open'; readonly config: WorkerConfig }
  | { readonly kind: 'destinations'; readonly destinations: readonly WorkerDestination[] }
  | {
      readonly kind: 'ask'
      readonly request: number
      readonly destination: TriedSettings
      readonly question: DestinationQuestion
    }

export type FromWorker =
  | { readonly kind: 'print'; readonly line: string }
  /** Settings that a destination has renewed itself. */
  | { readonly kind: 'save'; readonly destinationId: string; readonly settings: JsonObject }
  | { readonly kind: 'fault'; readonly message: string; readonly destinationId: string }
  | {
      readonly kind: 'answered'
      readonly request: number
      readonly answer: DestinationAnswer<DestinationQuestion['kind']>
    }
