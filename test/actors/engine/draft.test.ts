/** A definition that the space does not have, evaluated beside it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Draft } from '../../../actors/engine/draft.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import { scenarios } from '../../support/generators/calls.ts'
import { bytesOf } from '../../support/reopened.ts'
import { entriesOf } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { accountAudience, audience, computedTrait, DAY, HOUR, Space, START } from '../../support/space.ts'

/** The values of a definition by label; a count that has never been one may be 0 or absent. */
function valuesOf(
  shard: Shard,
  kind: 'user' | 'account',
  value: (actor: never) => JsonValue,
): Record<string, JsonValue> {
  const ofKind = shard.actors().filter((actor) => actor.kind === kind)
  return Object.fromEntries(ofKind.map((actor) => [actor.label, value(actor as never) || null]))
}

function draftOf(shard: Shard, source: DefinitionSource): Draft {
  return shard.drafts.draft(source)
}

describe('a draft', () => {
  it('has the value that the definition would have, for everybody, and changes nothing', () => {
    fc.assert(
      fc.property(scenarios(), fc.nat(), (scenario, at) => {
        const { definitions } = scenario
        const source = definitions[at % definitions.length]
        if (!source) return
        const isRead = definitions.some(({ query }) => query.includes(`trait('${source.key}`))
        if (isRead) return
        const others = definitions.filter((other) => other !== source)
        const shard = new Shard({ definitions: others })
        for (const entry of entriesOf(scenario)) shard.apply(entry)
        const before = bytesOf(shard)
        const draft = draftOf(shard, source)
        const found = valuesOf(shard, draft.kind, (actor) => draft.evaluate(actor, shard.clock).value)
        expect(bytesOf(shard)).toBe(before)
        const id = shard.definitions.nextId
        const command = { kind: 'define', definition: source } as const
        shard.apply({ kind: 'command', receivedAt: shard.clock, command })
        const defined = valuesOf(shard, draft.kind, (actor: { definedValue(id: number): JsonValue }) =>
          actor.definedValue(id),
        )
        expect(found).toEqual(defined)
      }),
      propertyRuns(90),
    )
  })

  it('tells when a member leaves by itself', () => {
    const space = new Space(audience('vip', "event('Paid').count() >= 1"))
    space.track('u1', 'Seen')
    space.track('u1', 'Paid')
    const user = space.shard.profile('user_id', 'u1')!
    const until = (query: string): number | undefined => {
      const draft = draftOf(space.shard, audience('a', query))
      expect(draft.evaluate(user, space.shard.clock).value).toBe(true)
      return draft.until(user, space.shard.clock)
    }
    expect(until("event('Seen').within(1 day).count() >= 1")).toBe(START + DAY)
    expect(until("event('Seen').within(1 day).count() >= 1 AND event('Seen').within(1 hour).count() >= 1")).toBe(
      START + HOUR,
    )
    expect(until("event('Seen').count() >= 1 AND trait('vip') = true")).toBeUndefined()
    expect(until("event('Seen').between(0 days, 2 days).count() <= 1")).toBeUndefined()
  })

  it('tells when a member leaves by a funnel, by a time that is a computed trait, or by the users of an account', () => {
    const space = new Space(computedTrait('last_at', "event('Seen').last(property('at'))"))
    space.group('u1', 'g1')
    for (const at of [0, HOUR])
      for (const event of ['Seen', 'Paid']) space.track('u1', event, { at: new Date(START).toISOString() }, at)
    const user = space.shard.profile('user_id', 'u1')!
    const account = space.shard.account('g1')!
    const now = space.shard.clock
    const paid = "event('Paid').within(2 hours).count() >= 1"
    const funnel = draftOf(space.shard, audience('a', `event('Seen').where(${paid}).count() >= 1`))
    expect(funnel.until(user, now)).toBe(START + 3 * HOUR)
    const recent = draftOf(space.shard, audience('a', "trait('last_at').within_last(7 days)"))
    expect(recent.evaluate(user, now)).toEqual({ value: true, dueAt: START + 7 * DAY + 1, parts: [] })
    const ofUsers = draftOf(space.shard, accountAudience('a', `ANY ${paid}`))
    expect(ofUsers.evaluate(account, now)).toMatchObject({ value: true, dueAt: START + 3 * HOUR })
    expect(ofUsers.until(account, now)).toBe(START + 3 * HOUR)
  })

  it('under the key of a definition stands in its place', () => {
    const space = new Space(audience('a', "event('Seen').count() >= 1"), audience('b', "trait('a') = true"))
    space.track('u1', 'Seen')
    const user = space.shard.profile('user_id', 'u1')!
    const valueOf = (source: DefinitionSource): JsonValue => draftOf(space.shard, source).evaluate(user, START).value
    expect(valueOf(audience('a', "event('Other').count() >= 1"))).toBe(false)
    expect(valueOf(audience('c', "trait('a') = true AND trait('b') = true"))).toBe(true)
    expect(valueOf(computedTrait('d', "event('Seen').count()"))).toBe(1)
  })

  it('that does not compile is refused, with its reason', () => {
    const { shard } = new Space()
    expect(() => draftOf(shard, audience('a', "event('Seen')"))).toThrow(
      expect.objectContaining({ code: 'query_type' }),
    )
    expect(() => draftOf(shard, audience('a', "trait('a') = 1"))).toThrow(
      expect.objectContaining({ code: 'definition_cycle' }),
    )
    expect(() => draftOf(shard, { ...audience('a', ''), type: 'ALL' as 'USERS' })).toThrow('type: expected')
  })

  it('reads no history of whoever has none of its events', () => {
    const space = new Space()
    for (let user = 0; user < 20; user++) space.track(`u${user}`, user === 7 ? 'Paid' : 'Seen')
    const draft = draftOf(space.shard, audience('a', "event('Paid').count() >= 1"))
    const members = space.shard.actors().filter((actor) => draft.evaluate(actor, START).value === true)
    expect([members.map(({ label }) => label), draft.eventCount]).toEqual([['user_id:u7'], 1])
  })

  it('counts the users of an account, each by its own', () => {
    const space = new Space(audience('vip', "event('Paid').count() >= 1"))
    for (const user of ['u1', 'u2', 'u3']) space.group(user, user === 'u3' ? 'g2' : 'g1')
    space.track('u1', 'Paid')
    space.track('u3', 'Paid')
    const valueOf = (query: string): Record<string, JsonValue> => {
      const draft = draftOf(space.shard, accountAudience('a', query))
      return valuesOf(space.shard, 'account', (actor) => draft.evaluate(actor, START).value)
    }
    expect(valueOf("ALL trait('vip') = true")).toEqual({ 'group_id:g1': null, 'group_id:g2': true })
    expect(valueOf("ANY event('Paid').count() >= 1")).toEqual({ 'group_id:g1': true, 'group_id:g2': true })
    expect(valueOf("event('Paid').count() >= 2")).toEqual({ 'group_id:g1': null, 'group_id:g2': null })
  })
})
