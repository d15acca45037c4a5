/** The dispatcher, with jobs, answers and time in the test's hands. */
import { describe, expect, it } from 'vitest'
import { callsOfJob } from '../../src/calls/calls.ts'
import { SpaceOutbox } from '../../src/outbox/space-outbox.ts'
import type { Delivery } from '../../src/outbox/delivery.ts'
import { Dispatcher } from '../../src/dispatch/dispatcher.ts'
import type { JobSize } from '../../src/queue/job-size.ts'
import type { Answer, DeliveryJob, Outcome } from '../../src/queue/job.ts'
import type { DestinationState } from '../../src/outbox/destination-state.ts'
import { MemoryQueue } from '../support/memory-delivery.ts'
import { VirtualTime } from '../support/server.ts'
import { connection, delivery, destination, ids } from '../outbox/given.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Long after epoch 0: what has never been is not taken for just now. */
const START = 1_700_000_000_000

/** A queue that fails, forgets and hangs as the test says. */
class ScriptedQueue extends MemoryQueue {
  /** Every addition that was tried, by the id of its job. */
  readonly added: string[] = []
  /** The next additions that fail. */
  failures = 0
  /** They fail though the job is there. */
  keepsFailed = false
  isDown = false
  hangs = false

  override async add(job: DeliveryJob): Promise<void> {
    this.added.push(job.id)
    if (this.hangs) await new Promise(() => undefined)
    if (this.failures > 0) {
      this.failures--
      if (this.keepsFailed) await super.add(job)
      throw new Error('queue: away')
    }
    await super.add(job)
  }

  override present(destinationId: string): Promise<readonly DeliveryJob[]> {
    return this.isDown ? Promise.reject(new Error('queue: away')) : super.present(destinationId)
  }

  override has(destinationId: string, jobId: string): Promise<boolean> {
    return this.isDown ? Promise.reject(new Error('queue: away')) : super.has(destinationId, jobId)
  }
}

interface Options {
  readonly lanes?: number
  readonly shape?: Partial<JobSize>
  readonly destinations?: readonly string[]
  readonly queue?: ScriptedQueue
}

class Scene {
  readonly time = new VirtualTime(START)
  readonly queue: ScriptedQueue
  readonly troubles: unknown[] = []
  readonly outbox: SpaceOutbox
  readonly dispatcher: Dispatcher
  shapes = new Map<string, JobSize | undefined>()
  #next = 1

  constructor({ lanes = 1, shape, destinations = ['dst_1'], queue = new ScriptedQueue() }: Options = {}) {
    this.queue = queue
    this.outbox = new SpaceOutbox(() => ({ lanes, waitingMax: 1_000, collapseMs: MINUTE }))
    for (const [place, id] of destinations.entries()) {
      this.outbox.apply({ kind: 'put destination', destination: destination({ id }) })
      const record = connection({ id: `con_${place + 1}`, destinationId: id })
      this.outbox.apply({ kind: 'connect', connection: record })
      this.shapes.set(id, { jobCalls: 3, gatherMs: 0, ...shape })
    }
    this.dispatcher = new Dispatcher({
      outbox: this.outbox,
      queue: this.queue,
      sizeOf: ({ id }) => this.shapes.get(id),
      clock: this.time.clock,
      timer: this.time.timer,
      random: () => 1,
      onTrouble: (cause) => void this.troubles.push(cause),
    })
  }

  static async started(options: Options = {}): Promise<Scene> {
    const scene = new Scene(options)
    await scene.dispatcher.start()
    return scene
  }

  destination(id = 'dst_1'): DestinationState {
    return this.outbox.destination(id)!
  }

  /** Makes a delivery to an actor; `dst_1` by its first connection. */
  tell(actor: number, changes: Partial<Delivery> = {}): number {
    const number = this.#next++
    const told = delivery(number, { actor, queuedAt: this.time.now, sequence: number, ...changes })
    const { destinationId } = this.outbox.connection(told.connectionId)!.record
    this.destination(destinationId).queue(told)
    return number
  }

