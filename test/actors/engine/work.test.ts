/** Counts the work of an input: it must not grow with definitions that the input cannot affect. */
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import type { Work } from '../../../actors/plan/predicate.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import { accountAudience, audience, computedTrait, DAY, HOUR, Space } from '../../support/space.ts'

const NONE = { predicates: 0, nodes: 0, definitions: 0 }

/** Counts the work of an act. */
function workOf(space: Space, act: () => unknown): Omit<Work, 'verdicts'> {
  const before = space.shard.work
  act()
  const after = space.shard.work
  return {
    predicates: after.predicates - before.predicates,
    nodes: after.nodes - before.nodes,
    definitions: after.definitions - before.definitions,
  }
}

function many(count: number, make: (index: number) => DefinitionSource): DefinitionSource[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/**
 * A space in which u1 is known already, so that nothing is paid for a new profile. It has its definitions from a
 * checkpoint, as they have been held against each other then: of 10,000, that takes more than all else here.
 */
function spaceOf(definitions: readonly DefinitionSource[]): Space {
  const space = new Space()
  space.shard = Shard.of({
    ...space.shard.state(),
    definitions: definitions.map((source, id) => ({ source, id, sinceArrival: -1, definedAt: -1 })),
    nextDefinitionId: definitions.length,
  })
  space.identify('u1', { plan: 'none', age: 1 })
  space.group('u1', 'g1')
  return space
}

describe('an event that nobody asks for', () => {
  it('evaluates no predicate, no node and no definition', () => {
    const space = spaceOf([
      audience('buyers', "event('Bought').count() >= 1"),
      audience('not_buyers', "NOT event('Bought').count() >= 1"),
      computedTrait('spent', "event('Bought').sum(property('price'))"),
      accountAudience('active', "event('Bought').within(7 days).count() >= 1 OR ANY event('Bought').count() >= 2"),
    ])
    expect(workOf(space, () => space.track('u1', 'Viewed', { price: 5 }))).toEqual(NONE)
    expect(workOf(space, () => space.call({ type: 'page', userId: 'u1', name: 'Bought' }))).toEqual(NONE)
  })

  it('costs a predicate at most where one of its properties is asked for and differs', () => {
    const space = spaceOf([audience('shoes', "event('Bought').where(property('kind') = 'shoes').count() >= 1")])
    expect(workOf(space, () => space.track('u1', 'Bought', { kind: 'hats' }))).toEqual(NONE)
    expect(workOf(space, () => space.track('u1', 'Bought'))).toEqual(NONE)
    const asked = spaceOf([audience('dear', "event('Bought').where(property('price') > 5).count() >= 1")])
    expect(workOf(asked, () => asked.track('u1', 'Bought', { price: 1 }))).toEqual({ ...NONE, predicates: 1 })
  })

  it('is not looked at again when it is a duplicate', () => {
    const space = spaceOf([audience('buyers', "event('Bought').count() >= 1")])
    const call = { type: 'track', event: 'Bought', userId: 'u1', messageId: 'm1' }
    expect(workOf(space, () => space.call(call)).predicates).toBe(1)
    expect(workOf(space, () => space.call(call))).toEqual(NONE)
  })
})

describe('the work of an event', () => {
  const asked = audience('asked', "event('Bought').count() >= 1")
  const buy = (space: Space) => workOf(space, () => space.track('u1', 'Bought', { kind: 'k7', price: 7 }))

  it('is the same with 10,000 audiences on other events as with 10', () => {
    const others = (count: number) => many(count, (n) => audience(`a${n}`, `event('Event ${n}').count() >= 1`))
    const [few, lots] = [spaceOf([asked, ...others(10)]), spaceOf([asked, ...others(10_000)])]
    expect(buy(few)).toEqual({ predicates: 1, nodes: 1, definitions: 1 })
    expect(buy(lots)).toEqual({ predicates: 1, nodes: 1, definitions: 1 })
  })

  it('is one predicate with 10,000 audiences that differ in the constant of a property equality', () => {
    const space = spaceOf(
      many(10_000, (n) => audience(`a${n}`, `event('Bought').where(property('kind') = 'k${n}').count() >= 1`)),
    )
    let lines: string[] = []
    expect(workOf(space, () => (lines = space.track('u1', 'Bought', { kind: 'k7' })))).toEqual({
      predicates: 1,
      nodes: 1,
      definitions: 1,
    })
    expect(lines).toEqual(['0h user_id:u1 a7 entered'])
    expect(workOf(space, () => space.track('u1', 'Bought', { kind: 'unknown' }))).toEqual(NONE)
  })

  it('is one predicate with 1,000 audiences whose lists share no constant, or whose equality is one of several tests', () => {
    const space = spaceOf([
      ...many(500, (n) =>
        audience(`a${n}`, `event('Bought').where(property('kind').one_of('k${n}', 'l${n}')).count() >= 1`),
      ),
      ...many(500, (n) =>
        audience(
          `b${n}`,
          `event('Bought').where(property('price') > 5 AND property('page.url') = 'u${n}').count() >= 1`,
        ),
      ),
    ])
    expect(buy(space).predicates).toBe(1)
    expect(workOf(space, () => space.track('u1', 'Bought', { page: { url: 'u3' }, price: 9 }))).toEqual({
      predicates: 1,
      nodes: 1,
      definitions: 1,
    })
  })

  it('is one predicate, and one event, where several of its values are asked for', () => {
    const space = spaceOf([computedTrait('bought', "event('Bought').where(property('kind').one_of('a', 'b')).count()")])
    let lines: string[] = []
    const work = workOf(space, () => (lines = space.track('u1', 'Bought', { kind: ['a', 'b', 'a'] })))
    expect(work).toEqual({ predicates: 1, nodes: 1, definitions: 1 })
    expect(lines).toEqual(['0h user_id:u1 bought 1'])
  })

  it('is one predicate and one node for all audiences that count the same events', () => {
    const space = spaceOf(
      many(30, (n) =>
        audience(`a${n}`, `event('Bought').where(property('price') > 5).within(7 days).count() >= ${n + 1}`),
      ),
    )
    const { predicates, nodes } = buy(space)
    expect([predicates, nodes]).toEqual([1, 1])
  })

  it('evaluates no definition whose truth it does not change', () => {
    const space = spaceOf([
      audience('three', "event('Bought').count() >= 3"),
      audience('dear', "event('Bought').max(property('price')) >= 100"),
      audience('not_three', "NOT event('Bought').count() >= 3"),
      accountAudience('ten', "event('Bought').count() >= 10"),
    ])
    expect(buy(space).definitions).toBe(0)
    expect(buy(space).definitions).toBe(0)
    expect(buy(space).definitions).toBe(2)
    expect(buy(space).definitions).toBe(0)
  })

  it('does not grow with the events that the profile has had', () => {
    const space = spaceOf([asked, computedTrait('spent', "event('Bought').sum(property('price'))")])
    const first = buy(space)
    for (let count = 0; count < 1000; count++) space.track('u1', 'Bought', { price: 1 })
    const later = buy(space)
    expect([later.predicates, later.nodes]).toEqual([first.predicates, first.nodes])
    expect(later.definitions).toBe(1)
  })
})

describe('shared parts', () => {
  it('of 100 audiences are matched once', () => {
    const shared = "event('Bought').where(property('price') > 5).within(7 days).count() >= 1"
    const space = spaceOf(many(100, (n) => audience(`a${n}`, `${shared} AND trait('age') = ${n}`)))
    expect(workOf(space, () => space.track('u1', 'Bought', { price: 9 }))).toEqual({
      predicates: 1,
      nodes: 1,
      definitions: 100,
    })
    // It holds already: nobody is asked again.
    expect(workOf(space, () => space.track('u1', 'Bought', { price: 9 })).definitions).toBe(0)
  })

  it('are told apart by what makes them differ', () => {
    const where = (test: string) => `event('Bought').where(${test})`
    const space = spaceOf([
      audience('a', `${where("property('price') > 5")}.within(7 days).count() >= 1`),
      audience('b', `${where("property('price') > 5")}.within(8 days).count() >= 1`),
      audience('c', `${where("property('price') > 6")}.within(7 days).count() >= 1`),
      audience('d', `${where("property('price') > 5")}.within(7 days).count() >= 2`),
    ])
    const lines: string[] = []
    const work = workOf(space, () => lines.push(...space.track('u1', 'Bought', { price: 6 })))
    expect([work.predicates, work.nodes]).toEqual([2, 2])
    expect(lines).toEqual(['0h user_id:u1 a entered', '0h user_id:u1 b entered'])
  })
})

describe('a changed trait', () => {
  it('evaluates the two definitions that the old and the new value affect, of 10,000', () => {
    const space = spaceOf(many(10_000, (n) => audience(`a${n}`, `trait('plan') = 'p${n}'`)))
    expect(workOf(space, () => space.identify('u1', { plan: 'p7' }))).toEqual({ ...NONE, definitions: 1 })
    let lines: string[] = []
    const work = workOf(space, () => (lines = space.identify('u1', { plan: 'p9' }, HOUR)))
    expect(work).toEqual({ ...NONE, definitions: 2 })
    expect(lines).toEqual(['1h user_id:u1 a7 exited', '1h user_id:u1 a9 entered'])
    expect(workOf(space, () => space.identify('u1', { plan: null })).definitions).toBe(1)
  })

  it('evaluates nothing where nobody reads it, or where it stays as it was', () => {
    const space = spaceOf([audience('pro', "trait('plan') = 'pro'"), audience('adult', "trait('age') >= 18")])
    expect(workOf(space, () => space.identify('u1', { city: 'Rome' }))).toEqual(NONE)
    space.identify('u1', { age: 20 })
    const late = { type: 'identify', userId: 'u1', traits: { age: 3 }, timestamp: '2020-01-01' }
    expect(workOf(space, () => space.call(late))).toEqual(NONE)
  })
})

describe('time that passes', () => {
  it('costs nothing until something is due', () => {
    const space = spaceOf(many(1000, (n) => audience(`a${n}`, `event('Bought').within(${n + 2} days).count() >= 1`)))
    space.track('u1', 'Bought', {}, HOUR)
    expect(workOf(space, () => space.until(DAY))).toEqual(NONE)
    // One of the windows closes.
    expect(workOf(space, () => space.until(2 * DAY + HOUR))).toEqual({ ...NONE, definitions: 1 })
  })

  it('costs nothing for profiles that nothing is due for', () => {
    const space = spaceOf([audience('recent', "event('Bought').within(1 day).count() >= 1")])
    for (let n = 0; n < 1000; n++) space.track(`user ${n}`, 'Viewed')
    space.track('user 1', 'Bought')
    expect(workOf(space, () => space.until(10 * DAY)).definitions).toBe(1)
  })
})
