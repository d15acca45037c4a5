/** Notes which destinations can delete people, for those that were made before that was noted. */
import { destinationType } from '../../destinations/registry.ts'
import type { ResealTarget } from './reseal.ts'

/** Resolves when it is durable; each destination is a command of the journal, as whom it is told of depends on it. */
export async function noteDeletions({ outbox, command }: Omit<ResealTarget, 'spaceId'>): Promise<void> {
  const unnoted = Array.from(outbox.destinations(), ({ record }) => record).filter(
    ({ type, deletesUsers }) => !deletesUsers && destinationType(type)?.deletesUsers,
  )
  for (const record of unnoted)
    await command({ kind: 'put destination', destination: { ...record, deletesUsers: true } })
}
