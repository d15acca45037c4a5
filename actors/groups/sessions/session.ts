/**
 * A session (`expires_after`): of the events in the window, only the latest run with gaps shorter than the session's
 * gap counts, and it ends that long after its last event. A late event may bridge two runs or revive an ended one, so
 * the events of a finished run are read again from the kept history when one arrives among them. The state is the run,
 * then that of the reducer.
 *
 * S1. The events that have come in are one run: no gap between them is as long as the session's.
 * S2. The reducer holds the values of the events that the run holds.
 */
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import { INSTANT_MAX } from '../../../src/model/time.ts'
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import type { Scratch } from '../../packing/scratch.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { Host } from '../../plan/host.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import type { Sink, StreamLayout } from '../grouped.ts'
import type { SlidingReducer } from '../sliding-reducer.ts'
import type { SessionRun } from './session-run.ts'

export class Session implements Sink, StreamLayout {
  readonly node: StreamNode
  readonly #run: SessionRun
  readonly #reducer: SlidingReducer

  constructor(run: SessionRun, reducer: SlidingReducer) {
    this.node = reducer.node
    this.#run = run
    this.#reducer = reducer
  }

  init(rings: Rings, block: number): void {
    this.#run.init(rings, block)
    this.#reducer.init(rings, block)
  }

  insert(rings: Rings, block: number, event: ProfileEvent, host: Host): void {
    if (event.ts + this.node.window.to <= host.now) return
    this.forget(rings, block, host.now)
    const index = this.#run.indexAfter(rings, block, event)
    if (index === 0 && this.#run.isForgetful(rings, block)) this.#readAgain(rings, block, host)
    // Of several events that join at once, reading again for the first has found the others too.
    else if (!this.#run.isBefore(rings, block, index, event)) this.#hold(rings, block, event, host)
  }

  forget(rings: Rings, block: number, now: number): void {
    const { from, to } = this.node.window
    this.#reducer.enter(rings, block, now - from)
    while (this.#nextEnter(rings, block) <= now) {
      this.#run.enter(rings, block)
      this.#cut(rings, block, this.#run.count(rings, block) - 1)
    }
    const left = this.#run.countUntil(rings, block, now - to)
    if (left === 0) return
    this.#run.drop(rings, block, left)
    this.#reducer.leave(rings, block, now - to)
  }

  value(rings: Rings, block: number): JsonValue {
    return this.#reducer.value(rings, block)
  }

  evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number {
    const count = this.#run.count(rings, block)
    const endsAt = count === 0 ? -Infinity : this.#run.ts(rings, block, count - 1) + this.node.sessionGap
    const isAlive = now < endsAt
    this.#reducer.passOn(rings, block, isAlive, reader)
    const leaves = isAlive ? Math.min(endsAt, this.#run.ts(rings, block, 0) + this.node.window.to) : Infinity
    return Math.min(leaves, this.#nextEnter(rings, block))
  }

  addOlder(): void {
    // A session looks at single events.
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    this.#run.write(scratch, rings, block)
    this.#reducer.write(scratch, rings, block)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#run.read(reader, rings, block)
    this.#reducer.read(reader, rings, block)
  }

  release(rings: Rings, block: number): void {
    this.#run.release(rings, block)
    this.#reducer.release(rings, block)
  }

  /** Returns when the next event comes in; infinite if none is to come. */
  #nextEnter(rings: Rings, block: number): number {
    return this.#run.ts(rings, block, this.#run.count(rings, block)) + this.node.window.from
  }

  /** Takes an event up in its place. Keeps S1. */
  #hold(rings: Rings, block: number, event: ProfileEvent, host: Host): void {
    const entered = host.now - this.node.window.from
    const index = this.#run.indexAfter(rings, block, event)
    this.#run.insert(rings, block, index, event)
    this.#reducer.hold(rings, block, event, entered)
    if (event.ts > entered) return
    this.#run.enter(rings, block)
    if (index + 1 < this.#run.count(rings, block) && this.#cut(rings, block, index + 1)) return
    if (!this.#cut(rings, block, index)) this.#trim(rings, block, host)
  }

  /** Drops the oldest events of the run while there are too many. Keeps S2. */
  #trim(rings: Rings, block: number, host: Host): void {
    while (this.#run.count(rings, block) > rings.windowEventsMax) {
      const oldest = this.#run.ts(rings, block, 0)
      this.#run.forget(
        rings,
        block,
        Math.min(this.#run.count(rings, block), this.#run.countUntil(rings, block, oldest)),
      )
      this.#reducer.leave(rings, block, oldest)
      host.windowsLack(oldest)
    }
  }

  /** Drops the events of the run before an index if a new run begins there. Keeps S2. */
  #cut(rings: Rings, block: number, index: number): boolean {
    if (index === 0) return false
    const last = this.#run.ts(rings, block, index - 1)
    if (this.#run.ts(rings, block, index) - last < this.node.sessionGap) return false
    this.#run.forget(rings, block, index)
    this.#reducer.leave(rings, block, last)
    return true
  }

  #readAgain(rings: Rings, block: number, host: Host): void {
    this.#reducer.enter(rings, block, INSTANT_MAX)
    this.#reducer.leave(rings, block, INSTANT_MAX)
    this.#run.clear(rings, block)
    for (const event of host.keptEvents())
      if (event.ts + this.node.window.to > host.now && this.node.passes(event)) this.#hold(rings, block, event, host)
  }
}
