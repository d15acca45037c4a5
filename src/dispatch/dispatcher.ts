/**
 * Moves deliveries from the outbox to the queue, and the workers' answers back to the outbox. It decides what is sent
 * when. The outbox decides what is to be sent; the workers, how.
 *
 * D1. At most one job of a lane is in the queue: so jobs cost Redis a bounded amount, however much waits.
 * D2. A job is added until it is known to be there, under one id; one that the queue has lost is made again.
 * D3. A slow or failing destination changes nothing for another.
 */
import type { ConnectionRecord, DestinationRecord } from '../model/destination.ts'
import type { SetTimer } from '../model/timer.ts'
import { Alarm } from '../model/alarm.ts'
import { callCountOf } from '../calls/calls.ts'
import { Circuit } from './circuit.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import { type Delivery, outgoing, type OutgoingDelivery } from '../outbox/delivery.ts'
import type { JobSize } from '../queue/job-size.ts'
import type { DeliveryQueue } from '../queue/delivery-queue.ts'
import type { Answer, DeliveryJob } from '../queue/job.ts'
import { noteOutcome } from './outcomes.ts'
import type { DestinationState } from '../outbox/destination-state.ts'

export interface DispatcherOptions {
  readonly outbox: SpaceOutbox
  readonly queue: DeliveryQueue
  /** Returns the size of a destination's jobs; undefined if its type is not known, so that nothing can be sent. */
  readonly sizeOf: (record: DestinationRecord) => JobSize | undefined
  /** Epoch ms. */
  readonly clock: () => number
  readonly timer: SetTimer
  /** From 0 to 1. */
  readonly random: () => number
  /** Called with the cause when the queue fails, before it is tried again. */
  readonly onTrouble: (cause: unknown) => void
  readonly onJob?: ((job: AnsweredJob) => void) | undefined
}

/** A job that a worker has answered. */
export interface AnsweredJob {
  /** The destination's. */
  readonly type: string
  /** Epoch ms. */
  readonly addedAt: number
  readonly endedAt: number
  readonly deliveries: number
  /** Those of them that have arrived. */
  readonly delivered: number
}

/** A job that has not been answered. */
interface UnderWay {
  readonly job: DeliveryJob
  readonly addedAt: number
  /** True if the job was not in the queue when it was looked for last. */
  isMissing: boolean
}

/** The state of a destination while this process runs. */
interface DestinationRuntime {
  readonly circuit: Circuit
  /** By lane. */
  readonly jobs: Map<number, UnderWay>
  /** Deliveries are gathered since then, if the destination takes those of a while; epoch ms. */
  gatheringSince: number
  /** The last time that some had been gathered, epoch ms. */
  gatheredUntil: number
  /** True if some of those could not be in the last job: they go at once. */
  isGathered: boolean
}

