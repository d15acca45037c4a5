/** The lines of one destination, and what may be sent when. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DestinationOutbox } from '../../src/outbox/destination-outbox.ts'
import type { ActorQueueState } from '../../src/outbox/actor-queue.ts'
import type { Delivery } from '../../src/outbox/delivery.ts'
import { propertyRuns } from '../support/runs.ts'
import { delivery } from './given.ts'
import { OutboxModel } from './outbox-model.ts'

const always = () => true
const never = () => false

function outboxOf(...deliveries: readonly Delivery[]): DestinationOutbox {
  const outbox = new DestinationOutbox(1)
  for (const one of deliveries) outbox.add(one)
  return outbox
}

/** Numbers of all that may be sent at an instant. */
function taken(outbox: DestinationOutbox, now = 0): number[] {
  return Array.from({ length: outbox.lanes }, (_, lane) => lane).flatMap((lane) =>
    outbox.begin(lane, never, now).map(({ number }) => number),
  )
}

/** Delivers all that can be, one after the other, and gives the numbers in the order of arrival. */
function drained(outbox: DestinationOutbox, now = Number.MAX_SAFE_INTEGER): number[] {
  const arrived: number[] = []
  for (;;) {
    outbox.wake(now)
    const next = Array.from({ length: outbox.lanes }, (_, lane) => outbox.begin(lane, always, 0)).flat()
    if (next.length === 0) return arrived
    for (const { number, actor } of next) if (outbox.finish({ number, actor })) arrived.push(number)
  }
}

describe('the deliveries of one actor', () => {
  it('go one after the other, in the order in which they came', () => {
    const outbox = outboxOf(delivery(1), delivery(2), delivery(3))
    expect(taken(outbox)).toEqual([1])
    expect(taken(outbox)).toEqual([])
    expect(outbox.finish({ number: 1, actor: 0 })?.delivery.number).toBe(1)
    expect(taken(outbox)).toEqual([2])
    outbox.finish({ number: 2, actor: 0 })
    expect(taken(outbox)).toEqual([3])
  })

  it('do not wait for those of others', () => {
    const outbox = outboxOf(delivery(1, { actor: 1 }), delivery(2, { actor: 2 }), delivery(3, { actor: 1 }))
    expect(taken(outbox)).toEqual([1, 2])
    outbox.finish({ number: 2, actor: 2 })
    expect(taken(outbox)).toEqual([])
  })

  it('are all in the lane of the actor, and in no other', () => {
    const outbox = new DestinationOutbox(4)
    for (const actor of [0, 1, 5, 9]) outbox.add(delivery(actor, { actor }))
    expect([0, 1, 2, 3].map((lane) => outbox.isReady(lane))).toEqual([true, true, false, false])
    expect(outbox.begin(1, never, 0).map(({ number }) => number)).toEqual([1, 5, 9])
    expect(outbox.isReady(1)).toBe(false)
  })

  it('are counted until they have arrived, those under way among them', () => {
    const outbox = outboxOf(delivery(1), delivery(2), delivery(3, { actor: 1, connectionId: 'con_2' }))
    expect([outbox.size, outbox.underWayCount]).toEqual([3, 0])
    taken(outbox)
    expect([outbox.size, outbox.underWayCount]).toEqual([3, 2])
    expect(outbox.countOf('con_1')).toEqual({ waiting: 2, retrying: 0 })
    outbox.finish({ number: 1, actor: 0 })
    outbox.finish({ number: 3, actor: 1 })
    expect([outbox.size, outbox.underWayCount]).toEqual([1, 0])
    expect(outbox.countOf('con_2')).toEqual({ waiting: 0, retrying: 0 })
  })

  it('are taken until it is enough, the last one included', () => {
    const outbox = outboxOf(...[1, 2, 3].map((number) => delivery(number, { actor: number })))
    expect(outbox.begin(0, ({ number }) => number === 2, 0).map(({ number }) => number)).toEqual([1, 2])
    expect(outbox.isReady(0)).toBe(true)
    expect(taken(outbox)).toEqual([3])
  })
})

