/** Where ids, profiles and accounts come from: the calls that brought them, through merges, restarts and faults. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { SpaceActor } from '../../../actors/actor/space-actor.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import { ProfileActor } from '../../../actors/actor/profile-actor.ts'
import { type Call, readCall } from '../../../src/model/call.ts'
import type { CallOrigin } from '../../../src/model/call-origin.ts'
import type { RawCall } from '../../../src/model/entry.ts'
import { compareIdTypes, DEFAULT_IDENTITY_RULES, type ExternalId } from '../../../src/model/external-id.ts'
import { scenarios } from '../../support/generators/calls.ts'
import { reopened, Stored } from '../../support/reopened.ts'
import { entriesOf } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { DAY, Space, START } from '../../support/space.ts'

function messagesOf(actor: SpaceActor | undefined): (string | undefined)[] {
  return actor!.origins.map((origin) => origin?.messageId)
}

function endsOf(actor: SpaceActor | undefined): (string | undefined)[] {
  return [actor!.firstCall?.messageId, actor!.lastCall?.messageId]
}

/** The profile that a call is about: its best id is never left out. */
function profileOf(shard: Shard, { ids }: Call): ProfileActor {
  const [best] = [...ids].sort((a, b) => compareIdTypes(DEFAULT_IDENTITY_RULES, a.type, b.type))
  return shard.profile(best!.type, best!.value)!
}

describe('the origins of ids', () => {
  it('are the calls that brought them, with source and receive time', () => {
    const space = new Space()
    space.call({ type: 'page', anonymousId: 'a1', messageId: 'm1' }, 10)
    space.call({ type: 'identify', anonymousId: 'a1', userId: 'u1', messageId: 'm2' }, 20)
    space.call({ type: 'track', event: 'Seen', anonymousId: 'a1', userId: 'u1', messageId: 'm3' }, 30)
    const user = space.shard.profile('user_id', 'u1')!
    expect(user.ids.map(({ type }) => type)).toEqual(['anonymous_id', 'user_id'])
    expect(user.origins).toEqual([
      { receivedAt: START + 10, arrival: 1, sourceId: 'web', messageId: 'm1' },
      { receivedAt: START + 20, arrival: 2, sourceId: 'web', messageId: 'm2' },
    ])
    expect(endsOf(user)).toEqual(['m1', 'm3'])
  })

  it('stay through a merge; the first call is the earlier of both, the last one the merging call', () => {
    const space = new Space()
    space.call({ type: 'page', anonymousId: 'a1', messageId: 'm1' })
    space.identify('u1', { email: 'a@b.c' })
    space.call({ type: 'identify', anonymousId: 'a1', userId: 'u1', messageId: 'm3' })
    const user = space.shard.profile('user_id', 'u1')
    expect(user!.ids.map(({ type }) => type)).toEqual(['user_id', 'email', 'anonymous_id'])
    expect(messagesOf(user)).toEqual(['', '', 'm1'])
    expect(endsOf(user)).toEqual(['m1', 'm3'])
  })

  it('of an account are those of its group calls', () => {
    const space = new Space()
    for (const [userId, messageId] of [
      ['u1', 'm1'],
      ['u2', 'm2'],
    ])
      space.call({ type: 'group', userId, groupId: 'g1', messageId })
    space.track('u1', 'Seen')
    const account = space.shard.account('g1')
    expect(messagesOf(account)).toEqual(['m1'])
    expect(endsOf(account)).toEqual(['m1', 'm2'])
  })

  it('are what a map of them is, whatever calls come, and wherever it is written and read', () => {
    fc.assert(
      fc.property(scenarios(), fc.nat(), fc.boolean(), (scenario, at, hasStates) => {
        const entries = entriesOf(scenario)
        let shard = new Shard({ definitions: scenario.definitions })
        /** By number, from 1 on: the calls that the space has taken up. */
        const messages = ['']
        const arrivals = new Map<string, number>()
        const lastOf = new Map<number, number>()
        const nameOf = ({ type, value }: ExternalId) => `${type}:${value}`
        for (const [index, entry] of entries.entries()) {
          if (index === at % entries.length) shard = hasStates ? new Stored().reopen(shard) : reopened(shard)
          const { outcomes } = shard.apply(entry)
          if (entry.kind !== 'calls' || outcomes[0]!.kind !== 'applied') continue
          const { body } = entry.calls[0] as RawCall
          const call = readCall(body, DEFAULT_IDENTITY_RULES)
          if (call.type === 'alias') continue
          const arrival = messages.push(call.messageId) - 1
          const profile = profileOf(shard, call)
          for (const id of profile.ids) if (!arrivals.has(nameOf(id))) arrivals.set(nameOf(id), arrival)
          lastOf.set(profile.ordinal, arrival)
          expect(profile.lastCall).toMatchObject({ arrival, messageId: call.messageId, receivedAt: profile.seenAt })
        }
        for (const actor of shard.actors()) {
          if (actor.kind !== 'user') continue
          const expected = actor.ids.map((id) => arrivals.get(nameOf(id))!)
          expect(actor.origins.map((origin) => origin!.arrival)).toEqual(expected)
          expect(messagesOf(actor)).toEqual(expected.map((arrival) => messages[arrival]))
          expect(actor.firstCall!.arrival).toBe(Math.min(...expected))
          expect(actor.lastCall!.arrival).toBe(lastOf.get(actor.ordinal))
        }
      }),
      propertyRuns(60),
    )
  })
})

