/** Users of whom nothing but an anonymous id is known, and of whom nothing more comes. */
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import type { Entry } from '../../../src/model/entry.ts'
import { KEEP_ALL, type Retention } from '../../../src/model/retention.ts'
import { bytesOf, reopened } from '../../support/reopened.ts'
import { audience, computedTrait } from '../../support/space.ts'

const DAY = 86_400_000
const MONTH: Retention = { ...KEEP_ALL, anonymousMs: 30 * DAY }

const DEFINITIONS = [
  { ...audience('seen', "event('Seen').count() >= 1"), includeAnonymousUsers: true },
  computedTrait('views', "event('Seen').count()"),
]

function call(at: number, ids: object, rest: object = {}): Entry {
  const body = { type: 'track', event: 'Seen', ...ids, ...rest }
  return { kind: 'calls', receivedAt: at, calls: [{ body, sourceId: '' }] }
}

function tick(receivedAt: number): Entry {
  return { kind: 'tick', receivedAt }
}

function lines(shard: Shard, entry: Entry): string[] {
  return shard
    .apply(entry)
    .transitions.map(({ at, profile, key, type, value, sequence }) =>
      [at, profile, key, type, ...(value === undefined ? [] : [JSON.stringify(value)]), sequence].join(' '),
    )
}

describe('an anonymous user', () => {
  const space = (retention = MONTH) => new Shard({ definitions: DEFINITIONS, retention })

  it('leaves all, to the millisecond, and is no more', () => {
    const shard = space()
    shard.apply(call(5, { anonymousId: 'a1' }))
    expect(lines(shard, tick(30 * DAY + 5))).toEqual([])
    expect(shard.nextDue()).toBe(30 * DAY + 5)
    expect(lines(shard, tick(30 * DAY + 6))).toEqual([
      `${30 * DAY + 5} anonymous_id:a1 seen exited 2`,
      `${30 * DAY + 5} anonymous_id:a1 views trait null 2`,
    ])
    expect([shard.profile('anonymous_id', 'a1'), shard.profileCount, shard.nextDue()]).toEqual([undefined, 0, Infinity])
  })

  it('begins anew when its id comes again', () => {
    const shard = space()
    shard.apply(call(0, { anonymousId: 'a1' }))
    shard.apply(tick(40 * DAY))
    expect(lines(shard, call(40 * DAY, { anonymousId: 'a1' }))).toEqual([
      `${40 * DAY} anonymous_id:a1 seen entered 1`,
      `${40 * DAY} anonymous_id:a1 views trait 1 1`,
    ])
  })

  it('stays as long as something comes for it', () => {
    const shard = space()
    for (let day = 0; day < 100; day += 29) shard.apply(call(day * DAY, { anonymousId: 'a1' }))
    shard.apply(tick(100 * DAY))
    expect(shard.profile('anonymous_id', 'a1')?.definedValue(1)).toBe(4)
  })

  it.each([
    ['is known by another id', { userId: 'u1' }, {}],
    ['belongs to an account', { anonymousId: 'a1' }, { type: 'group', groupId: 'g1' }],
  ])('stays once it %s', (_, ids, rest) => {
    const shard = space()
    shard.apply(call(0, { anonymousId: 'a1' }))
    shard.apply(call(DAY, { anonymousId: 'a1', ...ids }, rest))
    expect(lines(shard, tick(400 * DAY))).toEqual([])
    expect(shard.profileCount).toBe(1)
  })

  it('goes at the same instant after a restart', () => {
    const shard = space()
    shard.apply(call(5, { anonymousId: 'a1' }))
    const restarted = reopened(shard)
    for (const each of [shard, restarted]) each.apply(tick(DAY))
    expect(lines(restarted, tick(31 * DAY))).toEqual(lines(shard, tick(31 * DAY)))
    expect(bytesOf(restarted)).toEqual(bytesOf(shard))
  })

  it('goes by a setting that is made later, at once if it is overdue', () => {
    const shard = space(KEEP_ALL)
    shard.apply(call(0, { anonymousId: 'a1' }))
    shard.apply(call(20 * DAY, { anonymousId: 'a2' }))
    const command = { kind: 'retain', retention: MONTH } as const
    shard.apply({ kind: 'command', receivedAt: 40 * DAY, command })
    shard.apply(tick(40 * DAY + 1))
    expect([shard.profileCount, shard.nextDue()]).toEqual([1, 50 * DAY])
    shard.apply(tick(50 * DAY + 1))
    expect(shard.profileCount).toBe(0)
  })
})

it('refuses a call that would make one profile more than there may be, and nothing else', () => {
  const shard = new Shard({ definitions: DEFINITIONS, retention: { ...KEEP_ALL, profilesMax: 2 } })
  for (const userId of ['u1', 'u2']) shard.apply(call(0, { userId }))
  const before = bytesOf(shard)
  const { outcomes } = shard.apply(call(0, { userId: 'u3' }, { messageId: 'm3' }))
  expect(outcomes).toMatchObject([{ kind: 'refused', error: { code: 'profiles_limit' } }])
  expect(bytesOf(shard)).toEqual(before)
  expect(shard.apply(call(0, { userId: 'u2' })).outcomes).toEqual([{ kind: 'applied' }])
  expect(shard.apply(call(0, { userId: 'u2', anonymousId: 'a2' })).outcomes).toEqual([{ kind: 'applied' }])
})
