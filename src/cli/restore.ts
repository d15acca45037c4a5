/** `rollcall restore`: makes a space of a backup, with no server running on the data directory. */
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BackupHeader } from '../checkpoints/backup-codec.ts'
import { restoreBackup } from '../checkpoints/restore-backup.ts'
import { resealRecords, unreadableError, withoutSecrets } from '../dispatch/reseal.ts'
import type { Secrets } from '../dispatch/secrets.ts'
import type { DestinationRecord } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import { formatInstant } from '../model/time.ts'
import { PrivateRedis } from '../redis/private-redis.ts'
import { RedisSpaceDirectory } from '../redis/redis-space-directory.ts'
import { removeKeysOf } from '../redis/space-keys.ts'
import { holdDataDirectory } from '../server/data-directory.ts'
import { openSecrets } from '../server/secrets-keys.ts'
import { firstCredentials } from '../server/space-credentials.ts'
import { secretsSettings, type Settings } from '../server/settings.ts'
import { movedSpace } from '../space/moved-space.ts'
import type { SpaceRest } from '../space/recovery.ts'
import { checkBackup } from './backup-file.ts'
import { startProgress } from './progress.ts'

export interface RestoreOptions {
  /** The id of the space; by default that of the space which the backup is of. */
  readonly space?: string
  /** The name of the space, if it is a new one beside the first; by default its id. */
  readonly name?: string
  /** Removes a space that is there first. */
  readonly replace?: true
  /** Takes away secrets of destinations that no key opens. */
  readonly forgetSecrets?: true
}

type RestoreSettings = Pick<
  Settings,
  'DATA_DIR' | 'REDIS_URL' | 'QUEUE_REDIS_URL' | 'SECRETS_KEY' | 'SECRETS_KEY_PREVIOUS' | 'SPACE_ID' | 'JOURNAL_FSYNC'
>

/** The space that is made, and of what. */
interface Restoration extends RestoreOptions {
  readonly spaceId: string
  readonly header: BackupHeader
  readonly secrets: Secrets
}

interface Addresses {
  readonly journal: string
  /** Undefined if there is no queue yet. */
  readonly queue: string | undefined
}

/**
 * Resolves when the space is there, whole, with its secrets sealed by the present key. Rejects with an EngineError if
 * the file is damaged, no key opens its secrets, the space is there and is not to be replaced, or a server runs; then
 * nothing has changed.
 */
export async function restore(
  path: string,
  options: RestoreOptions,
  settings: RestoreSettings,
  write: (line: string) => void,
): Promise<void> {
  const { header, rest } = await checkBackup(path)
  const { space: spaceId = header.spaceId } = options
  if (!/^\w{1,64}$/.test(spaceId))
    throw new EngineError('validation_error', 'space: expected letters, digits and _', 'space')
  const held = await holdDataDirectory(settings.DATA_DIR)
  try {
    const { secrets } = await openSecrets(secretsSettings(settings))
    const { unreadable } = resealRecords(destinationsOf(rest), secrets)
    if (unreadable.length > 0 && !options.forgetSecrets)
      throw unreadableError('the backup', unreadable, 'restore with --forget-secrets')
    const restoration = { ...options, spaceId, header, secrets }
    await withRedis(settings, (addresses) => restoreInto(path, restoration, settings, addresses, write))
    for (const { id, name } of unreadable) write(`${id} ${name} is disabled until its secrets are given again\n`)
  } finally {
    await held.release()
  }
}

async function restoreInto(
  path: string,
  { spaceId, header, secrets, name = spaceId, replace }: Restoration,
  { SPACE_ID }: RestoreSettings,
  { journal, queue }: Addresses,
  write: (line: string) => void,
): Promise<void> {
  if (replace) await removeKeysOf(journal, spaceId)
  // Deliveries of another present have the numbers that those of this one will have.
  if (queue !== undefined && queue !== journal) await removeKeysOf(queue, spaceId)
  const now = Date.now()
  const isFirst = spaceId === SPACE_ID
  const made = spaceId === header.spaceId || isFirst ? undefined : firstCredentials(now)
  const bar = startProgress('restore', header.parts)
  try {
    await restoreBackup<SpaceRest>(createReadStream(path), {
      address: journal,
      spaceId,
      adapt: (rest) => resealed(spaceId === header.spaceId ? rest : movedSpace(rest, made, now), secrets, now),
      onProgress: (done) => bar?.update(done),
    })
  } finally {
    bar?.stop()
  }
  if (!isFirst) await list({ id: spaceId, name, createdAt: now }, journal)
  write(`space ${spaceId} is as space ${header.spaceId} was at ${formatInstant(header.asOf)}\n`)
  if (made) write(`Write key (new): ${made.writeKey}\nAccess token (new): ${made.accessToken}\n`)
  if (spaceId !== header.spaceId) write('Its destinations are disabled until they are enabled\n')
}

function destinationsOf({ deliveries }: SpaceRest): DestinationRecord[] {
  return deliveries?.targets.map(({ record }) => record) ?? []
}

/** Returns the state with all secrets sealed by the present key, but for those that no key opens: they go. */
function resealed(rest: SpaceRest, secrets: Secrets, now: number): SpaceRest {
  const { deliveries } = rest
  if (!deliveries) return rest
  const { changed, unreadable } = resealRecords(destinationsOf(rest), secrets)
  const put = [...changed, ...unreadable.map((record) => withoutSecrets(record, now))]
  const records = new Map(put.map((record) => [record.id, record]))
  const targets = deliveries.targets.map((target) => ({
    ...target,
    record: records.get(target.record.id) ?? target.record,
  }))
  return { ...rest, deliveries: { ...deliveries, targets } }
}

async function list(record: { id: string; name: string; createdAt: number }, address: string): Promise<void> {
  const directory = new RedisSpaceDirectory(address)
  try {
    const known = (await directory.list()).find(({ id }) => id === record.id)
    if (!known || known.isEnding) await directory.put(record)
  } finally {
    directory.close()
  }
}

/** Runs a task on the server's Redis: the one that is named, or the private ones, started for it. */
async function withRedis(settings: RestoreSettings, task: (addresses: Addresses) => Promise<void>): Promise<void> {
  const { DATA_DIR, REDIS_URL, QUEUE_REDIS_URL = REDIS_URL, JOURNAL_FSYNC } = settings
  const started: PrivateRedis[] = []
  const start = async (name: string): Promise<string> => {
    const redis = await PrivateRedis.start({ directory: join(DATA_DIR, name), appendfsync: JOURNAL_FSYNC })
    started.push(redis)
    return redis.address
  }
  try {
    const journal = REDIS_URL ?? (await start('journal'))
    const queue = QUEUE_REDIS_URL ?? (existsSync(join(DATA_DIR, 'queue')) ? await start('queue') : undefined)
    await task({ journal, queue })
  } finally {
    await Promise.all(started.map((redis) => redis.stop()))
  }
}
