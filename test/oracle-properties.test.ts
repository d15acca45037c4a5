/** Properties of the oracle under random definitions and histories, whatever it computes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseQuery } from '../src/language/parse.ts'
import type { Transition } from '../src/model/transition.ts'
import { changingScenarios, scenarios, type Scenario } from './support/generators/calls.ts'
import { definitionSets } from './support/generators/definitions.ts'
import { Oracle, runOracle, type OracleInput } from './oracle/oracle.ts'
import { propertyRuns } from './support/runs.ts'

/** Instants strictly between the clock after one input and after the next, one for each gap that has room. */
function between({ definitions, inputs }: Scenario, share: number): { index: number; receivedAt: number }[] {
  const oracle = Oracle.of(definitions)
  const clocks = inputs.map((input) => {
    oracle.apply(input)
    return oracle.clock
  })
  return clocks.flatMap((from, index) => {
    const to = clocks[index + 1] ?? from + 40 * 86_400_000
    const receivedAt = from + Math.floor((to - from) * share)
    return receivedAt > from && receivedAt < to ? [{ index, receivedAt }] : []
  })
}

function insert(
  scenario: Scenario,
  places: readonly { index: number; receivedAt: number }[],
  input: (receivedAt: number) => OracleInput,
): Scenario {
  const inputs = scenario.inputs.flatMap((given, index) => [
    given,
    ...places.filter((place) => place.index === index).map(({ receivedAt }) => input(receivedAt)),
  ])
  return { ...scenario, inputs }
}

function rows(transitions: readonly Transition[]): string[] {
  return transitions.map((transition) => JSON.stringify(transition)).sort()
}

describe('generated definitions', () => {
  it('can be parsed, and are never cyclic', () => {
    fc.assert(
      fc.property(definitionSets(), (definitions) => {
        for (const definition of definitions)
          expect(parseQuery(definition.query, definition).kind).toBe(definition.kind)
        runOracle({ definitions, inputs: [] })
      }),
      propertyRuns(200),
    )
  })
})

describe('the oracle', () => {
  it('changes nothing by ticks', () => {
    fc.assert(
      fc.property(scenarios(), fc.double({ min: 0, max: 1, noNaN: true }), (scenario, share) => {
        const ticked = insert(scenario, between(scenario, share), (receivedAt) => ({ kind: 'tick', receivedAt }))
        expect(runOracle(ticked)).toEqual(runOracle(scenario))
      }),
      propertyRuns(50),
    )
  })

  it('changes nothing by looking: at no instant does a settlement of everybody find what was not due', () => {
    fc.assert(
      fc.property(scenarios(), fc.double({ min: 0, max: 1, noNaN: true }), (scenario, share) => {
        const look = (receivedAt: number): OracleInput => ({
          kind: 'define',
          definition: { kind: 'audience', type: 'USERS', key: 'looked', query: "trait('never set').exists()" },
          receivedAt,
        })
        const looked = insert(scenario, between(scenario, share), look)
        expect(rows(runOracle(looked))).toEqual(rows(runOracle(scenario)))
      }),
      propertyRuns(25),
    )
  })

  it('moves time forward, and begins with what was not: an entry, a value', () => {
    fc.assert(
      fc.property(changingScenarios(), (scenario) => {
        const transitions = runOracle(scenario)
        expect(transitions.map(({ at }) => at)).toEqual(transitions.map(({ at }) => at).sort((a, b) => a - b))
        const firsts = transitions.filter(({ sequence }) => sequence === 1)
        expect(firsts.filter(({ type, value }) => type === 'exited' || value === null)).toEqual([])
      }),
      propertyRuns(50),
    )
  })
})
