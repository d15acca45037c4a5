/** Files of backups. */
import { createReadStream } from 'node:fs'
import { type BackupHeader, decodeBackup } from '../checkpoints/backup-codec.ts'

/** Reads a file through. Throws an EngineError if it is no backup, or is not as it was written. */
export async function checkBackup(path: string): Promise<BackupHeader> {
  const { header, parts } = await decodeBackup(createReadStream(path))
  let step = await parts.next()
  while (!step.done) step = await parts.next()
  return header
}
