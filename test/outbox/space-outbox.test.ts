/** The outbox of a whole space, entry by entry. */
import type { DefinitionSource } from '../../src/model/definition.ts'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../src/model/errors.ts'
import { accountAudience, accountTrait, audience, computedTrait, DAY, HOUR, START } from '../support/space.ts'
import { connection, destination } from './given.ts'
import { idOf, ToldSpace } from './told-space.ts'

const BUYERS = audience('buyers', "event('Bought').count() >= 1")
const WEEKLY = audience('weekly', "event('Bought').within(1 day).count() >= 1")
const SPENT = computedTrait('spent', "event('Bought').sum(property('price'))")
const GOLD = audience('gold', "trait('plan') = 'gold'")
const ACTIVE = accountAudience('active', "event('Bought').count() >= 2")
const TOTAL = accountTrait('total', "event('Bought').sum(property('price'))")
const PERSON = { sends: { identify: true, track: false, group: false } }
const ALL_SENT = { sends: { identify: true, track: false, group: true } }

describe('a user', () => {
  it('that enters or leaves an audience is told, once', () => {
    const space = ToldSpace.of([GOLD])
    expect(space.identify('u1', { plan: 'gold' })).toEqual(['gold true user_id:u1 #1'])
    expect(space.identify('u1', { plan: 'gold', age: 3 })).toEqual([])
    expect(space.identify('u1', { plan: 'free' })).toEqual(['gold false user_id:u1 #2'])
    expect(space.identify('u1', { plan: 'gold' })).toEqual(['gold true user_id:u1 #3'])
  })

  it('is told of each value of a computed trait, and of none where it stays', () => {
    const space = ToldSpace.of([SPENT])
    expect(space.track('u1', 'Bought', { price: 5 })).toEqual(['spent 5 user_id:u1 #1'])
    expect(space.track('u1', 'Bought', { price: 0 })).toEqual([])
    expect(space.track('u1', 'Bought', { price: 2 })).toEqual(['spent 7 user_id:u1 #2'])
  })

  it('is told of with the instant at which it became so, and the one at which that was known', () => {
    const space = ToldSpace.of([WEEKLY])
    space.track('u1', 'Bought', {}, HOUR)
    const [entered] = space.waiting()
    expect(space.until(9 * DAY)).toEqual(['weekly false user_id:u1 #2'])
    const [exited] = space.waiting()
    expect(exited!.at - entered!.at).toBe(DAY)
    expect(exited!.queuedAt - entered!.queuedAt).toBe(9 * DAY + 1 - HOUR)
  })

  it('has all its ids in the delivery', () => {
    const space = ToldSpace.of([BUYERS])
    const context = {
      traits: { email: 'A@x' },
      device: { type: 'ios', id: 'd1', advertisingId: 'i1', adTrackingEnabled: true },
    }
    expect(space.call('track', { userId: 'u1', anonymousId: 'n1', event: 'Bought', context })).toEqual([
      'buyers true user_id:u1 email:a@x anonymous_id:n1 ios.id:d1 ios.idfa:i1 #1',
    ])
  })

  it('is told of to each destination and for each definition that is connected, and for no other', () => {
    const space = ToldSpace.of([BUYERS, SPENT])
    space.define(GOLD)
    space.command({ kind: 'put destination', destination: destination({ id: 'dst_2', type: 'csv-list' }) })
    space.connect(BUYERS, { id: 'con_again', destinationId: 'dst_2' })
    space.identify('u1', { plan: 'gold' })
    expect(space.track('u1', 'Bought', { price: 1 })).toEqual([
      'buyers true user_id:u1 #1',
      'again true user_id:u1 #1',
      'spent 1 user_id:u1 #1',
    ])
    expect(space.waiting('dst_2')).toHaveLength(1)
  })

  it('is not told of where the connection is off', () => {
    const space = ToldSpace.of([BUYERS], { enabled: false })
    expect(space.track('u1', 'Bought')).toEqual([])
  })

  it('is told of with what the connection adds, as it is then', () => {
    const space = ToldSpace.of([BUYERS, SPENT], { traits: { plan: 'Plan', spent: 'spent_so_far', none: 'None' } })
    space.identify('u1', { plan: 'gold' })
    space.track('u1', 'Bought', { price: 7 })
    space.identify('u1', { plan: 'free' })
    expect(space.waiting().map(({ traits }) => traits)).toEqual([
      { Plan: 'gold', spent_so_far: 7 },
      { Plan: 'gold', spent_so_far: 7 },
    ])
  })
})

describe('a new id', () => {
  it('is told alone of what is so', () => {
    const space = ToldSpace.of([BUYERS, SPENT, GOLD])
    space.track('u1', 'Bought', { price: 5 })
    expect(space.identify('u1', { email: 'a@x' })).toEqual([
      'buyers true user_id:u1 email:a@x only email:a@x #1',
      'spent 5 user_id:u1 email:a@x only email:a@x #1',
    ])
    expect(space.identify('u1', { email: 'a@x' })).toEqual([])
  })

  it('that comes with a change is told of that once', () => {
    const space = ToldSpace.of([BUYERS])
    space.identify('u1')
    expect(space.call('track', { userId: 'u1', event: 'Bought', context: { traits: { email: 'a@x' } } })).toEqual([
      'buyers true user_id:u1 email:a@x #1',
    ])
  })

  it('of somebody who is new is no news', () => {
    const space = ToldSpace.of([BUYERS])
    expect(space.identify('u1', { email: 'a@x' })).toEqual([])
  })

  it('is not told of an audience that the user has left', () => {
    const space = ToldSpace.of([GOLD])
    space.identify('u1', { plan: 'gold' })
    space.identify('u1', { plan: 'free' })
    expect(space.identify('u1', { email: 'a@x' })).toEqual([])
  })
})

