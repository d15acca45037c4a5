/**
 * The spaces of an installation: each runs by itself. One that fails is opened again, from its journal; the others do
 * not notice.
 *
 * S1. A space is recorded before it takes anything, and until nothing of it is left.
 * S2. Only a journal that another process has taken over ends the server, or in a cluster the space: to go on would be
 *     to fight for it.
 */
import type { Logger } from 'pino'
import type { OpenedSpace } from '../http/access.ts'
import { JournalLostError } from '../journal/journal-lost-error.ts'
import { EngineError } from '../model/errors.ts'
import type { ShownSpace, SpaceAdmin, SpaceDirectory, SpaceRecord } from '../model/space-record.ts'
import { setTimer } from '../model/timer.ts'
import { DEFAULT_SOURCE_ID } from '../space/sources.ts'
import { firstCredentials } from './space-credentials.ts'
import { openSpace, type SpaceServer, type SpaceServerOptions, type Stores } from './space-server.ts'
import type { SpaceEnding } from '../cluster/space-host.ts'
import type { Standby } from '../space/standby.ts'
import type { SpaceSurfaces } from './surfaces.ts'

/** Where the spaces of an installation are kept. */
export interface Installation {
  /** The spaces beside the first. */
  readonly directory: SpaceDirectory
  /** Opens the stores of a space. */
  open(spaceId: string): Promise<Stores>
  /** Removes all that a space had, which must be closed. */
  remove(spaceId: string): Promise<void>
}

export interface SpacesOptions {
  /** The id of the space that the environment names. */
  readonly firstId: string
  /** The write key that the environment gives for it. */
  readonly writeKey: string
  readonly installation: Installation
  readonly log: Logger
  readonly serverOptionsOf: (spaceId: string, log: Logger) => SpaceServerOptions
  readonly surfacesOf: (spaceId: string, server: SpaceServer) => SpaceSurfaces
  /** Called when the journal of a space is another process's. Keeps S2. */
  readonly onLost: (cause: unknown, spaceId: string) => void
  /** True if this process need not know of spaces that it does not have: a cluster does. */
  readonly isNode: boolean
}

export const SPACES_MAX = 100
/** A space that has failed is opened again after so long, ms; after each further failure twice as long. */
const REOPEN_MS = { min: 1_000, max: 30_000 }
/** A space that has run for so long has recovered. */
const STEADY_MS = 60_000

/** A space that runs. */
export interface OpenSpace extends SpaceSurfaces {
  readonly server: SpaceServer
}

interface Kept {
  record: SpaceRecord
  stores: Stores | undefined
  /** Used once. */
  standby: Standby | undefined
  open: OpenSpace | undefined
  openedAt: number
  failures: number
  cancelReopening: () => void
  /** Resolves when the space is being neither opened nor closed. */
  changing: Promise<unknown>
}

export class Spaces implements SpaceAdmin {
  readonly #options: SpacesOptions
  readonly #spaces = new Map<string, Kept>()
  /** Resolve when nothing goes on of spaces that were handed over. */
  readonly #closing = new Set<Promise<void>>()
  #areListed: boolean
  #isStopped = false

  constructor(options: SpacesOptions) {
    this.#options = options
    this.#areListed = options.isNode
  }

