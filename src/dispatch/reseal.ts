/**
 * Brings the secrets of destinations to the present key, and finds those that no key opens.
 *
 * Each is a command of the journal. So a process that is killed in between leaves every destination sealed by one key
 * or the other, and whoever comes next goes on.
 */
import { destinationType } from '../../destinations/registry.ts'
import type { DeliveryCommand, DestinationRecord } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { Secrets } from './secrets.ts'

/** The space, as far as it concerns its destinations. */
export interface ResealTarget {
  readonly spaceId: string
  readonly outbox: Pick<SpaceOutbox, 'destinations'>
  /** Resolves when the command is durable and applied. */
  readonly command: (command: DeliveryCommand) => Promise<void>
}

export interface ResealedRecords {
  /** Sealed anew, to be put in the place of those that a previous key has sealed. */
  readonly changed: readonly DestinationRecord[]
  /** Those that no key opens. */
  readonly unreadable: readonly DestinationRecord[]
}

export function resealRecords(records: Iterable<DestinationRecord>, secrets: Secrets): ResealedRecords {
  const changed: DestinationRecord[] = []
  const unreadable: DestinationRecord[] = []
  for (const record of records)
    try {
      const sealed = secrets.reseal(record.sealed, record.id)
      if (sealed !== record.sealed) changed.push({ ...record, sealed })
    } catch {
      unreadable.push(record)
    }
  return { changed, unreadable }
}

/**
 * Seals anew whatever the present key has not sealed; resolves with how many destinations that were. Rejects with an
 * EngineError if there are some that no key opens; then nothing has changed.
 */
export async function resealSpace({ spaceId, outbox, command }: ResealTarget, secrets: Secrets): Promise<number> {
  const { changed, unreadable } = resealRecords(recordsOf(outbox), secrets)
  if (unreadable.length > 0)
    throw unreadableError(`space ${spaceId}`, unreadable, 'let `rollcall secrets forget` take them away')
  for (const destination of changed) await command({ kind: 'put destination', destination })
  return changed.length
}

/** Takes away the secrets that no key opens; resolves with their destinations. @param now epoch ms */
export async function forgetUnreadable(
  { outbox, command }: ResealTarget,
  secrets: Secrets,
  now: number,
): Promise<readonly DestinationRecord[]> {
  const { unreadable } = resealRecords(recordsOf(outbox), secrets)
  for (const record of unreadable) await command({ kind: 'put destination', destination: withoutSecrets(record, now) })
  return unreadable
}

/** Returns a destination without its secrets: it is disabled until they are given again. @param now epoch ms */
export function withoutSecrets(record: DestinationRecord, now: number): DestinationRecord {
  const missing = destinationType(record.type)?.secrets ?? []
  return { ...record, sealed: '', missing, enabled: false, updatedAt: now }
}

/** Returns the refusal of secrets that no key opens. @param remedy names the way out if their key is lost */
export function unreadableError(where: string, unreadable: readonly DestinationRecord[], remedy: string): EngineError {
  const ids = unreadable.map(({ id }) => id).join(', ')
  return new EngineError(
    'validation_error',
    `SECRETS_KEY: no key opens the secrets of ${ids} of ${where}: give the key that sealed them as SECRETS_KEY, or in ` +
      `SECRETS_KEY_PREVIOUS; if it is lost, ${remedy}`,
    'SECRETS_KEY',
  )
}

function recordsOf(outbox: ResealTarget['outbox']): DestinationRecord[] {
  return Array.from(outbox.destinations(), ({ record }) => record)
}
