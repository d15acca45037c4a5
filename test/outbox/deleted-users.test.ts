/** Destinations are told when a user is deleted or unlinked; then nothing of it waits. */
import { describe, expect, it } from 'vitest'
import { accountAudience, accountTrait, audience, computedTrait, HOUR } from '../support/space.ts'
import { callCountOf, callsOf } from '../../src/calls/calls.ts'
import type { RequiredConsent } from '../../src/model/consent.ts'
import { RULES_VERSION } from '../../src/model/rules.ts'
import { outgoing } from '../../src/outbox/delivery.ts'
import { delivery, destination } from './given.ts'
import { DestinationOutbox } from '../../src/outbox/destination-outbox.ts'
import { ToldSpace } from './told-space.ts'

const BUYERS = audience('buyers', "event('Bought').count() >= 1")
const SPENT = computedTrait('spent', "event('Bought').sum(property('price'))")
const GOLD = audience('gold', "trait('plan') = 'gold'")
const ACTIVE = accountAudience('active', "event('Bought').count() >= 1")
const TOTAL = accountTrait('total', "event('Bought').sum(property('price'))")

function deletion(value: string) {
  return { kind: 'delete', profile: { type: 'user_id', value } } as const
}

function unlinking(value: string, account: string) {
  return { kind: 'unlink', profile: { type: 'user_id', value }, account } as const
}

describe('a user that is deleted', () => {
  it('is told to have left, by its ids alone', () => {
    const space = ToldSpace.of([BUYERS, SPENT], { traits: { plan: 'Plan' } })
    space.identify('u1', { plan: 'gold' })
    space.track('u1', 'Bought', { price: 5 })
    space.deliverAll()
    expect(space.command(deletion('u1'))).toEqual(['buyers false user_id:u1 #2', 'spent null user_id:u1 #2'])
    expect(space.waiting().map(({ traits }) => traits)).toEqual([undefined, undefined])
  })

  it('is not told of otherwise: what waited gives way, or goes by its ids alone', () => {
    const space = ToldSpace.of([BUYERS, SPENT, GOLD], { traits: { plan: 'Plan' } })
    space.identify('u1', { plan: 'gold' })
    space.identify('u1', { plan: 'free' })
    space.track('u1', 'Bought', { price: 5 })
    space.identify('u2', { plan: 'lead' })
    space.track('u2', 'Bought', { price: 7 })
    expect(space.command(deletion('u1'))).toEqual(['buyers false user_id:u1 #2', 'spent null user_id:u1 #2'])
    const waiting = space
      .waiting()
      .map(({ connectionId, profile, value, traits }) => [connectionId, profile, value, traits])
    expect(waiting).toEqual([
      ['con_gold', 'user_id:u1', false, undefined],
      ['con_buyers', 'user_id:u2', true, { Plan: 'lead' }],
      ['con_spent', 'user_id:u2', 7, { Plan: 'lead' }],
      ['con_buyers', 'user_id:u1', false, undefined],
      ['con_spent', 'user_id:u1', null, undefined],
    ])
  })

  it('needs no approval, and takes what was kept back with it', () => {
    const space = ToldSpace.of([GOLD], { approval: { members: 1, share: 1 } })
    for (const user of ['u1', 'u2', 'u3']) space.identify(user, { plan: 'gold' })
    space.deliverAll()
    space.define(audience('gold', "trait('plan') = 'lead'"))
    expect(space.outbox.connection('con_gold')!.status).toBe('waiting for approval')
    expect(space.command(deletion('u1'))).toEqual(['gold false user_id:u1 #2'])
    expect(space.outbox.connection('con_gold')!.heldCount).toBe(2)
  })

  it('is not among the failures any more', () => {
    const space = ToldSpace.of([BUYERS])
    space.track('u1', 'Bought')
    const first = space.outbox.destination('dst_1')!
    const fail = () => {
      const [one] = space.waiting()
      space.outbox.results.failed(first, one!, { reason: 'rejected', message: 'No', now: 0 })
    }
    fail()
    expect(first.failures.list()).toHaveLength(1)
    space.command(deletion('u1'))
    expect(first.failures.list()).toEqual([])
    fail()
    expect(space.waiting()).toEqual([])
    expect(first.failures.list()).toEqual([])
  })

  it('is told to have lost what its account has', () => {
    const space = ToldSpace.of([ACTIVE, TOTAL])
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    space.track('u2', 'Bought', { price: 3 })
    space.deliverAll()
    expect(space.command(deletion('u1'))).toEqual([
      'active false user_id:u1 of acme #1',
      'total null user_id:u1 of acme #1',
    ])
  })

  it('still is told when all else that waited is given up', () => {
    const space = new ToldSpace({ limits: { waitingMax: 3 } })
    space.command({ kind: 'put destination', destination: { ...ToldSpace.of([]).outbox.destination('dst_1')!.record } })
    space.define(BUYERS)
    space.connect(BUYERS)
    space.track('u1', 'Bought')
    space.command(deletion('u1'))
    for (const user of ['u2', 'u3', 'u4', 'u5']) space.track(user, 'Bought')
    expect(space.outbox.connection('con_buyers')!.isBehind).toBe(true)
    expect(space.waiting().map(({ profile, value }) => [profile, value])).toContainEqual(['user_id:u1', false])
  })
})

