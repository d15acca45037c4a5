/** Actors that come back from a checkpoint, with their states or without. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { ProfileActor } from '../../../actors/actor/profile-actor.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import type { Layout } from '../../../actors/compiler/compiled-plans.ts'
import { Histories } from '../../../actors/history/histories.ts'
import type { ShardCut, ShardState } from '../../../actors/engine/shard-state.ts'
import type { Retention } from '../../../src/model/retention.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { everyScenario } from '../../support/generators/calls.ts'
import { bytesOf, restoredFrom, takeParts } from '../../support/reopened.ts'
import { applyEntry, entriesOf, runShard } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { accountTrait, audience, Space } from '../../support/space.ts'

describe('actors that come back from the pages of a cut', () => {
  it('enter, leave and change as if they had never gone, each at its deadline', () => {
    fc.assert(
      fc.property(everyScenario(), fc.nat(), fc.boolean(), (scenario, at, hasStates) => {
        const entries = entriesOf(scenario)
        const cutAt = at % entries.length
        let shard = new Shard({ definitions: scenario.definitions })
        const transitions: Transition[] = []
        for (const [index, entry] of entries.entries()) {
          if (index === cutAt) shard = Shard.of(hasStates ? cutOf(shard) : withoutStates(cutOf(shard)))
          transitions.push(...applyEntry(shard, entry))
        }
        expect(JSON.stringify(transitions)).toBe(JSON.stringify(runShard(scenario)))
      }),
      propertyRuns(60),
    )
  })

  it('go on as they were at the cut, whatever came while it was taken, page by page and in parts', () => {
    fc.assert(
      fc.property(everyScenario(), fc.nat(), fc.nat(), fc.nat(2), (scenario, a, b, pace) => {
        const entries = entriesOf(scenario)
        const [first, second] = [a % entries.length, b % entries.length].sort((x, y) => x - y) as [number, number]
        const shard = new Shard({ definitions: scenario.definitions })
        const stored = new Map<number, Uint8Array[]>()
        let cut: ShardCut | undefined
        const transitions: Transition[] = []
        for (const [index, entry] of entries.entries()) {
          if (index === first) {
            takeParts(shard.cut(), stored)
            shard.endCut(true)
          }
          if (index === second) cut = shard.cut()
          if (cut) takeParts(cut, stored, pace)
          const applied = shard.apply(entry)
          if (index >= second) transitions.push(...applied.transitions)
        }
        takeParts(cut!, stored)
        const restored = restoredFrom(cut!, stored)
        const again = entries.slice(second).flatMap((entry) => [...restored.apply(entry).transitions])
        expect(JSON.stringify(again)).toBe(JSON.stringify(transitions))
      }),
      propertyRuns(80),
    )
  })

  it('have their states: no history is read for what comes next', () => {
    const space = new Space(
      audience('often', "event('Seen').within(1 day).count() >= 3"),
      audience('left', "event('Seen').where(NOT event('Other').within(parent: 1 hour).count() >= 1).count() >= 1"),
      accountTrait('total', "event('Seen').sum(property('n'))"),
    )
    space.group('u1', 'g1')
    for (let count = 0; count < 3; count++) space.track('u1', 'Seen', { n: 2 })
    space.shard = Shard.of(cutOf(space.shard))
    const read = vi.spyOn(Histories.prototype, 'events')
    expect(space.track('u1', 'Seen', { n: 1 })).toEqual(['0h group_id:g1 total 7'])
    expect(space.track('u1', 'Other', {}, 1)).toEqual(['0h+1ms user_id:u1 left exited'])
    expect(read).not.toHaveBeenCalled()
    read.mockRestore()
  })

  it('compute their states anew where these were stored by other layouts', () => {
    const space = new Space(audience('often', "event('Seen').within(1 day).count() >= 3"))
    for (let count = 0; count < 2; count++) space.track('u1', 'Seen')
    space.shard = Shard.of(withoutStates(cutOf(space.shard)))
    expect(space.track('u1', 'Seen')).toEqual(['0h user_id:u1 often entered'])
    expect(space.shard.cut().pages.pages).toEqual([{ page: 0, count: 1, isOld: true }])
  })

  it('are refused by name if they have a field that nobody here knows', () => {
    const space = new Space()
    space.track('u1', 'Seen')
    const cut = cutOf(space.shard)
    const [page] = cut.pages
    const later = Buffer.from(page!)
    later[later.length - 5] = 9
    expect(() => Shard.of({ ...cut, pages: [later] })).toThrow('actor 0 has a field 9')
  })

  it('count each event once for an account whose users become one', () => {
    const space = new Space(accountTrait('seen', "event('Seen').count()"))
    space.call({ type: 'track', userId: 'u1', event: 'Seen' })
    space.call({ type: 'track', anonymousId: 'a1', event: 'Seen' })
    space.call({ type: 'group', userId: 'u1', groupId: 'g1' })
    space.shard = Shard.of(withoutStates(cutOf(space.shard)))
    expect(space.call({ type: 'track', userId: 'u1', anonymousId: 'a1', event: 'Other' }, 1000)).toEqual([
      '0h+1000ms group_id:g1 seen 2',
    ])
  })

  it('change the same whether their states are objects or bytes', () => {
    fc.assert(
      fc.property(everyScenario(), fc.nat(3), (scenario, liveStatesMax) => {
        expect(JSON.stringify(runShard(scenario, { liveStatesMax }))).toBe(JSON.stringify(runShard(scenario)))
      }),
      propertyRuns(60),
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

/** The state as it is to a program that lays states out otherwise. */
function withoutStates(state: ShardState): ShardState {
  const { user, account, ...layouts } = state.layouts!
  const other = ({ numbers: { next } }: Layout): Layout => ({ numbers: { numbers: [], next }, groups: [] })
  return { ...state, layouts: { ...layouts, user: other(user), account: other(account) } }
}

function cutOf(shard: Shard): ShardState {
  const { head, pages, fingerprints } = shard.cut()
  const taken: Uint8Array[] = []
  for (let next = pages.take(() => true); next; next = pages.take(() => true)) taken.push(next.bytes)
  const known = head.deduplication.hours.reduce((sum, [, count]) => sum + count, 0)
  return { ...head, pages: taken, fingerprints: known > 0 ? [fingerprints(0)] : [] }
}