describe('the last call', () => {
  it('is noted for a call that is no event and brings no id, and found among the events otherwise', () => {
    const space = new Space()
    const user = () => space.shard.profile('user_id', 'u1')!
    space.call({ type: 'identify', userId: 'u1', messageId: 'm1' })
    const noted = () => user().store.origins.lastField.reference(user().row)
    expect([noted(), endsOf(user())[1]]).toEqual([0, 'm1'])
    space.call({ type: 'track', event: 'Seen', userId: 'u1', messageId: 'm2' })
    expect([noted(), endsOf(user())[1]]).toEqual([0, 'm2'])
    space.call({ type: 'identify', userId: 'u1', messageId: 'm3' })
    expect([noted() > 0, endsOf(user())[1]]).toEqual([true, 'm3'])
    space.call({ type: 'track', event: 'Seen', userId: 'u1', messageId: 'm4' })
    expect(endsOf(user())).toEqual(['m1', 'm4'])
  })

  it('and the first one outlive the events', () => {
    const space = new Space()
    space.call({ type: 'track', event: 'Seen', userId: 'u1', messageId: 'm1' })
    const retention = { historyMs: DAY, eventsMax: 2 }
    space.apply({ kind: 'command', receivedAt: START, command: { kind: 'retain', retention } })
    for (const messageId of ['m2', 'm3', 'm4'])
      space.call({ type: 'track', event: 'Seen', userId: 'u1', messageId, timestamp: undefined }, 30 * DAY)
    const user = space.shard.profile('user_id', 'u1')
    expect(user!.eventCount).toBeLessThan(3)
    expect(endsOf(user)).toEqual(['m1', 'm4'])
  })

  it('of a failed settlement is taken back, with the ids and whom they name', () => {
    const space = new Space()
    space.call({ type: 'identify', anonymousId: 'a1', messageId: 'm1' })
    space.call({ type: 'identify', userId: 'u1', messageId: 'm2' })
    const seen = vi.spyOn(ProfileActor.prototype, 'seen').mockImplementationOnce(() => {
      throw new Error('a fault of ours')
    })
    space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1', messageId: 'm3' })
    seen.mockRestore()
    const { reader } = space.shard
    const both = [space.shard.profile('anonymous_id', 'a1'), space.shard.profile('user_id', 'u1')]
    expect(both.map((actor) => actor!.ordinal)).toEqual([0, 1])
    expect(both.map(endsOf)).toEqual([
      ['m1', 'm1'],
      ['m2', 'm2'],
    ])
    expect([reader.presentOrdinal(0), reader.presentOrdinal(1)]).toEqual([0, 1])
    const retention = { anonymousMs: DAY }
    space.apply({ kind: 'command', receivedAt: space.shard.clock, command: { kind: 'retain', retention } })
    space.until(2 * DAY)
    expect([reader.presentOrdinal(0), reader.usersNamed('0')]).toEqual([-1, []])
  })
})

