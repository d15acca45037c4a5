/**
 * The flow of data, as one picture. What changes state goes one way; reads look at the actors.
 *
 *     routers → submit → writer → journal → engine → answers
 *                          ↑                  │├──→ changes$
 *                        alarm ←── nextDue ───┘└──→ checkpoints → journal is trimmed
 *
 * P1. The engine takes up an entry when it is durable, in the journal's order: what was live is what a replay gives.
 * P2. A request is answered when its entry is durable and applied: the next read sees it.
 * P3. A command is checked against the state that it will be applied to, before it is journalled.
 * P4. Time alone acts through ticks: nothing that it caused is seen before its tick is durable.
 */
import { map, mergeMap, type Observable, Subject, tap } from 'rxjs'
import { pack } from 'msgpackr'
import type { Commit } from '../../actors/engine/drive-actors.ts'
import type { Definitions } from '../../actors/compiler/definitions.ts'
import { compilePlans } from '../../actors/compiler/compile.ts'
import { CHUNK_IDS, type DeduplicationLimits } from '../../actors/deduplication/deduplication.ts'
import type { CallOutcome } from '../../actors/engine/applied.ts'
import { PAGE_ACTORS } from '../../actors/memory/pages.ts'
import type { RestLimits } from '../../actors/engine/shard-state.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import type { Registry } from './registry.ts'
import type { SpaceOutbox, LimitsOf, DestinationOutboxState } from '../outbox/space-outbox.ts'
import type { RejectedCall } from '../model/read-request.ts'
import type { IngestRequest } from '../model/read-request.ts'
import { toEngineEntry, type EngineEntry, type Outcomes } from './engine-entry.ts'
import { recover, type RecoveredSpace, type RecoveryProgress, type SpaceRest } from './recovery.ts'
import { type DeliveryCommand, isDeliveryCommand } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import { canonicalId, type ExternalId } from '../model/external-id.ts'
import type { Retention } from '../model/retention.ts'
import type { Transition } from '../model/transition.ts'
import { Alarm } from '../journal/alarm.ts'
import { setTimer, type SetTimer } from '../model/timer.ts'
import type { Journal, JournalEntry } from '../journal/journal.ts'
import { Checkpointer, type CheckpointSource, type CheckpointSummary } from '../checkpoints/checkpointer.ts'
import { CHECKPOINT_LIMITS, type CheckpointLimits, CheckpointSchedule } from '../checkpoints/checkpoint-schedule.ts'
import { ColdPages } from '../checkpoints/cold-pages.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { JournalLostError } from '../journal/journal-lost-error.ts'
import { TraitCatalogue } from '../model/trait-catalogue.ts'
import { applyEntries } from './space.ts'
import { type Committed, Writer, WRITER_LIMITS, type WriterLimits } from '../journal/writer.ts'

export type SpaceJournal = Journal<SpaceCommand>

export interface PipelineOptions {
  readonly journal: SpaceJournal
  /** Epoch ms. */
  readonly clock?: () => number
  readonly timer?: SetTimer
  readonly limits?: Partial<WriterLimits>
  /** How long single events are kept, from now on; undefined: as before. */
  readonly retention?: Retention
  readonly deduplication?: DeduplicationLimits
  /** When users leave memory; by default they stay, as objects. */
  readonly rest?: RestLimits
  /** Of what waits for destinations; by default what `target-limits.ts` has. */
  readonly limitsOf?: LimitsOf
  /** Where checkpoints are kept; without, every start reads the whole journal. */
  readonly checkpoints?: CheckpointStore
  readonly checkpointLimits?: CheckpointLimits
  readonly onCheckpoint?: (summary: CheckpointSummary) => void
  readonly onCheckpointFailed?: (cause: unknown) => void
  /** Told now and then how far the recovery has come. */
  readonly onProgress?: (progress: RecoveryProgress) => void
  /** Told of a checkpoint that cannot be used, before the one before it is tried. */
  readonly onDamaged?: (cause: Error) => void
  /** Told once, with the cause, when the pipeline cannot go on; from then on it refuses everything. */
  readonly onFailure?: (cause: unknown) => void
  /** Told of a call, or a deadline, that was set aside through a fault of ours. */
  readonly onSetAside?: (cause: unknown) => void
}

