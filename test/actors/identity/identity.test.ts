/** Which profile a call is about, and what merges and limits do (docs/semantics.md, 7). */
import { beforeEach, describe, expect, it } from 'vitest'
import type { ProfileActor } from '../../../actors/actor/profile-actor.ts'
import { audience, computedTrait, HOUR, Space } from '../../support/space.ts'

let space: Space
beforeEach(() => (space = new Space()))

type Fields = Record<string, unknown>

function see(...calls: Fields[]): void {
  for (const call of calls) {
    space.call({ type: 'track', event: 'Seen', ...call })
    expect(space.lastOutcome).toEqual({ kind: 'applied' })
  }
}

/** Ids of the types that a test makes up. */
function listed(...ids: string[]): Fields {
  return { context: { externalIds: ids.map(externalId) } }
}

function externalId(id: string): Fields {
  const [type, value] = partsOf(id)
  return { type, id: value, collection: 'users', encoding: 'none' }
}

function partsOf(id: string): [type: string, value: string] {
  return [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)]
}

function profileOf(id: string): ProfileActor | undefined {
  return space.shard.profile(...partsOf(id))
}

/** The ids of the profile that an id names, in the order in which they were added. */
function idsAround(id: string): string[] | undefined {
  return profileOf(id)?.ids.map(({ type, value }) => `${type}:${value}`)
}

function labelOf(id: string): string | undefined {
  return profileOf(id)?.label
}

function mergesOf(id: string): number | undefined {
  return profileOf(id)?.mergeCount
}

describe('a call', () => {
  it('whose ids nobody holds makes a profile of them', () => {
    see({ userId: 'u1', anonymousId: 'a1' })
    expect(idsAround('user_id:u1')).toEqual(['user_id:u1', 'anonymous_id:a1'])
    expect(space.shard.profileCount).toBe(1)
  })

  it('adds its new ids to the one profile that holds one of them', () => {
    see({ anonymousId: 'a1' }, { userId: 'u1', anonymousId: 'a1' }, { userId: 'u1', ...listed('crm:c1') })
    expect(idsAround('crm:c1')).toEqual(['anonymous_id:a1', 'user_id:u1', 'crm:c1'])
    expect([space.shard.profileCount, mergesOf('user_id:u1')]).toEqual([1, 0])
  })

  it('without an id is refused and makes nobody', () => {
    space.call({ type: 'track', event: 'Seen', userId: '00000000-0000', anonymousId: 'anonymous' })
    expect(space.lastOutcome).toMatchObject({ kind: 'refused', error: { code: 'no_user_anon_id' } })
    expect(space.shard.profileCount).toBe(0)
  })

  it('with a blocked id is about the others', () => {
    see({ userId: 'u1' }, { userId: 'u2' })
    see(
      { userId: 'null', anonymousId: 'a1' },
      { userId: 'null', anonymousId: 'a2' },
      { userId: '-1', anonymousId: 'a1' },
    )
    expect(idsAround('user_id:null')).toBeUndefined()
    expect(idsAround('anonymous_id:a1')).toEqual(['anonymous_id:a1'])
    expect(space.shard.profileCount).toBe(4)
  })

  it('knows an email whatever its case and the blanks around it, on lookups too', () => {
    space.call({ type: 'identify', userId: 'u1', traits: { email: ' Jane@X.io ' } })
    see({ anonymousId: 'a1', context: { traits: { email: 'jane@x.IO' } } })
    expect(idsAround('email:JANE@x.io ')).toEqual(['user_id:u1', 'email:jane@x.io', 'anonymous_id:a1'])
  })

  it('names profiles by the ids of a device', () => {
    const device = { type: 'android', id: 'd1', advertisingId: 'ad1', token: 't1', adTrackingEnabled: true }
    see({ userId: 'u1', context: { device } })
    expect(idsAround('android.idfa:ad1')).toEqual([
      'user_id:u1',
      'android.id:d1',
      'android.idfa:ad1',
      'android.push_token:t1',
    ])
    see({ context: { device: { type: 'android', id: 'd1' } } }, { context: { device: { type: 'ios', id: 'd1' } } })
    expect(space.shard.profileCount).toBe(2)
  })

  it('of alias changes nothing', () => {
    see({ userId: 'u1' }, { userId: 'u2' })
    space.call({ type: 'alias', userId: 'u1', previousId: 'u2', anonymousId: 'a1' })
    expect(space.lastOutcome).toEqual({ kind: 'applied' })
    expect([idsAround('user_id:u1'), idsAround('anonymous_id:a1'), space.shard.profileCount]).toEqual([
      ['user_id:u1'],
      undefined,
      2,
    ])
  })
})

