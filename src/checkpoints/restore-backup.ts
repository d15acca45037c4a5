/**
 * Writes a backup into a Redis as the checkpoint of a space that has nothing there yet.
 *
 * B1. The space is there once everything is read and found whole, and not before: index and journal come last, in one
 *     step. What was written of one that fails is removed.
 * B2. Its journal goes on behind the position of the checkpoint: what names positions stays right.
 */
import { encodeEntry } from '../journal/journal-codec.ts'
import { EngineError } from '../model/errors.ts'
import { checkpointIndexKey, checkpointKey, journalKey } from '../redis/keys.ts'
import { connectionFor, type KeyConnection } from '../redis/key-connection.ts'
import { areKeysOf, removeKeysOf } from '../redis/space-keys.ts'
import { type BackupHeader, type BackupPart, decodeBackup } from './backup-codec.ts'
import { CheckpointDamagedError, openData, openPart, sealData } from './checkpoint-codec.ts'
import { type CheckpointHead, HEAD, type Manifest, MANIFEST } from './checkpoint-parts.ts'
import { partCount } from './stored-parts.ts'

export interface RestoreTarget<Rest> {
  /** `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket. */
  readonly address: string
  /** The space that the backup goes into. */
  readonly spaceId: string
  /** Returns the state beside the engine that the space is to have. */
  readonly adapt: (rest: Rest) => Rest
  /** Called after each write. */
  readonly onProgress: (done: number, total: number) => void
}

/** Parts that are written at once take up so much, or one is larger. */
const WRITE_BYTES = 1024 * 1024
/** The owner of the journal that every start takes it over from, and the entry behind the checkpoint. */
const OWNER_ID = '1-0'
const FIRST_ID = '1-1'

/** Resolves when the space is there. Rejects with an EngineError if the file is damaged, or it is there already. */
export async function restoreBackup<Rest>(
  bytes: AsyncIterable<Buffer>,
  { address, spaceId, adapt, onProgress }: RestoreTarget<Rest>,
): Promise<void> {
  const { header, parts } = await decodeBackup(bytes)
  const redis = connectionFor(address, journalKey(spaceId))
  try {
    if (await areKeysOf(address, spaceId))
      throw new EngineError('in_use', `space: ${spaceId} is there already`, 'space')
    try {
      const { head, manifest } = await writeParts(parts, header, { redis, spaceId, onProgress })
      const { shard, rest } = head as CheckpointHead<Rest>
      await commit({ shard, rest: adapt(rest) }, manifest, { redis, spaceId })
    } catch (cause) {
      await removeKeysOf(address, spaceId)
      throw cause instanceof CheckpointDamagedError
        ? new EngineError('invalid_backup', `backup: ${cause.message}`)
        : cause
    }
  } finally {
    redis.disconnect()
  }
}

interface Target {
  readonly redis: KeyConnection
  readonly spaceId: string
}

/** Writes all parts but head and manifest, which it reads. */
async function writeParts(
  parts: AsyncIterable<BackupPart>,
  header: BackupHeader,
  { redis, spaceId, onProgress }: Target & { readonly onProgress: (done: number, total: number) => void },
): Promise<{ readonly head: unknown; readonly manifest: Manifest }> {
  let head: unknown
  let manifest: Manifest | undefined
  let done = 0
  const writing = new PartWriter(redis, spaceId)
  for await (const { writer, name, bytes } of parts) {
    const what = `${name} of ${writer}`
    if (writer === header.checkpoint && name === HEAD) head = await openData(bytes, what)
    else if (writer === header.checkpoint && name === MANIFEST) manifest = (await openData(bytes, what)) as Manifest
    else {
      await openPart(bytes, what)
      await writing.add(writer, name, bytes)
    }
    onProgress(++done, header.parts)
  }
  await writing.flush()
  if (!manifest || head === undefined || partCount(manifest) !== done)
    throw new CheckpointDamagedError('it lacks parts of its checkpoint')
  return { head, manifest }
}

/** Keeps B1 and B2. */
async function commit(head: CheckpointHead<unknown>, manifest: Manifest, { redis, spaceId }: Target): Promise<void> {
  const { number, position, receivedAt } = manifest
  const entry = encodeEntry(position, { kind: 'tick', receivedAt })
  const sealed = { head: await sealData(head), manifest: await sealData({ ...manifest, place: OWNER_ID }) }
  const answers = await redis.ask((at) =>
    at
      .multi()
      .hset(checkpointKey(spaceId, number), HEAD, sealed.head)
      .hset(checkpointKey(spaceId, number), MANIFEST, sealed.manifest)
      .hset(checkpointIndexKey(spaceId), 'newest', number, 'before', '')
      .xadd(journalKey(spaceId), OWNER_ID, 'owner', 'restored')
      .xadd(journalKey(spaceId), FIRST_ID, 'entry', entry)
      .exec(),
  )
  for (const [failure] of answers ?? []) if (failure) throw failure
}

/** Writes parts, some together. */
class PartWriter {
  readonly #redis: KeyConnection
  readonly #spaceId: string
  #writer = 0
  #held: (string | Buffer)[] = []
  #heldBytes = 0

  constructor(redis: KeyConnection, spaceId: string) {
    this.#redis = redis
    this.#spaceId = spaceId
  }

  async add(writer: number, name: string, bytes: Buffer): Promise<void> {
    if (writer !== this.#writer) await this.flush()
    this.#writer = writer
    this.#held.push(name, bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes >= WRITE_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    const [key, held] = [checkpointKey(this.#spaceId, this.#writer), this.#held]
    if (held.length > 0) await this.#redis.ask((redis) => redis.hset(key, ...held))
    this.#held = []
    this.#heldBytes = 0
  }
}
