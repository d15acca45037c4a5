/** Kept events of many users in one memory: what was appended is read, in the order of `(ts, arrival)`. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histories } from '../../../actors/history/histories.ts'
import { NameTable } from '../../../actors/packing/name-table.ts'
import { ActorMemory, SMALL_MEMORY } from '../../../actors/memory/actor-memory.ts'
import { Rows } from '../../../actors/rows/rows.ts'
import type { ProfileEvent } from '../../../src/model/event.ts'
import { propertyRuns } from '../../support/runs.ts'

/** Some users with their histories; all of it in settlements of its own. */
class Kept {
  readonly memory = new ActorMemory(SMALL_MEMORY)
  readonly rows = new Rows(this.memory)
  readonly histories = new Histories(this.rows, new NameTable())

  constructor(users: number) {
    this.settle(() => {
      for (let user = 0; user < users; user++) this.rows.create(user, 0)
    })
  }

  settle(act: () => void): void {
    this.memory.barrier.begin()
    act()
    this.memory.barrier.commit()
    this.rows.commit()
  }

  fail(act: () => void): void {
    this.memory.barrier.begin()
    act()
    this.memory.barrier.rollBack()
    this.rows.rollBack()
  }

  append(user: number, ...events: readonly ProfileEvent[]): void {
    for (const event of events) this.settle(() => this.histories.append(this.rows.at(user), event))
  }

  release(user: number): void {
    this.settle(() => this.histories.release(this.rows.at(user)))
  }

  events(user: number): ProfileEvent[] {
    return this.histories.events(this.rows.at(user))
  }

  count(user: number): number {
    return this.histories.count(this.rows.at(user))
  }

  bytes(user: number): Buffer {
    return this.histories.toBytes(this.rows.at(user))
  }
}

function eventAt(arrival: number, ts = arrival, note = ''): ProfileEvent {
  const properties = note === '' ? {} : { note }
  return {
    name: 'Viewed',
    ts,
    arrival,
    receivedAt: ts + 5,
    sourceId: 'web',
    messageId: `m${arrival}`,
    properties,
    context: {},
  }
}

function inOrder(events: readonly ProfileEvent[]): ProfileEvent[] {
  return events.toSorted((a, b) => a.ts - b.ts || a.arrival - b.arrival)
}

const steps = fc.array(
  fc.record({
    which: fc.nat({ max: 4 }),
    ts: fc.nat({ max: 50 }),
    length: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 5000 })),
    releases: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    fails: fc.boolean(),
  }),
  { maxLength: 80, size: 'max' },
)

describe('a history', () => {
  it('of nothing has no events and no bytes', () => {
    const kept = new Kept(1)
    expect([kept.events(0), kept.count(0), kept.bytes(0).length]).toEqual([[], 0, 0])
    expect(kept.histories.firstTs(kept.rows.at(0))).toBe(Infinity)
  })

  it('gives late events their place, and those of one instant the order of their arrival', () => {
    const kept = new Kept(1)
    kept.append(0, eventAt(1, 50), eventAt(2, 20), eventAt(3, 50), eventAt(4, 20))
    expect(kept.events(0).map(({ arrival }) => arrival)).toEqual([2, 4, 1, 3])
    expect(kept.histories.firstTs(kept.rows.at(0))).toBe(50)
  })

  it('keeps what it holds while others grow, fail and give memory back', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const kept = new Kept(5)
        const expected: ProfileEvent[][] = [[], [], [], [], []]
        for (const [index, { which, ts, length, releases, fails }] of steps.entries()) {
          const event = eventAt(index + 1, ts, String(which).repeat(length))
          if (fails)
            kept.fail(() => {
              if (releases) kept.histories.release(kept.rows.at(which))
              kept.histories.append(kept.rows.at(which), event)
            })
          else {
            if (releases) {
              kept.release(which)
              expected[which] = []
            }
            kept.append(which, event)
            expected[which]!.push(event)
          }
        }
        for (const [user, events] of expected.entries()) {
          expect(kept.events(user)).toEqual(inOrder(events))
          expect(kept.count(user)).toBe(events.length)
        }
      }),
      propertyRuns(200),
    )
  })

  it('is what it was once a settlement has failed, and goes on from there', () => {
    const kept = new Kept(1)
    kept.append(0, eventAt(1), eventAt(2))
    const bytes = kept.bytes(0)
    kept.fail(() => {
      for (let arrival = 3; arrival < 200; arrival++) kept.histories.append(kept.rows.at(0), eventAt(arrival))
    })
    expect(kept.bytes(0)).toEqual(bytes)
    kept.append(0, eventAt(3, 0))
    expect(kept.events(0)).toEqual([eventAt(3, 0), eventAt(1), eventAt(2)])
    expect(kept.count(0)).toBe(3)
  })

  it('comes back from its bytes, and can go on', () => {
    const kept = new Kept(2)
    const events = [eventAt(1, 9), eventAt(2, 3, 'late'), eventAt(3, 9)]
    kept.append(0, ...events)
    const bytes = kept.bytes(0)
    kept.settle(() => kept.histories.setBytes(kept.rows.at(1), bytes))
    expect([kept.count(1), kept.histories.firstTs(kept.rows.at(1))]).toEqual([3, 9])
    kept.append(1, eventAt(4, 5))
    expect(kept.events(1)).toEqual(inOrder([...events, eventAt(4, 5)]))
  })

  it('of nothing comes back from its bytes', () => {
    const kept = new Kept(1)
    kept.settle(() => kept.histories.setBytes(kept.rows.at(0), Buffer.alloc(0)))
    kept.append(0, eventAt(1))
    expect(kept.events(0)).toEqual([eventAt(1)])
  })

  it('gives bytes that are a copy: what comes in its place does not show', () => {
    const kept = new Kept(1)
    kept.append(0, eventAt(1))
    const bytes = kept.bytes(0)
    const before = Buffer.from(bytes)
    kept.release(0)
    kept.append(0, eventAt(2, 7, 'in its place'))
    expect(bytes).toEqual(before)
  })

  it('that is replaced is written in the order of arrival', () => {
    const kept = new Kept(2)
    const events = [eventAt(1, 8), eventAt(4, 1), eventAt(2, 9), eventAt(3, 2)]
    kept.settle(() => kept.histories.replace(kept.rows.at(0), events))
    kept.append(1, eventAt(1, 8), eventAt(2, 9), eventAt(3, 2), eventAt(4, 1))
    expect(kept.bytes(0)).toEqual(kept.bytes(1))
    expect(kept.events(0)).toEqual(inOrder(events))
  })

  it('that was released is empty, and its memory serves the next', () => {
    const kept = new Kept(2)
    kept.append(0, eventAt(1, 1, 'x'.repeat(1000)))
    const used = kept.memory.bytes.usedBytes
    for (let round = 0; round < 10_000; round++) {
      kept.append(1, eventAt(2, 2, 'y'.repeat(1000)))
      kept.release(1)
      expect(kept.count(1)).toBe(0)
    }
    expect(kept.memory.bytes.usedBytes).toBe(used)
    expect(kept.events(0)).toEqual([eventAt(1, 1, 'x'.repeat(1000))])
  })
})