describe('the label of a profile', () => {
  it('is its id of the first type by priority: user_id, email, then alphabetically', () => {
    see({ ...listed('zip:z1') })
    expect(labelOf('zip:z1')).toBe('zip:z1')
    see({ ...listed('zip:z1', 'crm:c1') })
    expect(labelOf('zip:z1')).toBe('crm:c1')
    see({ anonymousId: 'a1', ...listed('crm:c1') })
    expect(labelOf('zip:z1')).toBe('anonymous_id:a1')
    see({ ...listed('zip:z1', 'email:A@x.io') })
    expect(labelOf('zip:z1')).toBe('email:a@x.io')
    see({ userId: 'u1', ...listed('zip:z1') })
    expect(labelOf('zip:z1')).toBe('user_id:u1')
  })

  it('is the one first added of that type', () => {
    see({ anonymousId: 'b' }, { anonymousId: 'b', ...listed('anonymous_id:a') })
    expect(labelOf('anonymous_id:a')).toBe('anonymous_id:b')
  })

  it('is the one first added in the survivor after a merge', () => {
    see({ anonymousId: 'b' }, { anonymousId: 'a' }, { anonymousId: 'a', ...listed('anonymous_id:b') })
    expect(labelOf('anonymous_id:a')).toBe('anonymous_id:b')
  })
})