describe('a delivery that is to be tried again', () => {
  it('holds up its own line, and nobody else’s', () => {
    const outbox = outboxOf(delivery(1), delivery(2), delivery(3, { actor: 1 }), delivery(4, { actor: 1 }))
    taken(outbox)
    outbox.retry(1, 1_000)
    outbox.finish({ number: 3, actor: 1 })
    expect(taken(outbox)).toEqual([4])
    expect([outbox.retryingCount, outbox.nextRetryAt]).toEqual([1, 1_000])
    expect(outbox.countOf('con_1')).toEqual({ waiting: 3, retrying: 1 })
  })

  it('is ready at its instant, and not before', () => {
    const outbox = outboxOf(delivery(1))
    taken(outbox)
    outbox.retry(1, 1_000)
    outbox.wake(999)
    expect(taken(outbox)).toEqual([])
    outbox.wake(1_000)
    expect(taken(outbox)).toEqual([1])
    expect([outbox.retryingCount, outbox.nextRetryAt]).toEqual([0, Infinity])
  })

  it('knows how often it was tried, and since when', () => {
    const outbox = outboxOf(delivery(1), delivery(2))
    taken(outbox, 10)
    expect(outbox.triedOf(1)).toMatchObject({ attempts: 1, triedSince: 10 })
    outbox.retry(1, 20)
    outbox.wake(20)
    taken(outbox, 20)
    expect(outbox.finish({ number: 1, actor: 0 })).toMatchObject({ attempts: 2, triedSince: 10 })
    taken(outbox, 30)
    expect(outbox.triedOf(2)).toMatchObject({ attempts: 1, triedSince: 30 })
  })

  it('leaves nothing of its tries to the one after it, however it goes', () => {
    const goes: Readonly<Record<string, (outbox: DestinationOutbox) => void>> = {
      cleared: (outbox) => void outbox.clear(({ number }) => number === 1),
      'settled late': (outbox) => void outbox.finish({ number: 1, actor: 0 }),
      collapsed: (outbox) => {
        const later = delivery(9)
        outbox.collapse(later, 0)
        outbox.add(later)
      },
    }
    for (const [how, go] of Object.entries(goes)) {
      const outbox = outboxOf(delivery(1), delivery(2, { connectionId: 'con_2' }))
      taken(outbox, 10)
      outbox.retry(1, 1_000)
      go(outbox)
      outbox.wake(1_000)
      expect(taken(outbox, 1_000), how).toEqual([2])
      expect(outbox.triedOf(2), how).toMatchObject({ attempts: 1, triedSince: 1_000 })
    }
  })

  it('is no longer counted as such once it is gone', () => {
    const outbox = outboxOf(delivery(1))
    taken(outbox)
    outbox.retry(1, 1_000)
    outbox.clear(always)
    expect([outbox.size, outbox.retryingCount]).toEqual([0, 0])
    outbox.add(delivery(2))
    expect(taken(outbox)).toEqual([2])
  })

  it('that was found in the queue all the same does not hide others whose time has come', () => {
    const outbox = outboxOf(delivery(1, { actor: 1 }), delivery(2, { actor: 2 }))
    taken(outbox)
    outbox.retry(1, 100)
    outbox.retry(2, 200)
    expect(outbox.adopt({ number: 1, actor: 1 }, 50)).toBe(true)
    outbox.retry(1, 10_000)
    expect([outbox.retryingCount, outbox.nextRetryAt]).toEqual([2, 200])
    outbox.wake(200)
    expect(taken(outbox)).toEqual([2])
  })

  it('that was found in the queue before its time waits for nothing after a restart', () => {
    const outbox = outboxOf(delivery(1))
    taken(outbox)
    outbox.retry(1, 1_000)
    outbox.adopt({ number: 1, actor: 0 }, 50)
    const restored = new DestinationOutbox(1)
    restored.restore(outbox.state())
    expect(restored.retryingCount).toBe(0)
    expect(taken(restored, 60)).toEqual([1])
  })
})

describe('a delivery that was put back', () => {
  it('goes again at once, as if it had not been tried', () => {
    const outbox = outboxOf(delivery(1), delivery(2))
    taken(outbox, 10)
    outbox.putBack(1)
    expect(taken(outbox, 20)).toEqual([1])
    expect(outbox.triedOf(1)).toMatchObject({ attempts: 1, triedSince: 20 })
  })

  it('keeps the tries that it had before', () => {
    const outbox = outboxOf(delivery(1))
    taken(outbox, 10)
    outbox.retry(1, 20)
    outbox.wake(20)
    taken(outbox, 20)
    outbox.putBack(1)
    taken(outbox, 30)
    expect(outbox.triedOf(1)).toMatchObject({ attempts: 2, triedSince: 10 })
  })

  it('is nothing where it was not under way', () => {
    const outbox = outboxOf(delivery(1))
    outbox.putBack(1)
    outbox.retry(1, 1_000)
    expect(taken(outbox)).toEqual([1])
    expect(outbox.triedOf(7)).toBeUndefined()
  })
})

