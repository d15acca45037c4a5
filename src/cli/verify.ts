/** `rollcall verify`: checks the newest checkpoint of a space, with no server running on its data directory. */
import { join } from 'node:path'
import { CheckpointDamagedError, CheckpointVersionError } from '../checkpoints/checkpoint-codec.ts'
import { RedisCheckpoints } from '../checkpoints/redis-checkpoints.ts'
import { PrivateRedis } from '../redis/private-redis.ts'
import { holdDataDirectory } from '../server/data-directory.ts'
import type { Settings } from '../server/settings.ts'
import { verifyNewest } from '../space/checkpoint-verification.ts'
import { EngineError } from '../model/errors.ts'

export interface VerifyOptions {
  /** An id, `user_id:u1`, of somebody to be shown. */
  readonly show?: string
}

type VerifySettings = Pick<Settings, 'DATA_DIR' | 'REDIS_URL' | 'SPACE_ID' | 'JOURNAL_FSYNC'>

/**
 * Resolves with the exit code: 1 if something differs, or the checkpoint cannot be read. Rejects with an EngineError if
 * there is none.
 */
export async function verify(
  options: VerifyOptions,
  settings: VerifySettings,
  write: (line: string) => void,
): Promise<number> {
  if (settings.REDIS_URL !== undefined) return verifyAt(settings.REDIS_URL, settings.SPACE_ID, options, write)
  const held = await holdDataDirectory(settings.DATA_DIR)
  try {
    const directory = join(settings.DATA_DIR, 'journal')
    const redis = await PrivateRedis.start({ directory, appendfsync: settings.JOURNAL_FSYNC })
    try {
      return await verifyAt(redis.address, settings.SPACE_ID, options, write)
    } finally {
      await redis.stop()
    }
  } finally {
    await held.release()
  }
}

async function verifyAt(
  address: string,
  spaceId: string,
  { show }: VerifyOptions,
  write: (line: string) => void,
): Promise<number> {
  // Nothing is written, so the journal may have any owner.
  const checkpoints = new RedisCheckpoints({ address, spaceId, epoch: 0 })
  try {
    const verified = await verifyNewest(checkpoints, {
      show,
      onDifference: ({ profile, of, kept, computed }) =>
        write(`${profile}: ${of}: kept ${JSON.stringify(kept)}, its events make it ${JSON.stringify(computed)}\n`),
      onProgress: () => undefined,
    })
    if (!verified) throw new EngineError('not_found', `space ${spaceId} has no checkpoint yet`)
    const { number, actors, differences, shown } = verified
    for (const line of shown ?? []) write(`${line}\n`)
    if (show !== undefined && !shown) write(`${show} is not there\n`)
    write(`checkpoint ${number}: ${actors} users and accounts, ${differences} differences\n`)
    return differences === 0 ? 0 : 1
  } catch (cause) {
    if (!(cause instanceof CheckpointDamagedError || cause instanceof CheckpointVersionError)) throw cause
    write(`${cause.message}\n`)
    return 1
  } finally {
    checkpoints.close()
  }
}
