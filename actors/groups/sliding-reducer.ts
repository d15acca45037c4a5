/** A reducer in blocks: it holds what events bring, in event order; the first of them have come in, and are reduced. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { Stored } from './grouped.ts'

export interface SlidingReducer extends Stored {
  readonly node: StreamNode
  init(rings: Rings, block: number): void
  /**
   * Holds what an event brings. @param entered events of this time or earlier have come in: this one too, if it is one
   * of them
   */
  hold(rings: Rings, block: number, event: ProfileEvent, entered: number): void
  /** The number of events that are held. */
  count(rings: Rings, block: number): number
  /** Returns the time of the oldest that is held; infinite if there is none. */
  oldest(rings: Rings, block: number): number
  /**
   * Adds what another reducer like this one holds of other events, in another block.
   * @param entered events of this time or earlier have come in, of both
   */
  unite(rings: Rings, block: number, other: this, from: number, entered: number): void
  /** Lets all come in whose time is at or before an instant, which is finite. */
  enter(rings: Rings, block: number, instant: number): void
  /** Drops all whose time is at or before an instant, which have come in. */
  leave(rings: Rings, block: number, instant: number): void
  /** Returns the time of the first that is to come in; infinite if there is none. */
  nextEnter(rings: Rings, block: number): number
  /** Returns the time of the first that has come in and whose leaving makes a difference; infinite if there is none. */
  nextLeave(rings: Rings, block: number): number
  /** Returns the value that was passed on last. */
  value(rings: Rings, block: number): JsonValue
  /** Passes the value on if it has changed. @param isShown if not, it is that of no events */
  passOn(rings: Rings, block: number, isShown: boolean, reader: ChangeReader): void
  release(rings: Rings, block: number): void
}
