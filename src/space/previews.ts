/**
 * The previews of a space. All estimate at once, one after the other; four look at everybody at a time, and the others
 * wait. A preview is gone after an hour, and with the process: nothing of it is stored.
 */
import { EngineError } from '../model/errors.ts'
import type { SetTimer } from '../model/timer.ts'
import type { ChangeKind, ChangeQuery, PreviewFindings, PreviewPage, PreviewRequest } from '../model/preview.ts'
import { Preview } from './preview.ts'
import type { PreviewContext } from './preview-context.ts'

const RUNNING_MAX = 4
const WAITING_MAX = 50
const KEPT_MS = 3_600_000
/** A complete preview that nobody follows is brought up to date no more. */
const UNFOLLOWED_MS = 60_000
/** So often is a preview brought up to date while somebody follows it. */
const FOLLOWED_MS = 1_000

interface Entry {
  readonly id: string
  readonly preview: Preview
  readonly cancelExpiry: () => void
  readonly followers: Set<() => void>
  cancelFreezing: () => void
  /** True once everybody has been looked at, or it has failed. */
  isDone: boolean
}

export interface PreviewsOptions {
  readonly context: PreviewContext
  readonly timer: SetTimer
}

export class Previews {
  readonly #options: PreviewsOptions
  readonly #entries = new Map<string, Entry>()
  /** The estimate of the last that was started. */
  #estimating: Promise<void> = Promise.resolve()
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(options: PreviewsOptions) {
    this.#options = options
  }

  /**
   * Starts a preview. Throws an EngineError for a definition that does not compile, and if too many wait.
   * @param replaces the id of one that nobody needs any more
   */
  start(id: string, request: PreviewRequest, replaces?: string): void {
    const isReplaced = replaces !== undefined && this.#entries.get(replaces)?.isDone === false
    const unfinished = [...this.#entries.values()].filter(({ isDone }) => !isDone).length - (isReplaced ? 1 : 0)
    if (unfinished >= RUNNING_MAX + WAITING_MAX)
      throw new EngineError('rate_limit_error', `${WAITING_MAX} previews wait already; cancel some, or try again later`)
    const preview = new Preview(request, this.#options.context)
    if (replaces !== undefined) this.cancel(replaces)
    const cancelExpiry = this.#options.timer(() => this.cancel(id), KEPT_MS)
    const entry: Entry = {
      id,
      preview,
      cancelExpiry,
      followers: new Set(),
      cancelFreezing: () => undefined,
      isDone: false,
    }
    this.#entries.set(id, entry)
    void this.#compute(entry)
  }

  find(id: string): { readonly request: PreviewRequest; readonly findings: PreviewFindings } | undefined {
    const preview = this.#entries.get(id)?.preview
    return preview && { request: preview.request, findings: preview.findings() }
  }

  /** Lists who would enter or leave the audience that a preview is compared with; undefined without one. */
  async page(id: string, kind: ChangeKind, query: ChangeQuery): Promise<PreviewPage | undefined> {
    return this.#entries.get(id)?.preview.page(kind, query)
  }

  /** Ends a preview and forgets it. Returns false if there is none. */
  cancel(id: string): boolean {
    const entry = this.#entries.get(id)
    if (!entry) return false
    this.#entries.delete(id)
    entry.cancelExpiry()
    entry.cancelFreezing()
    entry.preview.end()
    for (const follow of entry.followers) follow()
    return true
  }

  /** Calls back whenever a preview may have found more, or is gone, until the returned function is called. */
  follow(id: string, changed: () => void): () => void {
    const entry = this.#entries.get(id)
    if (!entry) return () => undefined
    const { followers, preview } = entry
    followers.add(changed)
    let cancel: () => void = () => undefined
    const again = (): void => {
      cancel = this.#options.timer(() => void refresh(), FOLLOWED_MS)
    }
    const refresh = async (): Promise<void> => {
      if (preview.findings().status === 'COMPLETED' && !preview.isEnded) await preview.settle()
      if (!followers.has(changed)) return
      changed()
      again()
    }
    again()
    return () => {
      cancel()
      followers.delete(changed)
      this.#freezeUnfollowed(entry)
    }
  }

  /** Ends all. */
  stop(): void {
    for (const id of [...this.#entries.keys()]) this.cancel(id)
  }

  async #compute(entry: Entry): Promise<void> {
    const { preview } = entry
    const before = this.#estimating
    this.#estimating = before.then(() => preview.estimate())
    await this.#estimating
    this.#tell(entry)
    await this.#takeTurn()
    await preview.complete()
    this.#passTurn()
    entry.isDone = true
    this.#tell(entry)
    this.#freezeUnfollowed(entry)
  }

  async #takeTurn(): Promise<void> {
    if (this.#running < RUNNING_MAX) this.#running++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Passes a turn on to the next that waits: one that was cancelled passes it on at once. */
  #passTurn(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running--
  }

  /** Lets go of what a preview needs to be brought up to date, if nobody follows it for a while. */
  #freezeUnfollowed(entry: Entry): void {
    const { preview, followers } = entry
    entry.cancelFreezing()
    // One that was cancelled holds nothing, and no timer may keep the process.
    if (this.#entries.get(entry.id) !== entry) return
    entry.cancelFreezing = this.#options.timer(() => {
      if (followers.size === 0 && entry.isDone) preview.freeze()
    }, UNFOLLOWED_MS)
  }

  #tell({ followers }: Entry): void {
    for (const changed of followers) changed()
  }
}
