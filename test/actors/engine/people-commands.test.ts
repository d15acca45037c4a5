/** Users that are deleted, ids that are suppressed, links that are taken back (docs/semantics.md, 7). */
import { describe, expect, it, vi } from 'vitest'
import { AccountActor } from '../../../actors/actor/account-actor.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import { PAGE_ACTORS } from '../../../actors/records/pages.ts'
import type { ExternalId } from '../../../src/model/external-id.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { reopened } from '../../support/reopened.ts'
import { accountAudience, accountTrait, audience, computedTrait, DAY, HOUR, Space } from '../../support/space.ts'

const BUYERS = audience('buyers', "event('Bought').count() >= 1", { includeAnonymousUsers: true })
const COUNT = computedTrait('bought', "event('Bought').count()")
const RECENT = audience('recent', "event('Bought').within(1 day).count() >= 1")
const TEAM = accountAudience('team', "ANY event('Bought').count() >= 1")

function user(value: string): ExternalId {
  return { type: 'user_id', value }
}

function anonymous(value: string): ExternalId {
  return { type: 'anonymous_id', value }
}

describe('a user that is deleted', () => {
  it('leaves what it was in, and is not there any more', () => {
    const space = new Space(BUYERS, COUNT)
    space.track('u1', 'Bought')
    space.track('u2', 'Bought')
    expect(space.command({ kind: 'delete', profile: user('u1') }, HOUR)).toEqual([
      '1h user_id:u1 buyers exited',
      '1h user_id:u1 bought null',
    ])
    expect(space.shard.profile('user_id', 'u1')).toBeUndefined()
    expect(space.shard.profileCount).toBe(1)
    expect(space.until(2 * DAY)).toEqual([])
  })

  it('is another one when its id comes again, whose transitions count from one', () => {
    const space = new Space(BUYERS, COUNT)
    space.track('u1', 'Bought')
    const before = space.shard.profile('user_id', 'u1')!.ordinal
    space.command({ kind: 'delete', profile: user('u1') })
    expect(space.track('u1', 'Viewed')).toEqual([])
    const profile = space.shard.profile('user_id', 'u1')!
    expect(profile.ordinal).toBeGreaterThan(before)
    expect(space.track('u1', 'Bought')).toEqual(['0h user_id:u1 buyers entered', '0h user_id:u1 bought 1'])
    expect(profile.defined.get(0)?.sequence).toBe(1)
  })

  it('goes with the ids of all whom it has taken over, whichever of them it is named by', () => {
    const space = new Space()
    space.call({ type: 'track', event: 'Viewed', anonymousId: 'a1' })
    space.track('u1', 'Viewed')
    space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1', traits: { email: 'Ann@x.io' } })
    space.command({ kind: 'delete', profile: { type: 'email', value: 'ANN@x.io ' } })
    for (const { type, value } of [user('u1'), anonymous('a1'), { type: 'email', value: 'ann@x.io' }])
      expect(space.shard.profile(type, value)).toBeUndefined()
    expect(space.shard.ordinalOf('', '1')).toBe(-1)
  })

  it('does not count for its accounts any more, which stay', () => {
    const space = new Space(TEAM, accountTrait('spent', "event('Bought').sum(property('price'))"))
    space.group('u1', 'g1', { tier: 'gold' })
    space.group('u2', 'g1')
    space.track('u1', 'Bought', { price: 5 })
    space.track('u2', 'Bought', { price: 3 })
    expect(space.command({ kind: 'delete', profile: user('u1') }, HOUR)).toEqual(['1h group_id:g1 spent 3'])
    expect(space.command({ kind: 'delete', profile: user('u2') }, HOUR)).toEqual([
      '1h group_id:g1 team exited',
      '1h group_id:g1 spent null',
    ])
    expect(space.shard.account('g1')!.traits.values).toEqual({ tier: 'gold' })
    expect(space.shard.account('g1')!.userCount).toBe(0)
  })

  it('may take its ids with it: calls of theirs are dropped, until they are taken again', () => {
    const space = new Space(BUYERS)
    space.call({ type: 'track', event: 'Viewed', userId: 'u1', anonymousId: 'a1' })
    space.command({ kind: 'delete', profile: anonymous('a1'), suppress: true })
    expect(space.track('u1', 'Bought')).toEqual([])
    expect(space.lastOutcome).toEqual({ kind: 'suppressed' })
    expect(space.call({ type: 'track', event: 'Bought', userId: 'u2', anonymousId: 'a1' })).toEqual([
      '0h user_id:u2 buyers entered',
    ])
    expect(space.shard.profile('anonymous_id', 'a1')).toBeUndefined()
    space.command({ kind: 'unsuppress', ids: [user('u1')] })
    expect(space.track('u1', 'Bought')).toEqual(['0h user_id:u1 buyers entered'])
    expect(space.shard.suppressions.list(10)).toEqual([anonymous('a1')])
  })

  it('is as it settled last: what is due for it at that instant does not happen', () => {
    const space = new Space(RECENT, audience('idle', "NOT event('Bought').within(1 day).count() >= 1"))
    space.track('u1', 'Bought')
    space.track('u2', 'Bought')
    expect(space.command({ kind: 'delete', profile: user('u1') }, DAY)).toEqual([
      '24h user_id:u1 recent exited',
      '24h user_id:u2 recent exited',
      '24h user_id:u2 idle entered',
    ])
    expect(space.shard.profile('user_id', 'u2')!.past.map(({ cause }) => cause)).toEqual(['call', 'time', 'time'])
  })

  it('is why its account changes', () => {
    const space = new Space(TEAM)
    space.group('u1', 'g1')
    space.track('u1', 'Bought')
    space.command({ kind: 'delete', profile: user('u1') })
    expect(space.shard.account('g1')!.past.map(({ cause }) => cause)).toEqual(['call', 'deletion'])
  })

  it('is not held up by somebody else who is due then and fails', () => {
    const space = new Space(TEAM, BUYERS, accountAudience('recently', "event('Bought').within(1 day).count() >= 1"))
    space.group('u1', 'g1')
    space.track('u1', 'Bought')
    space.track('u2', 'Bought')
    const advance = vi.spyOn(AccountActor.prototype, 'advance').mockImplementation(() => {
      throw new Error('injected')
    })
    const command = { kind: 'delete', profile: user('u2') } as const
    const { transitions, faults } = space.apply({ kind: 'command', receivedAt: space.shard.clock + DAY, command })
    advance.mockRestore()
    expect(transitions.map(({ profile, key, type }: Transition) => `${profile} ${key} ${type}`)).toEqual([
      'user_id:u2 buyers exited',
    ])
    expect(faults).toMatchObject([{ profile: 'group_id:g1' }])
  })

  it('lets its page, and those of its accounts and of whom it took over, be stored anew, all of each', () => {
    const space = new Space()
    const wholePages = (): number[] => {
      const { pages } = space.shard.cut().pages
      space.shard.endCut(true)
      return pages.filter(({ isOld }) => isOld).map(({ page }) => page)
    }
    space.call({ type: 'track', event: 'Viewed', anonymousId: 'a1' })
    for (let index = 0; index < PAGE_ACTORS; index++) space.track(`other${index}`, 'Viewed')
    space.track('u1', 'Viewed')
    for (let index = 0; index < PAGE_ACTORS; index++) space.track(`another${index}`, 'Viewed')
    space.group('u1', 'g1')
    space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' })
    expect(wholePages()).toEqual([])
    space.track('u1', 'Viewed')
    space.shard.cut()
    space.command({ kind: 'delete', profile: user('u1') })
    // The open cut does not have it yet.
    space.shard.endCut(true)
    expect(wholePages()).toEqual([0, 1, 2])
    expect(wholePages()).toEqual([])
  })

  it('that is not there is refused, and so is an unknown link; the clock stays', () => {
    const space = new Space()
    space.group('u1', 'g1')
    space.group('u2', 'g2')
    for (const [command, field] of [
      [{ kind: 'delete', profile: user('u9') }, 'profile'],
      [{ kind: 'unlink', profile: user('u9'), account: 'g1' }, 'profile'],
      [{ kind: 'unlink', profile: user('u1'), account: 'g9' }, 'account'],
      [{ kind: 'unlink', profile: user('u1'), account: 'g2' }, 'account'],
    ] as const) {
      expect(() => space.command(command, HOUR)).toThrow(expect.objectContaining({ code: 'not_found', field }))
      expect(space.now).toBe(0)
    }
  })

  it('may have been forgotten just before', () => {
    const space = new Space(BUYERS)
    space.apply({
      kind: 'command',
      receivedAt: space.shard.clock,
      command: { kind: 'retain', retention: { anonymousMs: HOUR } },
    })
    space.call({ type: 'track', event: 'Bought', anonymousId: 'a1' })
    const command = { kind: 'delete', profile: anonymous('a1'), suppress: true } as const
    const { transitions } = space.apply({ kind: 'command', receivedAt: space.shard.clock + 2 * HOUR, command })
    expect(transitions.map(({ type, at }) => [type, at - space.shard.clock])).toEqual([['exited', -HOUR]])
    expect(space.shard.suppressions.size).toBe(0)
  })
})

