/** Events that are forgotten: what is left of them, and what is not. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import type { ShardOptions } from '../../../actors/engine/shard-state.ts'
import { reopened } from '../../support/reopened.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import { KEEP_ALL, type Retention } from '../../../src/model/retention.ts'
import { histories } from '../../support/generators/calls.ts'
import { entriesOf, rows, type Scenario } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { accountTrait, audience, computedTrait, DAY, HOUR, START } from '../../support/space.ts'

const PRICE = "property('price')"
const REDUCERS = [
  'count()',
  `sum(${PRICE})`,
  `avg(${PRICE})`,
  `min(${PRICE})`,
  `max(${PRICE} as string)`,
  "first(property('category'))",
  "last(property('items.sku'))",
  `unique(${PRICE})`,
  "unique(property('sizes')).count()",
  `mode(${PRICE}, 1)`,
]
const OVER_ALL = [
  audience('often', "event('Viewed').count() >= 3 AND NOT event('Ordered').count() >= 2"),
  ...REDUCERS.map((reducer, index) => computedTrait(`user_${index}`, `event('Viewed').${reducer}`)),
  ...REDUCERS.map((reducer, index) =>
    accountTrait(`account_${index}`, `event('Ordered').where(${PRICE} >= 10).${reducer}`),
  ),
  ...REDUCERS.map((reducer, index) => accountTrait(`seen_${index}`, `event('Viewed').${reducer}`)),
]
const IN_WINDOWS = [
  audience('lately', "event('Viewed').within(2 hours).count() >= 2"),
  computedTrait('spent', `event('Ordered').within(1 day).sum(${PRICE})`),
  accountTrait('earlier', `event('Viewed').between(1 hour, 1 day).max(${PRICE})`),
  audience(
    'bought',
    "event('Viewed').where(event('Ordered').within(parent: 1 hour).count() >= 1).within(1 day).count() = 1",
  ),
]

/** Runs a scenario, and writes the state down and reads it back before every so many entries. */
function run(scenario: Scenario, retention: Retention, every = Infinity): string[] {
  let shard = new Shard({ retention, definitions: scenario.definitions })
  return rows(
    entriesOf(scenario).flatMap((entry, index) => {
      if (index % every === every - 1) shard = reopened(shard)
      return [...shard.apply(entry).transitions]
    }),
  )
}

function shardWith(definitions: readonly DefinitionSource[], retention: Retention): Shard {
  return new Shard({ definitions, retention })
}

function track(shard: Shard, event: string, at: number, properties: object = {}): void {
  const body = { type: 'track', userId: 'u1', event, properties, timestamp: new Date(START + at).toISOString() }
  shard.apply({ kind: 'calls', receivedAt: START + at, calls: [{ body, sourceId: '' }] })
}

