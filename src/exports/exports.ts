/**
 * The exports of a space: made, kept for an hour after they were last read, so that a broken download goes on, and
 * removed. All are gone with the process.
 *
 * E1. Files are bounded in number and in bytes. One that was read to its end gives way to a new one; beyond that, a new
 *     one is refused.
 * E2. A reader holds nothing but its file, and none for good: one that takes nothing any more is cut off.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineError } from '../model/errors.ts'
import type { ExportFile, ExportRequest } from '../model/export.ts'
import type { SetTimer } from '../model/timer.ts'
import type { WalkContext } from '../space/actor-walk.ts'
import { DiskSpace } from './disk-space.ts'
import { ExportFiles } from './export-files.ts'
import { ExportWalk } from './export-walk.ts'
import type { TraitReading } from './exported-definition.ts'
import { type FileReader, watchReader } from './file-reader.ts'

export interface ExportLimits {
  /** Exports that are being made. */
  readonly runningMax: number
  /** Exports that there are, those included. */
  readonly filesMax: number
  readonly bytesMax: number
}

/** Enough for some ten million members. */
export const EXPORT_LIMITS: ExportLimits = { runningMax: 2, filesMax: 16, bytesMax: 4 * 1024 ** 3 }

const KEPT_MS = 3_600_000
/** The same for one that has somebody in it who was deleted. */
const OUTDATED_MS = 60_000

export interface ExportContext extends WalkContext {
  /** Resolves when time has done all that it does until now. */
  readonly catchUp: () => Promise<void>
  /** Returns the number of a definition; undefined if it is not there, or not computed. */
  readonly numberOf: (source: ExportRequest['source']) => number | undefined
  /** Returns the traits as the present definitions make them. */
  readonly traits: () => TraitReading
}

export interface ExportsOptions {
  readonly context: ExportContext
  readonly timer: SetTimer
  readonly limits: ExportLimits
  /** The folder for the files, which holds nothing else; undefined: one among the system's temporary ones. */
  readonly directory: string | undefined
}

interface Entry {
  readonly files: ExportFiles
  readonly ending: AbortController
  /** Undefined until it is complete. */
  file: ExportFile | undefined
  /** Resolves with the file. */
  made: Promise<ExportFile> | undefined
  readers: number
  isReadToEnd: boolean
  /** True if somebody was deleted since it was begun. */
  isOutdated: boolean
  cancelExpiry: () => void
}

export class Exports {
  readonly #options: ExportsOptions
  readonly #entries = new Map<string, Entry>()
  readonly #space: DiskSpace
  #directory: Promise<string> | undefined
  #isStopped = false

  constructor(options: ExportsOptions) {
    this.#options = options
    this.#space = new DiskSpace({ bytesMax: options.limits.bytesMax, makeRoom: () => this.#makeRoom() })
  }

  /** Removes the files that a server has left which was killed. */
  async clear(): Promise<void> {
    const { directory } = this.#options
    if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  }

  /**
   * Makes an export of this instant; resolves with its file. Rejects with an EngineError if there are too many, if they
   * take up too much, or if the definition is not computed; with the signal's reason if that ends it. Keeps E1.
   */
  async make(id: string, request: ExportRequest, signal: AbortSignal): Promise<ExportFile> {
    this.#admit()
    const ending = new AbortController()
    const files = new ExportFiles({
      request,
      id,
      take: (bytes) => this.#space.take(bytes),
      giveBack: (bytes) => this.#space.giveBack(bytes),
    })
    const begun = { files, ending, file: undefined, made: undefined, readers: 0, isReadToEnd: false, isOutdated: false }
    const entry: Entry = { ...begun, cancelExpiry: () => undefined }
    this.#entries.set(id, entry)
    entry.made = this.#write(id, request, files, AbortSignal.any([signal, ending.signal]))
    try {
      entry.file = await entry.made
      this.#expireLater(id, entry)
      return entry.file
    } catch (cause) {
      this.#drop(id)
      throw cause
    }
  }