describe('users that become one', () => {
  const unite = (space: ToldSpace, at?: number) => space.call('identify', { userId: 'u1', anonymousId: 'n1' }, at)

  it('are told again by all ids where they differed', () => {
    const space = ToldSpace.of([BUYERS])
    space.identify('u1')
    space.call('track', { anonymousId: 'n1', event: 'Bought', context: { traits: { email: 'a@x' } } })
    expect(unite(space)).toEqual(['buyers true user_id:u1 email:a@x anonymous_id:n1 #1'])
  })

  it('are not told again where they agreed', () => {
    const space = ToldSpace.of([BUYERS])
    space.track('u1', 'Bought')
    space.call('track', { anonymousId: 'n1', event: 'Bought', context: { traits: { email: 'a@x' } } })
    expect(unite(space)).toEqual([])
  })

  it('are not told where neither has a value', () => {
    const space = ToldSpace.of([BUYERS, GOLD])
    space.identify('u1', { plan: 'gold' })
    space.identify('u1', { plan: 'free' })
    space.call('identify', { anonymousId: 'n1' })
    space.told()
    expect(unite(space)).toEqual([])
  })

  it('are told of the value that they have together, once', () => {
    const space = ToldSpace.of([SPENT])
    space.track('u1', 'Bought', { price: 5 })
    space.call('track', { anonymousId: 'n1', event: 'Bought', properties: { price: 7 } })
    expect(unite(space)).toEqual(['spent 12 user_id:u1 anonymous_id:n1 #2'])
  })

  it('are told that there is no value, where one of them had one and together they have none', () => {
    const own = computedTrait('own', "event('Bought').where(property('plan') = trait('plan')).sum(property('price'))")
    const space = ToldSpace.of([own])
    const properties = { plan: 'gold', price: 5 }
    space.call('identify', { anonymousId: 'n1', traits: { plan: 'gold' } })
    expect(space.call('track', { anonymousId: 'n1', event: 'Bought', properties })).toEqual([
      'own 5 anonymous_id:n1 #1',
    ])
    space.identify('u1', { plan: 'silver' }, HOUR)
    expect(unite(space)).toEqual(['own null user_id:u1 anonymous_id:n1 #1'])
  })

  it('are told once of what a call both unites and names', () => {
    const space = ToldSpace.of([BUYERS])
    space.identify('u1')
    space.call('track', { anonymousId: 'n1', event: 'Bought', context: { traits: { email: 'a@x' } } })
    expect(space.call('identify', { userId: 'u1', anonymousId: 'n1', traits: { email: 'b@x' } })).toEqual([
      'buyers true user_id:u1 email:a@x anonymous_id:n1 email:b@x #1',
    ])
  })

  it('are told in order: the absorbed first', () => {
    const space = ToldSpace.of([BUYERS])
    space.identify('u1')
    space.call('track', { anonymousId: 'n1', event: 'Bought', context: { traits: { email: 'a@x' } } })
    unite(space)
    const { outbox } = space.outbox.destination('dst_1')!
    const take = () => [0, 1, 2, 3].flatMap((lane) => outbox.begin(lane, () => false, 0).map(({ number }) => number))
    expect(take()).toEqual([1])
    outbox.finish({ number: 1, actor: space.waiting()[0]!.actor })
    expect(take()).toEqual([2])
  })

  it('are told by another id what another definition or connection of an old name says', () => {
    const space = ToldSpace.of([GOLD])
    space.identify('u1', { plan: 'gold' })
    const found = space.messageIds()
    for (const id of ['aud_gold_2', 'aud_gold_3']) {
      space.deliverAll()
      space.command({ kind: 'remove', id: space.outbox.connection('con_gold')!.record.definitionId })
      const times = { createdAt: START, updatedAt: START }
      const record = { id, enabled: true, source: GOLD, name: 'gold', description: '', options: {}, ...times }
      space.command({ kind: 'define', record })
      space.connect(GOLD, { definitionId: id })
      space.identify('u1', { plan: 'free' })
      space.deliverAll()
      space.command({ kind: 'disconnect', id: 'con_gold' })
      space.connect(GOLD, { definitionId: id, id: 'con_gold' })
      space.identify('u1', { plan: 'gold' })
      found.push(...space.messageIds())
    }
    const ids = found.map((line) => line.split(' ')[1])
    expect(ids).toHaveLength(3)
    expect(new Set(ids).size).toBe(3)
  })

  it('keep the ids of what waits when own ids come into use', () => {
    const space = new ToldSpace({ shard: { rules: 4 } })
    space.command({ kind: 'put destination', destination: destination() })
    space.define(GOLD)
    space.connect(GOLD)
    space.identify('u1', { plan: 'gold' })
    const before = space.messageIds()
    space.command({ kind: 'use rules', version: 5 })
    space.identify('u2', { plan: 'gold' })
    space.reopen()
    expect(space.messageIds()).toHaveLength(2)
    expect(space.messageIds()).toEqual([...before, expect.any(String)])
    expect(space.waiting().map(({ ownId }) => ownId)).toEqual([undefined, expect.any(Number)])
  })

  it('never share the id of a call with what one of them was told before', () => {
    // Both are known by emails: calls to the survivor are addressed alike before and after, and both count to two.
    const space = ToldSpace.of([WEEKLY])
    const bought = (email: string, at: number) =>
      space.call('track', { userId: null, event: 'Bought', context: { traits: { email } } }, at)
    bought('b@x', 0)
    bought('a@x', 23 * HOUR)
    space.deliverAll()
    expect(space.until(24 * HOUR)).toEqual(['weekly false email:b@x #2'])
    const [exit] = space.messageIds()
    space.deliverAll()
    const externalIds = [{ id: 'a@x', type: 'email', collection: 'users', encoding: 'none' }]
    const context = { traits: { email: 'b@x' }, externalIds }
    expect(space.call('identify', { context })).toEqual(['weekly true email:b@x email:a@x #2'])
    const ids = space.messageIds().map((line) => line.split(' ')[1])
    expect(ids).toHaveLength(2)
    expect(ids).not.toContain(exit!.split(' ')[1])
  })
})

