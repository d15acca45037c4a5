/**
 * The flow of data, as one picture. What changes state goes one way; reads look at the actors.
 *
 *     routers → submit → writer → journal → engine → answers
 *                          ↑                  │├──→ changes$
 *                        alarm ←── nextDue ───┘└──→ checkpoints → journal is trimmed
 *
 * P1. The engine applies an entry once it is durable, in the journal's order: so a replay gives what was live.
 * P2. A request is answered when its entry is durable and applied: the next read sees it.
 * P3. A command is checked against the state that it will be applied to, before it is journalled.
 * P4. Time alone acts through ticks: nothing that it caused is seen before its tick is durable.
 */
import { map, mergeMap, type Observable, Subject, Subscription, tap } from 'rxjs'
import type { CallOutcome } from '../../actors/engine/applied.ts'
import type { Commit } from '../../actors/engine/drive-actors.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import { CHECKPOINT_LIMITS, type CheckpointStatus } from '../checkpoints/checkpoint-schedule.ts'
import { Alarm } from '../model/alarm.ts'
import type { JournalEntry } from '../journal/journal.ts'
import { Writer, type WriterBacklog, WRITER_LIMITS } from '../journal/writer.ts'
import type { Backup } from '../model/backup.ts'
import { EngineError } from '../model/errors.ts'
import type { IngestRequest, RejectedCall } from '../model/read-request.ts'
import type { Retention } from '../model/retention.ts'
import { RULES_VERSION } from '../model/rules.ts'
import type { DefinitionSource } from '../model/definition.ts'
import type { DefinitionProgress, SpaceCommand } from '../model/space-command.ts'
import { setTimer } from '../model/timer.ts'
import type { Transition } from '../model/transition.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import { checkedEntry } from './command-check.ts'
import { type EngineEntry, type Outcomes, toEngineEntry } from './engine-entry.ts'
import type { AuditLog } from './audit-log.ts'
import type { AudienceSizes } from './audience-sizes.ts'
import type { ObservedNames } from './observed-names.ts'
import type { RecentTransitions } from './recent-transitions.ts'
import { recover, type RecoveredSpace } from './recovery.ts'
import type { Registry } from './registry.ts'
import { SpaceCheckpoints } from './space-checkpoints.ts'
import { SpaceReads } from './space-reads.ts'
import { applyEntries } from './space.ts'
import { ChangeoverSteps } from './changeover-steps.ts'
import { RegulationSteps } from './regulation-steps.ts'
import { type PipelineOptions, recoveryOptionsOf } from './pipeline-options.ts'

/** Whoever asks for a definition waits so long for it to go live, ms. */
const LIVE_PATIENCE_MS = 1_000

/** About an entry that has been applied. */
export interface AppliedSummary {
  readonly isDeletion: boolean
  /** Calls that were dropped as their ids are suppressed. */
  readonly suppressed: number
}

export class Pipeline {
  readonly shard: Shard
  readonly registry: Registry
  readonly outbox: SpaceOutbox
  readonly recent: RecentTransitions
  readonly sizes: AudienceSizes
  readonly observed: ObservedNames
  readonly audit: AuditLog
  readonly reads: SpaceReads
  /** Every transition that goes live, in order; ends when the pipeline has stopped. */
  readonly changes$: Observable<Transition>
  /** Emits when an entry has been applied: there may be more to deliver. */
  readonly applied$: Observable<AppliedSummary>
  readonly #options: PipelineOptions
  readonly #applied = new Subject<Commit<EngineEntry>>()
  readonly #writer: Writer<SpaceCommand, EngineEntry, Outcomes>
  readonly #alarm: Alarm
  readonly #steps: ChangeoverSteps
  readonly #regulationSteps: RegulationSteps
  /** When the entry that is being applied was begun, ms. */
  #begunAt = 0
  /** Undefined if there are no checkpoints: then nothing leaves memory. */
  readonly #checkpoints: SpaceCheckpoints | undefined

