/** Previews of the server, put together: over its space, in turns of its event loop. */
import { randomInt } from 'node:crypto'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import { callCountOf } from '../calls/calls.ts'
import type { JsonValue } from '../model/json.ts'
import { isSentBy, type Sending, tellsUsers } from '../model/sending.ts'
import type { Connection } from '../outbox/connection.ts'
import type { TriedConnection } from '../space/preview-change.ts'
import { numbersOf } from '../space/space.ts'
import { setTimer, type SetTimer } from '../model/timer.ts'
import { traitValue } from '../profile-api/traits.ts'
import type { Pipeline } from '../space/pipeline.ts'
import { walkContextOf } from './exports.ts'
import { Previews } from '../space/previews.ts'

export function previewsOf(
  pipeline: Pipeline,
  { clock, timer = setTimer }: { readonly clock: () => number; readonly timer: SetTimer | undefined },
): Previews {
  const { shard, registry, reads, outbox } = pipeline
  const numberOf = numbersOf(shard)
  return new Previews({
    timer,
    context: {
      ...walkContextOf(pipeline),
      clock,
      random: (bound) => randomInt(bound),
      numberOf: (id, kind) => {
        const source = registry.find(id, kind)?.source
        return source && numberOf(source.type, source.key)
      },
      connectionsOf: (id) =>
        [...outbox.connections()]
          .filter(({ record, takesChanges }) => record.definitionId === id && takesChanges)
          .map((connection) => triedOf(connection, pipeline)),
      traitOf: (actor, name) => {
        const collection = actor.kind === 'user' ? 'users' : 'accounts'
        return traitValue(actor, collection, reads.catalogue(), name)
      },
    },
  })
}

/** A connection that says what it would send: as the outbox does, but to nobody. */
function triedOf({ record, sendings }: Connection, { shard, outbox }: Pipeline): TriedConnection {
  const present = (): Connection | undefined => outbox.connection(record.id)
  const toUser = (user: SpaceActor, value: JsonValue, by: readonly Sending[]): number => {
    if (user.kind !== 'user') return 0
    const subject = { kind: 'user', ids: user.ids, only: undefined } as const
    return by.reduce((sum, { activationId }) => sum + callCountOf({ subject, value, activationId }, record), 0)
  }
  return {
    destinationId: record.destinationId,
    count: (actor, value) => {
      const by = sendings.filter((sending) => isSentBy(sending, value))
      if (actor.kind === 'user') return { calls: toUser(actor, value, by), told: by.length > 0 ? 1 : 0 }
      let calls = by.filter(({ sends }) => sends.group).length
      let told = calls > 0 ? 1 : 0
      if (!by.some(tellsUsers)) return { calls, told }
      for (const ordinal of actor.userOrdinals)
        shard.reader.see(ordinal, (user) => {
          calls += toUser(user, value, by)
          told++
        })
      return { calls, told }
    },
    isHeld: (told) => {
      const connection = present()
      return connection !== undefined && (connection.hold !== undefined || outbox.isTooMany(told, connection))
    },
  }
}
