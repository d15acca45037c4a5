/**
 * The stores of a space in Redis: its journal, which is taken over from whoever had it, and its checkpoints; or both as
 * one reads them who follows the space.
 */
import { RedisCheckpoints } from '../checkpoints/redis-checkpoints.ts'
import { RedisJournal } from '../journal/redis-journal.ts'
import { RedisJournalTail } from '../journal/redis-journal-tail.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import { journalKey } from '../redis/keys.ts'
import type { FollowedStores } from './standbys.ts'

export interface RedisStores {
  readonly journal: RedisJournal<SpaceCommand>
  readonly checkpoints: RedisCheckpoints
  /** May be called more than once. */
  close(): Promise<void>
}

export interface RedisStoresOptions {
  /** `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket. */
  readonly address: string
  /** So many must have what is durable; undefined: none. */
  readonly replicas?: number
  /** Called with the cause when Redis cannot be reached, and with undefined when it can be again. */
  readonly onTrouble?: (cause: unknown) => void
}

/** Waits for Redis as long as `signal` lets it. */
export async function openStores(
  spaceId: string,
  { address, replicas = 0, onTrouble = () => undefined }: RedisStoresOptions,
  signal?: AbortSignal,
): Promise<RedisStores> {
  const common = { address, replicas, onTrouble }
  const journal = await RedisJournal.open<SpaceCommand>({ ...common, key: journalKey(spaceId) }, signal)
  const checkpoints = new RedisCheckpoints({ ...common, spaceId, epoch: journal.epoch })
  const close = async (): Promise<void> => {
    checkpoints.close()
    await journal.close()
  }
  return { journal, checkpoints, close }
}

/** The epoch of nobody: what reads checkpoints alone may not write any. */
const NO_EPOCH = 0

/** Opens the stores of a space that another process has. */
export function followStores(
  spaceId: string,
  { address, openAnswers }: { readonly address: string; readonly openAnswers: FollowedStores['openAnswers'] },
): FollowedStores {
  const tail = new RedisJournalTail<SpaceCommand>({ address, key: journalKey(spaceId) })
  const checkpoints = new RedisCheckpoints({ address, spaceId, epoch: NO_EPOCH })
  const close = (): void => {
    tail.close()
    checkpoints.close()
  }
  return { tail, checkpoints, openAnswers, close }
}