describe('suppressed ids', () => {
  it('are kept with the state, in order, however many', () => {
    const space = new Space()
    const ids = Array.from({ length: 3_000 }, (_, index) => user(`u${index}`))
    space.command({ kind: 'suppress', ids: [...ids, { type: 'a:b', value: ':c' }, user('u0')] })
    space.command({ kind: 'unsuppress', ids: [user('u1'), user('u9999')] })
    const { suppressions } = reopened(space.shard)
    const kept = ids.filter(({ value }) => value !== 'u1')
    expect(suppressions.list(10_000)).toEqual([...kept, { type: 'a:b', value: ':c' }])
    expect(suppressions.list(2, user('u1500'))).toEqual([user('u1501'), user('u1502')])
    expect(suppressions.list(2, { type: 'a:b', value: ':c' })).toEqual([])
    expect(suppressions.size).toBe(3_000)
  })

  it('use the messageId of a call that is dropped', () => {
    const space = new Space(BUYERS)
    const call = { type: 'track', event: 'Bought', userId: 'u1', messageId: 'm1' }
    space.command({ kind: 'suppress', ids: [user('u1')] })
    space.call(call)
    space.command({ kind: 'unsuppress', ids: [user('u1')] })
    expect(space.call(call)).toEqual([])
    expect(space.lastOutcome).toEqual({ kind: 'duplicate' })
  })

  it('are emails in any spelling', () => {
    const space = new Space()
    space.command({ kind: 'suppress', ids: [{ type: 'email', value: ' Ann@X.io' }] })
    space.call({ type: 'identify', anonymousId: 'a1', traits: { email: 'ann@x.io' } })
    expect(space.lastOutcome).toEqual({ kind: 'suppressed' })
    expect(space.shard.profileCount).toBe(0)
  })
})

