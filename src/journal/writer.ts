/**
 * The one writer of a journal: stamps the receive time, forms entries by group commit, appends them one at a time, and
 * emits them when they are durable.
 *
 * W1. `receivedAt` is the clock's, and never smaller than that of the entry before.
 * W2. While one append is in flight, requests wait; they go into the next entry, within its bounds.
 * W3. Order of submission is order in the journal. A command is an entry of its own, checked when all before it is
 *     applied.
 * W4. What waits or is in flight is bounded; beyond the bound a submission is refused, nothing else changes.
 */
import { type Observable, Subject } from 'rxjs'
import type { CheckedCall } from '../model/entry.ts'
import { EngineError } from '../model/errors.ts'
import type { SetTimer } from '../model/timer.ts'
import type { Journal, JournalEntry, JournalRequest } from './journal.ts'

/** A part of an entry, or a whole one. */
export type EntryPart<Command> =
  /** `calls`: the calls of the request's body, read once already. */
  | { readonly kind: 'request'; readonly request: JournalRequest; readonly calls: readonly CheckedCall[] }
  | { readonly kind: 'command'; readonly command: Command; readonly by?: string | undefined }
  /** Something is due at this instant. */
  | { readonly kind: 'tick'; readonly dueAt: number }

/** A part that waits for its answer; exactly one of the two is called, once. */
export interface Submission<Command, Result> {
  readonly part: EntryPart<Command>
  readonly answer: (result: Result) => void
  readonly refuse: (error: unknown) => void
}

export interface WriterLimits {
  /** Submissions that wait or are in flight. */
  readonly submissionsMax: number
  readonly bytesMax: number
  readonly entryRequestsMax: number
  readonly entryBytesMax: number
  /**
   * Submissions wait at most so long for an entry to be stored, ms; then they are refused, and it is not known if the
   * entry is stored.
   */
  readonly patienceMs: number
}

/** Input that is not in the journal yet. */
export interface WriterBacklog {
  readonly submissions: number
  readonly bytes: number
}

export const WRITER_LIMITS: WriterLimits = {
  submissionsMax: 10_000,
  bytesMax: 64 * 1024 * 1024,
  entryRequestsMax: 1_000,
  entryBytesMax: 4 * 1024 * 1024,
  patienceMs: 5_000,
}

export interface WriterOptions<Command, Entry, Result> {
  readonly journal: Journal<Command>
  /** Epoch ms. */
  readonly clock: () => number
  readonly timer: SetTimer
  /**
   * Turns an entry, with those who wait for it, into what is applied; all entries before it are applied. Throws an
   * EngineError for a command that breaks a rule: then the command is refused, and not stored.
   */
  readonly read: (journalled: JournalEntry<Command>, waiting: readonly Submission<Command, Result>[]) => Entry
  /** Makes the engine ready for an entry while that is stored; returns undefined if it is. */
  readonly prepare: (entry: Entry) => Promise<void> | undefined
  readonly limits: WriterLimits
  /** Receive time of the journal's last entry. */
  readonly lastReceivedAt: number
}

export class Writer<Command, Entry, Result> {
  /** Entries that are durable, as `read` made them, in order. */
  readonly committed$: Observable<Entry>
  readonly #committed = new Subject<Entry>()
  readonly #options: WriterOptions<Command, Entry, Result>
  /** Submissions that wait, oldest first. */
  #waiting: Submission<Command, Result>[] = []
  #group: readonly Submission<Command, Result>[] = []
  #bytes = 0
  #lastReceivedAt: number
  #state: 'open' | 'stopping' | 'failed' = 'open'
  #writing: Promise<void> | undefined

