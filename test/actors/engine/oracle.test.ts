/** The engine against its naive twin, over random definitions and histories. */
import { describe, expect, it } from 'vitest'
import { Oracle, type OracleInput, runOracle } from '../../oracle/oracle.ts'
import { assertScenarios, corpus } from '../../support/corpus.ts'
import { changingScenarios, peopleScenarios, scenarios } from '../../support/generators/calls.ts'
import { propertyRuns } from '../../support/runs.ts'
import { entriesOf, rows, runShard, type Scenario, shardAfter } from '../../support/run-shard.ts'

/**
 * A count that begins late finds out from kept events if it has once been at least 1. Former values of traits are not
 * kept, nor which of a profile's events came before a merge or an account's link: there the engine may know less. It
 * may also know more: events that were of two users are of one all along, where the oracle unites them when they were.
 */
function dependsOnWhatIsNotKept({ inputs }: Scenario): boolean {
  return inputs.some(
    (input) =>
      input.kind === 'define' &&
      input.definition.kind === 'computed_trait' &&
      input.definition.query.endsWith('count()') &&
      (input.definition.type === 'ACCOUNTS' || input.definition.query.includes('trait(') || isFunnel(input.definition)),
  )
}

/** True if events are looked for around others, which may have been another user's. */
function isFunnel({ query }: Scenario['definitions'][number]): boolean {
  return query.split('event(').length > 2
}

/** A count that stands keeps that it was once 1, which it may not have been with what it reads there from the start. */
function readsWhatComesLater({ definitions, inputs }: Scenario): boolean {
  const changing = new Set(inputs.flatMap((input) => (input.kind === 'define' ? [input.definition.key] : [])))
  const reads = ({ query }: Scenario['definitions'][number]) => [...changing].some((key) => query.includes(`'${key}'`))
  for (let known = 0; known < changing.size;) {
    known = changing.size
    for (const definition of definitions) if (reads(definition)) changing.add(definition.key)
  }
  return definitions.some((definition) => definition.query.endsWith('count()') && reads(definition))
}

describe('the engine', () => {
  it.each(corpus())('agrees with the oracle: $name', ({ scenario }) => {
    expect(rows(runShard(scenario))).toEqual(rows(runOracle(scenario)))
  })

  it('makes the transitions that the oracle makes', () => {
    assertScenarios(scenarios(), propertyRuns(200), (scenario) => {
      expect(rows(runShard(scenario))).toEqual(rows(runOracle(scenario)))
    })
  })

  it('makes the transitions that the oracle makes when definitions come and change while it runs', () => {
    const known = changingScenarios().filter((scenario) => !dependsOnWhatIsNotKept(scenario))
    assertScenarios(known, propertyRuns(90), (scenario) => {
      expect(rows(runShard(scenario))).toEqual(rows(runOracle(scenario)))
    })
  })

  it('makes the transitions that the oracle makes when people are deleted, suppressed and unlinked', () => {
    assertScenarios(peopleScenarios(), propertyRuns(90), (scenario) => {
      expect(rows(runShard(scenario))).toEqual(rows(runOracle(scenario)))
    })
  })

  it('makes the transitions that the oracle makes when both people and definitions come and go', () => {
    // What a count that begins late has once been follows from what is kept, of those who are there.
    const known = peopleScenarios(changingScenarios()).filter(({ inputs }) => !inputs.some(isLateCount))
    assertScenarios(known, propertyRuns(60), (scenario) => {
      expect(rows(runShard(scenario))).toEqual(rows(runOracle(scenario)))
    })
  })

  it('ends, with a definition added on the way, as if it had been there from the start', () => {
    const known = changingScenarios().filter(
      (scenario) => !dependsOnWhatIsNotKept(scenario) && !readsWhatComesLater(scenario) && isAllHistory(scenario),
    )
    assertScenarios(known, propertyRuns(90), (scenario) => {
      expect(standing(shardAfter(scenario))).toEqual(standing(shardAfter(fromTheStart(scenario))))
    })
  })

  it('knows profiles by the ids by which the oracle knows them', () => {
    assertScenarios(scenarios(), propertyRuns(90), (scenario) => {
      const oracle = Oracle.of(scenario.definitions)
      for (const input of scenario.inputs) oracle.apply(input)
      const shard = shardAfter(scenario)
      for (const user of oracle.users)
        for (const id of user.ids) {
          const [type, value] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)]
          expect(shard.profile(type, value)?.label).toBe(user.label)
        }
      expect(shard.profileCount).toBe(oracle.users.length)
    })
  })
})

function isLateCount(input: OracleInput): boolean {
  return input.kind === 'define' && input.definition.query.endsWith('count()')
}

function isAllHistory({ inputs }: Scenario): boolean {
  return inputs.every((input) => input.kind !== 'define' || input.definition.includeHistoricalData !== false)
}

/** The same scenario with every definition, as last given, present before the first call. */
function fromTheStart(scenario: Scenario): Scenario {
  const added = scenario.inputs.flatMap((input) => (input.kind === 'define' ? [input.definition] : []))
  const last = new Map([...scenario.definitions, ...added].map((source) => [`${source.type} ${source.key}`, source]))
  const inputs = scenario.inputs.map((input): OracleInput =>
    input.kind === 'define' ? { kind: 'tick', receivedAt: input.receivedAt } : input,
  )
  return { ...scenario, definitions: [...last.values()], inputs }
}

/** Lists the memberships and values: one line for each actor and definition that has one. */
function standing(shard: ReturnType<typeof shardAfter>): string[] {
  const sources = new Map(shard.definitions.inputs().map(({ id, source }) => [id, source]))
  return shard
    .actors()
    .flatMap((actor) =>
      actor.defined.ids().flatMap((id) => {
        const source = sources.get(id)
        const value = actor.definedValue(id)
        if (!source || value === undefined || value === null || value === false) return []
        return [`${actor.label} ${source.key} ${JSON.stringify(value)}`]
      }),
    )
    .sort()
}

describe('entries', () => {
  it('give the same bytes when the same are applied twice', () => {
    assertScenarios(scenarios(), propertyRuns(100), (scenario) => {
      expect(JSON.stringify(runShard(scenario))).toBe(JSON.stringify(runShard(scenario)))
      expect(entriesOf(scenario).length).toBeGreaterThan(0)
    })
  })
})
