/** The state as bytes, ticks, and messages that fail: nothing of it may show in what the engine does. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import { PAGE_ACTORS } from '../../../actors/records/pages.ts'
import type { ShardCut, ShardState } from '../../../actors/engine/shard-state.ts'
import { bytesOf, reopened } from '../../support/reopened.ts'
import type { Entry, RawCall } from '../../../src/model/entry.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { audience, Space } from '../../support/space.ts'
import { scenarios } from '../../support/generators/calls.ts'
import { propertyRuns } from '../../support/runs.ts'
import { entriesOf, entryOf, runShard } from '../../support/run-shard.ts'

describe('the state as bytes', () => {
  it('changes nothing when it is written and read at any point', () => {
    fc.assert(
      fc.property(scenarios(), fc.integer({ min: 1, max: 7 }), (scenario, every) => {
        let shard = new Shard({ definitions: scenario.definitions })
        const transitions: Transition[] = []
        for (const [index, entry] of entriesOf(scenario).entries()) {
          if (index % every === 0) shard = reopened(shard)
          transitions.push(...shard.apply(entry).transitions)
        }
        expect(JSON.stringify(transitions)).toBe(JSON.stringify(runShard(scenario)))
      }),
      propertyRuns(30),
    )
  })

  it('is the same bytes after being read and written', () => {
    fc.assert(
      fc.property(scenarios(), (scenario) => {
        const shard = new Shard({ definitions: scenario.definitions })
        for (const input of scenario.inputs) shard.apply(entryOf(input))
        expect(bytesOf(reopened(shard))).toEqual(bytesOf(shard))
      }),
      propertyRuns(30),
    )
  })

  it('is what it was when a cut was made, however much has come since, and whatever of it was taken when', () => {
    fc.assert(
      fc.property(scenarios(), fc.array(fc.nat(2), { minLength: 1 }), (scenario, takes) => {
        const shard = new Shard({ definitions: scenario.definitions })
        const stored = new Map<number, Uint8Array>()
        let cut: ShardCut | undefined
        let bytes = ''
        for (const [index, entry] of entriesOf(scenario).entries()) {
          const take = takes[index % takes.length]!
          if (index % 4 === 0) {
            if (cut && take > 0) {
              takePages(cut, stored)
              shard.endCut(true)
              expect(bytesOf(Shard.of(stateOf(cut, stored)))).toEqual(bytes)
            }
            cut = shard.cut()
            bytes = bytesOf(shard)
          }
          takePages(cut!, stored, take)
          shard.apply(entry)
        }
      }),
      propertyRuns(30),
    )
  })

  it('is what it was before a definition was removed that held values', () => {
    const space = new Space(audience('buyers', "event('Bought').count() >= 1"))
    space.track('u1', 'Bought')
    const bytes = bytesOf(space.shard)
    const cut = space.shard.cut()
    space.remove('buyers')
    const stored = new Map<number, Uint8Array>()
    takePages(cut, stored)
    expect(bytesOf(Shard.of(stateOf(cut, stored)))).toEqual(bytes)
  })

  it('is made of the pages that were touched, and of those of a cut that was taken back', () => {
    const shard = new Shard()
    const page = (userId: number) => {
      const calls = [{ body: { type: 'track', userId: `u${userId}`, event: 'Seen' }, sourceId: '' }]
      shard.apply({ kind: 'calls', receivedAt: 1, calls })
    }
    for (let user = 0; user < PAGE_ACTORS * 3; user++) page(user)
    expect(pagesOf(shard.cut())).toEqual([0, 1, 2])
    page(PAGE_ACTORS)
    shard.endCut(false)
    expect(pagesOf(shard.cut())).toEqual([0, 1, 2])
    shard.endCut(true)
    page(PAGE_ACTORS)
    expect(pagesOf(shard.cut())).toEqual([1])
    shard.endCut(true)
    expect(pagesOf(shard.cut())).toEqual([])
  })
})

function pagesOf(cut: ShardCut): number[] {
  return cut.pages.pages.map(({ page }) => page)
}

/** Takes so many pages of a cut, or all that are left. */
function takePages(cut: ShardCut, stored: Map<number, Uint8Array>, count = Infinity): void {
  for (let taken = 0; taken < count; taken++) {
    const next = cut.pages.take(() => true)
    if (!next) return
    stored.set(next.page, next.bytes)
  }
}

function stateOf({ head, fingerprints }: ShardCut, stored: ReadonlyMap<number, Uint8Array>): ShardState {
  const { hours } = head.deduplication
  return { ...head, pages: [...stored.values()], fingerprints: hours.length > 0 ? [fingerprints(0)] : [] }
}

describe('ticks', () => {
  it('change nothing when they are inserted anywhere between', () => {
    fc.assert(
      fc.property(scenarios(), fc.double({ min: 0, max: 1, noNaN: true }), (scenario, share) => {
        const [shard, straight] = [0, 1].map(() => new Shard({ definitions: scenario.definitions })) as [Shard, Shard]
        for (const entry of entriesOf(scenario)) {
          const expected = straight.apply(entry).transitions
          // Where the clock stands now: an entry that is refused leaves it where it was.
          const receivedAt = shard.clock + Math.floor((straight.clock - shard.clock) * share)
          const transitions = [
            ...shard.apply({ kind: 'tick', receivedAt }).transitions,
            ...shard.apply(entry).transitions,
          ]
          expect(JSON.stringify(transitions)).toBe(JSON.stringify(expected))
        }
      }),
      propertyRuns(30),
    )
  })
})

describe('a message that fails', () => {
  it('costs itself only: the state is, to the byte, as it was before it', () => {
    const arbitrary = scenarios({ history: { minLength: 5 } })
    fc.assert(
      fc.property(arbitrary, fc.nat(), fc.integer({ min: 1, max: 12 }), (scenario, which, fuse) => {
        const entries = entriesOf(scenario)
        const failing = which % entries.length
        const shard = new Shard({ definitions: scenario.definitions })
        const straight = new Shard({ definitions: scenario.definitions })
        for (const [index, entry] of entries.entries()) {
          if (index === failing && entry.kind === 'calls') {
            // A call that fails has moved the clock on all the same.
            const tick = { kind: 'tick', receivedAt: Math.max(shard.clock, entry.receivedAt) } as const
            for (const each of [shard, straight]) each.apply(tick)
            const before = bytesOf(shard)
            const { outcomes, transitions } = shard.apply(poisoned(entry, fuse))
            if (outcomes[0]!.kind !== 'failed') return
            expect(transitions).toEqual([])
            expect(bytesOf(shard)).toEqual(before)
          }
          for (const each of [shard, straight]) each.apply(entry)
        }
        expect(bytesOf(shard)).toEqual(bytesOf(straight))
      }),
      propertyRuns(30),
    )
  })
})

/** The entry with properties and traits that throw when they are looked at once too often. */
function poisoned(entry: Extract<Entry, { kind: 'calls' }>, fuse: number): Entry {
  let looks = 0
  const trap = (object: Record<string, unknown>): Record<string, unknown> =>
    new Proxy(object, {
      get(target, key, receiver) {
        if (++looks > fuse) throw new Error('poison')
        return Reflect.get(target, key, receiver) as unknown
      },
    })
  const calls = (entry.calls as readonly RawCall[]).map(({ body, sourceId }) => {
    const call = { ...(body as Record<string, Record<string, unknown>>) }
    if (call['properties']) call['properties'] = trap(call['properties'])
    if (call['traits']) call['traits'] = trap(call['traits'])
    return { body: call, sourceId }
  })
  return { ...entry, calls }
}
