/** Actors that come back from a checkpoint: what follows from their events is computed when it is first needed. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { ProfileActor } from '../../../actors/actor/profile-actor.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import type { ShardState } from '../../../actors/engine/shard-state.ts'
import type { Retention } from '../../../src/model/retention.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { changingScenarios, scenarios } from '../../support/generators/calls.ts'
import { bytesOf } from '../../support/reopened.ts'
import { entriesOf, runShard } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { accountTrait, audience, Space } from '../../support/space.ts'

describe('actors that come back from the pages of a cut', () => {
  it('enter, leave and change as if they had never gone, each at its deadline', () => {
    fc.assert(
      fc.property(fc.oneof(scenarios(), changingScenarios()), fc.nat(), (scenario, at) => {
        const entries = entriesOf(scenario)
        const cutAt = at % entries.length
        let shard = new Shard({ definitions: scenario.definitions })
        const transitions: Transition[] = []
        for (const [index, entry] of entries.entries()) {
          if (index === cutAt) shard = Shard.of(cutOf(shard))
          transitions.push(...shard.apply(entry).transitions)
        }
        expect(JSON.stringify(transitions)).toBe(JSON.stringify(runShard(scenario)))
      }),
      propertyRuns(200),
    )
  })

  it('count each event once for an account whose users become one', () => {
    const space = new Space(accountTrait('seen', "event('Seen').count()"))
    space.call({ type: 'track', userId: 'u1', event: 'Seen' })
    space.call({ type: 'track', anonymousId: 'a1', event: 'Seen' })
    space.call({ type: 'group', userId: 'u1', groupId: 'g1' })
    space.shard = Shard.of(cutOf(space.shard))
    expect(space.call({ type: 'track', userId: 'u1', anonymousId: 'a1', event: 'Other' }, 1000)).toEqual([
      '0h+1000ms group_id:g1 seen 2',
    ])
  })

  it('change the same whether their states are objects or bytes', () => {
    fc.assert(
      fc.property(fc.oneof(scenarios(), changingScenarios()), fc.nat(3), (scenario, liveStatesMax) => {
        expect(JSON.stringify(runShard(scenario, { liveStatesMax }))).toBe(JSON.stringify(runShard(scenario)))
      }),
      propertyRuns(200),
    )
  })

  it('adopt other definitions all or none', () => {
    const space = new Space(audience('often', "event('Seen').count() >= 2"))
    for (let user = 0; user < 300; user++) space.track(`u${user}`, 'Seen')
    const before = bytesOf(space.shard)
    const shard = Shard.of(space.shard.state())
    const descriptor = Object.getOwnPropertyDescriptor(ProfileActor.prototype, 'eventsKnownTo')!
    const eventsKnownTo = descriptor.value as ProfileActor['eventsKnownTo']
    const broken = vi.spyOn(ProfileActor.prototype, 'eventsKnownTo').mockImplementation(function (
      this: ProfileActor,
      index,
    ) {
      if (this.label === 'user_id:u299') throw new Error('poison')
      return eventsKnownTo.call(this, index)
    })
    const once = audience('once', "event('Seen').count() >= 1")
    const define = { kind: 'command', receivedAt: 0, command: { kind: 'define', definition: once } } as const
    expect(() => shard.apply(define)).toThrow('poison')
    broken.mockRestore()
    expect(bytesOf(shard)).toEqual(before)
    expect(shard.apply(define).transitions).toHaveLength(300)
  })
})

describe('actors', () => {
  it('are not stored anew when they were only looked at', () => {
    const shard = spaceOf(200)
    shard.cut()
    shard.endCut(true)
    for (let user = 0; user < 200; user++) expect(shard.profile('user_id', `u${user}`)?.keptEvents()).toHaveLength(1)
    expect(shard.cut().pages.pages).toEqual([])
  })

  it('are stored anew by other definitions only where those make a difference', () => {
    const shard = spaceOf(200)
    shard.cut()
    shard.endCut(true)
    const never = audience('never', "event('Other').count() >= 1")
    shard.apply({ kind: 'command', receivedAt: 0, command: { kind: 'define', definition: never } })
    expect(shard.cut().pages.pages).toEqual([])
  })

  it('take memory for what they are, and give it back when they are no more', () => {
    const before = new Shard({ definitions: [] }).residentPages.bytes
    const shard = spaceOf(1_000)
    expect(shard.residentPages.bytes - before).toBeGreaterThan(1_000 * 100)
    expect(shard.residentPages.bytes - before).toBeLessThan(1_000 * 600)
    const month = 30 * 86_400_000
    const retention = { historyMs: Infinity, eventsMax: Infinity, anonymousMs: month, profilesMax: Infinity }
    const forgetful = spaceOf(1_000, { userId: 'anonymousId', retention })
    forgetful.apply({ kind: 'tick', receivedAt: 2 * month })
    expect([forgetful.profileCount, forgetful.residentPages.bytes]).toEqual([0, before])
  })
})

function spaceOf(
  users: number,
  { userId = 'userId', ...options }: { userId?: string; retention?: Retention } = {},
): Shard {
  const shard = new Shard({ definitions: [audience('often', "event('Seen').count() >= 2")], ...options })
  for (let user = 0; user < users; user++) {
    const body = { type: 'track', event: 'Seen', [userId]: `u${user}` }
    shard.apply({ kind: 'calls', receivedAt: 0, calls: [{ body, sourceId: '' }] })
  }
  return shard
}

function cutOf(shard: Shard): ShardState {
  const { head, pages, fingerprints } = shard.cut()
  const taken: Uint8Array[] = []
  for (let next = pages.take(); next; next = pages.take()) taken.push(next.bytes)
  const known = head.deduplication.hours.reduce((sum, [, count]) => sum + count, 0)
  return { ...head, pages: taken, fingerprints: known > 0 ? [fingerprints(0)] : [] }
}