describe('a link that is taken back', () => {
  it('is as if it had never been, for the user too', () => {
    const space = new Space(TEAM, audience('mates', "trait('team') = true"))
    space.group('u1', 'g1')
    space.group('u2', 'g1')
    space.track('u1', 'Bought')
    expect(space.command({ kind: 'unlink', profile: user('u1'), account: 'g1' }, HOUR)).toEqual([
      '1h group_id:g1 team exited',
      '1h user_id:u1 mates exited',
      '1h user_id:u2 mates exited',
    ])
    expect(space.shard.profile('user_id', 'u1')!.accountCount).toBe(0)
    expect(space.group('u1', 'g1', {}, 2 * HOUR)).toEqual([
      '2h group_id:g1 team entered',
      '2h user_id:u1 mates entered',
      '2h user_id:u2 mates entered',
    ])
  })

  it('lets a user who is anonymous be forgotten in its time', () => {
    const shard = new Shard({ definitions: [BUYERS], retention: { ...new Shard().retention, anonymousMs: DAY } })
    const call = { type: 'group', anonymousId: 'a1', groupId: 'g1' }
    shard.apply({ kind: 'calls', receivedAt: 0, calls: [{ body: call, sourceId: 'web' }] })
    expect(shard.nextDue()).toBe(Infinity)
    shard.apply({
      kind: 'command',
      receivedAt: 1,
      command: { kind: 'unlink', profile: anonymous('a1'), account: 'g1' },
    })
    expect(shard.nextDue()).toBe(DAY)
  })
})