describe('the ids of an event', () => {
  it('are those of its call that its user has, through a merge', () => {
    const space = new Space()
    const idsOf = (user: ProfileActor) =>
      user.keptEvents().map(({ ids }) => ids!.map((number) => Object.values(user.ids[number]!).join(':')))
    space.call({ type: 'page', anonymousId: 'a1' }, 1)
    space.call({ type: 'page', anonymousId: 'a1', context: { traits: { email: 'ü€@b.c' } } }, 2)
    space.call({ type: 'page', userId: 'u1' }, 3)
    space.call({ type: 'page', userId: 'u1', anonymousId: 'a1' }, 4)
    expect(idsOf(space.shard.profile('user_id', 'u1')!)).toEqual([
      ['anonymous_id:a1'],
      ['anonymous_id:a1', 'email:ü€@b.c'],
      ['user_id:u1'],
      ['user_id:u1', 'anonymous_id:a1'],
    ])
  })

  it('leave out an id that names somebody else', () => {
    const space = new Space()
    space.identify('u1', { email: 'a@b.c' })
    space.call({ type: 'page', userId: 'u2', context: { traits: { email: 'a@b.c' } } })
    expect(space.shard.profile('user_id', 'u2')!.keptEvents()[0]!.ids).toEqual([0])
  })
})

describe('a user that was merged into another', () => {
  it('is found by its ordinal, after further merges and restarts, and is nobody once that is forgotten', () => {
    const space = new Space()
    for (const anonymousId of ['a1', 'a2', 'a3']) space.call({ type: 'page', anonymousId })
    space.call(merging('a2', 'a3'))
    expect(space.shard.reader.presentOrdinal(2)).toBe(1)
    space.call(merging('a1', 'a3'))
    space.shard = new Stored().reopen(space.shard)
    expect([0, 1, 2, 3].map((ordinal) => space.shard.reader.presentOrdinal(ordinal))).toEqual([0, 0, 0, -1])
    const retention = { anonymousMs: DAY }
    space.apply({ kind: 'command', receivedAt: space.shard.clock, command: { kind: 'retain', retention } })
    space.until(2 * DAY)
    expect([0, 1, 2].map((ordinal) => space.shard.reader.presentOrdinal(ordinal))).toEqual([-1, -1, -1])
  })
})

function merging(...ids: readonly string[]): Record<string, unknown> {
  const externalIds = ids.map((id) => ({ id, type: 'anonymous_id', collection: 'users', encoding: 'none' }))
  return { type: 'page', context: { externalIds } }
}

describe('a profile from before origins were kept', () => {
  /** As a checkpoint of before has it. */
  function before(shard: Shard): Shard {
    for (const actor of shard.actors()) {
      const { store, row } = actor
      store.memory.barrier.begin()
      store.origins.release(row)
      store.commit()
    }
    return reopened(shard)
  }

  it('has no first call, and none for its ids; the last one is the newest event, then the next call', () => {
    const space = new Space()
    space.call({ type: 'track', event: 'Seen', userId: 'u1', anonymousId: 'a1', messageId: 'm1' })
    space.shard = before(space.shard)
    const user = () => space.shard.profile('user_id', 'u1')
    expect([messagesOf(user()), endsOf(user())]).toEqual([
      [undefined, undefined],
      [undefined, 'm1'],
    ])
    space.call({ type: 'identify', userId: 'u1', traits: { email: 'a@b.c' }, messageId: 'm2' })
    space.call({ type: 'page', anonymousId: 'a2', messageId: 'm3' })
    space.call({ ...merging('a2'), userId: 'u1', messageId: 'm4' })
    space.shard = reopened(space.shard)
    expect([messagesOf(user()), endsOf(user())]).toEqual([
      [undefined, undefined, 'm2', 'm3'],
      [undefined, 'm4'],
    ])
    const origin: CallOrigin | undefined = user()!.origins[2]
    expect(origin).toMatchObject({ arrival: 2, sourceId: 'web' })
  })
})
