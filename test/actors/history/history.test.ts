/** Kept events of many profiles in one memory: what was appended is read, in the order of `(ts, arrival)`. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { History, type HistoryStore } from '../../../actors/history/history.ts'
import { NameTable } from '../../../actors/history/name-table.ts'
import { Slabs } from '../../../actors/history/slabs.ts'
import type { ProfileEvent } from '../../../src/model/event.ts'
import { propertyRuns } from '../../support/runs.ts'

function newStore(): HistoryStore {
  return { names: new NameTable(), slabs: new Slabs() }
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

function historyOf(events: readonly ProfileEvent[], store: HistoryStore): History {
  const history = new History()
  for (const event of events) history.append(event, store)
  return history
}

function inOrder(events: readonly ProfileEvent[]): ProfileEvent[] {
  return events.toSorted((a, b) => a.ts - b.ts || a.arrival - b.arrival)
}

describe('a history', () => {
  it('of nothing has no events and no bytes', () => {
    const history = new History()
    expect([history.events(new NameTable()), history.count, history.size, history.toBytes().length]).toEqual([
      [],
      0,
      0,
      0,
    ])
  })

  it('gives late events their place, and those of one instant the order of their arrival', () => {
    const store = newStore()
    const history = historyOf([eventAt(1, 50), eventAt(2, 20), eventAt(3, 50), eventAt(4, 20)], store)
    expect(history.events(store.names).map(({ arrival }) => arrival)).toEqual([2, 4, 1, 3])
  })

  it('keeps what it holds while it and its neighbours grow, and while others give memory back', () => {
    const step = fc.record({
      which: fc.nat({ max: 4 }),
      ts: fc.nat({ max: 50 }),
      length: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 5000 })),
      releases: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const store = newStore()
        const histories = Array.from({ length: 5 }, () => ({ history: new History(), events: [] as ProfileEvent[] }))
        for (const [index, { which, ts, length, releases }] of steps.entries()) {
          const chosen = histories[which]!
          if (releases) {
            chosen.history.release(store.slabs)
            chosen.events = []
          }
          const event = eventAt(index + 1, ts, String(which).repeat(length))
          chosen.history.append(event, store)
          chosen.events.push(event)
        }
        for (const { history, events } of histories) {
          expect(history.events(store.names)).toEqual(inOrder(events))
          expect(history.count).toBe(events.length)
        }
      }),
      propertyRuns(200),
    )
  })

  it('returns to where it was as if nothing had been appended since, and goes on from there', () => {
    const store = newStore()
    const history = historyOf([eventAt(1), eventAt(2)], store)
    const { size, count } = history
    const bytes = history.toBytes()
    for (let arrival = 3; arrival < 200; arrival++) history.append(eventAt(arrival), store)
    history.returnTo(size, count)
    expect(history.toBytes()).toEqual(bytes)
    history.append(eventAt(3, 0), store)
    expect(history.events(store.names)).toEqual([eventAt(3, 0), eventAt(1), eventAt(2)])
    expect(history.count).toBe(3)
  })

  it('comes back from its bytes, and can go on', () => {
    const store = newStore()
    const events = [eventAt(1, 9), eventAt(2, 3, 'late'), eventAt(3, 9)]
    const copy = History.fromBytes(historyOf(events, store).toBytes(), store)
    expect(copy.count).toBe(3)
    copy.append(eventAt(4, 5), store)
    expect(copy.events(store.names)).toEqual(inOrder([...events, eventAt(4, 5)]))
  })

  it('of nothing comes back from its bytes', () => {
    const store = newStore()
    const copy = History.fromBytes(new History().toBytes(), store)
    copy.append(eventAt(1), store)
    expect(copy.events(store.names)).toEqual([eventAt(1)])
  })

  it('gives bytes that are a copy: what is appended later does not show', () => {
    const store = newStore()
    const history = historyOf([eventAt(1)], store)
    const bytes = history.toBytes()
    const before = Buffer.from(bytes)
    history.release(store.slabs)
    historyOf([eventAt(2, 7, 'in its place')], store)
    expect(bytes).toEqual(before)
  })

  it('made of the events of several is written in the order of arrival', () => {
    const store = newStore()
    const [ours, theirs] = [
      [eventAt(1, 8), eventAt(4, 1)],
      [eventAt(2, 9), eventAt(3, 2)],
    ]
    const united = History.of([...ours, ...theirs], store)
    const written = historyOf([eventAt(1, 8), eventAt(2, 9), eventAt(3, 2), eventAt(4, 1)], store)
    expect(united.toBytes()).toEqual(written.toBytes())
    expect(united.events(store.names)).toEqual(inOrder([...ours, ...theirs]))
  })

  it('that was given back is empty, and its memory serves the next', () => {
    const store = newStore()
    const first = historyOf([eventAt(1, 1, 'x'.repeat(1000))], store)
    const total = store.slabs.totalBytes
    for (let round = 0; round < 10_000; round++) {
      const next = historyOf([eventAt(2, 2, 'y'.repeat(1000))], store)
      next.release(store.slabs)
      expect(next.count).toBe(0)
    }
    expect(store.slabs.totalBytes).toBe(total)
    expect(first.events(store.names)).toEqual([eventAt(1, 1, 'x'.repeat(1000))])
  })
})
