/** Metadata of a profile: when it was made, and last heard of. */
import { formatInstant } from '../model/time.ts'
import { shownMessageId } from './external-ids.ts'
import type { ShownProfile } from './profile-source.ts'

/** @param expiresAt the instant at which it is forgotten, epoch ms; undefined if it is kept */
export function metadataOf(profile: ShownProfile, expiresAt: number | undefined): string {
  const { firstCall, lastCall } = profile
  const updatedAt = updatedAtOf(profile)
  // Of a profile from before last calls were kept, the one that is found may not be the last.
  const last = lastCall?.receivedAt === updatedAt ? lastCall : undefined
  return JSON.stringify({
    metadata: {
      created_at: shownInstant(firstCall?.receivedAt),
      updated_at: shownInstant(updatedAt),
      expires_at: shownInstant(expiresAt),
      first_message_id: shownMessageId(firstCall),
      first_source_id: firstCall?.sourceId ?? null,
      last_message_id: shownMessageId(last),
      last_source_id: last?.sourceId ?? null,
    },
  })
}

/** Returns the receive time of a profile's last call, epoch ms; undefined if it is not known. */
export function updatedAtOf({ seenAt = 0, lastCall }: ShownProfile): number | undefined {
  return seenAt > 0 ? seenAt : lastCall?.receivedAt
}

export function shownInstant(instant: number | undefined): string | null {
  return instant === undefined ? null : formatInstant(instant)
}