describe('a merge', () => {
  it('unites what the profiles held; every id resolves to the survivor from then on', () => {
    see({ anonymousId: 'a1', ...listed('crm:c1') }, { userId: 'u1' }, { userId: 'u1', anonymousId: 'a1' })
    const ids = ['user_id:u1', 'anonymous_id:a1', 'crm:c1']
    for (const id of ids) expect(idsAround(id)).toEqual(ids)
    expect([space.shard.profileCount, mergesOf('crm:c1')]).toEqual([1, 1])
  })

  it('unites three at once', () => {
    see({ anonymousId: 'a1' }, { ...listed('crm:c1') }, { ...listed('pos:p1') })
    see({ anonymousId: 'a1', ...listed('crm:c1', 'pos:p1') })
    expect([space.shard.profileCount, mergesOf('pos:p1')]).toEqual([1, 2])
  })

  it('adds up the merges of those united, plus one each', () => {
    see({ ...listed('a:1') }, { ...listed('a:2') }, { ...listed('a:1', 'a:2') })
    see({ ...listed('b:1') }, { ...listed('b:2') }, { ...listed('b:1', 'b:2') })
    see({ ...listed('a:1', 'b:1') })
    expect(mergesOf('b:2')).toBe(3)
  })

  it.each<[says: string, first: Fields, second: Fields, survivor: 'first' | 'second']>([
    ['the one with a user_id, though created later', { anonymousId: 'x' }, { userId: 'y' }, 'second'],
    ['the one with a user_id, created first', { userId: 'x' }, { anonymousId: 'y' }, 'first'],
    ['the first created where none has one', { anonymousId: 'x' }, listed('crm:y'), 'first'],
  ])('is survived by %s', (_, first, second, survivor) => {
    space = new Space(computedTrait('seen', "event('Seen').last(property('at'))"))
    see({ ...first, properties: { at: 'first' } }, { ...second, properties: { at: 'second' } })
    const lines = space.call({ type: 'identify', ...first, ...second }, HOUR)
    // The united value is the second's: it has changed where the survivor is the first.
    expect(lines.map((line) => line.split(' ').slice(2))).toEqual(survivor === 'first' ? [['seen', '"second"']] : [])
  })

  it('keeps in who was a member in one of the profiles, without a word', () => {
    space = new Space(audience('buyers', "event('Bought').count() >= 1", { includeAnonymousUsers: true }))
    see({ userId: 'u1' }, { anonymousId: 'a1', event: 'Bought' })
    expect(space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' })).toEqual([])
  })

  it('keeps in who was a member in one of them, though no longer in the survivor', () => {
    const recent = "event('Bought').within(1 day).count() >= 1"
    space = new Space(audience('recent', recent, { includeAnonymousUsers: true }))
    space.track('u1', 'Bought')
    expect(space.until(24 * HOUR)).toEqual(['24h user_id:u1 recent exited'])
    see({ anonymousId: 'a1', event: 'Bought' })
    expect(space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' })).toEqual([])
    expect(space.until(72 * HOUR)).toEqual(['48h+1ms user_id:u1 recent exited'])
  })

  it('lets out who was a member in one of the profiles, and now is none', () => {
    space = new Space(audience('idle', "NOT event('Bought').count() >= 1", { includeAnonymousUsers: true }))
    see({ anonymousId: 'a1' }, { userId: 'u1', event: 'Bought' })
    expect(space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' }, HOUR)).toEqual([
      '1h user_id:u1 idle exited',
    ])
  })

  it('keeps a member in, lets the value of the survivor go on, and counts sequences on from the larger', () => {
    space = new Space(
      audience('buyers', "event('Bought').count() >= 1", { includeAnonymousUsers: true }),
      computedTrait('bought', "event('Bought').count()"),
    )
    space.call({ type: 'track', event: 'Bought', anonymousId: 'a1' })
    space.call({ type: 'track', event: 'Bought', anonymousId: 'a1' })
    space.track('u1', 'Bought')
    const { transitions } = space.apply({
      kind: 'calls',
      receivedAt: space.shard.clock,
      calls: [{ body: { type: 'identify', userId: 'u1', anonymousId: 'a1' }, sourceId: '' }],
    })
    expect(transitions.map(({ key, type, value, sequence }) => [key, type, value, sequence])).toEqual([
      ['bought', 'trait', 3, 3],
    ])
  })

  it('lets the trait that was set last win, and keeps a removed one away', () => {
    space.call({ type: 'identify', anonymousId: 'a1', traits: { plan: 'pro', city: 'Rome', age: 1 } }, 3 * HOUR)
    space.call({ type: 'identify', userId: 'u1', traits: { plan: 'free', city: 'Berlin', age: 2 } }, 4 * HOUR)
    space.call({ type: 'identify', anonymousId: 'a1', traits: { city: null } }, 5 * HOUR)
    space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' }, 6 * HOUR)
    expect({ ...space.shard.profile('anonymous_id', 'a1')!.traits.values }).toEqual({ plan: 'free', age: 2 })
  })

  it('unites histories: what each did alone counts together', () => {
    space = new Space(audience('three', "event('Seen').count() >= 3"))
    see({ anonymousId: 'a1' }, { anonymousId: 'a1' }, { userId: 'u1' })
    expect(space.identify('u1', {}, HOUR)).toEqual([])
    expect(space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' })).toEqual(['1h user_id:u1 three entered'])
  })
})

describe('limits', () => {
  it('keep two user_ids apart: the lower id of the call is left out and stays where it is', () => {
    see({ userId: 'u1', anonymousId: 'a1' }, { userId: 'u2', anonymousId: 'a1' })
    expect(idsAround('user_id:u2')).toEqual(['user_id:u2'])
    expect(idsAround('anonymous_id:a1')).toEqual(['user_id:u1', 'anonymous_id:a1'])
  })

  it('hold five ids of another type; the sixth goes nowhere', () => {
    for (let n = 1; n <= 6; n++) see({ userId: 'u1', anonymousId: `a${n}` })
    expect(idsAround('user_id:u1')).toHaveLength(6)
    expect(idsAround('anonymous_id:a6')).toBeUndefined()
    see({ anonymousId: 'a6' })
    expect(idsAround('anonymous_id:a6')).toEqual(['anonymous_id:a6'])
  })

  it.each(['constructor', 'toString', '__proto__'])(
    'hold for a type that is named like what every object has: %s',
    (type) => {
      for (let n = 1; n <= 6; n++) see({ userId: 'u1', ...listed(`${type}:x${n}`) })
      expect(idsAround('user_id:u1')).toHaveLength(6)
    },
  )

  it('leave out the lowest by priority first: the types alphabetically from the end, then email', () => {
    see({ userId: 'u1', ...listed('zip:z1', 'crm:c1') }, { userId: 'u2', ...listed('email:e@x') })
    // u2 with all of these: zip:z1 is u1's, so is crm:c1; without both it is u2 alone that is meant.
    see({ userId: 'u2', ...listed('zip:z1', 'crm:c1', 'email:e@x', 'abc:new') })
    expect(idsAround('user_id:u2')).toEqual(['user_id:u2', 'email:e@x', 'abc:new'])
    expect(idsAround('user_id:u1')).toEqual(['user_id:u1', 'zip:z1', 'crm:c1'])
  })

  it('leave an id out for good: what comes before it in priority may have to go as well', () => {
    see({ userId: 'u1', ...listed('crm:c1') }, { userId: 'u2' })
    // zip:z1 would fit, but it is lower than crm:c1, which must go.
    see({ userId: 'u2', ...listed('crm:c1', 'zip:z1') })
    expect(idsAround('user_id:u2')).toEqual(['user_id:u2'])
    expect(idsAround('zip:z1')).toBeUndefined()
  })

  it('leave out the last of equal priority first', () => {
    for (let n = 1; n <= 4; n++) see({ userId: 'u1', anonymousId: `a${n}` })
    see({ userId: 'u1', ...listed('anonymous_id:b1', 'anonymous_id:b2') })
    expect(idsAround('anonymous_id:b1')).toEqual(idsAround('user_id:u1'))
    expect(idsAround('anonymous_id:b2')).toBeUndefined()
  })

  it('never refuse the last id', () => {
    see({ userId: 'u1', ...listed('user_id:u2') })
    expect([idsAround('user_id:u1'), idsAround('user_id:u2')]).toEqual([['user_id:u1'], undefined])
  })

  it('keep profiles apart that together would hold too many ids of a type', () => {
    for (let n = 1; n <= 3; n++) see({ userId: 'u1', anonymousId: `a${n}` })
    for (let n = 4; n <= 6; n++) see({ ...listed('crm:c1', `anonymous_id:a${n}`) })
    see({ userId: 'u1', ...listed('crm:c1') })
    expect(idsAround('crm:c1')).toEqual(['crm:c1', 'anonymous_id:a4', 'anonymous_id:a5', 'anonymous_id:a6'])
    expect(idsAround('user_id:u1')).toHaveLength(4)
  })

  it('hold 1,000 ids of a profile, and not one more', () => {
    const typed = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `t${from + index}:x`)
    see({ userId: 'u1', ...listed(...typed(0, 998)) })
    expect(idsAround('user_id:u1')).toHaveLength(999)
    see({ userId: 'u1', ...listed('t998:x') })
    expect(idsAround('user_id:u1')).toHaveLength(1000)
    see({ userId: 'u1', ...listed('t999:x') })
    expect(idsAround('user_id:u1')).toHaveLength(1000)
    expect(idsAround('t999:x')).toBeUndefined()
  })

  it('leave out just as many as it takes to hold 1,000 ids', () => {
    see({ userId: 'u1', ...listed(...Array.from({ length: 998 }, (_, n) => `t${n}:x`)) })
    see({ userId: 'u1', ...listed('z1:x', 'z2:x', 'z3:x') })
    expect([idsAround('z1:x')?.length, idsAround('z2:x'), idsAround('z3:x')]).toEqual([1000, undefined, undefined])
  })

  it('let a profile take 100 merges, and not one more', () => {
    see({ userId: 'u1' })
    for (let n = 1; n <= 101; n++) {
      see({ ...listed(`t${n}:x`) })
      see({ userId: 'u1', ...listed(`t${n}:x`) })
    }
    expect(mergesOf('user_id:u1')).toBe(100)
    expect(idsAround('t100:x')).toEqual(idsAround('user_id:u1'))
    expect(idsAround('t101:x')).toEqual(['t101:x'])
    // New ids are still taken.
    see({ userId: 'u1', ...listed('fresh:x') })
    expect(idsAround('fresh:x')).toEqual(idsAround('user_id:u1'))
  })
})
