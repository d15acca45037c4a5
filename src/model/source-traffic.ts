/** Calls of a source as they come, and those that were refused. */
import type { ErrorCode } from './errors.ts'

/** A call that was refused, without anything of a person. */
export interface Rejection {
  /** Epoch ms. */
  readonly at: number
  readonly code: ErrorCode
  readonly message: string
  /** The call's, as far as they could be read. */
  readonly type?: string
  readonly event?: string
  readonly messageId?: string
}

/** A reader of calls as they come. */
export interface CallReader {
  readonly isFull: boolean
  send(event: { readonly event: string; readonly data: string }): void
  end(): void
}

export interface SourceTraffic {
  /** Lists the last refused calls of a source, the oldest first. */
  rejectionsOf(sourceId: string): readonly Rejection[]
  /** Counts all refused calls of a source since the server has run, by reason. */
  countsOf(sourceId: string): ReadonlyMap<string, number>
  /** Shows the calls of a source from now on, until the returned function is called. */
  follow(sourceId: string, reader: CallReader): () => void
  /** Forgets a source that is no more. */
  forget(sourceId: string): void
}
