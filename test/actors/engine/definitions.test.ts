/** Definitions that come, change and go while the space runs (docs/semantics.md, 8). */
import { describe, expect, it, vi } from 'vitest'
import { ProfileActor } from '../../../actors/actor/profile-actor.ts'
import { Histories } from '../../../actors/history/histories.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import { bytesOf } from '../../support/reopened.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import { EngineError } from '../../../src/model/errors.ts'
import { accountAudience, accountTrait, audience, computedTrait, DAY, HOUR, Space } from '../../support/space.ts'

const BUYERS = audience('buyers', "event('Bought').count() >= 1")
const RECENT = audience('recent', "event('Bought').within(1 day).count() >= 1")
const SPENT = computedTrait('spent', "event('Bought').sum(property('price'))")
const NOT_BOUGHT = "NOT event('Bought').within(parent: 1 hour).count() >= 1"
const COUNT = computedTrait('bought', "event('Bought').count()")

describe('a definition that is added', () => {
  it('is computed over the history first, at that instant, for everybody', () => {
    const space = new Space()
    space.track('u1', 'Bought', { price: 5 })
    space.track('u2', 'Viewed')
    space.track('u3', 'Bought', { price: 7 })
    expect(space.define(SPENT, 2 * HOUR)).toEqual(['2h user_id:u1 spent 5', '2h user_id:u3 spent 7'])
    expect(space.define(BUYERS, 3 * HOUR)).toEqual(['3h user_id:u1 buyers entered', '3h user_id:u3 buyers entered'])
  })

  it('then goes on with what comes, counting nothing twice', () => {
    const space = new Space()
    space.track('u1', 'Bought', { price: 5 })
    space.define(SPENT, HOUR)
    expect(space.track('u1', 'Bought', { price: 2 }, 2 * HOUR)).toEqual(['2h user_id:u1 spent 7'])
  })

  it('changes by time alone when it would have, had it always been there', () => {
    const space = new Space()
    space.track('u1', 'Bought')
    expect(space.define(RECENT, HOUR)).toEqual(['1h user_id:u1 recent entered'])
    expect(space.until(DAY - 1)).toEqual([])
    expect(space.until(DAY)).toEqual(['24h user_id:u1 recent exited'])
  })

  it('lets what is due before it happen first, each at its own instant', () => {
    const space = new Space(RECENT)
    space.track('u1', 'Bought')
    expect(space.define(BUYERS, 3 * DAY)).toEqual(['24h user_id:u1 recent exited', '72h user_id:u1 buyers entered'])
  })

  it('says nothing of those for whom nothing holds', () => {
    const space = new Space()
    space.track('u1', 'Bought')
    expect(space.define(RECENT, 2 * DAY)).toEqual([])
  })

  it('finds whoever it holds for without any event', () => {
    const space = new Space()
    space.track('u1', 'Viewed')
    space.call({ type: 'track', event: 'Viewed', anonymousId: 'a1' })
    expect(space.define(audience('idle', "NOT event('Bought').count() >= 1"))).toEqual(['0h user_id:u1 idle entered'])
  })

  it('looks at traits that were set before', () => {
    const space = new Space()
    space.identify('u1', { plan: 'pro', renewal: '2026-01-03' })
    expect(space.define(audience('pro', "trait('plan') = 'pro'"))).toEqual(['0h user_id:u1 pro entered'])
    expect(space.define(audience('soon', "trait('renewal').within_next(1 day)"))).toEqual([])
    expect(space.until(3 * DAY)).toEqual(['24h user_id:u1 soon entered', '48h+1ms user_id:u1 soon exited'])
  })

  it('reads definitions that were there, and settles with them', () => {
    const space = new Space(SPENT)
    space.track('u1', 'Bought', { price: 50 })
    expect(space.define(audience('big', "trait('spent') >= 50"))).toEqual(['0h user_id:u1 big entered'])
    expect(space.track('u2', 'Bought', { price: 60 }, HOUR)).toEqual([
      '1h user_id:u2 spent 60',
      '1h user_id:u2 big entered',
    ])
  })

  it('takes the place of a custom trait of its name, for those that read it', () => {
    const space = new Space(audience('vips', "trait('vip') = true"))
    expect(space.identify('u1', { vip: true })).toEqual(['0h user_id:u1 vips entered'])
    expect(space.define(audience('vip', "event('Bought').count() >= 1"), HOUR)).toEqual(['1h user_id:u1 vips exited'])
    expect(space.track('u1', 'Bought', {}, 2 * HOUR)).toEqual([
      '2h user_id:u1 vip entered',
      '2h user_id:u1 vips entered',
    ])
    expect(space.remove('vip', 'USERS', 3 * HOUR)).toEqual([])
    expect(space.identify('u1', { vip: false }, 4 * HOUR)).toEqual(['4h user_id:u1 vips exited'])
  })
})