  /** Returns an export that is complete and still there. */
  find(id: string): ExportFile | undefined {
    return this.#entries.get(id)?.file
  }

  /**
   * Keeps the file of an export until the returned function is called, with true if it was read to its end. Keeps E2.
   */
  read(id: string, reader: FileReader): (isToEnd: boolean) => void {
    const entry = this.#entries.get(id)
    if (!entry) return () => undefined
    entry.readers++
    entry.cancelExpiry()
    const cancelWatch = watchReader(reader, this.#options.timer)
    return (isToEnd) => {
      cancelWatch()
      entry.readers--
      entry.isReadToEnd ||= isToEnd
      if (entry.readers === 0) this.#expireLater(id, entry)
    }
  }

  /**
   * Records that somebody was deleted: exports of before are removed, those that are made or read soon after their end.
   */
  outdate(): void {
    for (const [id, entry] of this.#entries) {
      entry.isOutdated = true
      if (entry.file && entry.readers === 0) this.#drop(id)
    }
  }

  /** Ends all, and removes the files. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const made = [...this.#entries.values()].flatMap((entry) => entry.made ?? [])
    for (const { ending } of this.#entries.values()) ending.abort(stopping())
    await Promise.allSettled(made)
    for (const id of [...this.#entries.keys()]) this.#drop(id)
    if (this.#directory) await rm(await this.#directory, { recursive: true, force: true })
  }

  /** Throws an EngineError if no further export can be made now. */
  #admit(): void {
    const { runningMax, filesMax } = this.#options.limits
    if (this.#isStopped) throw stopping()
    const running = [...this.#entries.values()].filter(({ file }) => !file).length
    if (running >= runningMax)
      throw new EngineError('rate_limit_error', `${running} exports are being made already; try again later`)
    if (this.#entries.size >= filesMax && !this.#makeRoom())
      throw new EngineError('rate_limit_error', `${filesMax} exports are kept already; try again later`)
  }

  async #write(id: string, request: ExportRequest, files: ExportFiles, signal: AbortSignal): Promise<ExportFile> {
    const { context } = this.#options
    this.#directory ??= this.#makeDirectory()
    const directory = await this.#directory
    await files.open(directory)
    await context.catchUp()
    signal.throwIfAborted()
    const number = context.numberOf(request.source)
    if (number === undefined) throw notComputed()
    const walk = new ExportWalk({
      ...request,
      number,
      reading: context.traits(),
      context: spooling(context, files),
      signal,
      give: (member) => files.add(member),
    })
    await walk.run()
    await files.finish(signal)
    return { id, request, directory, name: files.name, members: files.members, asOf: walk.asOf }
  }

  async #makeDirectory(): Promise<string> {
    const { directory } = this.#options
    if (directory === undefined) return mkdtemp(join(tmpdir(), 'rollcall-exports-'))
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return directory
  }

  #expireLater(id: string, entry: Entry): void {
    entry.cancelExpiry = this.#options.timer(() => this.#drop(id), entry.isOutdated ? OUTDATED_MS : KEPT_MS)
  }

  /** Removes the oldest export that was read to its end; false if there is none. */
  #makeRoom(): boolean {
    for (const [id, { file, readers, isReadToEnd }] of this.#entries)
      if (file && readers === 0 && isReadToEnd) {
        this.#drop(id)
        return true
      }
    return false
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    entry.cancelExpiry()
    // A file that cannot be removed goes with the folder.
    void entry.files.remove().catch(() => undefined)
  }
}

/** Writes what has gathered whenever the walk waits. */
function spooling(context: ExportContext, files: ExportFiles): WalkContext {
  return {
    ...context,
    load: async (pages) => {
      await files.flush()
      await context.load(pages)
    },
    breathe: async () => {
      await files.flush()
      await context.breathe()
    },
  }
}

function notComputed(): EngineError {
  return new EngineError('not_found', 'id: it is disabled or removed, so that nobody is in it', 'id')
}

function stopping(): EngineError {
  return new EngineError('unavailable', 'The server is stopping')
}