describe('an account', () => {
  it('is told by a group call, and each of its users by identify, who has no events too', () => {
    const space = ToldSpace.of([ACTIVE, TOTAL], { ...ALL_SENT, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    space.track('u1', 'Bought', { price: 1 })
    space.deliverAll()
    expect(space.track('u1', 'Bought', { price: 2 })).toEqual([
      'active true → acme #1',
      'active true user_id:u1 of acme #1',
      'active true user_id:u2 of acme #1',
      'total 3 → acme #2',
      'total 3 user_id:u1 of acme #2',
      'total 3 user_id:u2 of acme #2',
    ])
  })

  it('is told by what the connection sends alone', () => {
    const groupOnly = ToldSpace.of([ACTIVE], {
      type: 'ACCOUNTS',
      sends: { identify: false, track: false, group: true },
    })
    const usersOnly = ToldSpace.of([ACTIVE], { ...PERSON, type: 'ACCOUNTS' })
    for (const space of [groupOnly, usersOnly]) {
      space.group('u1', 'acme')
      space.track('u1', 'Bought')
    }
    expect(groupOnly.track('u1', 'Bought')).toEqual(['active true → acme #1'])
    expect(usersOnly.track('u1', 'Bought')).toEqual(['active true user_id:u1 of acme #1'])
    expect(groupOnly.group('u2', 'acme')).toEqual([])
  })

  it('tells a user that joins later what is so', () => {
    const space = ToldSpace.of([ACTIVE], { ...ALL_SENT, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    for (let time = 0; time < 2; time++) space.track('u1', 'Bought')
    expect(space.group('u2', 'acme')).toEqual(['active true user_id:u2 of acme #1'])
    expect(space.group('u2', 'acme')).toEqual([])
  })

  it('that changes through a user that joins tells everyone once', () => {
    const space = ToldSpace.of([ACTIVE], { ...ALL_SENT, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    space.track('u1', 'Bought')
    space.track('u2', 'Bought')
    expect(space.group('u2', 'acme')).toEqual([
      'active true → acme #1',
      'active true user_id:u1 of acme #1',
      'active true user_id:u2 of acme #1',
    ])
  })

  it('tells a user of each of its accounts by itself', () => {
    const space = ToldSpace.of([ACTIVE], { ...PERSON, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    space.group('u1', 'umbrella')
    space.track('u1', 'Bought')
    expect(space.track('u1', 'Bought')).toEqual([
      'active true user_id:u1 of acme #1',
      'active true user_id:u1 of umbrella #1',
    ])
  })

  it('tells a new id of its users alone', () => {
    const space = ToldSpace.of([ACTIVE], { ...PERSON, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    for (let time = 0; time < 2; time++) space.track('u1', 'Bought')
    expect(space.identify('u1', { email: 'a@x' })).toEqual([
      'active true user_id:u1 email:a@x only email:a@x of acme #1',
    ])
  })

  it('tells who joins with a new id once', () => {
    const space = ToldSpace.of([ACTIVE], { ...PERSON, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    for (let time = 0; time < 2; time++) space.track('u1', 'Bought')
    space.identify('u2')
    expect(space.call('group', { userId: 'u2', groupId: 'acme', context: { traits: { email: 'a@x' } } })).toEqual([
      'active true user_id:u2 email:a@x of acme #1',
    ])
  })

  it('tells users that become one by a call that lets them join, once', () => {
    const space = ToldSpace.of([ACTIVE], { ...PERSON, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    for (let time = 0; time < 2; time++) space.track('u1', 'Bought')
    space.identify('u2')
    space.call('identify', { anonymousId: 'n1' })
    expect(space.call('group', { userId: 'u2', anonymousId: 'n1', groupId: 'acme' })).toEqual([
      'active true user_id:u2 anonymous_id:n1 of acme #1',
    ])
  })

  it('tells all ids of users that become one, one of whom was not its user', () => {
    const space = ToldSpace.of([ACTIVE], { ...PERSON, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    for (let time = 0; time < 2; time++) space.track('u1', 'Bought')
    space.call('identify', { anonymousId: 'n1', traits: { email: 'a@x' } })
    expect(space.call('identify', { userId: 'u1', anonymousId: 'n1' })).toEqual([
      'active true user_id:u1 email:a@x anonymous_id:n1 of acme #1',
    ])
  })

  it('leaves its audience by time alone, and tells everyone', () => {
    const recent = accountAudience('recent', "event('Bought').within(1 day).count() >= 1")
    const space = ToldSpace.of([recent], { ...ALL_SENT, type: 'ACCOUNTS' })
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    space.track('u1', 'Bought')
    expect(space.until(2 * DAY)).toEqual([
      'recent false → acme #2',
      'recent false user_id:u1 of acme #2',
      'recent false user_id:u2 of acme #2',
    ])
  })
})

/** Three members and one who has left, and nothing connected yet. */
function withMembers(options: ConstructorParameters<typeof ToldSpace>[0] = {}): ToldSpace {
  const space = new ToldSpace(options)
  space.command({ kind: 'put destination', destination: destination() })
  space.define(GOLD)
  for (const user of ['u1', 'u2', 'u3', 'u4']) space.identify(user, { plan: 'gold' })
  space.identify('u4', { plan: 'free' })
  return space
}

const status = (space: ToldSpace) => space.outbox.connection('con_gold')!.status

describe('a first sync', () => {
  it('tells every member that there is, and nobody who has left', () => {
    const space = withMembers()
    space.connect(GOLD, {}, 'present')
    expect(status(space)).toBe('syncing')
    expect(space.sync()).toEqual(['u1', 'u2', 'u3'].map((user) => `gold true user_id:${user} #1 resync 1`))
    expect(status(space)).toBe('connected')
    expect(space.sync()).toEqual([])
  })

  it('is not told beforehand what it will tell', () => {
    const space = withMembers()
    space.connect(GOLD, {}, 'present')
    expect(space.identify('u5', { plan: 'gold' })).toEqual([])
    expect(space.sync()).toHaveLength(4)
    expect(space.identify('u6', { plan: 'gold' })).toEqual(['gold true user_id:u6 #1 resync 1'])
  })

  it('of an account is not told beforehand what it will tell, of the account neither', () => {
    const space = ToldSpace.of([])
    space.define(ACTIVE)
    space.group('u1', 'acme')
    space.connect(ACTIVE, ALL_SENT, 'present')
    for (let time = 0; time < 2; time++) expect(space.track('u1', 'Bought')).toEqual([])
    expect(space.sync()).toHaveLength(2)
  })

  it('is not kept back by a switch of definitions, though the switch was settled before it', () => {
    const space = withMembers()
    space.connect(GOLD, { approval: { members: 4, share: 1 } }, 'present')
    const step = () => space.outbox.syncs.nextStep({ pages: 16, waitingMax: 1_000 })!
    space.command(step())
    space.identify('u9', { plan: 'gold' })
    // Actors are still being brought on to definitions that hold since the entries before.
    const switches = space.journal.map(({ receivedAt }) => receivedAt)
    space.outbox.begin({ receivedAt: START + space.now, switches })
    space.outbox.apply(step())
    space.outbox.end(false)
    expect(space.outbox.connection('con_gold')!.hold).toBeUndefined()
    expect(space.waiting()).toHaveLength(5)
  })

  it('ends where the connection is switched off, and does not go on by itself', () => {
    const space = withMembers()
    space.connect(GOLD, {}, 'present')
    space.connect(GOLD, { enabled: false })
    expect(status(space)).toBe('disconnected')
    space.connect(GOLD)
    expect(status(space)).toBe('connected')
    expect(space.sync()).toEqual([])
  })

  it('goes over pages, and those who change meanwhile are told in order', () => {
    const space = new ToldSpace()
    space.command({ kind: 'put destination', destination: destination() })
    space.define(GOLD)
    for (let user = 0; user < 150; user++) space.identify(`u${user}`, { plan: 'gold' })
    space.connect(GOLD, {}, 'present')
    const step = () => space.command(space.outbox.syncs.nextStep({ pages: 1, waitingMax: 1_000 })!)
    expect([step(), step(), step()].flat()).toEqual([])
    expect(step()).toHaveLength(64)
    expect(space.identify('u140', { plan: 'free' })).toEqual(['gold false user_id:u140 #2 resync 1'])
    expect(space.identify('u0', { plan: 'free' })).toEqual(['gold false user_id:u0 #2 resync 1'])
    expect([...step(), ...step()]).toHaveLength(150 - 64 - 1)
    expect(space.outbox.syncs.nextStep({ pages: 1, waitingMax: 1_000 })).toBeUndefined()
  })

  it('waits while too much waits for the destination', () => {
    const space = withMembers()
    space.connect(GOLD, {}, 'present')
    const next = () => space.outbox.syncs.nextStep({ pages: 1, waitingMax: 0 })
    space.command(next()!)
    space.command(next()!)
    space.connect(GOLD)
    space.command({ kind: 'sync', connectionId: 'con_gold', scope: 'present' })
    space.command(next()!)
    expect(next()).toBeUndefined()
    space.deliverAll()
    expect(next()).toMatchObject({ kind: 'sync step', from: 0 })
  })

  it('of an account counts and tells its users with it', () => {
    const space = new ToldSpace()
    space.command({ kind: 'put destination', destination: destination() })
    space.define(ACTIVE)
    for (const user of ['u1', 'u2']) space.group(user, 'acme')
    for (let time = 0; time < 2; time++) space.track('u1', 'Bought')
    space.group('u3', 'umbrella')
    space.connect(ACTIVE, { ...ALL_SENT, approval: { members: 2, share: 1 } }, 'present')
    expect(space.sync()).toEqual([])
    expect(space.outbox.connection('con_active')!.sync).toMatchObject({ phase: 'waiting', members: 3 })
    space.command({ kind: 'approve', connectionId: 'con_active' })
    expect(space.sync()).toEqual([
      'active true → acme #1 resync 1',
      'active true user_id:u1 of acme #1 resync 1',
      'active true user_id:u2 of acme #1 resync 1',
    ])
  })
})

describe('a resync', () => {
  it('of all that are known tells those who have left, too', () => {
    const space = withMembers()
    space.connect(GOLD, {}, 'present')
    space.sync()
    space.command({ kind: 'sync', connectionId: 'con_gold', scope: 'known' })
    expect(space.sync()).toEqual([
      'gold true user_id:u1 #1 resync 2',
      'gold true user_id:u2 #1 resync 2',
      'gold true user_id:u3 #1 resync 2',
      'gold false user_id:u4 #2 resync 2',
    ])
  })

  it('does not keep changes back while it is under way', () => {
    const space = withMembers()
    space.connect(GOLD)
    space.command({ kind: 'sync', connectionId: 'con_gold', scope: 'known' })
    expect(space.identify('u5', { plan: 'gold' })).toEqual(['gold true user_id:u5 #1'])
  })

  it('is refused where the connection is off, or not there', () => {
    const space = withMembers()
    space.connect(GOLD, { enabled: false })
    const sync = (connectionId: string) => () => space.command({ kind: 'sync', connectionId, scope: 'known' })
    expect(sync('con_gold')).toThrow(EngineError)
    expect(sync('con_none')).toThrow(EngineError)
  })
})

describe('more than a connection allows', () => {
  it('waits for consent, counted, and is told once there is that', () => {
    const space = withMembers()
    space.connect(GOLD, { approval: { members: 2, share: 1 } }, 'present')
    expect(space.sync()).toEqual([])
    expect(status(space)).toBe('waiting for approval')
    expect(space.outbox.connection('con_gold')!.sync).toMatchObject({ members: 3 })
    expect(space.identify('u5', { plan: 'gold' })).toEqual([])
    expect(space.command({ kind: 'approve', connectionId: 'con_gold' })).toEqual([])
    expect(space.sync()).toHaveLength(4)
    expect(status(space)).toBe('connected')
  })

  it('goes through where it is as much as is allowed', () => {
    const space = withMembers()
    space.connect(GOLD, { approval: { members: 3, share: 1 } }, 'present')
    expect(space.sync()).toHaveLength(3)
  })

  it('is not told where it is rejected; what changes from then on is', () => {
    const space = withMembers()
    space.connect(GOLD, { approval: { members: 2, share: 1 } }, 'present')
    space.sync()
    expect(space.command({ kind: 'reject', connectionId: 'con_gold' })).toEqual([])
    expect(space.sync()).toEqual([])
    expect(space.identify('u1', { plan: 'free' })).toEqual(['gold false user_id:u1 #2'])
  })

  it('is a share of the profiles, where there are a thousand', () => {
    const space = new ToldSpace()
    space.command({ kind: 'put destination', destination: destination() })
    space.define(GOLD)
    for (let user = 0; user < 999; user++) space.identify(`u${user}`, { plan: user < 101 ? 'gold' : 'free' })
    space.connect(GOLD, { approval: { members: 1_000_000, share: 0.1 } }, 'present')
    expect(space.sync(100)).toHaveLength(101)
    space.identify('u999', {})
    space.command({ kind: 'sync', connectionId: 'con_gold', scope: 'present' })
    expect(space.sync(100)).toEqual([])
    expect(status(space)).toBe('waiting for approval')
  })

  it('is nothing to consent to where nothing waits', () => {
    const space = withMembers()
    space.connect(GOLD)
    for (const kind of ['approve', 'reject'] as const)
      expect(() => space.command({ kind, connectionId: 'con_gold' })).toThrow(EngineError)
  })
})

describe('an edit of a definition', () => {
  const SILVER = audience('gold', "trait('plan') = 'silver'")
  const FREE = audience('gold', "trait('plan') = 'free'")

  function edited(): ToldSpace {
    const space = withMembers()
    space.connect(GOLD, { approval: { members: 3, share: 1 } })
    return space
  }

  it('that moves few is told at once', () => {
    const space = edited()
    expect(space.define(SILVER)).toEqual(['u1', 'u2', 'u3'].map((user) => `gold false user_id:${user} #2`))
    expect(status(space)).toBe('connected')
  })

  it('that moves too many is kept back, with all that changes after it, the latest of each', () => {
    const space = edited()
    expect(space.define(FREE)).toEqual([])
    expect(status(space)).toBe('waiting for approval')
    expect(space.outbox.connection('con_gold')!.hold).toMatchObject({ reason: 'edit' })
    space.identify('u1', { plan: 'free' })
    space.identify('u5', { plan: 'free' })
    expect(space.told()).toEqual([])
    expect(space.outbox.connection('con_gold')!.heldCount).toBe(5)
    expect(space.command({ kind: 'approve', connectionId: 'con_gold' })).toEqual(
      [
        'gold false user_id:u2 #2',
        'gold false user_id:u3 #2',
        'gold true user_id:u4 #3',
        'gold true user_id:u1 #3',
        'gold true user_id:u5 #1',
      ].sort(byNumberIn(space)),
    )
    expect(space.identify('u6', { plan: 'free' })).toEqual(['gold true user_id:u6 #1'])
  })

  it('in steps is told once all of it is known, and kept back if that is too much', () => {
    const one = { actors: 1, rows: 1, events: 100 }
    const inSteps = (source: DefinitionSource): { space: ToldSpace; told: string[][] } => {
      const space = edited()
      const told = [space.define(source, true, true)]
      while (space.isChanging) {
        told.push(space.command({ kind: 'proceed', slice: one }))
        space.reopen()
      }
      return { space, told }
    }
    const few = inSteps(SILVER)
    const values = ['u1', 'u2', 'u3'].map((user) => `gold false user_id:${user} #2`)
    expect(few.told.at(-1)!.sort()).toEqual(values)
    expect(few.told.flat()).toHaveLength(3)
    expect(status(few.space)).toBe('connected')
    const many = inSteps(FREE)
    expect(many.told.flat()).toEqual([])
    expect(status(many.space)).toBe('waiting for approval')
    expect(many.space.command({ kind: 'approve', connectionId: 'con_gold' })).toHaveLength(4)
  })

  it('counts what gave way while it was kept back', () => {
    const space = edited()
    space.define(FREE)
    space.identify('u1', { plan: 'free' })
    space.command({ kind: 'approve', connectionId: 'con_gold' })
    const { created, collapsed } = space.outbox.connection('con_gold')!.counts
    expect(created - collapsed).toBe(space.waiting().length)
  })

  it('that is rejected is not told; what changes from then on is', () => {
    const space = edited()
    space.define(FREE)
    expect(space.command({ kind: 'reject', connectionId: 'con_gold' })).toEqual([])
    expect(space.outbox.connection('con_gold')!.heldCount).toBe(0)
    expect(space.identify('u1', { plan: 'free' })).toEqual(['gold true user_id:u1 #3'])
  })

  it('of which too much is kept back is told anew, all of it', () => {
    const space = withMembers({ limits: { waitingMax: 4 } })
    space.connect(GOLD, { approval: { members: 3, share: 1 } })
    space.define(FREE)
    space.identify('u9', { plan: 'free' })
    expect(space.outbox.connection('con_gold')!.heldCount).toBeLessThan(5)
    space.command({ kind: 'approve', connectionId: 'con_gold' })
    space.deliverAll()
    expect([...space.outbox.syncs.behind()].map(({ record }) => record.id)).toEqual(['con_gold'])
  })

  it('that is kept back is told in order to users that become one meanwhile', () => {
    const space = withMembers()
    space.connect(GOLD, { approval: { members: 0, share: 1 } })
    space.call('identify', { anonymousId: 'n1', traits: { plan: 'free', email: 'a@x' } })
    space.deliverAll()
    space.define(FREE)
    // The absorbed is kept back as in it; the one that is left is not in it.
    space.call('identify', { userId: 'u1', anonymousId: 'n1', traits: { plan: 'gold' } })
    space.reopen()
    space.command({ kind: 'approve', connectionId: 'con_gold' })
    const ofUnited = space.waiting().filter(({ subject }) => JSON.stringify(subject).includes('a@x'))
    expect(ofUnited.map(({ value }) => value)).toEqual([true, false])
    const { outbox } = space.outbox.destination('dst_1')!
    const take = () => [0, 1, 2, 3].flatMap((lane) => outbox.begin(lane, () => false, 0))
    const under = take().map(({ number }) => number)
    expect(ofUnited.map(({ number }) => under.includes(number))).toEqual([true, false])
    outbox.finish(ofUnited[0]!)
    expect(take()).toContain(ofUnited[1])
  })

  it('that is kept back is told in order over a chain of users that become one', () => {
    const space = withMembers()
    space.connect(GOLD, { approval: { members: 0, share: 1 } })
    space.call('identify', { anonymousId: 'n2' })
    space.call('identify', { anonymousId: 'n1', traits: { plan: 'gold', email: 'a@x' } })
    space.deliverAll()
    space.define(FREE)
    // Nothing of the one in the middle is kept back: it was in it neither before nor after.
    space.call('identify', { anonymousId: 'n2', traits: { email: 'a@x' } })
    space.call('identify', { userId: 'u1', anonymousId: 'n2', traits: { plan: 'free' } })
    space.command({ kind: 'approve', connectionId: 'con_gold' })
    const ofUnited = space.waiting().filter(({ subject }) => JSON.stringify(subject).includes('a@x'))
    const { outbox } = space.outbox.destination('dst_1')!
    const take = () => [0, 1, 2, 3].flatMap((lane) => outbox.begin(lane, () => false, 0))
    expect(ofUnited.map(({ value }) => value)).toEqual([false, true])
    expect(take()).not.toContain(ofUnited[1])
    outbox.finish(ofUnited[0]!)
    // What else is kept back of the survivor comes between.
    for (let round = 0; round < 3; round++) for (const one of take()) if (one !== ofUnited[1]) outbox.finish(one)
    expect(outbox.triedOf(ofUnited[1]!.number)).toBeDefined()
  })

  it('that is kept back stays so since the first of several', () => {
    const space = edited()
    space.define(FREE)
    const { since } = space.outbox.connection('con_gold')!.hold!
    space.now = HOUR
    space.define(GOLD)
    expect(space.outbox.connection('con_gold')!.hold).toMatchObject({ since })
  })

  it('addresses whom it includes from then on', () => {
    const space = withMembers()
    space.connect(GOLD)
    space.define({ ...GOLD, includeAnonymousUsers: true })
    expect(space.outbox.connection('con_gold')!.record.includesAnonymous).toBe(true)
    space.define(GOLD)
    expect(space.outbox.connection('con_gold')!.record.includesAnonymous).toBe(false)
  })
})

function byNumberIn(space: ToldSpace): (one: string, other: string) => number {
  const place = (line: string) => space.waiting().findIndex((told) => line.includes(JSON.stringify(told.subject)))
  return (one, other) => place(one) - place(other)
}

describe('more than may wait', () => {
  it('is given up, counted, and told anew once the rest has arrived', () => {
    const space = withMembers({ limits: { waitingMax: 3 } })
    space.connect(GOLD)
    for (const user of ['u5', 'u6', 'u7', 'u8']) space.identify(user, { plan: 'gold' })
    expect(space.waiting()).toEqual([])
    const [behind] = space.outbox.syncs.behind()
    expect(behind!.record.id).toBe('con_gold')
    expect(space.outbox.destination('dst_1')!.counts).toMatchObject({ created: 4, collapsed: 4 })
    expect(behind!.counts).toMatchObject({ created: 4, collapsed: 4 })
    space.command({ kind: 'sync', connectionId: 'con_gold', scope: 'known' })
    expect([...space.outbox.syncs.behind()]).toEqual([])
    const step = () => space.command(space.outbox.syncs.nextStep({ pages: 1, waitingMax: 3 })!)
    step()
    expect(space.outbox.connection('con_gold')!.sync).toMatchObject({ phase: 'sending' })
  })

  it('is told anew once, and then is done', () => {
    const space = new ToldSpace({ limits: { waitingMax: 3 } })
    space.command({ kind: 'put destination', destination: destination() })
    for (const source of [GOLD, BUYERS]) {
      space.define(source)
      space.connect(source)
    }
    for (const user of ['u1', 'u2']) {
      space.identify(user, { plan: 'gold' })
      space.track(user, 'Bought')
    }
    expect(space.waiting()).toEqual([])
    for (const { record } of [...space.outbox.syncs.behind()]) {
      space.command({ kind: 'sync', connectionId: record.id, scope: 'known' })
      expect(space.sync()).toHaveLength(2)
      space.deliverAll()
    }
    expect([...space.outbox.syncs.behind()]).toEqual([])
  })

  it('is not told anew while something is under way', () => {
    const space = withMembers({ limits: { waitingMax: 1, lanes: 1 } })
    space.connect(GOLD)
    space.identify('u5', { plan: 'gold' })
    const { outbox } = space.outbox.destination('dst_1')!
    const [underWay] = outbox.begin(0, () => true, 0)
    space.identify('u6', { plan: 'gold' })
    expect([...space.outbox.syncs.behind()]).toEqual([])
    space.outbox.results.delivered(space.outbox.destination('dst_1')!, underWay!, 0)
    expect([...space.outbox.syncs.behind()]).toHaveLength(1)
  })
})

describe('what is gone', () => {
  it('as a definition takes its connection with it, and what waited', () => {
    const space = ToldSpace.of([GOLD, BUYERS])
    space.identify('u1', { plan: 'gold' })
    space.track('u1', 'Bought')
    expect(space.command({ kind: 'remove', id: idOf(GOLD) })).toEqual([])
    expect(space.outbox.connection('con_gold')).toBeUndefined()
    expect(space.waiting().map(({ connectionId }) => connectionId)).toEqual(['con_buyers'])
  })

  it('as a connection leaves nothing behind, and no delivery of its failures', () => {
    const space = ToldSpace.of([GOLD])
    space.identify('u1', { plan: 'gold' })
    const destination = space.outbox.destination('dst_1')!
    space.outbox.results.failed(destination, space.waiting()[0]!, { reason: 'status_400', message: '', now: 0 })
    space.command({ kind: 'disconnect', id: 'con_gold' })
    space.command({ kind: 'resend', destinationId: 'dst_1', numbers: [1] })
    expect(space.waiting()).toEqual([])
  })

  it('as a destination is so once nothing is connected to it', () => {
    const space = ToldSpace.of([GOLD])
    expect(() => space.command({ kind: 'remove destination', id: 'dst_1' })).toThrow(EngineError)
    space.command({ kind: 'disconnect', id: 'con_gold' })
    space.command({ kind: 'remove destination', id: 'dst_1' })
    expect(space.outbox.destination('dst_1')).toBeUndefined()
  })

  it('as a pause of a connection is neither sent later, nor told', () => {
    const space = ToldSpace.of([GOLD])
    space.identify('u1', { plan: 'gold' })
    space.connect(GOLD, { enabled: false })
    expect(space.waiting()).toEqual([])
    expect(space.identify('u2', { plan: 'gold' })).toEqual([])
    space.connect(GOLD, {}, 'known')
    expect(space.sync()).toHaveLength(2)
  })

  it('as a paused definition tells nobody that it is', () => {
    const space = ToldSpace.of([GOLD])
    space.identify('u1', { plan: 'gold' })
    expect(space.define(GOLD, false)).toEqual([])
    expect(space.identify('u2', { plan: 'gold' })).toEqual([])
  })

  it('as a user is told of, when it was a member', () => {
    const space = ToldSpace.of([GOLD])
    expect(() => space.connect(GOLD, { id: 'con_other', destinationId: 'dst_9' })).toThrow(EngineError)
    expect(() => space.connect(GOLD, { id: 'con_other' })).toThrow(EngineError)
  })
})

describe('what has failed', () => {
  function failing(): ToldSpace {
    const space = ToldSpace.of([GOLD])
    space.identify('u1', { plan: 'gold' })
    const destination = space.outbox.destination('dst_1')!
    space.outbox.results.failed(destination, space.waiting()[0]!, { reason: 'status_400', message: '', now: 0 })
    return space
  }
  const resend = (space: ToldSpace, numbers: readonly number[] = [1]) =>
    space.command({ kind: 'resend', destinationId: 'dst_1', numbers })

  it('is sent again as it was', () => {
    const space = failing()
    resend(space)
    expect(space.waiting()).toMatchObject([{ number: 1, value: true, sequence: 1 }])
    expect(space.outbox.destination('dst_1')!.failures.list()).toEqual([])
  })

  it('is not sent again where another value has come since', () => {
    const space = failing()
    space.identify('u1', { plan: 'free' })
    space.deliverAll()
    resend(space)
    expect(space.waiting()).toEqual([])
  })

  it('is not sent again where the connection is off', () => {
    const space = failing()
    space.connect(GOLD, { enabled: false })
    resend(space)
    expect(space.waiting()).toEqual([])
  })

  it('is sent again though it is known to have failed only later', () => {
    const space = ToldSpace.of([GOLD])
    space.identify('u1', { plan: 'gold' })
    resend(space)
    const destination = space.outbox.destination('dst_1')!
    space.outbox.results.failed(destination, space.waiting()[0]!, { reason: 'status_400', message: '', now: 0 })
    expect(space.waiting()).toMatchObject([{ number: 1 }])
    expect(destination.failures.list()).toEqual([])
  })
})

describe('a run that is read back half way', () => {
  const definitions = [BUYERS, WEEKLY, SPENT, GOLD, ACTIVE, TOTAL]

  /** A story with everything in it. */
  const story: readonly ((space: ToldSpace) => void)[] = [
    (space) => space.command({ kind: 'put destination', destination: destination() }),
    ...definitions.map((source) => (space: ToldSpace) => void space.define(source)),
    ...[BUYERS, WEEKLY, SPENT].map((source) => (space: ToldSpace) => void space.connect(source)),
    ...[ACTIVE, TOTAL].map((source) => (space: ToldSpace) => void space.connect(source, ALL_SENT)),
    (space) => space.identify('u1', { plan: 'gold', email: 'a@x' }),
    (space) => space.track('u1', 'Bought', { price: 5 }, HOUR),
    (space) => space.group('u1', 'acme'),
    (space) => space.call('track', { anonymousId: 'n1', event: 'Bought', properties: { price: 3 } }),
    (space) => space.group('u2', 'acme'),
    (space) => space.connect(GOLD, { approval: { members: 0, share: 1 } }, 'present'),
    (space) => void space.sync(),
    (space) => space.identify('u3', { plan: 'gold' }),
    (space) => space.command({ kind: 'approve', connectionId: 'con_gold' }),
    (space) => void space.sync(),
    (space) => space.define(audience('gold', "trait('plan') = 'free'")),
    (space) => space.identify('u3', { plan: 'free' }),
    (space) => space.call('identify', { userId: 'u1', anonymousId: 'n1', traits: { email: 'b@x' } }, 2 * HOUR),
    (space) => space.track('u2', 'Bought', { price: 1 }),
    (space) => space.command({ kind: 'approve', connectionId: 'con_gold' }),
    (space) => void space.until(3 * DAY),
    (space) => space.command({ kind: 'sync', connectionId: 'con_buyers', scope: 'known' }),
    (space) => void space.sync(),
    (space) => space.connect(SPENT, { enabled: false }),
  ]

  function run(reopensAfter: number): ToldSpace {
    const space = new ToldSpace()
    for (const [place, step] of story.entries()) {
      step(space)
      if (place === reopensAfter) space.reopen()
    }
    return space
  }

  it('tells the same, by the same numbers and ids, wherever it was', () => {
    const whole = run(-1)
    expect(whole.waiting().length).toBeGreaterThan(15)
    for (let place = 0; place < story.length; place++) {
      const reopened = run(place)
      expect(reopened.waiting(), `after step ${place}`).toEqual(whole.waiting())
      expect(reopened.messageIds(), `after step ${place}`).toEqual(whole.messageIds())
      expect(reopened.outbox.state(), `after step ${place}`).toEqual(whole.outbox.state())
    }
  })

  it('tells the same where its journal is applied from its beginning', () => {
    const whole = run(-1)
    const replayed = new ToldSpace()
    for (const entry of whole.journal.slice(1)) replayed.apply(entry)
    expect(replayed.waiting()).toEqual(whole.waiting())
    expect(replayed.outbox.state()).toEqual(whole.outbox.state())
  })

  it('gives the same numbers whatever has arrived meanwhile', () => {
    const whole = run(-1)
    const space = new ToldSpace()
    const ids = new Set<string>()
    for (const step of story) {
      step(space)
      for (const id of space.messageIds()) ids.add(id)
      space.deliverAll()
    }
    for (const id of whole.messageIds()) expect(ids).toContain(id)
    expect(space.outbox.state().next).toBe(whole.outbox.state().next)
  })

  it('keeps counts and failures', () => {
    const space = ToldSpace.of([GOLD])
    for (const user of ['u1', 'u2']) space.identify(user, { plan: 'gold' })
    const destination = space.outbox.destination('dst_1')!
    space.outbox.results.failed(destination, space.waiting()[0]!, { reason: 'status_400', message: '', now: 0 })
    space.deliverAll()
    const before = space.outbox.state()
    space.reopen()
    expect(space.outbox.state()).toEqual(before)
    expect(space.outbox.destination('dst_1')!.counts).toMatchObject({ created: 2, delivered: 1 })
  })
})

describe('a connection by another record', () => {
  it('is the same connection: what waits stays', () => {
    const space = ToldSpace.of([GOLD])
    space.identify('u1', { plan: 'gold' })
    space.command({
      kind: 'connect',
      connection: connection({ id: 'con_gold', definitionId: idOf(GOLD), key: 'gold' }),
    })
    expect(space.waiting()).toHaveLength(1)
    expect(space.identify('u2', { plan: 'gold' })).toEqual(['gold true user_id:u2 #1'])
  })
})