describe('a count that is added', () => {
  it('was one for those whose events, as they are united now, once made it one', () => {
    const space = new Space()
    space.call({ type: 'track', event: 'Viewed', userId: 'u1', anonymousId: 'a1' })
    space.call({ type: 'track', event: 'Viewed', anonymousId: 'a2' }, 1000)
    space.call({ type: 'identify', userId: 'u1', anonymousId: 'a2' }, 3 * DAY)
    const again = "event('Viewed').where(event('Viewed').between(parent: 2 days, 1 second).count() >= 1)"
    expect(space.define(computedTrait('again', `${again}.within(1 day).count()`), 3 * DAY)).toEqual([
      '72h user_id:u1 again 0',
    ])
  })

  it('is absent for those for whom it was never one, and 0 for those for whom it once was', () => {
    const space = new Space()
    space.track('u1', 'Bought')
    space.track('u2', 'Viewed')
    const count = computedTrait('today', "event('Bought').within(1 day).count()")
    expect(space.define(count, 3 * DAY)).toEqual(['72h user_id:u1 today 0'])
    expect(space.track('u2', 'Bought', {}, 3 * DAY)).toEqual(['72h user_id:u2 today 1'])
    expect(space.until(5 * DAY)).toEqual(['96h user_id:u2 today 0'])
  })
})

describe('a definition that is changed', () => {
  it('is computed anew; only what differs is said, at that instant', () => {
    const space = new Space(audience('dear', "event('Bought').max(property('price')) >= 10"))
    space.track('u1', 'Bought', { price: 15 })
    space.track('u2', 'Bought', { price: 25 })
    const dearer = audience('dear', "event('Bought').max(property('price')) >= 20")
    expect(space.define(dearer, HOUR)).toEqual(['1h user_id:u1 dear exited'])
    expect(space.define(dearer, 2 * HOUR)).toEqual([])
    const cheaper = audience('dear', "event('Bought').max(property('price')) >= 1")
    expect(space.define(cheaper, 3 * HOUR)).toEqual(['3h user_id:u1 dear entered'])
  })

  it('counts its transitions on', () => {
    const space = new Space(SPENT)
    space.track('u1', 'Bought', { price: 5 })
    const { transitions } = space.apply({
      kind: 'command',
      receivedAt: space.shard.clock,
      command: { kind: 'define', definition: computedTrait('spent', "event('Bought').count()") },
    })
    expect(transitions).toMatchObject([{ key: 'spent', value: 1, sequence: 2 }])
  })

  it('takes those that read it along', () => {
    const space = new Space(SPENT, audience('big', "trait('spent') >= 50"))
    space.track('u1', 'Bought', { price: 60 })
    expect(space.define(computedTrait('spent', "event('Bought').min(property('discount'))"), HOUR)).toEqual([
      '1h user_id:u1 spent null',
      '1h user_id:u1 big exited',
    ])
  })

  it('lets those in whom a change of who may be a member lets in, and out whom it keeps out', () => {
    const space = new Space(BUYERS)
    space.call({ type: 'track', event: 'Bought', anonymousId: 'a1' })
    expect(space.define({ ...BUYERS, includeAnonymousUsers: true })).toEqual(['0h anonymous_id:a1 buyers entered'])
    expect(space.define({ ...BUYERS, filterByExternalIds: [] })).toEqual(['0h anonymous_id:a1 buyers exited'])
  })

  it('from a window to another moves the instant at which it ends', () => {
    const space = new Space(RECENT)
    space.track('u1', 'Bought')
    expect(space.define(audience('recent', "event('Bought').within(3 days).count() >= 1"), HOUR)).toEqual([])
    expect(space.until(5 * DAY)).toEqual(['72h user_id:u1 recent exited'])
  })
})