  /** Makes a delivery to an actor that nobody can address. */
  tellNobody(actor: number): number {
    return this.tell(actor, { subject: { kind: 'user', ids: ids('anonymous_id:n1'), only: undefined } })
  }

  async dispatch(): Promise<void> {
    this.dispatcher.dispatch()
    await turns()
  }

  /** Numbers of the deliveries in each job that has not been answered. */
  jobs(destinationId = 'dst_1'): number[][] {
    return [...this.queue.jobs.values()]
      .filter((job) => job.destinationId === destinationId)
      .map(({ items }) => items.map(({ number }) => number))
  }

  /** The oldest job of a destination is answered, all its items alike, or each by what it is given. */
  async answer(outcome: Outcome | ((number: number) => Outcome), destinationId = 'dst_1'): Promise<Answer> {
    const job = [...this.queue.jobs.values()].find((one) => one.destinationId === destinationId)!
    const items = job.items.map(({ number, actor }) => ({
      number,
      actor,
      outcome: typeof outcome === 'function' ? outcome(number) : outcome,
    }))
    const answer = { jobId: job.id, destinationId, lane: job.lane, items }
    this.queue.answer(answer)
    this.dispatcher.answered(answer)
    await turns()
    return answer
  }

  async pass(ms: number): Promise<void> {
    const end = this.time.now + ms
    await turns()
    // Each timer may lead to work that sets others.
    for (;;) {
      const due = Math.min(...[...this.time.timers].map(({ at }) => at))
      if (due > end) break
      this.time.moveTo(due)
      await turns()
    }
    this.time.moveTo(end)
    await turns()
  }
}

const DELIVERED: Outcome = { kind: 'delivered' }
const UNTRIED: Outcome = { kind: 'untried' }
const REFUSED: Outcome = { kind: 'failed', reason: 'status_400', message: 'The answer has status 400.' }

function retry(retryAfterMs?: number): Outcome {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  return { kind: 'retry', reason: 'status_503', message: 'The answer has status 503.', ...wait }
}

/** Lets all promises that are settled be followed. */
async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('a destination that is well', () => {
  it('gets what there is in jobs of about as many calls as it wants, one after the other', async () => {
    const scene = await Scene.started()
    for (let actor = 1; actor <= 7; actor++) scene.tell(actor)
    await scene.dispatch()
    expect(scene.jobs()).toEqual([[1, 2, 3]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[4, 5, 6]])
    await scene.answer(DELIVERED)
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([])
    expect(scene.destination().outbox.size).toBe(0)
    expect(scene.destination().counts.delivered).toBe(7)
    expect(scene.outbox.connection('con_1')!.counts.delivered).toBe(7)
  })

  it('has at most one job of a lane at once', async () => {
    const scene = await Scene.started({ lanes: 2, shape: { jobCalls: 1 } })
    for (let actor = 0; actor < 6; actor++) scene.tell(actor)
    for (let time = 0; time < 5; time++) await scene.dispatch()
    expect(scene.jobs()).toEqual([[1], [2]])
    expect(scene.dispatcher.underWayCount).toBe(2)
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[2], [3]])
  })

  it('gets the deliveries of one actor in order, each after the one before has arrived', async () => {
    const scene = await Scene.started()
    for (const connectionId of ['con_1', 'con_1', 'con_1']) scene.tell(1, { connectionId })
    scene.tell(2)
    await scene.dispatch()
    expect(scene.jobs()).toEqual([[1, 4]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[2]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[3]])
  })

  it('gets what is needed to make the calls of the delivery', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    scene.tell(2)
    await scene.dispatch()
    const [job] = [...scene.queue.jobs.values()]
    const calls = callsOfJob(job!, { destinationName: 'Webhook', spaceId: 'spa_1' })
    expect(calls).toMatchObject([
      [{ type: 'identify', userId: 'u1', traits: { vips: true }, integrations: { All: false, Webhook: true } }],
      [{ type: 'identify', userId: 'u2' }],
    ])
    expect(job!.connections).toEqual([connection()])
  })

  it('gets nothing before there is a start, nor after a stop, nor where its type is not known', async () => {
    const scene = new Scene()
    scene.tell(1)
    await scene.dispatch()
    expect(scene.jobs()).toEqual([])
    scene.shapes.set('dst_1', undefined)
    await scene.dispatcher.start()
    await turns()
    expect(scene.jobs()).toEqual([])
    scene.shapes.set('dst_1', { jobCalls: 1, gatherMs: 0 })
    scene.dispatcher.stop()
    await scene.dispatch()
    expect(scene.jobs()).toEqual([])
    expect(scene.time.timers.size).toBe(0)
  })

  it('has one timer and the one that looks for lost jobs, however often it is dispatched to', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    await scene.dispatch()
    await scene.answer(retry())
    for (let time = 0; time < 10; time++) await scene.dispatch()
    expect(scene.time.timers.size).toBe(2)
  })
})

