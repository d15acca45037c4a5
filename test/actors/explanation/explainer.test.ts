/** Explanations against the oracle: every condition of a tree in random states, and the instants at which each turns. */
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Explainer, outermost } from '../../../actors/explanation/explainer.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import { parseQuery } from '../../../src/language/parse.ts'
import type { Condition, Reduction } from '../../../src/language/tree.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import type { ExplainedCondition, Explanation } from '../../../src/model/explanation.ts'
import { KEEP_ALL } from '../../../src/model/retention.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import { Oracle, type OracleInput } from '../../oracle/oracle.ts'
import { assertScenarios, corpus } from '../../support/corpus.ts'
import { scenarios } from '../../support/generators/calls.ts'
import { bytesOf } from '../../support/reopened.ts'
import { type Scenario, shardAfter } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { audience, computedTrait, HOUR, Space, START } from '../../support/space.ts'

function explainerOf(shard: Shard, source: DefinitionSource): Explainer {
  const id = shard.definitions.input(source.key, source.type)!.id
  const { input, definitions, rules } = shard.drafts.optionsOf(id)!
  return new Explainer({
    input,
    all: definitions.inputs(),
    nextId: definitions.nextId,
    rules,
    areForgottenCounted: true,
  })
}

/** Gives every call an id of its own, unless it has one. */
function withIds({ inputs, ...rest }: Scenario): Scenario {
  const named = inputs.map((input, index): OracleInput =>
    input.kind === 'call' ? { ...input, call: { messageId: `m${index}`, ...input.call } } : input,
  )
  return { ...rest, inputs: named }
}

/** Something that an explanation says of an actor. */
interface Claim {
  readonly label: string
  readonly asked: Condition | Reduction
  readonly within: readonly string[]
  readonly value: JsonValue
  /** Infinite if it does not turn; undefined if it is not told. */
  readonly changesAt: number | undefined
}

/** Lists what an explanation of a condition says, and of all within it. */
function claimsOf(
  label: string,
  condition: Condition,
  explained: ExplainedCondition,
  within: readonly string[] = [],
): Claim[] {
  const about = (asked: Condition | Reduction, value: JsonValue, changesAt?: number): Claim => ({
    label,
    asked,
    within,
    value,
    changesAt,
  })
  const own = about(condition, explained.holds, explained.changesAt ?? Infinity)
  expect(explained.wants === undefined).toBe(explained.holds)
  switch (condition.kind) {
    case 'and':
    case 'or':
      return [
        own,
        ...condition.operands.flatMap((operand, index) => claimsOf(label, operand, explained.of![index]!, within)),
      ]
    case 'not':
      return [own, ...claimsOf(label, condition.operand, explained.of![0]!, within)]
    case 'quantifier': {
      const ofUsers = explained.users!.flatMap((user) => [
        { label: user.id, asked: condition.operand, within, value: user.holds, changesAt: user.changesAt ?? Infinity },
        ...outermost(condition.operand).flatMap((one, index) => claimsOf(user.id, one, user.of[index]!)),
      ])
      return [own, ...ofUsers]
    }
    case 'comparison':
      if (condition.left.kind !== 'reduction') return [own]
      return [own, ...reductionClaims(label, condition.left, explained, within)]
  }
}

function reductionClaims(
  label: string,
  reduction: Reduction,
  explained: ExplainedCondition,
  within: readonly string[],
): Claim[] {
  const value: Claim = { label, asked: reduction, within, value: explained.value, changesAt: undefined }
  if (reduction.reducer.kind === 'count') expect(explained.events).toHaveLength(Math.min(10, explained.value as number))
  const wheres = reduction.stream.filters.flatMap((filter) => (filter.kind === 'where' ? [filter.condition] : []))
  const ofOccurrences = (explained.occurrences ?? []).flatMap(({ messageId, holds, changesAt = Infinity, of }) => {
    const inside = [messageId, ...within].slice(0, 2)
    const parts = wheres.flatMap(outermost)
    const whole: Condition = { kind: 'and', operands: wheres }
    return [
      { label, asked: whole, within: inside, value: holds, changesAt },
      ...parts.flatMap((part, index) => claimsOf(label, part, of[index]!, inside)),
    ]
  })
  return [value, ...ofOccurrences]
}

function claims(
  label: string,
  source: DefinitionSource,
  { value, conditions, changesAt, isEligible }: Explanation,
): Claim[] {
  const query = parseQuery(source.query, source)
  if (query.kind === 'computed_trait') {
    const whole = { label, asked: query.reduction, within: [], value, changesAt: changesAt ?? Infinity }
    return [whole, ...reductionClaims(label, query.reduction, conditions[0]!, [])]
  }
  const parts = outermost(query.condition)
  const own = isEligible ? [{ label, asked: query.condition, within: [], value, changesAt: changesAt ?? Infinity }] : []
  return [...own, ...parts.flatMap((part, index) => claimsOf(label, part, conditions[index]!))]
}

