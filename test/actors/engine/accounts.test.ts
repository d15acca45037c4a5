/** Stories of accounts and their users (docs/semantics.md, 8 and 9). */
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import { accountAudience, accountTrait, audience, computedTrait, DAY, HOUR, Space } from '../../support/space.ts'

describe('the events of an account', () => {
  it('are those of all its users', () => {
    const space = new Space(accountAudience('active', "event('Bought').count() >= 3"))
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    space.track('u1', 'Bought')
    space.track('u2', 'Bought')
    expect(space.track('stranger', 'Bought')).toEqual([])
    expect(space.track('u1', 'Bought', {}, HOUR)).toEqual(['1h group_id:acme active entered'])
  })

  it('include what a user did before the link was made', () => {
    const space = new Space(accountTrait('spent', "event('Bought').sum(property('price'))"))
    space.track('u1', 'Bought', { price: 5 })
    space.track('u1', 'Bought', { price: 6 })
    expect(space.group('u1', 'acme', {}, HOUR)).toEqual(['1h group_id:acme spent 11'])
    expect(space.group('u1', 'acme', {}, 2 * HOUR)).toEqual([])
  })

  it('count for each of the accounts that the user belongs to', () => {
    const space = new Space(accountTrait('bought', "event('Bought').count()"))
    space.group('u1', 'acme')
    space.group('u1', 'umbrella')
    expect(space.track('u1', 'Bought')).toEqual(['0h group_id:acme bought 1', '0h group_id:umbrella bought 1'])
  })

  it('leave its windows on time, whoever they are of', () => {
    const space = new Space(accountAudience('busy', "event('Bought').within(1 day).count() >= 2"))
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    space.track('u1', 'Bought', {}, HOUR)
    expect(space.track('u2', 'Bought', {}, 5 * HOUR)).toEqual(['5h group_id:acme busy entered'])
    expect(space.until(9 * DAY)).toEqual(['25h group_id:acme busy exited'])
  })

  it('make a funnel across its users', () => {
    const space = new Space(
      accountAudience(
        'answered',
        "event('Asked').where(event('Answered').within(parent: 1 day).count() >= 1).count() >= 1",
      ),
    )
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    space.track('u1', 'Asked')
    expect(space.track('u2', 'Answered', {}, DAY)).toEqual([])
    space.track('u1', 'Asked', {}, DAY)
    expect(space.track('u2', 'Answered', {}, 2 * DAY - 1)).toEqual([`47h+${HOUR - 1}ms group_id:acme answered entered`])
  })
})

describe('the traits of an account', () => {
  it('are set by group calls, and are none of its users', () => {
    const space = new Space(
      accountAudience('pro', "trait('plan') = 'pro'"),
      audience('pro_user', "trait('plan') = 'pro'"),
    )
    expect(space.group('u1', 'acme', { plan: 'pro' })).toEqual(['0h group_id:acme pro entered'])
    expect(space.identify('u2', { plan: 'pro' })).toEqual(['0h user_id:u2 pro_user entered'])
    expect(space.group('u2', 'umbrella')).toEqual([])
    expect(space.group('u3', 'acme', { plan: null }, HOUR)).toEqual(['1h group_id:acme pro exited'])
  })

  it('are those said last, whoever said it', () => {
    const space = new Space(accountAudience('pro', "trait('plan') = 'pro'"))
    space.group('u1', 'acme', { plan: 'pro' }, 2 * HOUR)
    const late = {
      type: 'group',
      userId: 'u2',
      groupId: 'acme',
      traits: { plan: 'free' },
      timestamp: '2026-01-01T01:00:00Z',
    }
    expect(space.call(late, 3 * HOUR)).toEqual([])
    expect(space.group('u2', 'acme', { plan: 'free' }, 4 * HOUR)).toEqual(['4h group_id:acme pro exited'])
  })

  it('may be dates that pass', () => {
    const space = new Space(accountAudience('renews', "trait('renewal').within_next(1 day)"))
    expect(space.group('u1', 'acme', { renewal: '2026-01-04' })).toEqual([])
    expect(space.until(9 * DAY)).toEqual(['48h group_id:acme renews entered', '72h+1ms group_id:acme renews exited'])
  })
})