/** Lines of an outbox in one part of a checkpoint. */
const PART_LINES = 500

export class Pipeline {
  readonly shard: Shard
  readonly registry: Registry
  readonly outbox: SpaceOutbox
  /** Every transition that goes live, in order; ends when the pipeline has stopped. */
  readonly changes$: Observable<Transition>
  /** Emits when an entry has been applied: there may be more to deliver. */
  readonly applied$: Observable<unknown>
  readonly #options: PipelineOptions
  readonly #applied = new Subject<Commit<EngineEntry>>()
  readonly #writer: Writer<SpaceCommand, Outcomes>
  readonly #alarm: Alarm
  readonly #checkpoints: CheckpointSchedule | undefined
  /** Undefined where there are no checkpoints: then nothing leaves memory. */
  #cold: ColdPages | undefined
  /** Of the next entry to be applied. */
  #position: number
  #receivedAt: number
  #catalogue: { readonly definitions?: Definitions; readonly traits: TraitCatalogue } = {
    traits: new TraitCatalogue([]),
  }

  /** Brings the state up to the journal's last entry, then goes live. */
  static async open(options: PipelineOptions): Promise<Pipeline> {
    const { journal, checkpoints, deduplication, rest, limitsOf } = options
    const space = await recover({
      journal,
      checkpoints,
      shard: { ...(deduplication && { deduplication }), ...(rest && { rest }) },
      ...(limitsOf && { limitsOf }),
      onProgress: (progress) => options.onProgress?.(progress),
      onDamaged: (cause) => options.onDamaged?.(cause),
    })
    const pipeline = new Pipeline(options, space)
    await pipeline.#retain(options.retention)
    return pipeline
  }

  private constructor(options: PipelineOptions, space: RecoveredSpace) {
    const { shard, registry, outbox, receivedAt } = space
    this.shard = shard
    this.registry = registry
    this.outbox = outbox
    this.#options = options
    const { journal, clock = Date.now, timer = setTimer } = options
    const limits = { ...WRITER_LIMITS, ...options.limits }
    const check = (command: SpaceCommand) => this.#check(command)
    const prepare = (committed: Committed<SpaceCommand, Outcomes>) => this.#prepare(committed)
    this.#writer = new Writer({ journal, clock, timer, check, prepare, limits, lastReceivedAt: receivedAt })
    this.#position = journal.nextPosition
    this.#receivedAt = receivedAt
    this.#checkpoints = options.checkpoints && this.#schedule(options.checkpoints, space)
    this.#alarm = new Alarm({ clock, timer, ring: (dueAt) => this.#tick(dueAt) })
    this.applied$ = this.#applied.asObservable()
    this.changes$ = this.#applied.pipe(mergeMap(({ transitions }) => transitions))
    this.#writer.committed$
      .pipe(
        map(({ entry, submissions }) => toEngineEntry(entry, this, submissions)),
        applyEntries(space),
        tap((commit) => this.#settle(commit)),
      )
      .subscribe({
        next: (commit) => this.#applied.next(commit),
        error: (cause: unknown) => this.#fail(cause),
        complete: () => this.#applied.complete(),
      })
    this.#alarm.arm(shard.nextDue())
  }

  /** It takes input; false from a stop or a failure on. */
  get isOpen(): boolean {
    return this.#writer.isOpen
  }

  /** Why a request of so many bytes would be refused at present: it need not be read then. */
  refusal(bytes: number): EngineError | undefined {
    return this.#writer.refusal(bytes)
  }

  /** Resolves when the calls are durable and applied, with those that were not applied. Keeps P2. */
  async ingest({ endpoint, sourceId, body, calls }: IngestRequest): Promise<RejectedCall[]> {
    const outcomes = await this.#writer.submit({
      kind: 'request',
      request: { endpoint, sourceId, body },
      calls: calls.map(({ call }) => ({ call, sourceId })),
    })
    return calls.flatMap(({ index }, place) => this.#rejected(index, outcomes[place]!))
  }

  /** Resolves when the command is durable and applied; rejects with an EngineError where it is refused. */
  async command(command: SpaceCommand): Promise<void> {
    await this.#writer.submit({ kind: 'command', command })
  }

  /** A user by any id, or an account by its `group_id`, if it is in memory; else resolves when it is. */
  find(
    collection: 'users' | 'accounts',
    { type, value }: ExternalId,
  ): SpaceActor | undefined | Promise<SpaceActor | undefined> {
    if (collection === 'accounts') return type === 'group_id' ? this.shard.account(value) : undefined
    const page = this.shard.residentPages.pageOf(type, canonicalId(type, value))
    return page === undefined ? this.shard.profile(type, value) : this.#fetch(page, { type, value })
  }

  /** What the definitions of the present make every profile show. */
  catalogue(): TraitCatalogue {
    const { definitions } = this.shard
    if (this.#catalogue.definitions !== definitions) {
      const defined = definitions
        .inputs()
        .map(({ id, source }) => ({ id, source, recordId: this.registry.idOf(source) }))
      this.#catalogue = { definitions, traits: new TraitCatalogue(defined) }
    }
    return this.#catalogue.traits
  }

  /** Takes nothing more, and resolves when all that was taken is answered, and stored as a checkpoint. */
  async stop(): Promise<void> {
    this.#alarm.disarm()
    await this.#writer.stop()
    this.#alarm.disarm()
    await this.#checkpoints?.stop()
  }

  /** Rejects where its page does not come in time. */
  async #fetch(page: number, { type, value }: ExternalId): Promise<SpaceActor | undefined> {
    const { timer = setTimer, limits } = this.#options
    const loaded = this.#cold!.load([page])
    let takeBack: (() => void) | undefined
    const overdue = new Promise<never>((_, refuse) => {
      takeBack = timer(() => refuse(notInMemory()), limits?.patienceMs ?? WRITER_LIMITS.patienceMs)
    })
    try {
      await Promise.race([loaded, overdue])
    } finally {
      takeBack?.()
    }
    return this.find('users', { type, value })
  }

  /** Brings back from the checkpoint whom an entry touches, while it is being stored. */
  #prepare({ entry, submissions }: Committed<SpaceCommand, Outcomes>): Promise<void> | undefined {
    const { residentPages: residency } = this.shard
    // What commands look at must stay, even if nobody has left memory yet.
    if (residency.coldPages === 0 && entry.kind !== 'command') return undefined
    const pages = residency.pagesFor(toEngineEntry(entry, this, submissions))
    return pages.length === 0 ? undefined : this.#cold!.load(pages)
  }

  #schedule(store: CheckpointStore, { manifests, nextCheckpoint, entries }: RecoveredSpace): CheckpointSchedule {
    const { journal, timer = setTimer, checkpointLimits = CHECKPOINT_LIMITS } = this.#options
    const pace = { breathe: immediately, elapsedMs: () => performance.now() }
    const checkpointer = new Checkpointer(store, manifests, pace)
    const { residentPages: residency } = this.shard
    this.#cold = new ColdPages({ store, residency, writerOf: (page) => checkpointer.writerOf(page) })
    const schedule = new CheckpointSchedule({
      checkpointer,
      limits: checkpointLimits,
      timer,
      nextNumber: nextCheckpoint,
      source: () => this.#checkpointSource(),
      ended: (isStored) => this.shard.endCut(isStored),
      trim: (place) => journal.trim(place),
      onMade: (summary) => this.#options.onCheckpoint?.(summary),
      onFailed: (cause) => {
        if (cause instanceof JournalLostError) this.#fail(cause)
        else this.#options.onCheckpointFailed?.(cause)
      },
    })
    if (entries > 0) schedule.applied(0)
    return schedule
  }

  #checkpointSource(): Omit<CheckpointSource, 'pressure'> {
    const rest: SpaceRest = { registry: this.registry.state(), outbox: this.outbox.state() }
    return {
      cut: this.shard.cut(),
      rest,
      position: this.#position,
      place: this.#position === 0 ? '' : this.#options.journal.placeOf(this.#position - 1),
      receivedAt: this.#receivedAt,
      chunkIds: CHUNK_IDS,
      pageActors: PAGE_ACTORS,
      further: this.outbox.outboxes().flatMap(inParts),
    }
  }

  /** The engine's configuration is part of its state: a change is an entry. */
  async #retain(retention = this.shard.retention): Promise<void> {
    const held = this.shard.retention
    const keys = Object.keys(held) as (keyof Retention)[]
    if (keys.every((key) => retention[key] === held[key])) return
    // The journal is JSON, which has no infinity: a bound that there is not is left out.
    const bounds = keys.filter((key) => retention[key] !== Infinity).map((key) => [key, retention[key]] as const)
    await this.command({ kind: 'retain', retention: Object.fromEntries(bounds) })
  }

  /** What follows once an entry is applied: the registry, the answers, the next deadline. */
  #settle({ entry: { journalled, waiting }, outcomes, faults }: Commit<EngineEntry>): void {
    for (const { cause } of faults) this.#options.onSetAside?.(cause)
    this.#receivedAt = journalled.receivedAt
    this.#position++
    this.#checkpoints?.applied(bytesOf(journalled))
    let start = 0
    for (const { part, answer } of waiting) {
      const end = start + (part.kind === 'request' ? part.calls.length : 0)
      answer(outcomes.slice(start, end))
      start = end
    }
    this.#alarm.arm(this.shard.nextDue())
  }

  /** A refused tick is not missed: whatever filled the writer moves time on, and arms the alarm anew. Keeps P4. */
  #tick(dueAt: number): void {
    this.#writer.submit({ kind: 'tick', dueAt }).catch(() => undefined)
  }

  /** Keeps P3. */
  #check(command: SpaceCommand): void {
    if (isDeliveryCommand(command)) this.#checkDelivery(command)
    else this.registry.check(command)
    const { definitions } = this.shard
    if (command.kind === 'define') compilePlans(definitions.with(command.record.source, 0).inputs())
    const engineCommand = this.registry.engineCommand(command)
    if (engineCommand?.kind !== 'remove') return
    compilePlans(definitions.without(engineCommand.key, engineCommand.type).inputs())
  }

  #checkDelivery(command: DeliveryCommand): void {
    this.outbox.check(command)
    if (command.kind === 'connect' && !this.registry.get(command.connection.definitionId))
      throw new EngineError('not_found', 'id: there is no such audience or computed trait', 'id')
  }

  #rejected(index: number, outcome: CallOutcome): RejectedCall[] {
    switch (outcome.kind) {
      case 'applied':
      case 'duplicate':
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
    // An entry may be applied in part: nothing of that is to outlive the process.
    this.#checkpoints?.abandon()
    this.#writer.fail(cause)
    this.#options.onFailure?.(cause)
    this.#applied.error(cause)
  }
}

function notInMemory(): EngineError {
  return new EngineError('unavailable', 'The profile is not in memory, and cannot be fetched; try again later')
}

/** Lines of one outbox, some at a time: a part is encoded in a few milliseconds. */
function inParts({ destinationId, lines }: DestinationOutboxState): (() => Uint8Array)[] {
  const starts = Array.from({ length: Math.ceil(lines.length / PART_LINES) }, (_, part) => part * PART_LINES)
  return starts.map((start) => () => pack({ destinationId, lines: lines.slice(start, start + PART_LINES) }))
}

function bytesOf(entry: JournalEntry<SpaceCommand>): number {
  return entry.kind === 'requests' ? entry.requests.reduce((sum, { body }) => sum + body.byteLength, 0) : 0
}

function immediately(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
