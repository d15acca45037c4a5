/** The outbox of a space that another process has, kept as it is there by the answers of its workers. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AnswerFollower } from '../../src/dispatch/answer-follower.ts'
import type { DestinationState } from '../../src/outbox/destination-state.ts'
import { SpaceOutbox } from '../../src/outbox/space-outbox.ts'
import type { Outcome } from '../../src/queue/job.ts'
import { connection, delivery, destination, ids } from '../outbox/given.ts'
import { MemoryQueue } from '../support/memory-delivery.ts'
import { VirtualTime } from '../support/server.ts'

const DELIVERED: Outcome = { kind: 'delivered' }
const PAUSE_MS = 100

let time: VirtualTime
let queue: MemoryQueue
let outbox: SpaceOutbox
let follower: AnswerFollower
let troubles: unknown[]
let opened: number
/** The number of the next delivery, as the entries that were applied have it. */
let next: number
let following: Promise<void>

beforeEach(() => {
  time = new VirtualTime(1_000)
  queue = new MemoryQueue()
  outbox = new SpaceOutbox(() => ({ lanes: 2, waitingMax: 1_000, collapseMs: 60_000 }))
  vi.spyOn(outbox, 'nextNumber', 'get').mockImplementation(() => next)
  ;[troubles, opened, next] = [[], 0, 1]
  const open = () => {
    opened++
    return Promise.resolve(queue)
  }
  const { clock, timer } = time
  const onTrouble = (cause: unknown) => troubles.push(cause)
  follower = new AnswerFollower({ outbox, open, clock, timer, random: () => 1, onTrouble })
})

afterEach(async () => {
  follower.stop()
  await queue.close()
  await pass()
  await following
})

function begin(): void {
  outbox.apply({ kind: 'put destination', destination: destination() })
  outbox.apply({ kind: 'connect', connection: connection() })
  following = follower.follow()
}

async function pass(ms = PAUSE_MS): Promise<void> {
  time.moveTo(time.now + ms)
  await new Promise((resolve) => setImmediate(resolve))
}

function state(): DestinationState {
  return outbox.destination('dst_1')!
}

/** An entry makes a delivery to an actor. */
function tell(actor: number, subject = ids(`user_id:u${actor}`)): number {
  state().queue(delivery(next, { actor, sequence: next, subject: { kind: 'user', ids: subject, only: undefined } }))
  return next++
}

async function answer(outcome: Outcome, ...items: { number: number; actor: number }[]): Promise<void> {
  const named = items.map((item) => ({ ...item, outcome }))
  queue.answer({ jobId: 'job', destinationId: 'dst_1', lane: 0, items: named })
  await pass(0)
}

describe('answers', () => {
  it('are asked for once there is a destination', async () => {
    following = follower.follow()
    await pass()
    expect(opened).toBe(0)
    outbox.apply({ kind: 'put destination', destination: destination() })
    await pass()
    expect(opened).toBe(1)
  })

  it('take what has arrived out, and count it', async () => {
    begin()
    const [first, second] = [tell(1), tell(2)]
    await answer(DELIVERED, { number: first, actor: 1 })
    expect([state().outbox.size, state().counts.delivered, outbox.answersUntil]).toEqual([1, 1, '1-0'])
    await answer(DELIVERED, { number: second, actor: 2 })
    expect([state().outbox.size, state().counts.delivered, outbox.answersUntil]).toEqual([0, 2, '2-0'])
  })

  it('of deliveries that no entry has made yet are noted once one has', async () => {
    begin()
    await pass(0)
    await answer(DELIVERED, { number: 1, actor: 1 })
    await pass()
    expect([outbox.answersUntil, state().counts.delivered]).toEqual(['0-0', 0])
    tell(1)
    await pass()
    expect([outbox.answersUntil, state().counts.delivered, state().outbox.size]).toEqual(['1-0', 1, 0])
  })

  it('that ask for another try are kept, with the tries that there were', async () => {
    begin()
    const number = tell(1)
    const retry: Outcome = { kind: 'retry', reason: 'status_503', message: 'The answer has status 503.' }
    for (let times = 1; times <= 2; times++) await answer(retry, { number, actor: 1 })
    expect(state().outbox.state()).toMatchObject([{ actor: 1, attempts: 2, triedSince: time.now }])
    await answer({ kind: 'failed', reason: 'status_400', message: 'No.' }, { number, actor: 1 })
    expect([state().outbox.size, state().failures.list().length]).toEqual([0, 1])
  })

  it('do not come for deliveries that address nobody: they are dropped', async () => {
    begin()
    tell(1, ids('anonymous_id:n1'))
    const number = tell(1)
    await answer(DELIVERED, { number: tell(2), actor: 2 })
    expect(state().counts.filtered).toBe(1)
    expect(state().outbox.state()).toMatchObject([{ actor: 1, attempts: 0, deliveries: [{ number }] }])
  })

  it('are asked for again when the queue could not be asked', async () => {
    begin()
    vi.spyOn(queue, 'answersAfter').mockRejectedValueOnce(new Error('queue: away'))
    await pass(0)
    await pass()
    await answer(DELIVERED, { number: tell(1), actor: 1 })
    expect([state().counts.delivered, troubles]).toEqual([1, [new Error('queue: away')]])
  })

  it('change nothing once it is stopped', async () => {
    begin()
    await pass()
    const number = tell(1)
    follower.stop()
    await answer(DELIVERED, { number, actor: 1 })
    expect([state().outbox.size, outbox.answersUntil]).toEqual([1, '0-0'])
  })
})