/** Jobs that were added so long ago are looked for in the queue. */
const RECONCILE_MS = 10_000
/** The wait until an addition that has failed is tried again. */
const ADD_AGAIN_MS = 500

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #runtimes = new Map<string, DestinationRuntime>()
  #isStarted = false
  #isStopped = false
  readonly #alarm: Alarm
  #cancelReconciling: (() => void) | undefined
  #jobs = 0

  constructor(options: DispatcherOptions) {
    this.#options = options
    const { clock, timer } = options
    this.#alarm = new Alarm({ clock, timer, ring: () => this.dispatch() })
  }

  /** The number of jobs that have not been answered. */
  get underWayCount(): number {
    let count = 0
    for (const { jobs } of this.#runtimes.values()) count += jobs.size
    return count
  }

  /** Takes over the jobs of a process before this one, and sends what waits. */
  async start(): Promise<void> {
    for (const destination of this.#options.outbox.destinations()) await this.#adoptJobs(destination)
    this.#isStarted = true
    this.#reconcileLater()
    this.dispatch()
  }

  /** Adds no more jobs; the next process reads the answers to those in the queue. */
  stop(): void {
    this.#isStopped = true
    this.#alarm.disarm()
    this.#cancelReconciling?.()
  }

  /** True while the circuit of a destination is open. */
  isOpen(destinationId: string): boolean {
    return this.#runtimes.get(destinationId)?.circuit.isOpen ?? false
  }

  /** Sends what can be sent; to be called whenever there may be more. */
  dispatch(): void {
    if (!this.#isStarted || this.#isStopped) return
    const now = this.#options.clock()
    let wakeAt = Infinity
    for (const destination of this.#options.outbox.destinations()) {
      destination.outbox.wake(now)
      this.#dispatchTo(destination, now)
      wakeAt = Math.min(wakeAt, this.#wakeAtFor(destination, now))
    }
    for (const id of [...this.#runtimes.keys()]) if (!this.#options.outbox.destination(id)) this.#runtimes.delete(id)
    this.#alarm.arm(wakeAt)
  }

  /** Handles the answer of a worker. */
  answered(answer: Answer): void {
    const { outbox, clock, random } = this.#options
    const destination = outbox.destination(answer.destinationId)
    if (!destination) return
    const now = clock()
    const runtime = this.#runtimeOf(answer.destinationId)
    const { circuit, jobs } = runtime
    const underWay = jobs.get(answer.lane)
    if (underWay?.job.id === answer.jobId) {
      jobs.delete(answer.lane)
      this.#options.onJob?.({
        type: destination.record.type,
        addedAt: underWay.addedAt,
        endedAt: now,
        deliveries: answer.items.length,
        delivered: answer.items.filter(({ outcome }) => outcome.kind === 'delivered').length,
      })
    }
    let [isReached, isMissed, waitMs] = [false, false, 0]
    for (const { outcome, ...name } of answer.items) {
      noteOutcome(outbox, destination, { name, outcome, now, random: random() })
      if (outcome.kind === 'retry') isMissed = true
      else if (outcome.kind !== 'untried') isReached = true
      if (outcome.kind === 'retry') waitMs = Math.max(waitMs, outcome.retryAfterMs ?? 0)
    }
    // Of each actor a job has one delivery alone.
    runtime.isGathered = answer.items.some(
      ({ actor }) => (destination.outbox.queuedAtOf(actor) ?? Infinity) <= runtime.gatheredUntil,
    )
    if (isReached) circuit.reached()
    else if (isMissed) circuit.missed(now, random())
    else circuit.lost()
    if (waitMs > 0) circuit.wait(now + waitMs)
    destination.isStuck = circuit.isOpen
    this.dispatch()
  }

  #dispatchTo(destination: DestinationState, now: number): void {
    const { record, outbox } = destination
    const size = this.#options.sizeOf(record)
    if (!record.enabled || !size) return
    const runtime = this.#runtimeOf(record.id)
    let isMoreReady: boolean
    do {
      isMoreReady = false
      for (let lane = 0; lane < outbox.lanes; lane++) {
        if (runtime.jobs.has(lane) || !outbox.isReady(lane)) continue
        const allowed = runtime.circuit.allows(now)
        if (allowed === 'none') return
        if (!isGathered(destination, runtime, size, now)) return
        if (this.#send(destination, runtime, { lane, size, isProbe: allowed === 'one', now })) isMoreReady = true
      }
    } while (isMoreReady)
  }

  /**
   * Sends one job of a lane. Returns true if some deliveries addressed nobody: then those behind them, in any lane, may
   * be ready.
   */
  #send(
    destination: DestinationState,
    runtime: DestinationRuntime,
    { lane, size, isProbe, now }: { lane: number; size: JobSize; isProbe: boolean; now: number },
  ): boolean {
    const { outbox } = this.#options
    const items: OutgoingDelivery[] = []
    const filtered: Delivery[] = []
    const connections = new Set<ConnectionRecord>()
    let calls = 0
    const isEnough = (delivery: Delivery): boolean => {
      const connection = outbox.connection(delivery.connectionId)?.record
      const count = connection ? callCountOf(delivery, connection) : 0
      // A delivery that addresses nobody makes no call.
      if (count === 0) filtered.push(delivery)
      else {
        items.push(outgoing(delivery))
        connections.add(connection!)
      }
      calls += count
      return calls >= size.jobCalls || (isProbe && calls > 0)
    }
    destination.outbox.begin(lane, isEnough, now)
    for (const delivery of filtered) outbox.results.filtered(destination, delivery)
    runtime.gatheringSince = 0
    if (!runtime.isGathered) runtime.gatheredUntil = now
    const isAnyFiltered = filtered.length > 0
    if (items.length === 0) return isAnyFiltered
    const id = `${destination.record.id}-${lane}-${items[0]!.number}-${now}-${++this.#jobs}`
    const job = { id, destinationId: destination.record.id, lane, items, connections: [...connections] }
    if (isProbe) runtime.circuit.probe()
    const underWay = { job, addedAt: now, isMissing: false }
    runtime.jobs.set(lane, underWay)
    void this.#add(runtime, underWay)
    return isAnyFiltered
  }

  /** Keeps D2. */
  async #add(runtime: DestinationRuntime, underWay: UnderWay): Promise<void> {
    const { queue, timer, onTrouble } = this.#options
    // Once the job is answered, its lane may have another.
    while (runtime.jobs.get(underWay.job.lane) === underWay && !this.#isStopped)
      try {
        await queue.add(underWay.job)
        return
      } catch (cause) {
        onTrouble(cause)
        await new Promise<void>((resolve) => timer(resolve, ADD_AGAIN_MS))
      }
  }

  #wakeAtFor({ record, outbox }: DestinationState, now: number): number {
    const runtime = this.#runtimes.get(record.id)
    if (!record.enabled || !runtime) return Infinity
    const { circuit, gatheringSince } = runtime
    const gathered = gatheringSince === 0 ? Infinity : gatheringSince + (this.#options.sizeOf(record)?.gatherMs ?? 0)
    const closed = outbox.size > outbox.underWayCount && circuit.notBefore > now ? circuit.notBefore : Infinity
    return Math.min(outbox.nextRetryAt, gathered > now ? gathered : Infinity, closed)
  }

  /** Finds the jobs that are in the queue already: their deliveries are under way. */
  async #adoptJobs(destination: DestinationState): Promise<void> {
    const { queue, clock, timer, onTrouble } = this.#options
    for (;;)
      try {
        const now = clock()
        const runtime = this.#runtimeOf(destination.record.id)
        for (const job of await queue.present(destination.record.id)) {
          for (const item of job.items) destination.outbox.adopt(item, now)
          runtime.jobs.set(job.lane, { job, addedAt: now, isMissing: false })
        }
        return
      } catch (cause) {
        if (this.#isStopped) return
        onTrouble(cause)
        await new Promise<void>((resolve) => timer(resolve, ADD_AGAIN_MS))
      }
  }

  #reconcileLater(): void {
    this.#cancelReconciling = this.#options.timer(() => {
      void this.#reconcile().finally(() => {
        if (!this.#isStopped) this.#reconcileLater()
      })
    }, RECONCILE_MS)
  }

  /** Looks for jobs that should have been answered. Keeps D2. */
  async #reconcile(): Promise<void> {
    const { queue, outbox, clock, onTrouble } = this.#options
    try {
      for (const [destinationId, runtime] of this.#runtimes)
        for (const [lane, underWay] of runtime.jobs) {
          if (clock() - underWay.addedAt < RECONCILE_MS) continue
          if (await queue.has(destinationId, underWay.job.id)) underWay.isMissing = false
          // The first time that it is not found, its answer may still be on the way.
          else if (!underWay.isMissing) underWay.isMissing = true
          else if (runtime.jobs.get(lane) === underWay) {
            runtime.jobs.delete(lane)
            runtime.circuit.lost()
            for (const { number } of underWay.job.items) outbox.destination(destinationId)?.outbox.putBack(number)
          }
        }
      this.dispatch()
    } catch (cause) {
      onTrouble(cause)
    }
  }

  #runtimeOf(destinationId: string): DestinationRuntime {
    const held = this.#runtimes.get(destinationId)
    if (held) return held
    const gathering = { gatheringSince: 0, gatheredUntil: 0, isGathered: false }
    const runtime: DestinationRuntime = { circuit: new Circuit(), jobs: new Map(), ...gathering }
    this.#runtimes.set(destinationId, runtime)
    return runtime
  }
}

/** Returns true if changes have been gathered for long enough, or there are enough of them. */
function isGathered(
  { outbox }: DestinationState,
  runtime: DestinationRuntime,
  { gatherMs, jobCalls }: JobSize,
  now: number,
): boolean {
  if (gatherMs === 0 || runtime.isGathered) return true
  if (runtime.gatheringSince === 0) runtime.gatheringSince = now
  return now - runtime.gatheringSince >= gatherMs || outbox.size >= jobCalls
}