describe('what has not arrived', () => {
  it('is tried again after its wait, twice as long each time', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    await scene.dispatch()
    for (const waitMs of [1_000, 2_000, 4_000, 8_000]) {
      await scene.answer(retry())
      await scene.pass(waitMs - 1)
      expect(scene.jobs(), `${waitMs} ms`).toEqual([])
      await scene.pass(1)
      expect(scene.jobs(), `${waitMs} ms`).toEqual([[1]])
    }
    expect(scene.destination().counts.retries).toBe(4)
  })

  it('is the same at every try', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    await scene.dispatch()
    const item = () => [...scene.queue.jobs.values()][0]!.items[0]!
    const first = structuredClone(item())
    await scene.answer(retry())
    await scene.pass(1_000)
    expect(item()).toEqual(first)
  })

  it('holds up the later ones of its actor, and nobody else', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    scene.tell(2)
    await scene.dispatch()
    scene.tell(1)
    scene.tell(2)
    await scene.answer((number) => (number === 1 ? retry() : DELIVERED))
    expect(scene.jobs()).toEqual([[4]])
    await scene.answer(DELIVERED)
    await scene.pass(1_000)
    expect(scene.jobs()).toEqual([[1]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[3]])
  })

  it('is given up a day after the first try, and listed; what comes after it goes on', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    scene.tell(1)
    await scene.dispatch()
    let tries = 0
    while (scene.destination().failures.list().length === 0 && tries++ < 1_000) {
      await scene.answer((number) => (number === 1 ? retry() : DELIVERED))
      if (scene.jobs().length === 0) await scene.pass(5 * MINUTE)
    }
    const [failure] = scene.destination().failures.list()
    expect(failure).toMatchObject({ reason: 'status_503', attempts: tries, delivery: { number: 1 } })
    expect(failure!.failedAt - START).toBeGreaterThanOrEqual(24 * HOUR)
    expect(failure!.failedAt - START).toBeLessThan(24 * HOUR + 11 * MINUTE)
    expect(scene.destination().counts.failed.get('status_503')).toBe(1)
    expect(scene.destination().outbox.size).toBe(1)
    await scene.pass(5 * MINUTE)
    expect(scene.jobs()).toEqual([[2]])
  })

  it('is listed at once where it is refused for good', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    await scene.dispatch()
    await scene.answer(REFUSED)
    expect(scene.destination().failures.list()).toMatchObject([{ reason: 'status_400', attempts: 1, failedAt: START }])
    expect(scene.outbox.connection('con_1')!.counts.failed.get('status_400')).toBe(1)
    expect(scene.destination().outbox.size).toBe(0)
  })

  it('is sent again at once where it was not tried', async () => {
    const scene = await Scene.started()
    for (const actor of [1, 2, 3]) scene.tell(actor)
    await scene.dispatch()
    await scene.answer((number) => (number === 1 ? DELIVERED : UNTRIED))
    expect(scene.jobs()).toEqual([[2, 3]])
    expect(scene.destination().counts.retries).toBe(0)
    expect(scene.destination().outbox.triedOf(2)).toMatchObject({ attempts: 1 })
  })
})