describe('a settled delivery that is not under way', () => {
  it('goes, wherever it stands in its line', () => {
    const outbox = outboxOf(delivery(1), delivery(2), delivery(3))
    expect(outbox.finish({ number: 2, actor: 0 })?.delivery.number).toBe(2)
    expect(outbox.size).toBe(2)
    expect(drained(outbox)).toEqual([1, 3])
  })

  it('is undefined where it is not here', () => {
    const outbox = outboxOf(delivery(1))
    expect(outbox.finish({ number: 2, actor: 0 })).toBeUndefined()
    expect(outbox.finish({ number: 1, actor: 7 })).toBeUndefined()
    outbox.finish({ number: 1, actor: 0 })
    expect(outbox.finish({ number: 1, actor: 0 })).toBeUndefined()
    expect(outbox.size).toBe(0)
  })
})

describe('collapsing', () => {
  it('takes what waits under the same name and is old enough', () => {
    const outbox = outboxOf(delivery(1, { queuedAt: 100 }))
    expect(outbox.collapse(delivery(2), 99)).toBe(0)
    expect(outbox.collapse(delivery(2), 100)).toBe(1)
    expect(outbox.size).toBe(0)
  })

  it('leaves what is under way', () => {
    const outbox = outboxOf(delivery(1), delivery(2))
    taken(outbox)
    expect(outbox.collapse(delivery(3), Infinity)).toBe(1)
    outbox.add(delivery(3))
    expect(drained(outbox)).toEqual([])
    outbox.finish({ number: 1, actor: 0 })
    expect(drained(outbox)).toEqual([3])
  })

  it('leaves what has another name: another connection, account, or new id', () => {
    const subject = delivery(0).subject
    const others: readonly Delivery[] = [
      delivery(1, { connectionId: 'con_2' }),
      delivery(2, { profile: 'group_id:g1' }),
      delivery(3, { subject: { ...subject, only: [{ type: 'email', value: 'a@x' }] } as Delivery['subject'] }),
      delivery(4, { actor: 1 }),
    ]
    const outbox = outboxOf(...others)
    expect(outbox.collapse(delivery(5), Infinity)).toBe(0)
    expect(outbox.size).toBe(4)
  })

  it('leaves the latest of each name, however many came before', () => {
    const outbox = outboxOf(delivery(1), delivery(2), delivery(3, { connectionId: 'con_2' }), delivery(4))
    expect(outbox.collapse(delivery(5), Infinity)).toBe(3)
    outbox.add(delivery(5))
    expect(drained(outbox)).toEqual([3, 5])
  })
})

describe('clearing', () => {
  it('leaves what is under way, and what is not concerned', () => {
    const outbox = outboxOf(delivery(1), delivery(2), delivery(3, { actor: 1, connectionId: 'con_2' }))
    outbox.begin(0, always, 0)
    expect(outbox.clear(({ connectionId }) => connectionId === 'con_1')).toBe(1)
    expect([outbox.size, outbox.underWayCount]).toEqual([2, 1])
    outbox.finish({ number: 1, actor: 0 })
    expect(drained(outbox)).toEqual([3])
  })

  it('lets a line go on that was behind what is gone', () => {
    const outbox = outboxOf(delivery(1, { actor: 1 }))
    outbox.unite(2, [1])
    outbox.add(delivery(2, { actor: 2 }))
    outbox.clear(({ actor }) => actor === 1)
    expect(taken(outbox)).toEqual([2])
  })
})