  /** Brings the state up to the journal's last entry, then goes live. */
  static async open(options: PipelineOptions): Promise<Pipeline> {
    const { journal, checkpoints } = options
    const space =
      (await takenOver(options)) ??
      (await recover({
        ...recoveryOptionsOf(options),
        journal,
        checkpoints,
        onProgress: (progress) => options.onProgress?.(progress),
      }))
    const pipeline = new Pipeline(options, space)
    await pipeline.#useNewestRules()
    await pipeline.#retain(pipeline.retentionWith(space.registry.retention))
    return pipeline
  }

  private constructor(options: PipelineOptions, space: RecoveredSpace) {
    const { shard, registry, outbox, recent, sizes, observed, audit, receivedAt } = space
    const { journal, clock = Date.now, timer = setTimer } = options
    const limits = { ...WRITER_LIMITS, ...options.limits }
    this.shard = shard
    this.registry = registry
    this.outbox = outbox
    this.recent = recent
    this.sizes = sizes
    this.observed = observed
    this.audit = audit
    this.#options = options
    this.#checkpoints = this.#openCheckpoints(space)
    const load = async (pages: readonly number[]): Promise<void> => this.#checkpoints?.coldPages.load(pages)
    this.reads = new SpaceReads({ shard, registry, load, timer, patienceMs: limits.patienceMs })
    this.#writer = new Writer<SpaceCommand, EngineEntry, Outcomes>({
      journal,
      clock,
      timer,
      // Keeps P3.
      read: (journalled, waiting) => checkedEntry(toEngineEntry(journalled, space, waiting), space),
      prepare: (entry) => this.#prepare(entry),
      limits,
      lastReceivedAt: receivedAt,
    })
    this.#alarm = new Alarm({ clock, timer, ring: (dueAt) => void this.#tick(dueAt) })
    this.#steps = new ChangeoverSteps({
      shard,
      submit: (command) => this.#writer.submit({ kind: 'command', command }),
      isBusy: () => this.#writer.isBusy,
      timer,
      clock,
      sliceOf: options.sliceOf,
    })
    this.#regulationSteps = new RegulationSteps({
      regulations: registry.regulations,
      submit: (command) => this.#writer.submit({ kind: 'command', command }),
      timer,
    })
    this.applied$ = this.#applied.pipe(map(summaryOf))
    this.changes$ = this.#applied.pipe(mergeMap(({ transitions }) => transitions))
    // Keeps P1.
    this.#writer.committed$
      .pipe(
        tap(() => (this.#begunAt = this.#elapsedMs())),
        applyEntries(space),
        tap((commit) => this.#answer(commit)),
      )
      .subscribe({
        next: (commit) => this.#applied.next(commit),
        error: (cause: unknown) => this.#fail(cause),
        complete: () => this.#applied.complete(),
      })
    this.#alarm.arm(shard.nextDue())
    this.#steps.applied(undefined)
    this.#regulationSteps.applied()
  }

  /** True while it takes input; false from a stop or a failure on. */
  get isOpen(): boolean {
    return this.#writer.isOpen
  }

  /** The input that is not in the journal yet. */
  get backlog(): WriterBacklog {
    return this.#writer.backlog
  }

  /** False while the journal does not answer. */
  get isJournalReachable(): boolean {
    return this.#options.journal.isReachable
  }

  /** The state of the checkpoints; undefined if there are none. */
  get checkpointStatus(): CheckpointStatus | undefined {
    return this.#checkpoints?.status
  }

  /** Returns why a request of so many bytes would be refused at present: it need not be read then. */
  refusal(bytes: number): EngineError | undefined {
    return this.#writer.refusal(bytes)
  }

  /** Progress of a definition; undefined for one that is live as it was asked for. */
  changeOf(source: Pick<DefinitionSource, 'key' | 'type'>): DefinitionProgress | undefined {
    return this.#steps.progressOf(source)
  }

  /** Resolves when the calls are durable and applied, with those that were not applied. Keeps P2. */
  async ingest({ endpoint, sourceId, body, calls }: IngestRequest): Promise<RejectedCall[]> {
    const outcomes = await this.#writer.submit({
      kind: 'request',
      request: { endpoint, sourceId, body },
      calls: calls.map(({ call }) => ({ call, sourceId })),
    })
    return calls.flatMap(({ index: callIndex }, index) => this.#rejected(callIndex, outcomes[index]!))
  }

  /**
   * Resolves when the command is durable and applied; one that changes definitions, when that is live or takes longer
   * than a moment. Rejects with an EngineError if it is refused.
   * @param by the id of the token that asks for it; undefined for the server's own
   */
  async command(command: SpaceCommand, by?: string): Promise<void> {
    const isChange = command.kind === 'define' || command.kind === 'remove'
    await this.#writer.submit({ kind: 'command', command: isChange ? { ...command, inSteps: true } : command, by })
    if (isChange) await this.#live()
  }

  /** Resolves when the definitions are live that were asked for, or when that takes too long to wait for. */
  async #live(): Promise<void> {
    const { shard, applied$ } = this
    const isLive = (): boolean => shard.definitions === shard.changeover.intended
    if (isLive()) return
    const { timer = setTimer } = this.#options
    await new Promise<void>((resolve) => {
      const following = new Subscription()
      const end = (): void => {
        cancel()
        following.unsubscribe()
        resolve()
      }
      const cancel = timer(end, LIVE_PATIENCE_MS)
      // One that has failed already says so at once.
      following.add(applied$.subscribe({ next: () => isLive() && end(), error: end, complete: end }))
    })
  }

  /** Has the space choose how much it keeps; resolves when that is durable and applied. */
  async choose(chosen: Partial<Retention>, by?: string): Promise<void> {
    await this.command({ kind: 'retain', retention: finite(this.retentionWith(chosen)), chosen }, by)
  }

  /**
   * Lets pages leave memory that nobody needs any more; resolves when they have. Only an entry ends their stay: if it
   * is refused, the input that fills the writer does so.
   */
  async relieve(): Promise<void> {
    const { clock = Date.now } = this.#options
    this.shard.residentPages.lookFurther()
    await this.#tick(clock())
  }

  /** Moves the space's present on to that of the clock, unless input does so; resolves when it has. */
  async catchUp(): Promise<void> {
    const { clock = Date.now } = this.#options
    await this.#tick(clock() - 1)
  }

  /**
   * Makes a checkpoint of this instant, and lets it be read as a backup; no other is made meanwhile. Rejects with an
   * EngineError if there are no checkpoints, and if none can be made.
   */
  async backUp(spaceId: string, reader: (backup: Backup) => Promise<void>): Promise<void> {
    if (!this.#checkpoints) throw new EngineError('unavailable', 'This space keeps no checkpoints')
    await this.catchUp()
    await this.#checkpoints.read(spaceId, reader)
  }

  /** Stores the present as a checkpoint, while input goes on; resolves when that is done, or has failed. */
  async checkpoint(): Promise<void> {
    await this.#checkpoints?.make()
  }

  /**
   * Takes nothing more, and resolves when all that was taken is answered, and stored as a checkpoint.
   * @param isStored false: no checkpoint is made any more
   */
  async stop({ isStored = true } = {}): Promise<void> {
    this.#alarm.disarm()
    this.#steps.stop()
    this.#regulationSteps.stop()
    await this.#writer.stop()
    this.#alarm.disarm()
    if (!isStored) this.#checkpoints?.abandon()
    await this.#checkpoints?.stop()
  }

  #elapsedMs(): number {
    const { elapsedMs = () => performance.now() } = this.#options
    return elapsedMs()
  }

  #openCheckpoints(space: RecoveredSpace): SpaceCheckpoints | undefined {
    const { journal, checkpoints: store, timer = setTimer, checkpointLimits = CHECKPOINT_LIMITS } = this.#options
    return (
      store &&
      new SpaceCheckpoints({
        store,
        space,
        journal,
        limits: checkpointLimits,
        timer,
        onMade: (summary) => this.#options.onCheckpoint?.(summary),
        onFailed: (cause) => this.#options.onCheckpointFailed?.(cause),
        onJournalLost: (cause) => this.#fail(cause),
      })
    )
  }

  /** Brings back from the checkpoint the actors that an entry touches, while the entry is being stored. */
  #prepare(entry: EngineEntry): Promise<void> | undefined {
    const { residentPages } = this.shard
    // The actors that a command looks at must stay, even if nobody has left memory yet.
    if (residentPages.coldPages === 0 && entry.journalled.kind !== 'command') return undefined
    const pages = residentPages.pagesFor(entry)
    return pages.length === 0 ? undefined : this.#checkpoints!.coldPages.loadFor(entry)
  }

  /** Returns how much is kept if a space chooses some of it; the rest is as the server has it for all. */
  retentionWith(chosen: Partial<Retention>): Retention {
    return { ...(this.#options.retention ?? this.shard.retention), ...chosen }
  }

  /** Raises the version of the rules: entries of before keep theirs. */
  async #useNewestRules(): Promise<void> {
    if (this.shard.rulesVersion < RULES_VERSION) await this.command({ kind: 'use rules', version: RULES_VERSION })
  }

  /** Sets how much is kept, by an entry: the engine's configuration is part of its state. */
  async #retain(retention: Retention): Promise<void> {
    const held = this.shard.retention
    const keys = Object.keys(held) as (keyof Retention)[]
    if (keys.every((key) => retention[key] === held[key])) return
    await this.command({ kind: 'retain', retention: finite(retention) })
  }

  /** Answers those who wait for an entry that has been applied, and waits for the next deadline. */
  #answer({ entry: { journalled, waiting }, outcomes, faults }: Commit<EngineEntry>): void {
    for (const { cause } of faults) this.#options.onSetAside?.(cause)
    this.#checkpoints?.applied({ receivedAt: journalled.receivedAt, bytes: bytesOf(journalled) })
    let start = 0
    for (const { part, answer } of waiting) {
      const end = start + (part.kind === 'request' ? part.calls.length : 0)
      answer(outcomes.slice(start, end))
      start = end
    }
    this.#alarm.arm(this.shard.nextDue())
    const isStep = journalled.kind === 'command' && journalled.command.kind === 'proceed'
    this.#steps.applied(isStep ? this.#elapsedMs() - this.#begunAt : undefined)
    this.#regulationSteps.applied()
  }

  /**
   * Submits a tick. A refused one is not missed: the input that filled the writer moves time on, and arms the alarm.
   * Keeps P4.
   */
  async #tick(dueAt: number): Promise<void> {
    await this.#writer.submit({ kind: 'tick', dueAt }).catch(() => undefined)
  }

  #rejected(index: number, outcome: CallOutcome): RejectedCall[] {
    switch (outcome.kind) {
      case 'applied':
      case 'duplicate':
      case 'suppressed':
        return []
      case 'refused':
        return [{ index, code: outcome.error.code, message: outcome.error.message }]
      case 'failed':
        this.#options.onSetAside?.(outcome.cause)
        return [{ index, code: 'internal_error', message: 'The call was set aside through a fault of the server' }]
    }
  }

  #fail(cause: unknown): void {
    this.#alarm.disarm()
    // An entry may be applied in part: such a state must not be stored.
    this.#checkpoints?.abandon()
    this.#writer.fail(cause)
    this.#options.onFailure?.(cause)
    this.#applied.error(cause)
  }
}

/** Resolves with the space as its standby has it; undefined if there is none that fits. */
async function takenOver({ standby, journal, onStandbyLost }: PipelineOptions): Promise<RecoveredSpace | undefined> {
  try {
    return await standby?.takeOver(journal)
  } catch (cause) {
    onStandbyLost?.(cause)
    return undefined
  }
}

/** The journal is JSON, which has no infinity: an infinite bound is left out. */
function finite(retention: Retention): Partial<Retention> {
  return Object.fromEntries(Object.entries(retention).filter(([, bound]) => bound !== Infinity))
}

function summaryOf({ entry: { journalled }, outcomes }: Commit<EngineEntry>): AppliedSummary {
  const isDeletion = journalled.kind === 'command' && journalled.command.kind === 'delete'
  let suppressed = 0
  // Every entry passes here: most have one call.
  for (const { kind } of outcomes) if (kind === 'suppressed') suppressed++
  return { isDeletion, suppressed }
}

function bytesOf(entry: JournalEntry<SpaceCommand>): number {
  return entry.kind === 'requests' ? entry.requests.reduce((sum, { body }) => sum + body.byteLength, 0) : 0
}
