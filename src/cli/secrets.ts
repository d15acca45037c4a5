/** `rollcall secrets`: the keys of destinations' secrets, with no server running on the data directory. */
import { join } from 'node:path'
import { forgetUnreadable, type ResealTarget, resealSpace } from '../dispatch/reseal.ts'
import { EngineError } from '../model/errors.ts'
import { PrivateRedis } from '../redis/private-redis.ts'
import { RedisSpaceDirectory } from '../redis/redis-space-directory.ts'
import { holdDataDirectory } from '../server/data-directory.ts'
import { beginRotation, endRotation, openSecrets } from '../server/secrets-keys.ts'
import { pipelineSettings, secretsSettings, type Settings } from '../server/settings.ts'
import { openStores } from '../server/stores.ts'
import { Pipeline } from '../space/pipeline.ts'

type Write = (line: string) => void

/**
 * Puts a new key into the place of the one that a server has made, and seals everything anew. Resolves when nothing
 * needs the former key, and it is removed; one that was killed in between goes on when it is called again. Rejects with
 * an EngineError if the environment gives the key, if a server runs, or if there is something that no key opens.
 */
export async function rotateSecrets(settings: Settings, write: Write): Promise<void> {
  const { DATA_DIR, SECRETS_KEY } = settings
  if (SECRETS_KEY !== undefined)
    throw new EngineError(
      'validation_error',
      'SECRETS_KEY: the environment gives the key: put a new one there, name this one in SECRETS_KEY_PREVIOUS, and ' +
        'start the server',
      'SECRETS_KEY',
    )
  await holding(settings, async () => {
    const { isResumed } = await beginRotation(DATA_DIR)
    write(isResumed ? 'going on with a rotation that had not ended\n' : 'there is a new key, beside the former one\n')
    const { secrets } = await openSecrets(secretsSettings(settings))
    await overSpaces(settings, async (space) => {
      const count = await resealSpace(space, secrets)
      write(`space ${space.spaceId}: ${destinations(count)} sealed anew\n`)
    })
    const former = await endRotation(DATA_DIR)
    write(`the former key is removed; to restore a backup of before, give it in SECRETS_KEY_PREVIOUS: ${former}\n`)
  })
}

/**
 * Takes away the secrets that no key opens, whose key is lost: their destinations are disabled until they are given
 * again. Rejects with an EngineError if a server runs.
 */
export async function forgetSecrets(settings: Settings, write: Write): Promise<void> {
  await holding(settings, async () => {
    const { secrets } = await openSecrets(secretsSettings(settings))
    await overSpaces(settings, async (space) => {
      const forgotten = await forgetUnreadable(space, secrets, Date.now())
      write(`space ${space.spaceId}: the secrets of ${destinations(forgotten.length)} are taken away\n`)
      for (const { id, name } of forgotten) write(`  ${id} ${name}: disabled until they are given again\n`)
    })
  })
}

function destinations(count: number): string {
  return `${count} ${count === 1 ? 'destination' : 'destinations'}`
}

async function holding({ DATA_DIR }: Settings, task: () => Promise<void>): Promise<void> {
  const held = await holdDataDirectory(DATA_DIR)
  try {
    await task()
  } finally {
    await held.release()
  }
}

/** Opens one space after another, as its last server left it. */
async function overSpaces(settings: Settings, task: (space: ResealTarget) => Promise<void>): Promise<void> {
  const { DATA_DIR, REDIS_URL, JOURNAL_FSYNC, SPACE_ID } = settings
  const directory = join(DATA_DIR, 'journal')
  const redis =
    REDIS_URL === undefined ? await PrivateRedis.start({ directory, appendfsync: JOURNAL_FSYNC }) : undefined
  try {
    const address = redis?.address ?? REDIS_URL!
    for (const spaceId of [SPACE_ID, ...(await spacesBeside(SPACE_ID, address))])
      await inSpace(spaceId, address, settings, task)
  } finally {
    await redis?.stop()
  }
}

async function spacesBeside(firstId: string, address: string): Promise<string[]> {
  const directory = new RedisSpaceDirectory(address)
  try {
    const records = await directory.list()
    return records.filter(({ id, isEnding }) => id !== firstId && !isEnding).map(({ id }) => id)
  } finally {
    directory.close()
  }
}

async function inSpace(
  spaceId: string,
  address: string,
  settings: Settings,
  task: (space: ResealTarget) => Promise<void>,
): Promise<void> {
  const stores = await openStores(spaceId, { address, replicas: settings.JOURNAL_REPLICAS })
  const { journal, checkpoints } = stores
  try {
    // A key must not go because nothing that it has sealed is in a Redis that is not the server's.
    if (spaceId === settings.SPACE_ID && journal.nextPosition === 0)
      throw new EngineError(
        'not_found',
        `SPACE_ID: there is nothing of space ${spaceId} in this Redis; expected the environment of the server`,
        'SPACE_ID',
      )
    // Without a retention: nobody is to be forgotten because this environment says less than the server's.
    const { deduplication, memory, residentBytesMax, checkpointLimits } = pipelineSettings(settings)
    const bounds = { deduplication, memory, residentBytesMax, checkpointLimits }
    const pipeline = await Pipeline.open({ ...bounds, journal, checkpoints })
    try {
      await task({ spaceId, outbox: pipeline.outbox, command: (command) => pipeline.command(command) })
    } finally {
      await pipeline.stop()
    }
  } finally {
    await stores.close()
  }
}