  get first(): SpaceServer | undefined {
    return this.open(this.#options.firstId)?.server
  }

  /** True if some space takes requests. */
  get isReady(): boolean {
    return [...this.#spaces.values()].some(({ open }) => open?.server.pipeline.isOpen)
  }

  /** False while there are spaces whose keys and tokens are not known yet. */
  get areAllKnown(): boolean {
    return this.#areListed && [...this.#spaces.values()].every(({ open }) => open !== undefined)
  }

  get size(): number {
    return this.#spaces.size
  }

  /** Returns a space while it runs. */
  open(id: string): OpenSpace | undefined {
    return this.#spaces.get(id)?.open
  }

  /** Returns the options of the pipeline of a space, open or not. */
  pipelineOptionsOf(id: string): SpaceServerOptions['pipeline'] {
    return this.#options.serverOptionsOf(id, this.#options.log).pipeline
  }

  has(id: string): boolean {
    return this.#spaces.has(id)
  }

  /** Returns the epoch of the journal of a space that runs; undefined if it has none. */
  epochOf(id: string): number | undefined {
    const kept = this.#spaces.get(id)
    return kept?.open && kept.stores?.epoch
  }

  /** Yields the spaces that run, as tokens open them. */
  *opened(): Generator<OpenedSpace & { readonly server: SpaceServer }> {
    for (const [id, { open }] of this.#spaces)
      if (open) {
        const { server } = open
        yield { id, server, tokenOf: (digest) => server.pipeline.registry.tokens.of(digest) }
      }
  }

  /** Yields the spaces that run, and those that have failed and are being opened again, which have no server. */
  *runningOrFailed(): Generator<{ readonly id: string; readonly server: SpaceServer | undefined }> {
    for (const [id, { open, failures }] of this.#spaces)
      if (open?.server.pipeline.isOpen) yield { id, server: open.server }
      else if (failures > 0) yield { id, server: undefined }
  }

  list(): ShownSpace[] {
    return Array.from(this.#spaces.values(), shown)
  }

  find(id: string): ShownSpace | undefined {
    const kept = this.#spaces.get(id)
    return kept && shown(kept)
  }

  /** Opens the first space; rejects if it cannot be opened. */
  async openFirst(): Promise<void> {
    const { firstId } = this.#options
    const kept = keptOf({ id: firstId, name: firstId, createdAt: 0 })
    this.#spaces.set(firstId, kept)
    await this.#open(kept)
  }

  /** Opens the others, one after another, and goes on with the removal of those that were being removed. */
  async openOthers(): Promise<void> {
    const records = (await this.#options.installation.directory.list()).filter(({ id }) => !this.#spaces.has(id))
    const others = records.map(keptOf)
    for (const kept of others) this.#spaces.set(kept.record.id, kept)
    this.#areListed = true
    for (const kept of others) {
      if (this.#isStopped) return
      if (kept.record.isEnding) await this.#erase(kept)
      else await this.#openOrRetry(kept)
    }
  }

  /** Keeps S1. */
  async create(record: SpaceRecord): Promise<{ readonly accessToken: string; readonly writeKey: string }> {
    const { installation } = this.#options
    const { id, createdAt } = record
    if (this.#spaces.has(id)) throw new EngineError('in_use', 'id: there is a space of this id', 'id')
    if (this.#spaces.size >= SPACES_MAX)
      throw new EngineError('validation_error', `spaces: expected at most ${SPACES_MAX}; remove one first`)
    const { accessToken, writeKey, token } = firstCredentials(createdAt)
    const kept = keptOf({ ...record, first: { token, writeKey } })
    this.#spaces.set(id, kept)
    try {
      await installation.directory.put(kept.record)
      await this.#open(kept)
    } catch (cause) {
      this.#spaces.delete(id)
      await installation.directory.remove(id)
      throw cause
    }
    return { accessToken, writeKey }
  }

  /**
   * Opens a space that this process may have now; one that was being removed is removed.
   * @param standby has been kept as the space is, so that nothing need be read
   */
  async take(record: SpaceRecord, standby?: Standby): Promise<void> {
    const kept = { ...keptOf(record), standby }
    this.#spaces.set(record.id, kept)
    try {
      if (record.isEnding) await this.#erase(kept)
      else await this.#open(kept)
    } catch (cause) {
      if (this.#spaces.get(record.id) === kept) this.#spaces.delete(record.id)
      await this.#close(kept)
      throw cause
    }
  }

  /** Closes a space; resolves when another process may have it. */
  async letGo(id: string, ending: SpaceEnding): Promise<void> {
    const kept = this.#spaces.get(id)
    if (!kept) return
    this.#spaces.delete(id)
    kept.cancelReopening()
    if (ending === 'dropped') await kept.stores?.close?.().catch(() => undefined)
    // It may be being opened.
    await kept.changing.catch(() => undefined)
    if (ending === 'handed over') await this.#handOver(kept)
    else await this.#close(kept)
  }

  /** Keeps S1. */
  async remove(id: string): Promise<void> {
    const { firstId, installation } = this.#options
    const kept = this.#spaces.get(id)
    if (!kept) throw new EngineError('not_found', 'id: there is no such space', 'id')
    if (id === firstId) throw new EngineError('in_use', 'id: the environment names this space', 'id')
    await installation.directory.put({ ...kept.record, isEnding: true })
    kept.cancelReopening()
    await this.#close(kept)
    await this.#erase(kept)
  }

  /** Ends what readers follow, in all spaces. */
  async dismiss(): Promise<void> {
    await Promise.all(Array.from(this.#spaces.values(), async ({ open }) => open?.server.dismiss()))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(
      Array.from(this.#spaces.values(), async (kept) => {
        kept.cancelReopening()
        await kept.changing.catch(() => undefined)
        await this.#close(kept)
      }),
    )
    await Promise.all(this.#closing)
  }

  async #erase({ record: { id } }: Kept): Promise<void> {
    const { installation } = this.#options
    await installation.remove(id)
    await installation.directory.remove(id)
    this.#spaces.delete(id)
  }

  async #openOrRetry(kept: Kept): Promise<void> {
    try {
      await this.#open(kept)
    } catch (cause) {
      this.#options.log.error({ err: cause, space: kept.record.id }, 'a space cannot be opened; it is tried again')
      this.#failed(kept, cause)
    }
  }

  #open(kept: Kept): Promise<void> {
    const opening = this.#openNow(kept)
    kept.changing = opening
    return opening
  }

  async #openNow(kept: Kept): Promise<void> {
    const { installation, log, firstId, writeKey, serverOptionsOf, surfacesOf } = this.#options
    const { id } = kept.record
    const ofSpace = id === firstId ? log : log.child({ space: id })
    const options = serverOptionsOf(id, ofSpace)
    const { onFailure } = options.pipeline
    kept.stores = await installation.open(id)
    const { standby } = kept
    kept.standby = undefined
    const server = await openSpace(kept.stores, {
      ...options,
      pipeline: {
        ...options.pipeline,
        ...(standby && { standby }),
        onFailure: (cause) => {
          onFailure?.(cause)
          this.#failed(kept, cause)
        },
      },
    })
    if (id === firstId) server.pipeline.registry.sources.give(writeKey)
    await this.#begin(kept, server)
    kept.open = { server, ...surfacesOf(id, server) }
    kept.openedAt = this.#now()
  }

  /** Gives a new space its first token and source, once. */
  async #begin(kept: Kept, { pipeline }: SpaceServer): Promise<void> {
    const { first, ...record } = kept.record
    if (!first) return
    const { token, writeKey } = first
    const { createdAt } = record
    if (!pipeline.registry.tokens.find(token.id)) await pipeline.command({ kind: 'add token', token })
    const source = {
      id: DEFAULT_SOURCE_ID,
      name: 'Default',
      enabled: true,
      writeKeys: [{ key: writeKey, createdAt }],
      createdAt,
    }
    await pipeline.command({ kind: 'put source', source })
    kept.record = record
    await this.#options.installation.directory.put(record)
  }

  /** Opens a space again that has failed. */
  #failed(kept: Kept, cause: unknown): void {
    if (this.#isStopped || this.#spaces.get(kept.record.id) !== kept) return
    if (cause instanceof JournalLostError) {
      this.#options.onLost(cause, kept.record.id)
      return
    }
    const { timer = setTimer } = this.#options.serverOptionsOf(kept.record.id, this.#options.log).pipeline
    kept.failures = this.#now() - kept.openedAt > STEADY_MS ? 0 : kept.failures
    const waitMs = Math.min(REOPEN_MS.max, REOPEN_MS.min * 2 ** kept.failures)
    kept.failures++
    kept.cancelReopening()
    kept.cancelReopening = timer(() => void this.#reopen(kept), waitMs)
  }

  /** Keys and tokens stay known meanwhile. */
  async #reopen(kept: Kept): Promise<void> {
    const { open } = kept
    await this.#close(kept)
    kept.open = open
    if (!this.#isStopped && this.#spaces.get(kept.record.id) === kept) await this.#openOrRetry(kept)
  }

  /** Another process has all of it by the journal: what its workers are doing ends by itself. */
  async #handOver(kept: Kept): Promise<void> {
    const { open, stores } = kept
    const ended = await open?.server.handOver()
    const closing = (async () => {
      await ended?.done.catch(() => undefined)
      await stores?.close?.().catch(() => undefined)
    })()
    this.#closing.add(closing)
    void closing.finally(() => this.#closing.delete(closing))
  }

  async #close(kept: Kept): Promise<void> {
    const { open, stores } = kept
    kept.open = undefined
    kept.stores = undefined
    await open?.server.stop().catch(() => undefined)
    await stores?.close?.().catch(() => undefined)
  }

  #now(): number {
    const { clock = Date.now } = this.#options.serverOptionsOf(this.#options.firstId, this.#options.log).pipeline
    return clock()
  }
}

function keptOf(record: SpaceRecord): Kept {
  return {
    record,
    stores: undefined,
    standby: undefined,
    open: undefined,
    openedAt: -Infinity,
    failures: 0,
    cancelReopening: () => undefined,
    changing: Promise.resolve(),
  }
}

function shown({ record, open }: Kept): ShownSpace {
  return { record, isOpen: open?.server.pipeline.isOpen ?? false }
}
