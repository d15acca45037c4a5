/** Users at rest: who is awake changes nothing of what the space does. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import type { RestLimits, ShardState } from '../../../actors/engine/shard-state.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { changingScenarios, scenarios } from '../../support/generators/calls.ts'
import { bytesOf } from '../../support/reopened.ts'
import { entriesOf, entryOf, runShard } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { accountTrait, audience, Space } from '../../support/space.ts'

const AT_ONCE: RestLimits = { idleMs: 0, awakeMax: 0, bytesMax: Infinity }

const limits = fc.record({
  idleMs: fc.constantFrom(0, 1, 1_000, 60_000, Infinity),
  awakeMax: fc.constantFrom(0, 1, 2, Infinity),
  bytesMax: fc.constant(Infinity),
})

describe('users that rest', () => {
  it('enter, leave and change as if they were always awake', () => {
    fc.assert(
      fc.property(fc.oneof(scenarios(), changingScenarios()), limits, (scenario, rest) => {
        expect(JSON.stringify(runShard(scenario, { rest }))).toBe(JSON.stringify(runShard(scenario)))
      }),
      propertyRuns(200),
    )
  })

  it('are the same bytes', () => {
    fc.assert(
      fc.property(fc.oneof(scenarios(), changingScenarios()), limits, (scenario, rest) => {
        const [shard, awake] = [rest, undefined].map(
          (rest) => new Shard({ definitions: scenario.definitions, ...(rest && { rest }) }),
        ) as [Shard, Shard]
        for (const input of scenario.inputs) for (const each of [shard, awake]) each.apply(entryOf(input))
        expect(bytesOf(shard)).toEqual(bytesOf(awake))
      }),
      propertyRuns(100),
    )
  })

  it('come back from the pages of a cut at rest, each with its deadline', () => {
    fc.assert(
      fc.property(scenarios(), fc.nat(), limits, (scenario, at, rest) => {
        const entries = entriesOf(scenario)
        const cutAt = at % entries.length
        let shard = new Shard({ definitions: scenario.definitions })
        const transitions: Transition[] = []
        for (const [index, entry] of entries.entries()) {
          if (index === cutAt) shard = Shard.of(cutOf(shard), { rest })
          transitions.push(...shard.apply(entry).transitions)
        }
        expect(JSON.stringify(transitions)).toBe(JSON.stringify(runShard(scenario)))
      }),
      propertyRuns(100),
    )
  })

  it('are as many as there are beyond the bound', () => {
    const shard = spaceOf(1_000, { idleMs: Infinity, awakeMax: 10, bytesMax: Infinity })
    expect([shard.profileCount, shard.residentPages.awakeCount]).toEqual([1_000, 10])
  })

  it('are those that nothing has come for, and not those that somebody watches', () => {
    const shard = spaceOf(100, { idleMs: 1_000, awakeMax: Infinity, bytesMax: Infinity })
    const heard: Transition[] = []
    shard.profile('user_id', 'u7')!.changes$.subscribe((transition) => heard.push(transition))
    for (let second = 1; second < 60; second++) shard.apply(call('u3', second * 1_000))
    expect(shard.residentPages.awakeCount).toBe(2)
    shard.apply(call('u7', 60_000))
    expect(heard.map(({ key, type }) => [key, type])).toEqual([['often', 'entered']])
  })

  it('take memory for what they are, and give back what they held', () => {
    const [resting, awake] = [spaceOf(5_000, AT_ONCE), spaceOf(5_000)]
    expect(awake.residentPages.bytes).toBe(0)
    expect(resting.residentPages.bytes).toBeGreaterThan(5_000 * 100)
    expect(resting.residentPages.bytes).toBeLessThan(5_000 * 400)
  })

  it('may be woken by an account while it takes up an event', () => {
    const rest = { idleMs: Infinity, awakeMax: 1, bytesMax: Infinity }
    const [resting, awake] = [rest, undefined].map((limits) => {
      const space = new Space()
      space.shard = new Shard({
        definitions: [
          accountTrait('first orders', "event('Ordered').where(NOT event('Seen').last(property('n')) >= 1).count()"),
          accountTrait('paid', "event('Ordered').sum(property('price'))"),
        ],
        ...(limits && { rest: limits }),
      })
      for (const userId of ['u1', 'u2', 'u3']) space.group(userId, 'g', {}, 0)
      space.track('u4', 'Seen', {}, 0)
      return space.track('u1', 'Ordered', { price: 10 }, 0)
    })
    expect(resting).toEqual(awake)
    expect(awake).toHaveLength(2)
  })

  it('are not stored anew when they were only looked at', () => {
    const shard = spaceOf(200, AT_ONCE)
    shard.cut()
    shard.endCut(true)
    for (let user = 0; user < 200; user++) expect(shard.profile('user_id', `u${user}`)?.keptEvents()).toHaveLength(1)
    expect(shard.cut().pages.pages).toEqual([])
  })

  it('adopt other definitions all or none', () => {
    const space = new Space(audience('often', "event('Seen').count() >= 2"))
    for (let user = 0; user < 300; user++) space.track(`u${user}`, 'Seen')
    const before = bytesOf(space.shard)
    const shard = Shard.of(space.shard.state(), { rest: AT_ONCE })
    const broken = shard.profile('user_id', 'u299')!
    broken.changes$.subscribe()
    Object.defineProperty(broken, 'keptEvents', {
      configurable: true,
      value: () => {
        throw new Error('poison')
      },
    })
    const once = audience('once', "event('Seen').count() >= 1")
    const define = { kind: 'command', receivedAt: 0, command: { kind: 'define', definition: once } } as const
    expect(() => shard.apply(define)).toThrow('poison')
    Reflect.deleteProperty(broken, 'keptEvents')
    expect(bytesOf(shard)).toEqual(before)
    expect(shard.apply(define).transitions).toHaveLength(300)
  })

  it('are stored anew by other definitions only where those make a difference', () => {
    const shard = spaceOf(200, AT_ONCE)
    shard.cut()
    shard.endCut(true)
    const never = audience('never', "event('Other').count() >= 1")
    shard.apply({ kind: 'command', receivedAt: 0, command: { kind: 'define', definition: never } })
    expect(shard.cut().pages.pages).toEqual([])
  })
})

function call(userId: string, receivedAt: number) {
  return {
    kind: 'calls',
    receivedAt,
    calls: [{ body: { type: 'track', event: 'Seen', userId }, sourceId: '' }],
  } as const
}

function spaceOf(users: number, rest?: RestLimits): Shard {
  const shard = new Shard({ definitions: [audience('often', "event('Seen').count() >= 2")], ...(rest && { rest }) })
  for (let user = 0; user < users; user++) shard.apply(call(`u${user}`, 0))
  return shard
}

function cutOf(shard: Shard): ShardState {
  const { head, pages, fingerprints } = shard.cut()
  const taken: Uint8Array[] = []
  for (let next = pages.take(); next; next = pages.take()) taken.push(next.bytes)
  const known = head.deduplication.hours.reduce((sum, [, count]) => sum + count, 0)
  return { ...head, pages: taken, fingerprints: known > 0 ? [fingerprints(0)] : [] }
}