describe('a destination that nobody is there for', () => {
  /** Five jobs in a row have come back with nothing. */
  async function opened(): Promise<Scene> {
    const scene = await Scene.started({ shape: { jobCalls: 1 } })
    for (let actor = 1; actor <= 8; actor++) scene.tell(actor)
    await scene.dispatch()
    for (let miss = 1; miss <= 5; miss++) await scene.answer(retry())
    return scene
  }

  it('gets nothing more after five jobs in a row that missed', async () => {
    const scene = await opened()
    expect(scene.dispatcher.isOpen('dst_1')).toBe(true)
    expect(scene.jobs()).toEqual([])
    await scene.pass(999)
    expect(scene.jobs()).toEqual([])
  })

  it('gets one delivery to see, in one lane, and waits longer when that comes back', async () => {
    const scene = await opened()
    scene.shapes.set('dst_1', { jobCalls: 3, gatherMs: 0 })
    await scene.pass(1_000)
    expect(scene.jobs()).toHaveLength(1)
    expect(scene.jobs()[0]).toHaveLength(1)
    await scene.answer(retry())
    await scene.pass(1_999)
    expect(scene.jobs()).toEqual([])
    await scene.pass(1)
    expect(scene.jobs()[0]).toHaveLength(1)
  })

  it('gets nothing in other lanes while one delivery sees', async () => {
    const scene = await Scene.started({ lanes: 2, shape: { jobCalls: 1 } })
    for (let actor = 0; actor < 8; actor++) scene.tell(actor)
    await scene.dispatch()
    for (let miss = 1; miss <= 6; miss++) await scene.answer(retry())
    await scene.pass(MINUTE - 1)
    expect(scene.jobs()).toHaveLength(1)
    await scene.dispatch()
    expect(scene.jobs()).toHaveLength(1)
  })

  it('gets another to see where the one before was not tried after all', async () => {
    const scene = await opened()
    await scene.pass(1_000)
    await scene.answer(UNTRIED)
    expect(scene.jobs()).toHaveLength(1)
    expect(scene.jobs()[0]).toHaveLength(1)
  })

  it('gets all once one has arrived', async () => {
    const scene = await opened()
    scene.shapes.set('dst_1', { jobCalls: 3, gatherMs: 0 })
    await scene.pass(1_000)
    await scene.answer(DELIVERED)
    expect(scene.dispatcher.isOpen('dst_1')).toBe(false)
    expect(scene.jobs()[0]).toHaveLength(3)
  })

  it('is there where it refuses for good', async () => {
    const scene = await opened()
    await scene.pass(1_000)
    await scene.answer(REFUSED)
    expect(scene.dispatcher.isOpen('dst_1')).toBe(false)
  })

  it('has what waits for it collapse to the latest', async () => {
    const scene = await opened()
    const before = scene.destination().outbox.size
    for (let time = 0; time < 10; time++) scene.tell(8)
    expect(scene.destination().outbox.size).toBe(before)
    await scene.pass(1_000)
    await scene.answer(DELIVERED)
    scene.tell(8)
    scene.tell(8)
    expect(scene.destination().outbox.countOf('con_1').waiting).toBe(before + 1)
  })
})

