/** Backups of a space, as a file of this instant. */
import { type Request, type Response, Router } from 'express'
import type { BackupFile } from '../model/backup.ts'
import { formatInstant } from '../model/time.ts'

export interface BackupApi {
  /** Makes a backup and hands it to `send`. Rejects with an EngineError, or with the reason of the signal. */
  make(send: (file: BackupFile) => Promise<void>, signal: AbortSignal): Promise<void>
  /** Cuts a reader off that takes nothing any more, until the returned function is called. */
  watch(reader: { takenBytes: () => number; cut: () => void }): () => void
}

export interface BackupApiOptions {
  readonly backups: BackupApi
}

export function backupRouter({ backups }: BackupApiOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/spaces/:spaceId/backup', async (request: Request<{ spaceId: string }>, response: Response) => {
    const leaving = new AbortController()
    response.on('close', () => leaving.abort())
    try {
      await backups.make((file) => send(file, request.params.spaceId, backups, response), leaving.signal)
    } catch (cause) {
      if (!leaving.signal.aborted) throw cause
    }
  })
  return router
}

/** Resolves when the file is sent, or its reader has left. */
async function send(file: BackupFile, spaceId: string, backups: BackupApi, response: Response): Promise<void> {
  const asOf = formatInstant(file.asOf)
  response.attachment(`${spaceId}-${asOf.replaceAll(':', '-')}.backup`)
  response.set({ 'Content-Type': 'application/octet-stream', 'X-As-Of': asOf })
  // Whoever takes a file may pause for longer than for an answer that waits in memory.
  response.setTimeout(0)
  const { socket } = response
  const done = backups.watch({ takenBytes: () => socket?.bytesWritten ?? 0, cut: () => response.destroy() })
  // A later request would be answered with another backup: there are no ranges of this one.
  const options = { root: file.directory, acceptRanges: false, lastModified: false, cacheControl: false, etag: false }
  const failure = await new Promise<Error | undefined>((resolve) => response.sendFile(file.name, options, resolve))
  done()
  if (failure && !response.destroyed && !response.headersSent) throw failure
}
