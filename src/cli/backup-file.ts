/** Files of backups. */
import { createReadStream } from 'node:fs'
import { type BackupHeader, decodeBackup } from '../checkpoints/backup-codec.ts'
import { openData } from '../checkpoints/checkpoint-codec.ts'
import { type CheckpointHead, HEAD } from '../checkpoints/checkpoint-parts.ts'
import { EngineError } from '../model/errors.ts'
import type { SpaceRest } from '../space/recovery.ts'

export interface CheckedBackup {
  readonly header: BackupHeader
  /** The state beside the engine. */
  readonly rest: SpaceRest
}

/** Reads a file through. Throws an EngineError if it is no backup, or is not as it was written. */
export async function checkBackup(path: string): Promise<CheckedBackup> {
  const { header, parts } = await decodeBackup(createReadStream(path))
  let head: Buffer | undefined
  for await (const { writer, name, bytes } of parts)
    if (writer === header.checkpoint && name === HEAD) head = Buffer.from(bytes)
  try {
    const { rest } = (await openData(head, HEAD)) as CheckpointHead<SpaceRest>
    return { header, rest }
  } catch (cause) {
    throw new EngineError('invalid_backup', `backup: ${(cause as Error).message}`)
  }
}