describe('a destination that asks to be left alone', () => {
  it('is, and no other is', async () => {
    const scene = await Scene.started({ destinations: ['dst_1', 'dst_2'] })
    for (const connectionId of ['con_1', 'con_2']) scene.tell(1, { connectionId })
    await scene.dispatch()
    await scene.answer(retry(10 * MINUTE), 'dst_1')
    await scene.answer(DELIVERED, 'dst_2')
    for (const connectionId of ['con_1', 'con_2']) scene.tell(2, { connectionId })
    await scene.dispatch()
    expect([scene.jobs('dst_1'), scene.jobs('dst_2')]).toEqual([[], [[4]]])
    await scene.pass(10 * MINUTE - 1)
    expect(scene.jobs('dst_1')).toEqual([])
    await scene.pass(1)
    expect(scene.jobs('dst_1').flat().sort()).toEqual([1, 3])
  })

  it('is left alone though a job of another lane arrives meanwhile', async () => {
    const scene = await Scene.started({ lanes: 2 })
    for (const actor of [0, 1, 2, 3]) scene.tell(actor)
    await scene.dispatch()
    await scene.answer(retry(10 * MINUTE))
    await scene.answer(DELIVERED)
    for (const actor of [4, 5]) scene.tell(actor)
    await scene.dispatch()
    expect(scene.jobs()).toEqual([])
    await scene.pass(10 * MINUTE)
    expect(scene.jobs().flat().sort()).toEqual([1, 3, 5, 6])
  })
})

describe('a queue that is away', () => {
  it('is given the job again under the same id, until it is there once', async () => {
    const scene = await Scene.started()
    scene.queue.failures = 3
    scene.tell(1)
    await scene.dispatch()
    await scene.pass(1_500)
    expect(new Set(scene.queue.added).size).toBe(1)
    expect(scene.queue.added).toHaveLength(4)
    expect(scene.jobs()).toEqual([[1]])
    expect(scene.troubles).toHaveLength(3)
    await scene.pass(10_000)
    expect(scene.queue.added).toHaveLength(4)
  })

  it('is not given a job again that was answered though its addition had failed', async () => {
    const scene = await Scene.started()
    Object.assign(scene.queue, { failures: 1, keepsFailed: true })
    scene.tell(1)
    await scene.dispatch()
    await scene.answer(DELIVERED)
    await scene.pass(10_000)
    expect(scene.queue.added).toHaveLength(1)
    expect(scene.destination().counts.delivered).toBe(1)
  })

  it('is not given a job again after a stop', async () => {
    const scene = await Scene.started()
    scene.queue.failures = 1
    scene.tell(1)
    await scene.dispatch()
    scene.dispatcher.stop()
    await scene.pass(10_000)
    expect(scene.queue.added).toHaveLength(1)
  })

  it('holds up a start until it can be asked', async () => {
    const scene = new Scene()
    scene.queue.isDown = true
    scene.tell(1)
    let isStarted = false
    const starting = scene.dispatcher.start().then(() => (isStarted = true))
    await scene.pass(1_200)
    expect([isStarted, scene.troubles.length]).toEqual([false, 3])
    scene.queue.isDown = false
    await scene.pass(500)
    await starting
    expect(scene.jobs()).toEqual([[1]])
  })
})

