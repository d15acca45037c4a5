/**
 * Backups of a space, one at a time: a checkpoint of this instant, spooled to a file. So checkpoints pause only while
 * the file is written, however slow its reader is. The file is gone when it has been read.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backup, BackupFile } from '../model/backup.ts'
import { EngineError } from '../model/errors.ts'
import type { SetTimer } from '../model/timer.ts'
import { type FileReader, watchReader } from './file-reader.ts'
import { SpoolFile } from './spool-file.ts'

export interface BackupsOptions {
  /** Makes a checkpoint of this instant, and lets it be read as a backup. */
  readonly backUp: (reader: (backup: Backup) => Promise<void>) => Promise<void>
  readonly timer: SetTimer
  /** The most that a file may have. */
  readonly bytesMax: number
  /** The folder for the file, which holds nothing else; undefined: one among the system's temporary ones. */
  readonly directory: string | undefined
}

export class Backups {
  readonly #options: BackupsOptions
  #ending: AbortController | undefined
  /** Resolves when the file is gone. */
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: BackupsOptions) {
    this.#options = options
  }

  /** Removes what a server has left that was killed. */
  async clear(): Promise<void> {
    const { directory } = this.#options
    if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  }

  /**
   * Makes a backup of this instant, and hands it to `send`; the file is gone once that has resolved. Rejects with an
   * EngineError if one is being made already, if it is larger than may be, or if the server stops.
   */
  async make(send: (file: BackupFile) => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#isStopped) throw stopping()
    if (this.#ending) throw new EngineError('rate_limit_error', 'a backup is being made already; try again later')
    const ending = new AbortController()
    this.#ending = ending
    const made = this.#make(send, AbortSignal.any([signal, ending.signal]))
    this.#running = made.catch(() => undefined)
    try {
      await made
    } finally {
      this.#ending = undefined
    }
  }

  /** Cuts a reader off that takes nothing any more, until the returned function is called. */
  watch(reader: FileReader): () => void {
    return watchReader(reader, this.#options.timer)
  }

  /** Ends the one under way, and removes its file. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#ending?.abort(stopping())
    await this.#running
  }

  async #make(send: (file: BackupFile) => Promise<void>, signal: AbortSignal): Promise<void> {
    const directory = await this.#makeDirectory()
    try {
      const file = await this.#spool(directory, signal)
      signal.throwIfAborted()
      await send(file)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }

  async #spool(directory: string, signal: AbortSignal): Promise<BackupFile> {
    const { backUp, bytesMax } = this.#options
    const name = 'backup'
    let size = 0
    const spool = await SpoolFile.create(join(directory, name), (more) => {
      size += more
      if (size > bytesMax)
        throw new EngineError('rate_limit_error', `a backup may take up ${bytesMax} bytes (EXPORTS_DISK_MB)`)
    })
    const file = { directory, name, asOf: 0 }
    try {
      await backUp(async ({ asOf, bytes }) => {
        file.asOf = asOf
        for await (const chunk of bytes) {
          signal.throwIfAborted()
          spool.add(chunk)
          if (spool.isFull) await spool.flush()
        }
        await spool.flush()
      })
    } finally {
      await spool.close()
    }
    return file
  }

  async #makeDirectory(): Promise<string> {
    const { directory } = this.#options
    if (directory === undefined) return mkdtemp(join(tmpdir(), 'rollcall-backup-'))
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return directory
  }
}

function stopping(): EngineError {
  return new EngineError('unavailable', 'The server is stopping')
}
