/** The number of members of each audience, counted as they change. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import { everyScenario } from '../../support/generators/calls.ts'
import { Stored } from '../../support/reopened.ts'
import { entriesOf } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'

function counted(shard: Shard): (readonly [key: string, count: number])[] {
  const audiences = shard.definitions.inputs().filter(({ source }) => source.kind === 'audience')
  return audiences.map(({ id, source }) => [`${source.type} ${source.key}`, shard.reader.membersOf(id)])
}

function members(shard: Shard): (readonly [key: string, count: number])[] {
  const audiences = shard.definitions.inputs().filter(({ source }) => source.kind === 'audience')
  return audiences.map(({ id, source }) => [
    `${source.type} ${source.key}`,
    shard.actors().filter((actor) => actor.definedValue(id) === true).length,
  ])
}

describe('the number of members', () => {
  it('is that of those who are in, whatever comes, and after restarts', () => {
    let most = 0
    const runs = propertyRuns(40)
    fc.assert(
      fc.property(everyScenario(), fc.nat(), (scenario, place) => {
        const entries = entriesOf(scenario)
        let shard = new Shard({ definitions: scenario.definitions })
        for (const [index, entry] of entries.entries()) {
          if (index === place % entries.length) shard = new Stored().reopen(shard)
          shard.apply(entry)
          expect(counted(shard)).toEqual(members(shard))
          most = Math.max(most, ...counted(shard).map(([, count]) => count))
        }
      }),
      runs,
    )
    if (runs.numRuns >= 30) expect(most).toBeGreaterThan(1)
  })
})