describe('a job that the queue has lost', () => {
  it('is made anew when it was looked for twice', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    await scene.dispatch()
    const [first] = scene.queue.jobs.keys()
    scene.queue.jobs.clear()
    await scene.pass(10_000)
    expect(scene.jobs()).toEqual([])
    await scene.pass(10_000)
    expect(scene.jobs()).toEqual([[1]])
    expect([...scene.queue.jobs.keys()]).not.toEqual([first])
    expect(scene.destination().outbox.triedOf(1)).toMatchObject({ attempts: 1 })
  })

  it('is not lost where it only was not seen for a moment', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    await scene.dispatch()
    const [job] = [...scene.queue.jobs.values()]
    scene.queue.jobs.clear()
    await scene.pass(10_000)
    scene.queue.jobs.set(job!.id, job!)
    await scene.pass(10_000)
    scene.queue.jobs.clear()
    await scene.pass(10_000)
    expect(scene.jobs()).toEqual([])
    await scene.pass(10_000)
    expect(scene.jobs()).toEqual([[1]])
  })

  it('that was to see lets another see', async () => {
    const scene = await Scene.started({ shape: { jobCalls: 1 } })
    for (let actor = 1; actor <= 8; actor++) scene.tell(actor)
    await scene.dispatch()
    for (let miss = 1; miss <= 5; miss++) await scene.answer(retry())
    await scene.pass(1_000)
    expect(scene.jobs()).toHaveLength(1)
    scene.queue.jobs.clear()
    await scene.pass(90_000)
    expect(scene.jobs()).toHaveLength(1)
  })

  it('and is answered all the same changes nothing for the one that was made anew', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    scene.tell(1)
    await scene.dispatch()
    const [job] = [...scene.queue.jobs.values()]
    scene.queue.jobs.clear()
    await scene.pass(20_000)
    const items = job!.items.map(({ number, actor }) => ({ number, actor, outcome: DELIVERED }))
    scene.dispatcher.answered({ jobId: job!.id, destinationId: 'dst_1', lane: 0, items })
    await turns()
    expect(scene.jobs()).toEqual([[1]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[2]])
    expect(scene.destination().counts.delivered).toBe(1)
  })

  it('keeps being looked for after the queue could not be asked', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    await scene.dispatch()
    scene.queue.jobs.clear()
    scene.queue.isDown = true
    await scene.pass(20_000)
    scene.queue.isDown = false
    await scene.pass(20_000)
    expect(scene.jobs()).toEqual([[1]])
    expect(scene.troubles).toHaveLength(2)
  })
})

describe('a start', () => {
  async function left(): Promise<{ queue: ScriptedQueue; state: ReturnType<SpaceOutbox['outboxes']> }> {
    const scene = await Scene.started()
    scene.tell(1)
    scene.tell(1)
    scene.tell(2)
    await scene.dispatch()
    return { queue: scene.queue, state: scene.outbox.outboxes() }
  }

  it('takes over the jobs of the process before, and does not make them again', async () => {
    const { queue, state } = await left()
    const scene = new Scene({ queue })
    for (const one of state) scene.outbox.restore(one)
    await scene.dispatcher.start()
    await turns()
    expect(scene.jobs()).toEqual([[1, 3]])
    expect(queue.added).toHaveLength(1)
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[2]])
  })

  it('waits as it should before it tries again what the job before has missed', async () => {
    const { queue, state } = await left()
    const scene = new Scene({ queue })
    for (const one of state) scene.outbox.restore(one)
    await scene.dispatcher.start()
    await scene.answer((number) => (number === 1 ? retry() : DELIVERED))
    expect(scene.jobs()).toEqual([])
    await scene.pass(300_000)
    expect(scene.jobs()).toEqual([[1]])
  })

  it('sends what no job holds', async () => {
    const { state } = await left()
    const scene = new Scene()
    for (const one of state) scene.outbox.restore(one)
    await scene.dispatcher.start()
    await turns()
    expect(scene.jobs()).toEqual([[1, 3]])
  })
})

describe('a list', () => {
  const shape = { jobCalls: 3, gatherMs: MINUTE }

  it('gathers changes for a while before it gets them', async () => {
    const scene = await Scene.started({ shape })
    scene.tell(1)
    await scene.dispatch()
    await scene.pass(40_000)
    scene.tell(2)
    await scene.dispatch()
    await scene.pass(19_999)
    expect(scene.jobs()).toEqual([])
    await scene.pass(1)
    expect(scene.jobs()).toEqual([[1, 2]])
  })

  it('does not wait where there is enough', async () => {
    const scene = await Scene.started({ shape })
    for (const actor of [1, 2, 3]) scene.tell(actor)
    await scene.dispatch()
    expect(scene.jobs()).toEqual([[1, 2, 3]])
  })

  it('gathers anew after each job', async () => {
    const scene = await Scene.started({ shape })
    scene.tell(1)
    await scene.dispatch()
    await scene.pass(MINUTE)
    await scene.answer(DELIVERED)
    await scene.pass(MINUTE)
    scene.tell(2)
    await scene.dispatch()
    await scene.pass(MINUTE - 1)
    expect(scene.jobs()).toEqual([])
    await scene.pass(1)
    expect(scene.jobs()).toEqual([[2]])
  })
})

