/**
 * Recovers a space: from the newest checkpoint that can be read, then from the journal after it.
 *
 * R1. A checkpoint is used whole or not at all; if it is damaged, the one before is used, and if none is left, the
 *     whole journal, if that is there from its first entry.
 * R2. No entry is missing, between the checkpoint and the journal, or within it: otherwise there is no recovery.
 */
import { unpack } from 'msgpackr'
import { Shard } from '../../actors/engine/shard.ts'
import type { ShardOptions } from '../../actors/engine/shard-state.ts'
import { Registry, type RegistryState } from './registry.ts'
import { FIRST_RULES_VERSION } from '../model/rules.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import { SpaceOutbox, type SpaceOutboxState, type DestinationOutboxState } from '../outbox/space-outbox.ts'
import type { LimitsOf } from '../outbox/outbox-directory.ts'
import { limitsOf } from './destination-limits.ts'
import { CheckpointDamagedError } from '../checkpoints/checkpoint-codec.ts'
import type { Manifest } from '../checkpoints/checkpoint-parts.ts'
import { readChunks, readFurther, readHead, readManifest, readPages } from '../checkpoints/checkpoint-reader.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import type { Journal } from '../journal/journal.ts'
import { AuditLog, type AuditLogState } from './audit-log.ts'
import { AudienceSizes, type AudienceSizesState } from './audience-sizes.ts'
import { ObservedNames, type ObservedNamesState } from './observed-names.ts'
import { RecentTransitions, type RecentTransitionsState } from './recent-transitions.ts'
import { EntryReplay } from './entry-replay.ts'
import { countedSpaceOf, observerOf, type Space, viewOf } from './space.ts'

/** The state of a space beside its engine. */
export interface SpaceRest {
  readonly registry: RegistryState
  /** Absent in checkpoints that are older than deliveries. */
  readonly deliveries?: SpaceOutboxState
  /** Absent in checkpoints that are older than the live feed. */
  readonly recent?: RecentTransitionsState
  /** Absent in checkpoints that are older than sizes over time. */
  readonly sizes?: AudienceSizesState
  /** Absent in checkpoints that are older than observed names. */
  readonly observed?: ObservedNamesState
  /** Absent in checkpoints that are older than the audit log. */
  readonly audit?: AuditLogState
}

export interface RecoveryOptions {
  readonly journal: Journal<SpaceCommand>
  readonly checkpoints: CheckpointStore | undefined
  readonly shard: ShardOptions
  /** Returns how much may wait for a destination. */
  readonly limitsOf?: LimitsOf
  readonly onProgress: (progress: RecoveryProgress) => void
  /** Called for a checkpoint that is damaged, before another is tried. */
  readonly onDamaged: (cause: CheckpointDamagedError) => void
}

/** The progress of one kind of work; `total` is 0 if it is not known. */
export interface RecoveryProgress {
  readonly kind: 'pages' | 'entries'
  readonly done: number
  readonly total: number
}

export interface RecoveredSpace extends Space {
  /** Receive time of the last entry, epoch ms. */
  readonly receivedAt: number
  /** The checkpoints that are kept, the one that was read first. */
  readonly manifests: readonly Manifest[]
  readonly nextCheckpoint: number
  /** Entries of the journal after the checkpoint. */
  readonly entries: number
}

/** Pages, or entries, from one report to the next. */
export const PROGRESS_STEP = 1_000

/** A space as a checkpoint has it. */
interface Start extends Space {
  readonly receivedAt: number
  readonly manifests: readonly Manifest[]
}

export async function recover(options: RecoveryOptions): Promise<RecoveredSpace> {
  const numbers = (await options.checkpoints?.committed()) ?? []
  const start = await newestReadable(numbers, options)
  const nextCheckpoint = Math.max(0, ...numbers) + 1
  const { receivedAt, entries } = await replayTail(start, options)
  return { ...start, receivedAt, entries, nextCheckpoint }
}

/**
 * Reads a space from the newest checkpoint that can be read, or begins it anew; rejects if none can be. Keeps R1.
 * @param numbers the checkpoints that there are, the newest first
 */