describe('a definition that is removed', () => {
  it('says nothing, and is never heard of again', () => {
    const space = new Space(BUYERS, SPENT)
    space.track('u1', 'Bought', { price: 1 })
    expect(space.remove('spent')).toEqual([])
    expect(space.track('u1', 'Bought', { price: 1 }, HOUR)).toEqual([])
    expect(space.shard.definitions.find('spent', 'USERS')).toBeUndefined()
  })

  it('is forgotten: of that name, a later one begins anew', () => {
    const space = new Space(BUYERS)
    space.track('u1', 'Bought')
    space.remove('buyers')
    expect(space.define(BUYERS, HOUR)).toEqual(['1h user_id:u1 buyers entered'])
  })

  it('leaves nothing due', () => {
    const space = new Space(RECENT)
    space.track('u1', 'Bought')
    expect(space.shard.nextDue()).not.toBe(Infinity)
    space.remove('recent')
    expect(space.shard.nextDue()).toBe(Infinity)
    expect(space.until(9 * DAY)).toEqual([])
  })

  it('is a custom trait to those that read it, who change at that instant', () => {
    const space = new Space(BUYERS, audience('regulars', "trait('buyers') = true"))
    space.track('u1', 'Bought')
    expect(space.remove('buyers', 'USERS', HOUR)).toEqual(['1h user_id:u1 regulars exited'])
    expect(space.identify('u1', { buyers: true }, 2 * HOUR)).toEqual(['2h user_id:u1 regulars entered'])
  })

  it('is the one of its type: one of accounts of the same key stays', () => {
    const ofAccounts = accountAudience('buyers', "event('Bought').count() >= 1")
    const space = new Space(BUYERS, ofAccounts)
    space.group('u1', 'g1')
    expect(space.remove('buyers', 'USERS')).toEqual([])
    expect(space.track('u1', 'Bought')).toEqual(['0h group_id:g1 buyers entered'])
  })
})

describe('a definition without history', () => {
  const fresh: DefinitionSource = { ...COUNT, includeHistoricalData: false }

  it('counts only what arrives after it', () => {
    const space = new Space()
    space.track('u1', 'Bought')
    expect(space.define(fresh, HOUR)).toEqual([])
    expect(space.track('u1', 'Bought', {}, HOUR)).toEqual(['1h user_id:u1 bought 1'])
  })

  it('counts what arrives after it though it happened before', () => {
    const space = new Space()
    space.define(fresh, DAY)
    const late = { type: 'track', event: 'Bought', userId: 'u1', timestamp: '2026-01-01T05:00:00Z' }
    expect(space.call(late, DAY)).toEqual(['24h user_id:u1 bought 1'])
  })

  it('begins where it began when it is changed, and over all of it when it is to have history', () => {
    const space = new Space()
    space.track('u1', 'Bought')
    space.define(fresh, HOUR)
    space.track('u1', 'Bought', {}, 2 * HOUR)
    expect(space.define({ ...fresh, query: "event('Bought').within(30 days).count()" }, 3 * HOUR)).toEqual([])
    expect(space.track('u1', 'Bought', {}, 4 * HOUR)).toEqual(['4h user_id:u1 bought 2'])
    expect(space.define(COUNT, 5 * HOUR)).toEqual(['5h user_id:u1 bought 3'])
  })

  it('keeps its beginning through merges and the state as bytes', () => {
    const space = new Space()
    space.call({ type: 'track', event: 'Bought', anonymousId: 'a1' })
    space.define(fresh, HOUR)
    space.track('u1', 'Bought', {}, 2 * HOUR)
    expect(space.call({ type: 'identify', userId: 'u1', anonymousId: 'a1' }, 3 * HOUR)).toEqual([])
    space.shard = Shard.of(space.shard.state())
    expect(space.track('u1', 'Bought', {}, 4 * HOUR)).toEqual(['4h user_id:u1 bought 2'])
  })

  it('there from the start counts from the start', () => {
    const space = new Space(fresh)
    expect(space.track('u1', 'Bought')).toEqual(['0h user_id:u1 bought 1'])
  })
})

