/** Windows count all their events, however many of them are kept. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import { DefinedValues } from '../../../actors/rows/defined-values.ts'
import { SMALL_MEMORY } from '../../../actors/memory/actor-memory.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import type { Entry } from '../../../src/model/entry.ts'
import { KEEP_ALL, type Retention } from '../../../src/model/retention.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { histories } from '../../support/generators/calls.ts'
import { Stored } from '../../support/reopened.ts'
import { entriesOf, rows } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { accountTrait, audience, computedTrait, DAY, HOUR, START } from '../../support/space.ts'

const REDUCERS = [
  'count()',
  "sum(property('price'))",
  "avg(property('price'))",
  "min(property('price'))",
  "max(property('price') as string)",
  "first(property('category'))",
  "last(property('items.sku'))",
  "unique(property('price'))",
  "unique(property('sizes')).count()",
  "mode(property('price'), 1)",
]
const WINDOWS = ['within(1 day)', 'within(30 days)', 'between(1 hour, 7 days)']
const DEFINITIONS: readonly DefinitionSource[] = [
  audience('lately', "event('Viewed').within(7 days).count() >= 3 AND NOT event('Ordered').within(1 day).count() >= 2"),
  audience('few', "event('Viewed').within(1 hour).count() < 2"),
  ...REDUCERS.flatMap((reducer, index) =>
    WINDOWS.map((window, at) => computedTrait(`t${index}_${at}`, `event('Viewed').${window}.${reducer}`)),
  ),
]
/** They ask for more of what the others look at: more times, longer ones, and each category by itself. */
const MORE: readonly DefinitionSource[] = [
  audience('often', "event('Viewed').within(7 days).count() >= 5"),
  audience('long', "event('Viewed').within(60 days).count() >= 30"),
  ...Array.from({ length: 14 }, (_, index) =>
    audience(`c${index}`, `event('Viewed').where(property('category') = 'c${index}').within(1 day).count() >= 1`),
  ),
]
const CATEGORY: readonly DefinitionSource[] = [
  audience('hats', "event('Viewed').where(property('category') = 'hats').within(7 days).count() >= 2"),
  computedTrait('spent', "event('Viewed').where(property('category') = 'shoes').within(7 days).sum(property('price'))"),
]

interface Course {
  readonly definitions: readonly DefinitionSource[]
  readonly retention: Retention
  /** The state is written, and read again, before every so many entries. */
  readonly every?: number
}

function run(entries: readonly Entry[], { definitions, retention, every = Infinity }: Course): Transition[] {
  let shard = new Shard({ retention, definitions })
  const stored = new Stored()
  return entries.flatMap((entry, index) => {
    if (index % every === every - 1) shard = stored.reopen(shard)
    return [...shard.apply(entry).transitions]
  })
}

function keep(eventsMax: number): Retention {
  return { ...KEEP_ALL, eventsMax }
}

function track(shard: Shard, userId: string, at: number, properties: object = {}, event = 'Viewed'): void {
  const body = { type: 'track', userId, event, properties, timestamp: new Date(START + at).toISOString() }
  shard.apply({ kind: 'calls', receivedAt: START + at, calls: [{ body, sourceId: '' }] })
}

function identify(shard: Shard, at: number, ids: object): void {
  shard.apply({
    kind: 'calls',
    receivedAt: START + at,
    calls: [{ body: { type: 'identify', ...ids }, sourceId: '' }],
  })
}

function join(shard: Shard, userId: string, groupId: string, at: number): void {
  const body = { type: 'group', userId, groupId }
  shard.apply({ kind: 'calls', receivedAt: START + at, calls: [{ body, sourceId: '' }] })
}

function define(shard: Shard, definition: DefinitionSource): void {
  shard.apply({ kind: 'command', receivedAt: shard.clock, command: { kind: 'define', definition } })
}

/** An account 'g1' whose one user has sent a hundred events, of which ten are kept at most. */
function accountOfOne(): Shard {
  const shard = new Shard({
    definitions: [
      accountTrait('recent', "event('Viewed').within(1 day).count()"),
      accountTrait('all', "event('Viewed').count()"),
    ],
    retention: keep(10),
  })
  join(shard, 'u1', 'g1', 0)
  for (let index = 1; index <= 100; index++) track(shard, 'u1', index)
  return shard
}