describe('retention', () => {
  it('leaves totals over all history as they would be if all were kept, through merges, accounts and restarts', () => {
    fc.assert(
      fc.property(
        histories(),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 2, max: 9 }),
        (inputs, eventsMax, every) => {
          const scenario = { definitions: OVER_ALL, inputs }
          expect(run(scenario, { ...KEEP_ALL, historyMs: HOUR, eventsMax }, every)).toEqual(run(scenario, KEEP_ALL))
        },
      ),
      propertyRuns(30),
    )
  })

  it('by age changes nothing that looks through windows either', () => {
    fc.assert(
      fc.property(histories(), fc.integer({ min: 2, max: 9 }), (inputs, every) => {
        const scenario = { definitions: [...OVER_ALL, ...IN_WINDOWS], inputs, until: START + 400 * DAY }
        expect(run(scenario, { ...KEEP_ALL, historyMs: 1 }, every)).toEqual(run(scenario, KEEP_ALL))
      }),
      propertyRuns(30),
    )
  })

  it('keeps no more events of a user than it may, the newest ones', () => {
    const shard = shardWith([computedTrait('views', "event('Viewed').count()")], {
      ...KEEP_ALL,
      historyMs: 90 * DAY,
      eventsMax: 10,
    })
    for (let index = 0; index < 1000; index++) {
      track(shard, 'Viewed', index)
      expect(shard.profile('user_id', 'u1')!.eventCount).toBeLessThanOrEqual(10)
    }
    const user = shard.profile('user_id', 'u1')!
    expect(user.keptEvents().at(-1)!.ts).toBe(START + 999)
    expect(user.definedValue(0)).toBe(1000)
  })

  it('keeps what lies within the longest window, however short the time that events are kept', () => {
    const shard = shardWith([audience('a', "event('Viewed').within(30 days).count() >= 5")], {
      ...KEEP_ALL,
      historyMs: DAY,
      eventsMax: 100,
    })
    for (let day = 0; day < 100; day++) track(shard, 'Viewed', day * DAY)
    const kept = shard.profile('user_id', 'u1')!.eventCount
    expect(kept).toBeGreaterThanOrEqual(30)
    expect(kept).toBeLessThan(35)
  })

  it('shows funnels over all history the kept events only, at once and after a restart alike', () => {
    const query = "event('Viewed').where(event('Bought').count() >= 1).count()"
    const retention = { ...KEEP_ALL, historyMs: 90 * DAY, eventsMax: 8 }
    const shard = shardWith([computedTrait('sold', query)], retention)
    for (let index = 0; index < 20; index++) track(shard, index % 2 === 0 ? 'Viewed' : 'Bought', index)
    const value = shard.profile('user_id', 'u1')!.definedValue(0)
    expect(value).toBeLessThan(5)
    const again = reopened(shard)
    expect(again.profile('user_id', 'u1')!.definedValue(0)).toBe(value)
  })

  it('shows a new definition the kept events only', () => {
    const shard = shardWith([], { ...KEEP_ALL, historyMs: 90 * DAY, eventsMax: 10 })
    for (let index = 0; index < 100; index++) track(shard, 'Viewed', index)
    const definition = computedTrait('views', "event('Viewed').count()")
    shard.apply({ kind: 'command', receivedAt: START + 100, command: { kind: 'define', definition } })
    expect(shard.profile('user_id', 'u1')!.definedValue(0)).toBe(shard.profile('user_id', 'u1')!.eventCount)
  })
})

describe('a change of retention', () => {
  it('holds from its entry on, and is part of the state', () => {
    const shard = shardWith([], KEEP_ALL)
    for (let index = 0; index < 50; index++) track(shard, 'Viewed', index)
    const command = { kind: 'retain', retention: { ...KEEP_ALL, historyMs: DAY, eventsMax: 10 } } as const
    shard.apply({ kind: 'command', receivedAt: START + 50, command })
    expect(shard.profile('user_id', 'u1')!.eventCount).toBe(50)
    const again = reopened(shard)
    for (const each of [shard, again]) {
      track(each, 'Viewed', 51)
      expect(each.profile('user_id', 'u1')!.eventCount).toBeLessThanOrEqual(10)
    }
  })
})

describe('since when a value is exact', () => {
  const retention = { ...KEEP_ALL, historyMs: 90 * DAY, eventsMax: 10 }
  const total = computedTrait('views', "event('Viewed').count()")
  const window = computedTrait('recent', "event('Viewed').within(1 hour).count()")
  const funnel = computedTrait('sold', "event('Viewed').where(event('Bought').count() >= 1).count()")

  function sinceAfter(events: number, stepMs: number, options: ShardOptions = {}): (number | undefined)[] {
    const shard = new Shard({ definitions: [total, window, funnel], retention, ...options })
    for (let index = 0; index < events; index++) track(shard, 'Viewed', index * stepMs)
    const definition = computedTrait('late', "event('Viewed').sum(property('price'))")
    shard.apply({ kind: 'command', receivedAt: shard.clock, command: { kind: 'define', definition } })
    const user = shard.profile('user_id', 'u1')!
    return [0, 1, 2, 3].map((id) => shard.exactSince(user, id))
  }

  it('is not said while all is kept', () => {
    expect(sinceAfter(10, 1)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('is never said of totals that were there from the start, and of windows only where they reach further', () => {
    const [ofTotal, ofWindow, ofFunnel, ofLate] = sinceAfter(50, HOUR)
    expect([ofTotal, ofWindow]).toEqual([undefined, undefined])
    expect(ofFunnel).toBeGreaterThan(START + 38 * HOUR)
    expect(ofLate).toBe(ofFunnel)
  })

  it('is said of a window that counted the kept events only, under rules before version 3', () => {
    const [ofTotal, ofWindow] = sinceAfter(50, 1, { rules: 2 })
    expect(ofTotal).toBeUndefined()
    expect(ofWindow).toBeGreaterThan(START + 38)
  })
})