export async function newestReadable(
  numbers: readonly number[],
  options: Omit<RecoveryOptions, 'journal'>,
): Promise<Start> {
  for (const [index, number] of numbers.entries())
    try {
      return await readCheckpoint(options.checkpoints!, numbers.slice(index), options)
    } catch (cause) {
      if (!(cause instanceof CheckpointDamagedError)) throw cause
      options.onDamaged(new CheckpointDamagedError(`checkpoint ${number} cannot be used: ${cause.message}`, { cause }))
    }
  const outbox = new SpaceOutbox(options.limitsOf ?? limitsOf)
  const [recent, sizes, observed] = [new RecentTransitions(), new AudienceSizes(), new ObservedNames()]
  const observer = observerOf({ outbox, recent, sizes, observed })
  const shard = new Shard({ ...options.shard, rules: FIRST_RULES_VERSION, observer })
  outbox.attach(viewOf(shard))
  sizes.attach(countedSpaceOf(shard))
  const registry = new Registry()
  outbox.quieten((id) => registry.sources.isQuiet(id))
  return {
    shard,
    registry,
    outbox,
    recent,
    sizes,
    observed,
    audit: new AuditLog(),
    receivedAt: 0,
    manifests: [],
  }
}

/** Reads a space as a checkpoint has it. @param numbers the checkpoint, and those before it */
export async function readCheckpoint(
  store: CheckpointStore,
  [number, ...older]: readonly number[],
  {
    shard: shardOptions,
    limitsOf: limits = limitsOf,
    onProgress,
  }: Pick<RecoveryOptions, 'shard' | 'limitsOf' | 'onProgress'>,
): Promise<Start> {
  const manifest = await readManifest(store, number!)
  const { shard: head, rest } = await readHead<SpaceRest>(store, manifest)
  const outbox = rest.deliveries ? SpaceOutbox.of(rest.deliveries, limits) : new SpaceOutbox(limits)
  for await (const part of readFurther(store, manifest)) outbox.restore(unpack(part) as DestinationOutboxState)
  const recent = RecentTransitions.of(rest.recent, manifest.position)
  const sizes = AudienceSizes.of(rest.sizes)
  const observed = ObservedNames.of(rest.observed)
  const observer = observerOf({ outbox, recent, sizes, observed })
  const restoring = Shard.restoring(head, { ...shardOptions, observer })
  for await (const chunk of readChunks(store, manifest)) restoring.addFingerprints(chunk)
  let pages = 0
  for await (const page of readPages(store, manifest)) {
    restoring.addPage(page)
    if (++pages % PROGRESS_STEP === 0) onProgress({ kind: 'pages', done: pages, total: manifest.pages.length })
  }
  const before = await Promise.all(older.map((one) => readManifest(store, one).catch(() => undefined)))
  const manifests = [manifest, ...before.filter((one) => one !== undefined)]
  const shard = restoring.finish()
  outbox.attach(viewOf(shard))
  sizes.attach(countedSpaceOf(shard))
  if (!rest.sizes) sizes.definitionsChanged(manifest.receivedAt)
  const registry = Registry.of(rest.registry)
  outbox.quieten((id) => registry.sources.isQuiet(id))
  const { receivedAt } = manifest
  const audit = AuditLog.of(rest.audit)
  return { shard, registry, outbox, recent, sizes, observed, audit, receivedAt, manifests }
}

/** Keeps R2. */
async function replayTail(
  { receivedAt, manifests, ...space }: Start,
  { journal, checkpoints, onProgress }: RecoveryOptions,
): Promise<Pick<RecoveredSpace, 'receivedAt' | 'entries'>> {
  const manifest = manifests[0]
  const first = manifest?.position ?? 0
  if (journal.nextPosition < first)
    throw new Error(
      `journal: it ends before entry ${journal.nextPosition}, and the checkpoint holds all before ${first}: ` +
        'entries that were durable have been lost',
    )
  const total = journal.nextPosition - first
  const options = { space, position: first, receivedAt, checkpoints, manifest: () => manifest }
  const replay = new EntryReplay(options)
  for await (const record of journal.read(first, manifest?.place)) {
    await replay.apply(record)
    const done = replay.position - first
    if (done % PROGRESS_STEP === 0) onProgress({ kind: 'entries', done, total })
  }
  if (replay.position < journal.nextPosition) throw new Error(`journal: entry ${replay.position} is missing`)
  return { receivedAt: replay.receivedAt, entries: replay.position - first }
}