describe('windows', () => {
  it('of users are as they would be if all were kept, through merges, deadlines and restarts', () => {
    fc.assert(
      fc.property(
        histories(),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 2, max: 9 }),
        (inputs, eventsMax, every) => {
          const entries = entriesOf({ definitions: DEFINITIONS, inputs, until: START + 400 * DAY })
          const kept = run(entries, { definitions: DEFINITIONS, retention: keep(eventsMax), every })
          expect(rows(kept)).toEqual(rows(run(entries, { definitions: DEFINITIONS, retention: KEEP_ALL })))
        },
      ),
      propertyRuns(40),
    )
  })

  it('stay as they are when others ask for more of what they look at', () => {
    fc.assert(
      fc.property(histories(), fc.integer({ min: 1, max: 5 }), fc.nat(), (inputs, eventsMax, at) => {
        const definitions = [...DEFINITIONS, ...CATEGORY]
        const entries = entriesOf({ definitions, inputs, until: START + 400 * DAY })
        const index = entries.length === 0 ? 0 : at % entries.length
        const receivedAt = entries[index]?.receivedAt ?? START
        const commands = MORE.map((definition): Entry => ({
          kind: 'command',
          receivedAt,
          command: { kind: 'define', definition },
        }))
        const changed = [...entries.slice(0, index), ...commands, ...entries.slice(index)]
        const keys = new Set(definitions.map(({ key }) => key))
        const kept = run(changed, { definitions, retention: keep(eventsMax) }).filter(({ key }) => keys.has(key))
        expect(rows(kept)).toEqual(
          rows(run(changed, { definitions, retention: KEEP_ALL }).filter(({ key }) => keys.has(key))),
        )
      }),
      propertyRuns(40),
    )
  })

  it('of an account count the events of its users from when they joined it', () => {
    const shard = accountOfOne()
    for (let index = 101; index <= 200; index++) track(shard, 'u2', index)
    const account = shard.account('g1')!
    expect([account.definedValue(0), account.definedValue(1)]).toEqual([100, 100])
    expect(shard.exactSince(account, 0)).toBeUndefined()
    join(shard, 'u2', 'g1', 201)
    const kept = shard.profile('user_id', 'u2')!.eventCount
    expect([account.definedValue(0), account.definedValue(1)]).toEqual([100 + kept, 200])
    expect(shard.exactSince(account, 0)).toBe(START + 201 - kept)
    track(shard, 'u1', 202)
    track(shard, 'u2', 203)
    expect([account.definedValue(0), account.definedValue(1)]).toEqual([102 + kept, 202])
    const again = new Stored().reopen(shard)
    expect(again.exactSince(again.account('g1')!, 0)).toBe(START + 201 - kept)
  })

  it('of an account stay when two of its users become one, and count what a stranger still has', () => {
    const shard = accountOfOne()
    for (let index = 101; index <= 200; index++) {
      const body = { type: 'track', anonymousId: 'a1', event: 'Viewed' }
      shard.apply({ kind: 'calls', receivedAt: START + index, calls: [{ body, sourceId: '' }] })
    }
    const kept = shard.profile('anonymous_id', 'a1')!.eventCount
    identify(shard, 201, { userId: 'u1', anonymousId: 'a1' })
    const account = shard.account('g1')!
    expect([account.definedValue(0), account.definedValue(1)]).toEqual([100 + kept, 200])
  })

  it('that more is asked of than is kept are not forgotten for it', () => {
    const shard = new Shard({
      definitions: [audience('many', "event('Viewed').within(7 days).count() >= 150")],
      retention: keep(20),
    })
    for (let index = 0; index < 200; index++) track(shard, 'u1', index)
    define(shard, audience('more', "event('Viewed').within(30 days).count() >= 180"))
    const user = shard.profile('user_id', 'u1')!
    expect([user.definedValue(0), user.definedValue(1)]).toEqual([true, true])
    expect(shard.exactSince(user, 0)).toBeUndefined()
    expect(shard.exactSince(user, 1)).toBe(START + 200 - user.eventCount)
  })

  it('of events that traits judge see the kept ones only', () => {
    const shard = new Shard({
      definitions: [
        computedTrait('a', "event('Viewed').where(property('price') >= trait('floor')).within(1 day).count()"),
      ],
      retention: keep(10),
    })
    identify(shard, 0, { userId: 'u1', traits: { floor: 1 } })
    for (let index = 1; index <= 100; index++) track(shard, 'u1', index, { price: 1 })
    const user = shard.profile('user_id', 'u1')!
    expect(user.definedValue(0)).toBe(user.eventCount)
    expect(shard.exactSince(user, 0)).toBe(START + 101 - user.eventCount)
  })

  it('counted the kept events only, before version 3 of the rules, and go on from there', () => {
    const shard = new Shard({
      definitions: [computedTrait('a', "event('Viewed').within(1 day).count()")],
      retention: keep(10),
      rules: 2,
    })
    for (let index = 0; index < 50; index++) track(shard, 'u1', index)
    const kept = shard.profile('user_id', 'u1')!.eventCount
    expect(shard.profile('user_id', 'u1')!.definedValue(0)).toBe(kept)
    shard.apply({ kind: 'command', receivedAt: START + 50, command: { kind: 'use rules', version: 3 } })
    for (let index = 50; index < 100; index++) track(shard, 'u1', index)
    const user = shard.profile('user_id', 'u1')!
    expect(user.definedValue(0)).toBe(kept + 50)
    expect(shard.exactSince(user, 0)).toBe(START + 50 - kept)
  })

  it('count as many events as they may; the oldest go, and that is said', () => {
    const shard = new Shard({
      definitions: [
        ...REDUCERS.map((reducer, index) => computedTrait(`t${index}`, `event('Viewed').within(1 day).${reducer}`)),
        computedTrait('run', "event('Viewed').expires_after(1 hour).count()"),
        computedTrait('late', "event('Viewed').between(1 hour, 1 day).count()"),
        computedTrait('later', "event('Viewed').between(1 hour, 1 day).sum(property('price'))"),
      ],
      memory: { ...SMALL_MEMORY, windowEventsMax: 50 },
    })
    for (let index = 0; index < 120; index++)
      track(shard, 'u1', index, { price: index, category: `c${index}`, items: [{ sku: `s${index}` }], sizes: [index] })
    const user = shard.profile('user_id', 'u1')!
    const newest = Array.from({ length: 50 }, (_, index) => 70 + index)
    const sum = newest.reduce((a, b) => a + b)
    expect(REDUCERS.map((_, index) => user.definedValue(index))).toEqual([
      50,
      sum,
      sum / 50,
      70,
      '99',
      'c70',
      's119',
      newest.sort((a, b) => (String(a) < String(b) ? -1 : 1)),
      50,
      100,
    ])
    expect(user.definedValue(REDUCERS.length)).toBe(50)
    expect(shard.exactSince(user, 0)).toBe(START + 70)
    shard.apply({ kind: 'tick', receivedAt: START + 120 + HOUR })
    expect([user.definedValue(REDUCERS.length + 1), user.definedValue(REDUCERS.length + 2)]).toEqual([50, sum])
    expect(shard.exactSince(new Stored().reopen(shard).profile('user_id', 'u1')!, 0)).toBe(START + 70)
  })

  it('stay when a state beside them is lost with a settlement that fails', () => {
    const definitions = [
      computedTrait('recent', "event('Viewed').within(1 day).count()"),
      audience('bought', "event('Viewed').where(event('Ordered').within(parent: 1 hour).count() >= 1).count() >= 1"),
    ]
    // Room is made for five events at a time, and there is some now.
    const [shard, straight] = [
      new Shard({ definitions, retention: keep(40) }),
      new Shard({ definitions, retention: keep(40) }),
    ]
    for (const each of [shard, straight]) for (let index = 0; index < 98; index++) track(each, 'u1', index)
    const fault = vi.spyOn(DefinedValues.prototype, 'setValue').mockImplementationOnce(() => {
      throw new Error('injected')
    })
    track(shard, 'u1', 98)
    fault.mockRestore()
    const user = shard.profile('user_id', 'u1')!
    expect([user.eventCount < 39, user.isUnbuilt, user.definedValue(0)]).toEqual([true, true, 98])
    const defined = audience('other', "event('Ordered').count() >= 1")
    define(shard, defined)
    define(straight, defined)
    for (const each of [shard, straight]) track(each, 'u1', 101, {}, 'Ordered')
    track(shard, 'u1', 102)
    track(straight, 'u1', 102)
    const valuesOf = (each: Shard) => [0, 1, 2].map((id) => each.profile('user_id', 'u1')!.definedValue(id))
    expect(valuesOf(shard)).toEqual(valuesOf(straight))
    expect(valuesOf(shard)).toEqual([99, true, true])
    expect(shard.exactSince(user, 0)).toBeUndefined()
  })

  it('into which forgotten events fall are no difference to what is kept', () => {
    const shard = new Shard({
      definitions: [...DEFINITIONS, accountTrait('recent', "event('Viewed').within(1 day).count()")],
      retention: keep(10),
    })
    join(shard, 'u1', 'g1', 0)
    for (let index = 1; index <= 100; index++) track(shard, 'u1', index * 60_000, { price: index })
    expect([...shard.inspection().differences()]).toEqual([])
  })
})