describe('a command that is refused', () => {
  function populated(): Space {
    const space = new Space(
      BUYERS,
      RECENT,
      audience('a', "trait('b') = true"),
      computedTrait('c', "event('Bought').where(property('price') > trait('d')).count()"),
      accountAudience('team', "ANY trait('buyers') = true"),
      accountAudience('club', "trait('team') = true"),
      audience('mates', "trait('club') = true"),
    )
    space.track('u1', 'Bought', { price: 3 })
    space.group('u1', 'g1', { seats: 2 })
    return space
  }

  it.each<[says: string, definition: Partial<DefinitionSource>, code: string]>([
    ['a query that does not follow the grammar', audience('x', "event('Bought').count() >="), 'query_syntax'],
    ['a query of the other kind', audience('x', "event('Bought').count()"), 'query_type'],
    ['a quantifier outside accounts', audience('x', "ANY event('Bought').count() >= 1"), 'query_type'],
    ['a definition that reads itself', audience('x', "trait('x') = true"), 'definition_cycle'],
    ['a change by which two read one another', audience('b', "trait('a') = true"), 'definition_cycle'],
    ['a circle through a reference in a where', computedTrait('d', "event('X').where(property('n') > trait('c')).count()"), 'definition_cycle'], // prettier-ignore
    ['a circle from users through accounts and back', audience('buyers', "trait('mates') = true"), 'definition_cycle'],
    ['a circle from accounts through users and back', accountAudience('team', "ANY trait('mates') = true"), 'definition_cycle'], // prettier-ignore
    ['a circle of accounts', accountAudience('team', "trait('club') = true"), 'definition_cycle'],
    ['a key that is empty', audience('', "event('Bought').count() >= 1"), 'definition_invalid'],
    ['a key that is no text', { ...BUYERS, key: 5 as unknown as string }, 'definition_invalid'],
  ])('for %s changes nothing, to the byte', (_, definition, code) => {
    const space = populated()
    const before = bytesOf(space.shard)
    let refusal: unknown
    try {
      space.define(definition as DefinitionSource, 40 * DAY)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toBeInstanceOf(EngineError)
    expect((refusal as EngineError).code).toBe(code)
    expect(bytesOf(space.shard)).toEqual(before)
    // The clock stood still: what is due comes when it moves.
    expect(space.until(DAY)).toEqual(['24h user_id:u1 recent exited'])
  })

  it('for the removal of what is not there changes nothing, to the byte', () => {
    const space = populated()
    const before = bytesOf(space.shard)
    for (const [key, type] of [
      ['nobody', 'USERS'],
      ['team', 'USERS'],
      ['a', 'ACCOUNTS'],
    ] as const)
      expect(() => space.remove(key, type, 40 * DAY)).toThrow(`no definition '${key}' for ${type}`)
    expect(bytesOf(space.shard)).toEqual(before)
  })

  it('at the start leaves no space behind', () => {
    const circle = [audience('a', "trait('b') = true"), audience('b', "trait('a') = true")]
    expect(() => new Shard({ definitions: circle })).toThrow('would create a cycle')
    expect(() => new Shard({ definitions: [BUYERS, BUYERS] })).toThrow("key: 'buyers' is defined twice for USERS")
  })
})

describe('references that look like circles and are none', () => {
  it.each<[says: string, definitions: DefinitionSource[]]>([
    ['one key for users and for accounts', [audience('vip', "event('A').count() >= 1"), accountAudience('vip', "ANY trait('vip') = true")]], // prettier-ignore
    [
      'a user audience of an account audience of a user audience',
      [BUYERS, accountAudience('team', "ANY trait('buyers') = true"), audience('mates', "trait('team') = true")],
    ],
    [
      'one read by two that one more reads',
      [
        BUYERS,
        audience('x', "trait('buyers') = true"),
        audience('y', "trait('buyers') = true"),
        audience('z', "trait('x') = true AND trait('y') = true"),
      ],
    ],
    ['an account that reads a computed trait of users, which it cannot see', [computedTrait('n', "event('A').where(property('x') = trait('t')).count()"), accountTrait('t', "event('B').where(property('x') = trait('n')).count()")]], // prettier-ignore
  ])('%s', (_, definitions) => {
    expect(() => new Shard({ definitions })).not.toThrow()
    expect(() => new Shard({ definitions: definitions.toReversed() })).not.toThrow()
    const space = new Space()
    for (const definition of definitions) space.define(definition)
    expect(space.shard.definitions.inputs()).toHaveLength(definitions.length)
  })
})

describe('a chain of references', () => {
  const chain = (length: number) =>
    Array.from({ length }, (_, n) =>
      audience(`a${n}`, n === length - 1 ? "event('Bought').count() >= 1" : `trait('a${n + 1}') = true`),
    )

  it('settles in one go', () => {
    expect(new Space(...chain(100)).track('u1', 'Bought')).toHaveLength(100)
  })

  it('is refused where it is too long to be walked', () => {
    expect(() => new Space(...chain(5000))).toThrow(EngineError)
  })

  it('is refused whatever the order in which its definitions are given', () => {
    expect(() => new Space(...chain(5000).toReversed())).toThrow(EngineError)
  })
})

describe('the order in which definitions are given', () => {
  it('makes no difference to what they are', () => {
    const definitions = [BUYERS, SPENT, audience('big', "trait('spent') >= 50 AND trait('buyers') = true"), COUNT]
    const lines = [definitions, definitions.toReversed()].map((given) => {
      const space = new Space(...given)
      return space.track('u1', 'Bought', { price: 60 }).sort()
    })
    expect(lines[0]).toEqual(lines[1])
    expect(lines[0]).toHaveLength(4)
  })
})

describe('a command that fails half-way', () => {
  it('leaves the state, to the byte, as it was', () => {
    const space = new Space(BUYERS, SPENT)
    space.track('u1', 'Bought', { price: 60 })
    space.group('u1', 'g1')
    const before = bytesOf(space.shard)
    const history = vi.spyOn(ProfileActor.prototype, 'heardEvents').mockImplementation(() => {
      throw new Error('a fault of ours')
    })
    const definition = computedTrait('later', "event('Bought').within(1 hour).count()")
    const define = { kind: 'command', receivedAt: space.shard.clock, command: { kind: 'define', definition } } as const
    expect(() => space.shard.apply(define)).toThrow('a fault of ours')
    expect(bytesOf(space.shard)).toEqual(before)
    history.mockRestore()
    expect(space.shard.apply(define).transitions.map(({ key, value }) => [key, value])).toEqual([['later', 1]])
  })
})

describe('a definition that is malformed', () => {
  it.each([
    ['kind', { kind: 'segment' }],
    ['key', { key: '' }],
    ['type', { type: 'users' }],
    ['query', { query: 5 }],
    ['filterByExternalIds', { filterByExternalIds: 'user_id' }],
  ])('is refused, and %s is named', (field, change) => {
    const malformed = { ...BUYERS, ...change } as DefinitionSource
    expect(() => new Shard({ definitions: [malformed] })).toThrow(
      expect.objectContaining({ code: 'definition_invalid', field }) as Error,
    )
  })
})

describe('definitions that change cost what they add', () => {
  const VIEWED = audience('viewed', "event('Viewed').within(7 days).count() >= 2")
  const spaceOf = (users: number, ...definitions: DefinitionSource[]): Space => {
    const space = new Space(...definitions)
    for (let user = 0; user < users; user++) {
      space.track(`u${user}`, user % 2 === 0 ? 'Viewed' : 'Bought', { price: user })
      space.track(`u${user}`, 'Other')
    }
    return space
  }
  /** Counts the histories that an act reads. */
  const historiesReadBy = (act: () => unknown): number => {
    const read = vi.spyOn(Histories.prototype, 'events')
    act()
    const { length } = read.mock.calls
    read.mockRestore()
    return length
  }

  it('nothing for an event that nobody has sent', () => {
    const space = spaceOf(100, VIEWED)
    expect(historiesReadBy(() => space.define(audience('never', "event('Sold').count() >= 1")))).toBe(0)
    expect(space.shard.work).toEqual({ predicates: 0, nodes: 0, definitions: 0, verdicts: 0 })
  })

  it('the histories alone of those who have an event that it asks for', () => {
    const space = spaceOf(100, VIEWED)
    expect(historiesReadBy(() => space.define(BUYERS))).toBe(50)
    expect(space.shard.work).toMatchObject({ predicates: 50, nodes: 50, definitions: 50 })
  })

  it('evaluations alone where all that it looks at is there', () => {
    const space = spaceOf(100, VIEWED, BUYERS)
    space.define(audience('both', `${VIEWED.query} OR ${BUYERS.query}`))
    expect(space.shard.work).toEqual({ predicates: 0, nodes: 0, definitions: 100, verdicts: 0 })
  })

  it('evaluations of those who have traits, for one that looks at traits', () => {
    const space = spaceOf(100, BUYERS)
    space.identify('u7', { plan: 'pro' })
    expect(space.define(audience('pro', "trait('plan') = 'pro'"))).toEqual(['0h user_id:u7 pro entered'])
    expect(space.shard.work.definitions).toBe(1)
  })

  it('and give back all memory with the last that used it', () => {
    const space = spaceOf(50)
    const before = space.shard.residentPages.bytes
    const added = [VIEWED, BUYERS, SPENT, audience('left', `event('Viewed').where(${NOT_BOUGHT}).count() >= 1`)]
    for (const definition of added) space.define(definition)
    expect(space.shard.residentPages.bytes).toBeGreaterThan(before)
    for (const { key } of added) space.remove(key)
    // Rows do not shrink.
    expect(space.shard.residentPages.bytes - before).toBeLessThan(50 * 8 * 12)
  })

  it('count what came while nobody asked for it', () => {
    const space = new Space(RECENT, COUNT)
    space.track('u1', 'Bought')
    space.remove('bought')
    space.track('u1', 'Bought')
    expect(space.define(COUNT)).toEqual(['0h user_id:u1 bought 2'])
    expect(space.track('u1', 'Bought')).toEqual(['0h user_id:u1 bought 3'])
  })

  it('let a funnel that is there feed one that is added', () => {
    const turned = "event('Viewed').where(event('Bought').within(parent: 1 hour).count() >= 1).count()"
    const space = new Space(audience('left', `event('Viewed').where(${NOT_BOUGHT}).count() >= 1`))
    for (const name of ['Viewed', 'Bought', 'Viewed']) space.track('u1', name)
    expect(space.define(computedTrait('turned', turned))).toEqual(['0h user_id:u1 turned 1'])
    expect(space.track('u1', 'Bought', {}, 1)).toEqual(['0h+1ms user_id:u1 left exited', '0h+1ms user_id:u1 turned 2'])
  })

  it('take those out who had a value of one that asks for something else now', () => {
    const space = new Space(audience('chosen', "trait('plan') = 'pro'"))
    space.identify('u1', { plan: 'pro' })
    expect(space.define(audience('chosen', "event('Bought').count() >= 1"))).toEqual(['0h user_id:u1 chosen exited'])
  })

  it('keep how often a condition holds for the users of an account', () => {
    const space = new Space(accountAudience('any', `ANY ${BUYERS.query}`))
    for (const user of ['u1', 'u2']) space.group(user, 'g1')
    space.track('u1', 'Bought')
    expect(space.define(accountAudience('all', `ALL ${BUYERS.query}`))).toEqual([])
    expect(space.track('u2', 'Bought')).toEqual(['0h group_id:g1 all entered'])
    space.remove('any', 'ACCOUNTS')
    expect(space.define(accountAudience('any', `ANY ${BUYERS.query}`))).toEqual(['0h group_id:g1 any entered'])
  })
})
