/** The kept states of actors, against what their kept events determine. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { NewestTimes } from '../../../actors/groups/newest-times.ts'
import { everyScenario } from '../../support/generators/calls.ts'
import { propertyRuns } from '../../support/runs.ts'
import { shardAfter } from '../../support/run-shard.ts'
import { audience, computedTrait, HOUR, iso, Space } from '../../support/space.ts'

const differencesIn = (space: Space) => [...space.shard.inspection().differences()]

describe('the states that are kept', () => {
  it('are those that the kept events determine, whatever came and however definitions changed', () => {
    fc.assert(
      fc.property(everyScenario(), (scenario) => {
        const shard = shardAfter(scenario)
        const inspection = shard.inspection()
        const shown = shard.actors().flatMap((actor) => inspection.printed(actor))
        expect([...inspection.differences()], shown.join('\n')).toEqual([])
      }),
      propertyRuns(300),
    )
  })

  it('are compared without being changed', () => {
    const space = new Space(audience('often', "event('Seen').within(1 day).count() >= 2"))
    space.track('u1', 'Seen')
    expect([differencesIn(space), differencesIn(space)]).toEqual([[], []])
    expect(space.track('u1', 'Seen')).toEqual(['0h user_id:u1 often entered'])
  })

  it('are reported where they differ, with what they are of', () => {
    const space = new Space(
      audience('often', "event('Seen').within(1 day).count() >= 2"),
      computedTrait('all', "event('Seen').count()"),
    )
    space.track('u1', 'Seen')
    space.track('u2', 'Seen')
    lose(() => space.track('u1', 'Seen', {}, HOUR))
    expect(differencesIn(space)).toEqual([
      { profile: 'user_id:u1', of: expect.stringContaining('"Seen"') as string, kept: [false], computed: [true] },
      { profile: 'user_id:u1', of: 'audience often', kept: false, computed: true },
      { profile: 'user_id:u1', of: 'next deadline', kept: null, computed: Date.parse(iso(24 * HOUR)) },
    ])
  })
})

/** Lets an act write no event into windows. */
function lose(act: () => unknown): void {
  const insert = vi.spyOn(NewestTimes.prototype, 'insert').mockReturnValue()
  act()
  insert.mockRestore()
}