describe('what holds for any, all or none of the users', () => {
  const ANY = accountAudience('any', "ANY trait('plan') = 'pro'")
  const ALL = accountAudience('all', "ALL trait('plan') = 'pro'")
  const NONE = accountAudience('none', "NONE trait('plan') = 'pro'")

  it('follows each user who changes', () => {
    const space = new Space(ANY, ALL, NONE)
    expect(space.group('u1', 'acme')).toEqual(['0h group_id:acme none entered'])
    space.group('u2', 'acme')
    expect(space.identify('u1', { plan: 'pro' }, HOUR)).toEqual([
      '1h group_id:acme any entered',
      '1h group_id:acme none exited',
    ])
    expect(space.identify('u2', { plan: 'pro' }, 2 * HOUR)).toEqual(['2h group_id:acme all entered'])
    expect(space.identify('u1', { plan: 'free' }, 3 * HOUR)).toEqual(['3h group_id:acme all exited'])
    expect(space.identify('u2', { plan: null }, 4 * HOUR)).toEqual([
      '4h group_id:acme any exited',
      '4h group_id:acme none entered',
    ])
  })

  it('follows each user who joins', () => {
    const space = new Space(ANY, ALL, NONE)
    space.identify('u1', { plan: 'pro' })
    expect(space.group('u1', 'acme')).toEqual(['0h group_id:acme any entered', '0h group_id:acme all entered'])
    expect(space.group('u2', 'acme', {}, HOUR)).toEqual(['1h group_id:acme all exited'])
  })

  it('is about each user by itself', () => {
    const space = new Space(accountAudience('heavy', "ANY event('Bought').within(1 day).count() >= 2"))
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    space.track('u1', 'Bought')
    expect(space.track('u2', 'Bought')).toEqual([])
    expect(space.track('u2', 'Bought', {}, HOUR)).toEqual(['1h group_id:acme heavy entered'])
    expect(space.until(9 * DAY)).toEqual(['24h group_id:acme heavy exited'])
  })

  it('takes ALL NOT and NONE for the same', () => {
    const space = new Space(
      accountAudience('quiet', "ALL NOT event('Bought').count() >= 1"),
      accountAudience('silent', "NONE event('Bought').count() >= 1"),
    )
    expect(space.group('u1', 'acme')).toEqual(['0h group_id:acme quiet entered', '0h group_id:acme silent entered'])
    expect(space.track('u1', 'Bought', {}, HOUR)).toEqual([
      '1h group_id:acme quiet exited',
      '1h group_id:acme silent exited',
    ])
  })

  it('counts two users who become one as one', () => {
    const space = new Space(ALL)
    space.call({ type: 'group', anonymousId: 'a1', groupId: 'acme' })
    space.identify('u1', { plan: 'pro' })
    expect(space.group('u1', 'acme')).toEqual([])
    expect(space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' }, HOUR)).toEqual([
      '1h group_id:acme all entered',
    ])
  })

  it('knows a user who comes to the account by becoming one with a user of it', () => {
    const space = new Space(ANY)
    space.call({ type: 'group', anonymousId: 'a1', groupId: 'acme' })
    space.identify('u1', { plan: 'pro' })
    expect(space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' }, HOUR)).toEqual([
      '1h group_id:acme any entered',
    ])
    expect(space.identify('u1', { plan: 'free' }, 2 * HOUR)).toEqual(['2h group_id:acme any exited'])
  })

  it('forgets what held for a user who is no more', () => {
    const space = new Space(ANY)
    space.call({ type: 'identify', anonymousId: 'a1', traits: { plan: 'pro' } })
    expect(space.call({ type: 'group', anonymousId: 'a1', groupId: 'acme' })).toEqual(['0h group_id:acme any entered'])
    space.identify('u1', { plan: 'free' }, HOUR)
    expect(space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' }, 2 * HOUR)).toEqual([
      '2h group_id:acme any exited',
    ])
  })

  it('joins with what is about the account itself', () => {
    const space = new Space(
      accountAudience(
        'upsell',
        "trait('plan') = 'free' AND ANY event('Hit Limit').count() >= 1 AND event('Hit Limit').count() >= 2",
      ),
    )
    space.group('u1', 'acme', { plan: 'free' })
    space.group('u2', 'acme')
    space.track('u1', 'Hit Limit')
    expect(space.track('u2', 'Hit Limit', {}, HOUR)).toEqual(['1h group_id:acme upsell entered'])
    expect(space.group('u2', 'acme', { plan: 'pro' }, 2 * HOUR)).toEqual(['2h group_id:acme upsell exited'])
  })
})