describe('users that have become one', () => {
  it('are told in order: what comes for the survivor waits for what the absorbed is still to be told', () => {
    const outbox = outboxOf(delivery(1, { actor: 1 }), delivery(2, { actor: 1 }), delivery(3, { actor: 2 }))
    outbox.unite(2, [1])
    outbox.add(delivery(4, { actor: 2 }))
    expect(drained(outbox)).toEqual([1, 2, 3, 4])
  })

  it('wait for what is under way for the absorbed, tried again or not', () => {
    const outbox = outboxOf(delivery(1, { actor: 1 }))
    taken(outbox)
    outbox.unite(2, [1])
    outbox.add(delivery(2, { actor: 2 }))
    outbox.retry(1, 1_000)
    expect(taken(outbox)).toEqual([])
    outbox.wake(1_000)
    expect(taken(outbox)).toEqual([1])
    outbox.finish({ number: 1, actor: 1 })
    expect(taken(outbox)).toEqual([2])
  })

  it('are in order over a chain of unions, one of which had nothing to be told', () => {
    const outbox = outboxOf(delivery(1, { actor: 1 }))
    outbox.unite(2, [1])
    outbox.unite(3, [2])
    outbox.add(delivery(2, { actor: 3 }))
    outbox.unite(4, [3, 9])
    outbox.add(delivery(3, { actor: 4 }))
    expect(drained(outbox)).toEqual([1, 2, 3])
    outbox.add(delivery(4, { actor: 4 }))
    expect(taken(outbox)).toEqual([4])
  })

  it('do not wait for an absorbed that has nothing to be told', () => {
    const outbox = outboxOf(delivery(1, { actor: 2 }))
    outbox.unite(2, [1])
    expect(taken(outbox)).toEqual([1])
  })

  it('let what was under way for the survivor end first', () => {
    const outbox = outboxOf(delivery(1, { actor: 1 }), delivery(2, { actor: 2 }), delivery(3, { actor: 2 }))
    outbox.begin(0, ({ number }) => number === 2, 0)
    outbox.putBack(1)
    outbox.unite(2, [1])
    outbox.finish({ number: 2, actor: 2 })
    expect(drained(outbox)).toEqual([1, 3])
  })
})

describe('an outbox that was restored', () => {
  it('is what it was, whatever part comes first', () => {
    const outbox = outboxOf(...[1, 2, 3].map((actor) => delivery(actor, { actor })), delivery(4, { actor: 3 }))
    taken(outbox, 5)
    outbox.retry(1, 1_000)
    outbox.unite(3, [1, 2])
    const lines: readonly ActorQueueState[] = outbox.state()
    const restored = new DestinationOutbox(1)
    restored.restore(lines.slice(1))
    restored.restore(lines.slice(0, 1))
    const byActor = (states: readonly ActorQueueState[]) => [...states].sort((a, b) => a.actor - b.actor)
    expect(byActor(restored.state())).toEqual(byActor(lines))
    expect([restored.size, restored.retryingCount, restored.nextRetryAt]).toEqual([4, 1, 1_000])
    expect(drained(restored, 0)).toEqual([2])
    expect(drained(restored)).toEqual([1, 3, 4])
  })

  it('takes over what a job in the queue holds, as under way', () => {
    const outbox = outboxOf(delivery(1), delivery(2))
    expect(outbox.adopt({ number: 2, actor: 0 }, 5)).toBe(false)
    expect(outbox.adopt({ number: 1, actor: 3 }, 5)).toBe(false)
    expect(outbox.adopt({ number: 1, actor: 0 }, 5)).toBe(true)
    expect(outbox.adopt({ number: 1, actor: 0 }, 5)).toBe(false)
    expect(taken(outbox)).toEqual([])
    expect(outbox.triedOf(1)).toMatchObject({ attempts: 1, triedSince: 5 })
  })
})

describe('an outbox that is emptied', () => {
  it('keeps the order of many lines that come and go', () => {
    const outbox = new DestinationOutbox(1)
    const numbers = Array.from({ length: 5_000 }, (_, index) => index)
    for (const number of numbers) outbox.add(delivery(number, { actor: number }))
    expect(drained(outbox)).toEqual(numbers)
    expect([outbox.size, outbox.state().length]).toEqual([0, 0])
  })
})

describe('any history of an outbox', () => {
  it('sends what a list of deliveries, searched from its beginning each time, would send', () => {
    const actor = fc.nat(5)
    const pick = fc.nat(20)
    const name = fc.constantFrom('con_1', 'con_2')
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), actor, name }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const), lane: fc.nat(1), max: fc.nat(4) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle' as const), pick }) },
      fc.record({ kind: fc.constant('settle any' as const), pick }),
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('retry' as const), pick, waitMs: fc.integer({ min: 1, max: 50 }) }),
      },
      fc.record({ kind: fc.constant('put back' as const), pick }),
      fc.record({ kind: fc.constant('adopt' as const), pick }),
      fc.record({ kind: fc.constant('collapse' as const), actor, name, ageMs: fc.nat(20) }),
      fc.record({
        kind: fc.constant('unite' as const),
        survivor: actor,
        absorbed: fc.uniqueArray(actor, { maxLength: 2 }),
      }),
      fc.record({ kind: fc.constant('clear' as const), name }),
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('wake' as const), byMs: fc.nat(30) }) },
      fc.record({ kind: fc.constant('restore' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new OutboxModel(2)
        for (const one of steps) model.follow(one)
        model.drain()
      }),
      propertyRuns(1_000),
    )
  })
})
