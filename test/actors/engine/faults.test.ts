/** A deadline that fails: one actor's fault stops neither the clock nor anybody else. */
import { describe, expect, it, vi } from 'vitest'
import { Actor } from '../../../actors/actor/actor.ts'
import { ProfileActor } from '../../../actors/actor/profile-actor.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'

const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const RECENT: DefinitionSource = {
  kind: 'audience',
  key: 'recent',
  type: 'USERS',
  query: "event('Seen').within(1 hour).count() >= 1",
}

function seen(shard: Shard, userId: string, receivedAt: number): void {
  const body = { type: 'track', userId, event: 'Seen' }
  shard.apply({ kind: 'calls', receivedAt, calls: [{ body, sourceId: '' }] })
}

describe('a deadline that fails', () => {
  it('is set aside with its cause, and the others that are due then happen', () => {
    const shard = new Shard({ definitions: [RECENT] })
    for (const user of ['u1', 'u2', 'u3']) seen(shard, user, START)
    const evaluate = Object.getOwnPropertyDescriptor(Actor.prototype, 'evaluate')!.value as (level: number) => void
    const broken = vi.spyOn(ProfileActor.prototype, 'evaluate').mockImplementation(function (
      this: ProfileActor,
      level,
    ) {
      if (this.label === 'user_id:u2') throw new Error('a fault of ours')
      evaluate.call(this, level)
    })
    const { transitions, faults } = shard.apply({ kind: 'tick', receivedAt: START + 2 * HOUR })
    expect(transitions.map(({ profile, type, at }) => [profile, type, at])).toEqual([
      ['user_id:u1', 'exited', START + HOUR],
      ['user_id:u3', 'exited', START + HOUR],
    ])
    expect(faults).toEqual([{ profile: 'user_id:u2', at: START + HOUR, cause: new Error('a fault of ours') }])
    expect(shard.clock).toBe(START + 2 * HOUR)

    broken.mockRestore()
    seen(shard, 'u2', START + 3 * HOUR)
    const later = shard.apply({ kind: 'tick', receivedAt: START + 5 * HOUR })
    expect(later.transitions.map(({ profile, at }) => [profile, at])).toEqual([['user_id:u2', START + 4 * HOUR]])
    expect(later.faults).toEqual([])
  })
})

describe('an entry without an instant', () => {
  it.each([NaN, Infinity, 0.5])('%s is refused before anything changes', (receivedAt) => {
    const shard = new Shard({ definitions: [RECENT] })
    expect(() => shard.apply({ kind: 'tick', receivedAt })).toThrow('receivedAt: expected integer epoch ms')
    expect(shard.clock).toBe(0)
  })
})
