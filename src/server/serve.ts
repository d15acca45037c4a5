/** `rollcall serve`: holds the data directory, starts Redis, and runs the server until it is told to end. */
import { once } from 'node:events'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import type { SpaceCommand } from '../model/space-command.ts'
import { EngineError } from '../model/errors.ts'
import { journalKey } from '../redis/keys.ts'
import { PrivateRedis } from '../redis/private-redis.ts'
import { inspectRedis } from '../redis/inspection.ts'
import { RedisCheckpoints } from '../checkpoints/redis-checkpoints.ts'
import { RedisJournal } from '../journal/redis-journal.ts'
import { credentialsOf, holdDataDirectory } from './data-directory.ts'
import { deliverySetup } from './deliveries.ts'
import { showRecovery } from './recovery-progress.ts'
import { deliverySettings, exportSettings, pipelineSettings, readSettings, type Settings } from './settings.ts'
import { type ServerConfig, startServer, type Stores } from './server.ts'

/** At the end, stores that do not answer are waited for so long. */
const STOPPED_WITHIN_MS = 5_000

/** Runs until the process is told to end, or the pipeline cannot go on. */
export async function serve(): Promise<void> {
  const settings = readSettings()
  const log = pino({ level: settings.LOG_LEVEL })
  const ending = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => {
      log.info({ signal: name }, 'stopping')
      ending.abort()
    })
  const held = await holdDataDirectory(settings.DATA_DIR)
  try {
    const credentials = await credentialsFor(settings)
    const redis = settings.REDIS_URL === undefined ? await startRedis(settings, log) : undefined
    try {
      await serveJournal(settings, credentials, redis, { log, ending })
    } catch (error) {
      // It was ended while it was starting, as asked.
      if (error !== ending.signal.reason) throw error
    } finally {
      await redis?.stop()
    }
  } finally {
    await held.release()
  }
}

async function serveJournal(
  settings: Settings,
  credentials: { readonly writeKey: string; readonly accessToken: string },
  redis: PrivateRedis | undefined,
  { log, ending }: { readonly log: Logger; readonly ending: AbortController },
): Promise<void> {
  const address = redis?.address ?? settings.REDIS_URL!
  await checkRedis(address, log)
  const config: ServerConfig = {
    host: settings.HOST,
    port: settings.PORT,
    spaceId: settings.SPACE_ID,
    profileApiRate: settings.PROFILE_API_RATE,
    traitsLimit: settings.TRAITS_LIMIT,
    ...credentials,
    exportsDirectory: join(settings.DATA_DIR, 'exports'),
    exportLimits: exportSettings(settings),
  }
  const { spaceId } = config
  const delivery = await deliverySetup(deliverySettings(settings), log)
  let stores: Stores | undefined
  const open = async (): Promise<Stores> => {
    const onTrouble = redisTrouble(log)
    const options = { address, key: journalKey(spaceId), onTrouble }
    const journal = await RedisJournal.open<SpaceCommand>(options, ending.signal)
    const checkpoints = new RedisCheckpoints({ address, spaceId, epoch: journal.epoch, onTrouble })
    const rewrite = async (): Promise<void> => {
      await Promise.all([redis?.rewrite(), delivery.rewrite()])
    }
    stores = { journal, checkpoints, delivery, rewrite }
    return stores
  }
  const failed = new AbortController()
  const server = await startServer(config, log, open, {
    ...pipelineSettings(settings),
    onProgress: showRecovery(log),
    onFailure: () => {
      failed.abort()
      ending.abort()
    },
  })
  log.info({ url: server.url, space: config.spaceId }, 'ready')
  if (!ending.signal.aborted) await once(ending.signal, 'abort')
  // A journal that cannot be reached would be waited for without end.
  const giveUp = setTimeout(() => void close(stores), STOPPED_WITHIN_MS)
  await server.stop()
  clearTimeout(giveUp)
  await close(stores)
  await delivery.close()
  if (failed.signal.aborted) process.exitCode = 1
}

async function credentialsFor(settings: Settings): Promise<{ writeKey: string; accessToken: string }> {
  const { WRITE_KEY, ACCESS_TOKEN, DATA_DIR, SPACE_ID } = settings
  if (WRITE_KEY !== undefined && ACCESS_TOKEN !== undefined) return { writeKey: WRITE_KEY, accessToken: ACCESS_TOKEN }
  const stored = await credentialsOf(DATA_DIR, SPACE_ID)
  if (stored.isNew && WRITE_KEY === undefined) process.stdout.write(`Write key (new): ${stored.writeKey}\n`)
  if (stored.isNew && ACCESS_TOKEN === undefined) process.stdout.write(`Access token (new): ${stored.accessToken}\n`)
  return { writeKey: WRITE_KEY ?? stored.writeKey, accessToken: ACCESS_TOKEN ?? stored.accessToken }
}

async function startRedis(settings: Settings, log: Logger): Promise<PrivateRedis> {
  if (settings.JOURNAL_FSYNC === 'everysec')
    log.warn('JOURNAL_FSYNC is everysec: calls that were acknowledged in the last seconds are lost if Redis is killed')
  const directory = join(settings.DATA_DIR, 'journal')
  const onDeath = (how: string) => log.error({ how }, 'redis-server exited; restarting')
  return PrivateRedis.start({ directory, appendfsync: settings.JOURNAL_FSYNC, onDeath })
}

/** Warns of unsafe settings. Throws an EngineError for a Redis that cannot hold a journal. */
async function checkRedis(address: string, log: Logger): Promise<void> {
  const { faults, warnings } = await inspectRedis(address).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : 'no answer'
    throw new EngineError('redis_unsuitable', `REDIS_URL: Redis cannot be reached: ${why}`, 'REDIS_URL')
  })
  for (const warning of warnings) log.warn(`REDIS_URL: ${warning}`)
  if (faults.length > 0) throw new EngineError('redis_unsuitable', `REDIS_URL: ${faults.join('; ')}`, 'REDIS_URL')
}

async function close(stores: Stores | undefined): Promise<void> {
  stores?.checkpoints?.close?.()
  await stores?.journal.close()
}

/** Logs once that Redis cannot be reached, and once that it is back. */
function redisTrouble(log: Logger): (cause: unknown) => void {
  let isTroubled = false
  return (cause) => {
    if (cause !== undefined && !isTroubled) log.error({ err: cause }, 'Redis cannot be reached; trying again')
    if (cause === undefined) log.info('Redis can be reached again')
    isTroubled = cause !== undefined
  }
}
