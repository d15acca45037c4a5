/** A reducer in a window: events wait until they come in, and leave at its end. The state is the reducer's alone. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { Host } from '../plan/host.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { StreamLayout, WindowSink } from './grouped.ts'
import type { SlidingReducer } from './sliding-reducer.ts'

export class SlidingWindow implements WindowSink, StreamLayout {
  readonly node: StreamNode
  readonly #reducer: SlidingReducer

  constructor(reducer: SlidingReducer) {
    this.node = reducer.node
    this.#reducer = reducer
  }

  init(rings: Rings, block: number): void {
    this.#reducer.init(rings, block)
  }

  insert(rings: Rings, block: number, event: ProfileEvent, host: Host): void {
    const { from, to } = this.node.window
    if (event.ts + to <= host.now) return
    this.#reducer.enter(rings, block, host.now - from)
    this.#reducer.hold(rings, block, event, host.now - from)
    this.#trim(rings, block, host)
  }

  unite(rings: Rings, block: number, other: this, from: number, host: Host): void {
    const entered = host.now - this.node.window.from
    this.#reducer.enter(rings, block, entered)
    this.#reducer.unite(rings, block, other.#reducer, from, entered)
    this.#trim(rings, block, host)
  }

  inherit(rings: Rings, block: number, other: this, from: number, host: Host): void {
    this.release(rings, block)
    this.init(rings, block)
    this.unite(rings, block, other, from, host)
  }

  /** Drops the oldest events while there are too many. */
  #trim(rings: Rings, block: number, host: Host): void {
    while (this.#reducer.count(rings, block) > rings.windowEventsMax) {
      const oldest = this.#reducer.oldest(rings, block)
      this.#reducer.enter(rings, block, oldest)
      this.#reducer.leave(rings, block, oldest)
      host.windowsLack(oldest)
    }
  }

  forget(rings: Rings, block: number, now: number): void {
    const { from, to } = this.node.window
    this.#reducer.enter(rings, block, now - from)
    this.#reducer.leave(rings, block, now - to)
  }

  value(rings: Rings, block: number): JsonValue {
    return this.#reducer.value(rings, block)
  }

  evaluate(rings: Rings, block: number, _now: number, reader: ChangeReader): number {
    const { from, to } = this.node.window
    this.#reducer.passOn(rings, block, true, reader)
    return Math.min(this.#reducer.nextLeave(rings, block) + to, this.#reducer.nextEnter(rings, block) + from)
  }

  addOlder(): void {
    // Forgotten events have left every window.
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    this.#reducer.write(scratch, rings, block)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#reducer.read(reader, rings, block)
  }

  release(rings: Rings, block: number): void {
    this.#reducer.release(rings, block)
  }
}
