/** The last transitions that are kept with an actor, and what they came of. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import { PAST_MAX } from '../../../actors/rows/past-transitions.ts'
import type { Settled } from '../../../actors/settlement/settlement-observer.ts'
import { type Entry, isAboutPeople } from '../../../src/model/entry.ts'
import type { CauseKind, PastTransition } from '../../../src/model/transition.ts'
import { everyScenario } from '../../support/generators/calls.ts'
import { reopened } from '../../support/reopened.ts'
import { entriesOf } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { audience, computedTrait, Space } from '../../support/space.ts'

/** Keeps by hand what an engine's settlements tell. */
class Told {
  readonly byActor = new Map<number, PastTransition[]>()
  entry!: Entry

  settled({ at, changes, united }: Settled): void {
    const survivors = new Set<number>()
    for (const { survivor, absorbed } of united) {
      survivors.add(survivor.ordinal)
      const all = [survivor.ordinal, ...absorbed].flatMap((ordinal) => this.byActor.get(ordinal) ?? [])
      this.byActor.set(survivor.ordinal, kept(all))
      for (const ordinal of absorbed) this.byActor.delete(ordinal)
    }
    for (const { actor, transition } of changes) {
      const { type, key, value } = transition
      const cause = at < this.entry.receivedAt ? 'time' : this.#causeOf(survivors.has(actor.ordinal))
      const messageId = cause === 'call' || cause === 'merge' ? this.#messageId : undefined
      const one = { at, type, key, ...(value !== undefined && { value }), cause, messageId } as PastTransition
      this.byActor.set(actor.ordinal, kept([...(this.byActor.get(actor.ordinal) ?? []), one]))
    }
  }

  #causeOf(isMerge: boolean): unknown {
    if (this.entry.kind === 'command') {
      // Whoever is due at that very instant settles with it.
      return isAboutPeople(this.entry.command) ? expect.stringMatching(/^(deletion|time)$/) : 'definition'
    }
    return isMerge ? 'merge' : 'call'
  }

  get #messageId(): string | undefined {
    const body = this.entry.kind === 'calls' ? (this.entry.calls[0] as { body: Record<string, unknown> }).body : {}
    return body['messageId'] as string | undefined
  }
}

/** In order of their instants; those of one instant in that in which they came. */
function kept(all: readonly PastTransition[]): PastTransition[] {
  return [...all].sort((a, b) => a.at - b.at).slice(-PAST_MAX)
}

describe('past transitions', () => {
  it('are those that were told, with their causes, also of united users and after restarts', () => {
    const counts = new Map<CauseKind, number>()
    const runs = propertyRuns(40)
    fc.assert(
      fc.property(everyScenario(), fc.nat(), (scenario, place) => {
        const told = new Told()
        const entries = entriesOf(scenario)
        let shard = new Shard({ definitions: scenario.definitions, observer: told })
        for (const [index, entry] of entries.entries()) {
          if (index === place % entries.length) shard = reopened(shard, { observer: told })
          told.entry = entry
          shard.apply(entry)
        }
        for (const actor of reopened(shard).actors()) {
          const expected = told.byActor.get(actor.ordinal) ?? []
          expect(actor.past, actor.label).toEqual(expected)
          for (const { cause } of actor.past) counts.set(cause, (counts.get(cause) ?? 0) + 1)
        }
      }),
      runs,
    )
    if (runs.numRuns < 30) return
    // Few deletions change a value of somebody else.
    const rare = runs.numRuns < 400 ? [] : (['deletion'] as const)
    for (const cause of ['call', 'time', 'merge', 'definition', ...rare] as const)
      expect(counts.get(cause) ?? 0, cause).toBeGreaterThan(0)
  })

  it('are as many as are kept, the newest', () => {
    const space = new Space(computedTrait('last', "event('A').last(property('p'))"))
    for (let index = 0; index < PAST_MAX + 5; index++) space.track('u1', 'A', { p: index })
    expect(space.shard.profile('user_id', 'u1')!.past.map(({ value }) => value)).toEqual(
      Array.from({ length: PAST_MAX }, (_, index) => index + 5),
    )
  })

  it('leave a long value out', () => {
    const space = new Space(computedTrait('last', "event('A').last(property('p'))"))
    space.track('u1', 'A', { p: 'x'.repeat(500) })
    space.track('u1', 'A', { p: 'short' })
    const [long, short] = space.shard.profile('user_id', 'u1')!.past
    expect(long).not.toHaveProperty('value')
    expect(short).toMatchObject({ value: 'short', cause: 'call' })
  })

  it('stay when the definition is gone', () => {
    const space = new Space(audience('any', "event('A').count() >= 1"))
    space.track('u1', 'A', {})
    space.remove('any')
    expect(reopened(space.shard).profile('user_id', 'u1')!.past).toMatchObject([{ key: 'any', type: 'entered' }])
  })
})