describe('what users know of their accounts', () => {
  const PRO = accountAudience('pro', "trait('plan') = 'pro'")
  const REACHED = audience('reached', "trait('pro') = true AND event('Visited').count() >= 1")

  it('changes at the same instant for all users of the account', () => {
    const space = new Space(PRO, REACHED)
    for (const user of ['u1', 'u2', 'u3']) space.track(user, 'Visited')
    for (const user of ['u1', 'u2']) space.group(user, 'acme')
    expect(space.group('u1', 'acme', { plan: 'pro' }, HOUR)).toEqual([
      '1h group_id:acme pro entered',
      '1h user_id:u1 reached entered',
      '1h user_id:u2 reached entered',
    ])
  })

  it('is the value of the account for a user who joins it later', () => {
    const space = new Space(PRO, REACHED)
    space.group('u1', 'acme', { plan: 'pro' })
    space.track('u2', 'Visited')
    expect(space.group('u2', 'acme', {}, HOUR)).toEqual(['1h user_id:u2 reached entered'])
  })

  it('is true while any of the accounts is in', () => {
    const space = new Space(PRO, REACHED)
    space.track('u1', 'Visited')
    space.group('u1', 'acme', { plan: 'pro' })
    expect(space.group('u1', 'umbrella', { plan: 'pro' }, HOUR)).toEqual(['1h group_id:umbrella pro entered'])
    expect(space.group('u1', 'acme', { plan: 'free' }, 2 * HOUR)).toEqual(['2h group_id:acme pro exited'])
    expect(space.group('u1', 'umbrella', { plan: 'free' }, 3 * HOUR)).toEqual([
      '3h group_id:umbrella pro exited',
      '3h user_id:u1 reached exited',
    ])
  })

  it('is false, not absent, without accounts', () => {
    const space = new Space(PRO, audience('outside', "trait('pro') = false"), audience('lost', "trait('pro').absent()"))
    expect(space.track('u1', 'Visited')).toEqual(['0h user_id:u1 outside entered'])
  })

  it('is no computed trait of theirs: those shadow, and are absent', () => {
    const space = new Space(
      accountTrait('seats', "event('Visited').count()"),
      audience('many', "trait('seats') >= 1"),
      audience('unknown', "trait('seats').absent()"),
    )
    expect(space.identify('u1', { seats: 5 })).toEqual(['0h user_id:u1 unknown entered'])
    space.group('u1', 'acme')
    expect(space.track('u1', 'Visited')).toEqual(['0h group_id:acme seats 1'])
  })

  it('goes on to the account that asks for it, all at one instant', () => {
    const space = new Space(
      audience('buyers', "event('Bought').count() >= 1"),
      accountAudience('team', "ANY trait('buyers') = true"),
      audience('mates', "trait('team') = true"),
      accountAudience('happy', "ALL trait('mates') = true"),
    )
    space.group('u1', 'acme')
    space.group('u2', 'acme')
    expect(space.track('u1', 'Bought', {}, HOUR).sort()).toEqual([
      '1h group_id:acme happy entered',
      '1h group_id:acme team entered',
      '1h user_id:u1 buyers entered',
      '1h user_id:u1 mates entered',
      '1h user_id:u2 mates entered',
    ])
  })
})

describe('users of an account who become one', () => {
  it('bring their accounts together, and their events count once', () => {
    const space = new Space(accountTrait('bought', "event('Bought').count()"))
    for (const id of [{ anonymousId: 'a1' }, { userId: 'u1' }]) {
      space.call({ type: 'track', event: 'Bought', ...id })
      space.call({ type: 'group', groupId: 'shared', ...id })
      space.call({ type: 'group', groupId: `of ${Object.values(id)[0] ?? ''}`, ...id })
    }
    expect(space.call({ type: 'identify', anonymousId: 'a1', userId: 'u1' }, HOUR).sort()).toEqual([
      '1h group_id:of a1 bought 2',
      '1h group_id:of u1 bought 2',
    ])
    expect(space.track('u1', 'Bought', {}, 2 * HOUR).sort()).toEqual([
      '2h group_id:of a1 bought 3',
      '2h group_id:of u1 bought 3',
      '2h group_id:shared bought 3',
    ])
  })
})

describe('an account', () => {
  it('is named by its group id, a number by its text', () => {
    const space = new Space(accountAudience('pro', "trait('plan') = 'pro'"))
    expect(space.group('u1', 42 as unknown as string, { plan: 'pro' })).toEqual(['0h group_id:42 pro entered'])
    expect(space.group('u1', '42', { plan: 'free' })).toEqual(['0h group_id:42 pro exited'])
  })

  it('is not made by a call that is refused', () => {
    const space = new Space(accountAudience('quiet', "NOT event('Bought').count() >= 1"))
    expect(space.group('u1', 'null')).toEqual([])
    expect(space.lastOutcome).toMatchObject({ kind: 'refused', error: { code: 'id_required' } })
    expect(space.call({ type: 'group', groupId: 'acme' })).toEqual([])
    expect(space.lastOutcome).toMatchObject({ kind: 'refused', error: { code: 'no_user_anon_id' } })
    expect(space.shard.actors()).toEqual([])
  })

  it('may be in audiences whose users may not: eligibility is for users', () => {
    const space = new Space(
      accountAudience('busy', "event('Bought').count() >= 1"),
      audience('buyers', "event('Bought').count() >= 1"),
      computedTrait('bought', "event('Bought').count()"),
    )
    space.call({ type: 'group', groupId: 'acme', anonymousId: 'a1' })
    expect(space.call({ type: 'track', event: 'Bought', anonymousId: 'a1' }).sort()).toEqual([
      '0h anonymous_id:a1 bought 1',
      '0h group_id:acme busy entered',
    ])
  })

  it('is the same after its state was bytes', () => {
    const definitions = [
      accountAudience('heavy', "ANY event('Bought').within(1 day).count() >= 2"),
      accountTrait('bought', "event('Bought').count()"),
      audience('mates', "trait('heavy') = true"),
    ]
    const space = new Space(...definitions)
    for (const user of ['u1', 'u2']) space.group(user, 'acme')
    for (const user of ['u1', 'u2', 'u2']) space.track(user, 'Bought')
    space.shard = Shard.of(space.shard.state())
    expect(space.until(3 * DAY).sort()).toEqual([
      '24h group_id:acme heavy exited',
      '24h user_id:u1 mates exited',
      '24h user_id:u2 mates exited',
    ])
  })
})