/** True if some user may read what time does to an account: there an explanation takes it as it is. */
function doUsersReadAccounts({ definitions }: Scenario): boolean {
  const keys = definitions.flatMap(({ type, key }) => (type === 'ACCOUNTS' ? [key] : []))
  return definitions.some(
    ({ type, query }) =>
      (type === 'USERS' || /\b(any|all|none)\b/i.test(query)) && keys.some((key) => query.includes(`'${key}`)),
  )
}

const INSTANTS_MAX = 6

/** Holds every claim of every explanation against the oracle, now and at the instants at which they turn. */
function compare(given: Scenario): void {
  const scenario = withIds(given)
  const shard = shardAfter(scenario)
  const before = bytesOf(shard)
  const oracle = Oracle.of(scenario.definitions)
  for (const input of scenario.inputs) oracle.apply(input)
  oracle.finish(shard.clock - 1)
  const all = scenario.definitions.flatMap((source) => {
    const explainer = explainerOf(shard, source)
    const kind = source.type === 'USERS' ? 'user' : 'account'
    const ofKind = shard.actors().filter((actor) => actor.kind === kind)
    return ofKind.flatMap((actor) =>
      claims(actor.label, source, explainer.explain(actor, shard.clock)).map((claim) => ({ ...claim, source })),
    )
  })
  expect(bytesOf(shard)).toBe(before)
  const judge = ({ label, source, asked, within }: (typeof all)[number]) => oracle.judge(label, source, asked, within)
  // To compare two trees takes longer than to judge them.
  const hold = (of: typeof all, are: boolean, at: number): void => {
    for (const claim of of)
      if (isDeepStrictEqual(judge(claim), claim.value) !== are)
        expect({ at, ...claim, judged: judge(claim) }).toBe(are ? 'as it is told' : 'another by now')
  }
  oracle.apply({ kind: 'tick', receivedAt: shard.clock })
  hold(all, true, shard.clock)
  if (doUsersReadAccounts(scenario)) return
  const timed = all.filter(({ changesAt }) => changesAt !== undefined)
  const instants = [...new Set(timed.map(({ changesAt }) => changesAt!))].filter(Number.isFinite)
  for (const instant of instants.sort((a, b) => a - b).slice(0, INSTANTS_MAX)) {
    oracle.finish(instant - 1)
    const open = timed.filter(({ changesAt }) => changesAt! >= instant)
    hold(open, true, instant - 1)
    oracle.finish(instant)
    hold(
      open.filter(({ changesAt }) => changesAt === instant),
      false,
      instant,
    )
  }
}

describe('an explanation', () => {
  it('says of every condition what the oracle says, turns when that does, and changes nothing', () => {
    assertScenarios(scenarios(), propertyRuns(30), compare)
  })

  const unchanged = corpus().filter(({ scenario }) => scenario.inputs.every(({ kind }) => kind !== 'define'))
  it.each(unchanged)('does so of what once went wrong: $name', ({ scenario }) => {
    compare(scenario)
  })

  it('turns when time changes what it reads: audiences, computed traits, and what is judged by them', () => {
    const [recent, spent] = [
      audience('recent', "event('Seen').within(1 hour).count() >= 1"),
      computedTrait('spent', "event('Paid').within(2 hours).sum(property('price'))"),
    ]
    const readers = [
      audience('a', "trait('recent') = true"),
      audience('b', "event('Paid').where(property('price') < trait('spent')).count() >= 1"),
      audience('c', "trait('a') != true"),
    ]
    const space = new Space(recent, spent, ...readers)
    space.track('u1', 'Seen')
    for (const price of [10, 20]) space.track('u1', 'Paid', { price })
    const { shard } = space
    const user = shard.profile('user_id', 'u1')!
    const changes = readers.map((source) => explainerOf(shard, source).explain(user, START).changesAt)
    expect(changes).toEqual([START + HOUR, START + 2 * HOUR, START + HOUR])
  })

  it('counts what is no longer kept in totals of a definition that is there', () => {
    const source = audience('a', "event('Seen').count() >= 100")
    const shard = new Shard({ definitions: [source], retention: { ...KEEP_ALL, eventsMax: 10 } })
    for (let index = 0; index < 50; index++)
      shard.apply({
        kind: 'calls',
        receivedAt: START + index,
        calls: [{ body: { type: 'track', userId: 'u1', event: 'Seen' }, sourceId: 'web' }],
      })
    const user = shard.profile('user_id', 'u1')!
    const [condition] = explainerOf(shard, source).explain(user, shard.clock).conditions
    expect(condition).toMatchObject({ value: 50, wants: 'do Seen, 50 more times' })
  })
})