describe('a destination that deletes people', () => {
  const [FORMER, NEVER] = [audience('former', "trait('plan') = 'gold'"), audience('never', "trait('plan') = 'lead'")]

  function deletingSpace(definitions = [BUYERS, SPENT, FORMER, NEVER], consent?: RequiredConsent): ToldSpace {
    const space = new ToldSpace()
    space.command({ kind: 'use rules', version: RULES_VERSION })
    space.command({ kind: 'put destination', destination: destination({ deletesUsers: true, consent }) })
    for (const source of definitions) {
      space.define(source)
      space.connect(source)
    }
    return space
  }

  it('is told to delete whoever is deleted, once, after all else', () => {
    const space = deletingSpace()
    space.track('u1', 'Bought', { price: 5 })
    space.deliverAll()
    expect(space.command(deletion('u1'))).toEqual([
      'buyers false user_id:u1 #2',
      'spent null user_id:u1 #2',
      'buyers deletion user_id:u1 #2',
    ])
  })

  it('is told of whoever has left long ago, of nobody who was never there, and of none of another destination', () => {
    const space = deletingSpace()
    space.command({ kind: 'put destination', destination: destination({ id: 'dst_2', type: 'csv' }) })
    space.connect(FORMER, { id: 'con_other', destinationId: 'dst_2' })
    space.identify('u1', { plan: 'gold' })
    space.identify('u1', { plan: 'free' })
    space.identify('u2', { plan: 'free' })
    space.deliverAll()
    space.deliverAll('dst_2')
    expect(space.command(deletion('u1'))).toEqual(['former deletion user_id:u1 #2'])
    expect(space.command(deletion('u2'))).toEqual([])
  })

  it('is told of the users of an account that was told of', () => {
    const space = deletingSpace([ACTIVE])
    space.group('u1', 'acme')
    space.group('u2', 'idle')
    space.track('u1', 'Bought')
    space.deliverAll()
    expect(space.command(deletion('u1'))).toContain('active deletion user_id:u1 #2')
    expect(space.command(deletion('u2'))).toEqual([])
  })

  it('is told once for all connections that address it alike, and by the ids of each way', () => {
    const space = deletingSpace([FORMER, BUYERS, SPENT])
    space.connect(BUYERS, { idSync: [{ externalId: 'email', strategy: 'all' }] })
    space.call('identify', { userId: 'u1', traits: { plan: 'gold', email: 'a@x.org' } })
    space.track('u1', 'Bought', { price: 5 })
    space.deliverAll()
    const told = space.command(deletion('u1')).filter((line) => line.includes('deletion'))
    expect(told).toEqual(['former deletion user_id:u1 email:a@x.org #2', 'buyers deletion user_id:u1 email:a@x.org #2'])
  })

  it('is told though an activation tells of entries alone, and not by what is disconnected', () => {
    const space = deletingSpace([FORMER])
    space.activate(FORMER)
    space.identify('u1', { plan: 'gold' })
    space.identify('u2', { plan: 'gold' })
    space.deliverAll()
    expect(space.command(deletion('u1'))).toEqual(['former deletion user_id:u1 #2'])
    space.connect(FORMER, { enabled: false })
    expect(space.command(deletion('u2'))).toEqual([])
  })

  it('is not told of whoever does not allow it', () => {
    const space = deletingSpace([FORMER], { categories: ['ads'], unknown: 'allowed' })
    for (const user of ['u1', 'u2']) space.identify(user, { plan: 'gold' })
    const context = { consent: { categoryPreferences: { ads: false } } }
    space.call('identify', { userId: 'u1', context })
    space.deliverAll()
    expect(space.command(deletion('u1'))).toEqual([])
    expect(space.command(deletion('u2'))).toContain('former deletion user_id:u2 #2')
  })

  it('is told of none by the rules of before', () => {
    const space = deletingSpace([FORMER])
    const before = new ToldSpace()
    before.command({ kind: 'use rules', version: RULES_VERSION - 1 })
    for (const entry of space.journal.slice(2)) before.apply(entry)
    before.identify('u1', { plan: 'gold' })
    before.identify('u1', { plan: 'free' })
    expect(before.command(deletion('u1'))).toEqual([])
  })

  it('is told by one call of each identity, which names it', () => {
    const space = deletingSpace([FORMER])
    space.connect(FORMER, { sends: { identify: false, track: true, group: false } })
    space.call('identify', { userId: 'u1', traits: { plan: 'gold', email: 'a@x.org' } })
    space.deliverAll()
    space.command(deletion('u1'))
    const [exit, last] = space.waiting()
    const setting = { connection: space.outbox.connection('con_former')!.record, destinationName: 'W', spaceId: 's' }
    expect([exit!.isDeletion, last!.isDeletion, callCountOf(last!, setting.connection)]).toEqual([undefined, true, 1])
    const calls = callsOf(outgoing(last!), setting)
    expect(calls).toMatchObject([{ type: 'identify', userId: 'u1', traits: { email: 'a@x.org' } }])
    const others = callsOf(outgoing(exit!), setting)
    expect(new Set([...calls, ...others].map(({ messageId }) => messageId)).size).toBe(2)
  })

  it('is told though more waits than may, and after a restart', () => {
    const space = new ToldSpace({ limits: { waitingMax: 3 } })
    space.command({ kind: 'use rules', version: RULES_VERSION })
    space.command({ kind: 'put destination', destination: destination({ deletesUsers: true }) })
    space.define(BUYERS)
    space.connect(BUYERS)
    space.track('u1', 'Bought')
    space.command(deletion('u1'))
    for (const user of ['u2', 'u3', 'u4', 'u5']) space.track(user, 'Bought')
    space.reopen()
    const waiting = space.waiting().map(({ profile, value, isDeletion }) => [profile, value, isDeletion])
    expect(waiting).toContainEqual(['user_id:u1', false, undefined])
    expect(waiting).toContainEqual(['user_id:u1', null, true])
  })
})