describe('changes of one user that were gathered together', () => {
  /** For less than what waits collapses after. */
  const GATHER = MINUTE / 2
  const shape = { jobCalls: 9, gatherMs: GATHER }

  it('go in as many jobs, one after the other, without gathering again', async () => {
    const scene = await Scene.started({ shape })
    const [first, other, second] = [scene.tell(1), scene.tell(2), scene.tell(1)]
    await scene.dispatch()
    await scene.pass(GATHER)
    const third = scene.tell(1)
    expect(scene.jobs()).toEqual([[first, other]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[second]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[third]])
  })

  it('take along what others have, and those that came later are gathered anew', async () => {
    const scene = await Scene.started({ shape })
    const [, second] = [scene.tell(1), scene.tell(1)]
    await scene.dispatch()
    await scene.pass(GATHER + 1)
    const [later, other] = [scene.tell(1), scene.tell(2)]
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[other, second]])
    await scene.pass(1)
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([])
    await scene.pass(GATHER)
    expect(scene.jobs()).toEqual([[later]])
  })

  it('wait until the first has arrived, if it is to be tried again', async () => {
    const scene = await Scene.started({ shape })
    const [first, second] = [scene.tell(1), scene.tell(1)]
    await scene.dispatch()
    await scene.pass(GATHER)
    await scene.answer(retry())
    const other = scene.tell(2)
    await scene.dispatch()
    expect(scene.jobs()).toEqual([])
    await scene.pass(1_000 + GATHER)
    expect(scene.jobs()).toEqual([[other, first]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[second]])
  })
})

describe('deliveries that address nobody', () => {
  it('are counted as filtered, and what is behind them goes on by itself', async () => {
    const scene = await Scene.started()
    const numbers = [scene.tellNobody(1), scene.tell(1), scene.tellNobody(2), scene.tellNobody(2), scene.tell(2)]
    await scene.dispatch()
    expect(scene.jobs()).toEqual([[numbers[1]]])
    await scene.answer(DELIVERED)
    expect(scene.jobs()).toEqual([[numbers[4]]])
    expect(scene.destination().counts.filtered).toBe(3)
    expect(scene.outbox.connection('con_1')!.counts.filtered).toBe(3)
  })

  it('are counted with those for which the destination has no use, which hold up nothing either', async () => {
    const scene = await Scene.started({ shape: { jobCalls: 1 } })
    for (let actor = 1; actor <= 30; actor++) scene.tell(actor)
    await scene.dispatch()
    const skipped: Outcome = { kind: 'skipped', reason: 'no_action', message: 'No action takes it.' }
    for (let time = 0; time < 30; time++) await scene.answer(skipped)
    const { counts, failures, outbox } = scene.destination()
    expect([counts.filtered, counts.delivered, failures.list(), outbox.size]).toEqual([30, 0, [], 0])
    expect(scene.dispatcher.isOpen('dst_1')).toBe(false)
  })

  it('are gone through to the end where nobody at all is addressed', async () => {
    const scene = await Scene.started({ lanes: 3 })
    for (let actor = 0; actor < 9; actor++) for (let time = 0; time < 4; time++) scene.tellNobody(actor)
    await scene.dispatch()
    expect(scene.destination().outbox.size).toBe(0)
    expect(scene.destination().counts.filtered).toBe(36)
    expect(scene.queue.added).toEqual([])
  })

  it('do not hold up a user of another lane that took theirs over', async () => {
    const scene = await Scene.started({ lanes: 2 })
    scene.tellNobody(1)
    scene.destination().outbox.unite(0, [1])
    const number = scene.tell(0)
    await scene.dispatch()
    expect(scene.jobs()).toEqual([[number]])
  })

  it('are what a connection that is gone has left under way', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    scene.tell(1)
    await scene.dispatch()
    scene.outbox.apply({ kind: 'disconnect', id: 'con_1' })
    await scene.answer(retry())
    await scene.pass(1_000)
    expect(scene.jobs()).toEqual([])
    expect(scene.destination().outbox.size).toBe(0)
  })

  it('do not take the place of the one that is to see', async () => {
    const scene = await Scene.started({ shape: { jobCalls: 1 } })
    for (let actor = 1; actor <= 5; actor++) scene.tell(actor)
    await scene.dispatch()
    for (let miss = 1; miss <= 5; miss++) await scene.answer(retry())
    scene.tellNobody(9)
    scene.tell(9)
    await scene.pass(1_000)
    expect(scene.jobs()).toHaveLength(1)
    expect(scene.jobs()[0]).toHaveLength(1)
  })
})

