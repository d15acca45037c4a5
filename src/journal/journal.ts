/**
 * The journal of a space: the entries from which its whole state follows, in one order, each at a position.
 *
 * J1. Positions count up from 0 without a gap.
 * J2. An entry is stored whole or not at all, and once `append` has resolved it outlives the process.
 * J3. `receivedAt` never falls from one entry to the next; the writer ensures it.
 */
import type { Endpoint } from '../model/call.ts'

/** One ingestion request, as it was received: enough to read its calls again. */
export interface JournalRequest {
  readonly endpoint: Endpoint
  /** The source whose write key it came with. */
  readonly sourceId: string
  /** UTF-8 JSON text: the body after inflating, otherwise untouched. */
  readonly body: Uint8Array
}

/** One group commit. `Command` is data that JSON can carry. */
export type JournalEntry<Command> =
  | { readonly kind: 'requests'; readonly receivedAt: number; readonly requests: readonly JournalRequest[] }
  | {
      readonly kind: 'command'
      readonly receivedAt: number
      readonly command: Command
      /** The id of the token that asked for it; absent for the server's own. */
      readonly by?: string
    }
  | { readonly kind: 'tick'; readonly receivedAt: number }

export interface JournalRecord<Command> {
  readonly position: number
  readonly entry: JournalEntry<Command>
}

/** One writer at a time; as many readers as wish. */
export interface Journal<Command> {
  /** False while the newest command has failed and is being tried again: appends wait. */
  readonly isReachable: boolean
  /**
   * Stores an entry after all others and resolves with its position when it is durable. Appends that are not awaited
   * are stored in the order of the calls. A rejection is final: whether the entry is stored is unknown until it is read
   * back.
   */
  append(entry: JournalEntry<Command>): Promise<number>
  /** Position of the next entry. */
  readonly nextPosition: number
  /**
   * Returns the id of an entry, for `read` and `trim` of this writer and of any later one. The entry must be one of
   * this writer's, or the last that was there before.
   */
  idOf(position: number): string
  /**
   * Reads the entries from a position on, in order, up to the last that is durable when the reader gets there.
   * @param after id of the entry before it, if it is known: entries before need not be looked through
   */
  read(from: number, after?: string): AsyncIterable<JournalRecord<Command>>
  /** Drops all entries before the one of this id. */
  trim(id: string): Promise<void>
  /** Closes it; an append or a read after that rejects. */
  close(): Promise<void>
}
