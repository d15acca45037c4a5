/**
 * A group: the states of streams that one event name feeds, side by side in one block, so that a call touches few
 * places of memory. The block begins with its header; where each state lies is known to the group alone.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Rings } from '../memory/rings.ts'
import type { Host } from './host.ts'
import type { StreamNode } from './stream-node.ts'

/** Notified when the reduced value of a stream has changed. */
export interface ChangeReader {
  onChange(node: StreamNode, before: JsonValue, after: JsonValue): void
  /** Notified when it may have changed, and is too large to be compared. */
  onAnyChange(node: StreamNode): void
}

export interface Group {
  /** The id of the state in the directories of actors. */
  readonly id: number
  readonly words: number
  /** Fills a new block. */
  init(rings: Rings, block: number): void
  /** Adds the totals of forgotten events to a new block. @param totalOf the state of a stream's total, if there is one */
  addOlder(
    rings: Rings,
    block: number,
    totalOf: (node: StreamNode) => JsonValue | undefined,
    reader: ChangeReader,
  ): void
  /**
   * Computes all values at an instant, and passes on those that have changed.
   * @returns the next instant at which time alone may change something that is read; infinite if there is none
   */
  evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number
  /** Releases what the block refers to, when the settlement stands. */
  release(rings: Rings, block: number): void
}

/** The part of a group that the events of one predicate feed. */
export interface GroupMember {
  readonly group: Group
  /** The number of its streams. */
  readonly streamCount: number
  insert(rings: Rings, block: number, event: ProfileEvent, host: Host): void
}