describe('a destination that is paused', () => {
  it('gets nothing, keeps the latest of each, and gets that once it is enabled again', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    scene.tell(2)
    scene.outbox.apply({ kind: 'put destination', destination: destination({ enabled: false }) })
    for (let time = 0; time < 3; time++) scene.tell(1)
    await scene.dispatch()
    await scene.pass(HOUR)
    expect(scene.jobs()).toEqual([])
    expect(scene.destination().outbox.size).toBe(2)
    scene.outbox.apply({ kind: 'put destination', destination: destination() })
    await scene.dispatch()
    expect(scene.jobs()).toEqual([[5, 2]])
  })

  it('ends what is under way', async () => {
    const scene = await Scene.started()
    scene.tell(1)
    await scene.dispatch()
    scene.outbox.apply({ kind: 'put destination', destination: destination({ enabled: false }) })
    scene.tell(1)
    await scene.answer(DELIVERED)
    expect(scene.destination().outbox.size).toBe(1)
    expect(scene.jobs()).toEqual([])
  })
})

describe('destinations beside one another', () => {
  it('are not held up by one that hangs', async () => {
    const scene = await Scene.started({ destinations: ['dst_1', 'dst_2'] })
    for (const connectionId of ['con_1', 'con_2']) for (const actor of [1, 2, 3, 4]) scene.tell(actor, { connectionId })
    await scene.dispatch()
    for (let time = 0; time < 2; time++) await scene.answer(DELIVERED, 'dst_2')
    expect(scene.jobs('dst_1')).toHaveLength(1)
    expect(scene.destination('dst_2').outbox.size).toBe(0)
  })

  it('are not held up by an addition that hangs', async () => {
    const scene = await Scene.started({ destinations: ['dst_1', 'dst_2'] })
    scene.queue.hangs = true
    scene.tell(1)
    await scene.dispatch()
    scene.queue.hangs = false
    scene.tell(1, { connectionId: 'con_2' })
    await scene.dispatch()
    expect(scene.jobs('dst_2')).toEqual([[2]])
  })

  it('are left, answers and all, when they are removed', async () => {
    const scene = await Scene.started({ destinations: ['dst_1', 'dst_2'] })
    scene.tell(1)
    await scene.dispatch()
    scene.outbox.apply({ kind: 'disconnect', id: 'con_1' })
    scene.outbox.apply({ kind: 'remove destination', id: 'dst_1' })
    await scene.answer(DELIVERED)
    await scene.dispatch()
    expect(scene.dispatcher.underWayCount).toBe(0)
    await scene.pass(2 * MINUTE)
    expect(scene.troubles).toEqual([])
  })
})