describe('a user whose link is taken back', () => {
  it('is told that the values of the account have ended, and of them anew when it is linked again', () => {
    const space = ToldSpace.of([ACTIVE])
    space.group('u2', 'acme')
    space.track('u2', 'Bought')
    expect(space.group('u1', 'acme')).toEqual(['active true user_id:u1 of acme #1'])
    expect(space.command(unlinking('u1', 'acme'))).toEqual(['active false user_id:u1 of acme #1'])
    expect(space.group('u1', 'acme')).toEqual(['active true user_id:u1 of acme #1'])
    expect(space.command(unlinking('u1', 'acme'))).toEqual(['active false user_id:u1 of acme #1'])
    const ids = space.messageIds().map((line) => line.split(' ')[1])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is not told so of an account that was in nothing', () => {
    const space = ToldSpace.of([ACTIVE])
    space.group('u1', 'acme')
    expect(space.command(unlinking('u1', 'acme'), HOUR)).toEqual([])
  })

  it('is told so though the account leaves because of it', () => {
    const space = ToldSpace.of([ACTIVE])
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    space.track('u1', 'Bought')
    expect(space.command(unlinking('u1', 'acme'))).toEqual([
      'active false user_id:u1 of acme #2',
      'active false user_id:u2 of acme #2',
    ])
  })
})

describe('the queue of a deleted user', () => {
  it('lets what was under way give way where it has not arrived and a later one says more', () => {
    const outbox = new DestinationOutbox(1)
    const traits = { plan: 'gold' }
    for (const number of [1, 2]) outbox.add(delivery(number, { traits }))
    expect(outbox.begin(0, () => false, 0).map(({ number }) => number)).toEqual([1])
    expect(outbox.reduce(0)).toBe(0)
    expect(outbox.state()[0]!.deliveries.map((one) => one.traits)).toEqual([undefined, undefined])
    outbox.retry(1, 1_000)
    expect(outbox.begin(0, () => false, 0).map(({ number }) => number)).toEqual([2])
    outbox.retry(2, 1_000)
    expect(outbox.size).toBe(1)
    outbox.wake(1_000)
    expect(outbox.begin(0, () => false, 1_000).map(({ number }) => number)).toEqual([2])
  })

  it('keeps the latest of each name', () => {
    const outbox = new DestinationOutbox(1)
    for (const number of [1, 2, 3]) outbox.add(delivery(number))
    outbox.add(delivery(4, { connectionId: 'con_2' }))
    expect(outbox.reduce(0)).toBe(2)
    expect(outbox.state()[0]!.deliveries.map(({ number }) => number)).toEqual([3, 4])
    expect(outbox.reduce(7)).toBe(0)
  })
})
