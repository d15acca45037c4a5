/** What the bench fills: the engine, and the naive store beside it. */
import { Shard } from '../../actors/shard.ts'
import { DEFINITIONS } from '../engine/definitions.ts'
import { entryOf } from '../harness/calls.ts'
import { callsOf, EVENTS_PER_PROFILE } from './calls-of.ts'

interface Filled {
  /** Throws unless all is there. */
  readonly check: () => void
}

export function fillEngine(profiles: number): Filled {
  const shard = new Shard({ definitions: DEFINITIONS })
  for (const { text, receivedAt } of callsOf(profiles)) {
    const { outcomes } = shard.apply(entryOf(JSON.parse(text), receivedAt))
    if (outcomes[0]!.kind !== 'applied') throw new Error(`a call was ${outcomes[0]!.kind}`)
  }
  return {
    check() {
      const last = shard.profile('anonymous_id', `anonymous-${profiles - 1}`)
      const kept = last?.keptEvents().length
      if (shard.profileCount !== profiles || kept !== EVENTS_PER_PROFILE || last?.ids.length !== 3)
        throw new Error(`${shard.profileCount} profiles, of which the last keeps ${String(kept)} events`)
    },
  }
}

export function fillObjects(profiles: number): Filled {
  const byUserId = new Map<string, unknown[]>()
  for (const { text } of callsOf(profiles)) {
    const body = JSON.parse(text) as { userId: string }
    const calls = byUserId.get(body.userId)
    if (calls) calls.push(body)
    else byUserId.set(body.userId, [body])
  }
  return {
    check() {
      if (byUserId.size !== profiles) throw new Error(`${byUserId.size} users`)
    },
  }
}