  constructor(options: WriterOptions<Command, Entry, Result>) {
    this.#options = options
    this.#lastReceivedAt = options.lastReceivedAt
    this.committed$ = this.#committed.asObservable()
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** The submissions that wait or are in flight, and their bytes. */
  get backlog(): WriterBacklog {
    return { submissions: this.#waiting.length + this.#group.length, bytes: this.#bytes }
  }

  /** True while input waits for the entry in flight. */
  get isBusy(): boolean {
    return this.#waiting.length > 0
  }

  /** Resolves when the part is durable and its subscriber has answered; rejects if it is refused. Keeps W4. */
  submit(part: EntryPart<Command>): Promise<Result> {
    const bytes = bytesOf(part)
    const refusal = this.refusal(bytes)
    if (refusal) return Promise.reject(refusal)
    this.#bytes += bytes
    return new Promise((answer, refuse) => {
      this.#waiting.push({ part, answer, refuse })
      this.#writing ??= this.#write()
    })
  }

  /** Takes nothing more, and resolves when all that was taken is answered. */
  async stop(): Promise<void> {
    if (this.#state === 'open') this.#state = 'stopping'
    await this.#writing
    this.#committed.complete()
  }

  /** Gives up: refuses all submissions that wait or come later, and ends `committed$` with the cause. */
  fail(cause: unknown): void {
    if (this.#state === 'failed') return
    this.#state = 'failed'
    for (const submission of [...this.#group, ...this.#waiting]) submission.refuse(notOpen())
    this.#waiting = []
    this.#committed.error(cause)
  }

  /** Returns why a part of so many bytes would be refused at present, whatever it says. */
  refusal(bytes: number): EngineError | undefined {
    if (this.#state !== 'open') return notOpen()
    if (!this.#options.journal.isReachable) return notReachable()
    const { submissionsMax, bytesMax } = this.#options.limits
    if (this.backlog.submissions < submissionsMax && this.#bytes + bytes <= bytesMax) return undefined
    return new EngineError('rate_limit_error', 'Too many requests are under way; try again later')
  }

  async #write(): Promise<void> {
    await Promise.resolve()
    try {
      while (this.#waiting.length > 0) {
        this.#group = this.#takeGroup()
        await this.#commit(this.#group)
        for (const { part } of this.#group) this.#bytes -= bytesOf(part)
      }
    } catch (error) {
      this.fail(error)
    }
    this.#group = []
    this.#writing = undefined
  }

  async #commit(submissions: readonly Submission<Command, Result>[]): Promise<void> {
    const { journal, prepare } = this.#options
    const journalled = this.#formEntry(submissions)
    const entry = this.#read(journalled, submissions)
    if (!entry) return
    this.#lastReceivedAt = journalled.receivedAt
    const cancel = this.#options.timer(() => this.#refuseAll(), this.#options.limits.patienceMs)
    try {
      await Promise.all([journal.append(journalled), prepare(entry.made)])
    } finally {
      cancel()
    }
    this.#committed.next(entry.made)
  }

  /**
   * Refuses all that waits, since the journal does not answer. The entry in flight is applied if it is stored after
   * all.
   */
  #refuseAll(): void {
    for (const { part } of this.#waiting) this.#bytes -= bytesOf(part)
    for (const { refuse } of [...this.#group, ...this.#waiting]) refuse(notReachable())
    this.#waiting = []
  }

  /** Keeps W2 and W3. */
  #takeGroup(): Submission<Command, Result>[] {
    const { entryRequestsMax, entryBytesMax } = this.#options.limits
    let bytes = bytesOf(this.#waiting[0]!.part)
    let length = 1
    if (this.#waiting[0]!.part.kind === 'request')
      for (; length < Math.min(this.#waiting.length, entryRequestsMax); length++) {
        const { part } = this.#waiting[length]!
        bytes += bytesOf(part)
        if (part.kind !== 'request' || bytes > entryBytesMax) break
      }
    return this.#waiting.splice(0, length)
  }

  /** Keeps W1. */
  #formEntry(submissions: readonly Submission<Command, Result>[]): JournalEntry<Command> {
    const receivedAt = Math.max(this.#options.clock(), this.#lastReceivedAt)
    const { part } = submissions[0]!
    switch (part.kind) {
      case 'request':
        return { kind: 'requests', receivedAt, requests: submissions.flatMap(({ part }) => requestsOf(part)) }
      case 'tick':
        return { kind: 'tick', receivedAt: Math.max(receivedAt, part.dueAt + 1) }
      case 'command':
        return { kind: 'command', receivedAt, command: part.command, ...(part.by !== undefined && { by: part.by }) }
    }
  }

  /** Returns undefined if the entry is a command that is refused. */
  #read(
    journalled: JournalEntry<Command>,
    submissions: readonly Submission<Command, Result>[],
  ): { readonly made: Entry } | undefined {
    try {
      return { made: this.#options.read(journalled, submissions) }
    } catch (error) {
      if (journalled.kind !== 'command' || !(error instanceof EngineError)) throw error
      submissions[0]!.refuse(error)
      return undefined
    }
  }
}

function notReachable(): EngineError {
  return new EngineError('unavailable', 'The journal cannot be reached; try again later')
}

function notOpen(): EngineError {
  return new EngineError('unavailable', 'The server has stopped taking input')
}

function requestsOf(part: EntryPart<unknown>): readonly JournalRequest[] {
  return part.kind === 'request' ? [part.request] : []
}

function bytesOf(part: EntryPart<unknown>): number {
  return part.kind === 'request' ? part.request.body.byteLength : 0
}
