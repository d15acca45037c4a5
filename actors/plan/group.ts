/**
 * A group: the states of streams that one event name feeds, side by side in one block, so that a call touches few
 * places of memory. The block begins with its header; where each state lies is known to the group alone. A group never
 * changes: when more streams come, it gets a successor.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { Host } from './host.ts'
import type { StreamNode } from './stream-node.ts'

/** Notified when the reduced value of a stream has changed. */
export interface ChangeReader {
  onChange(node: StreamNode, before: JsonValue, after: JsonValue): void
  /** Notified when it may have changed, and is too large to be compared. */
  onAnyChange(node: StreamNode): void
}

/** Returns the state of a stream's total of forgotten events; undefined if there is none. */
export type TotalOf = (node: StreamNode) => JsonValue | undefined

export interface Group {
  readonly kind: 'group'
  /** The number of the state in the directories of actors. */
  readonly id: number
  readonly words: number
  /** Fills a new block. */
  init(rings: Rings, block: number): void
  /** Adds the totals of forgotten events to a new block. */
  addOlder(rings: Rings, block: number, totalOf: TotalOf, reader: ChangeReader): void
  /** Drops what the windows hold. */
  emptyWindows(rings: Rings, block: number): void
  /** Adds to the windows what those of another block of this group hold: other events of the same actor. */
  uniteWindows(rings: Rings, block: number, from: number, host: Host): void
  /**
   * Computes all values at an instant, and passes on those that have changed.
   * @returns the next instant at which time alone may change something that is read; infinite if there is none
   */
  evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number
  write(scratch: Scratch, rings: Rings, block: number): void
  /** Fills a new block with what was written. */
  read(reader: EventReader, rings: Rings, block: number): void
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

/** A window that another group held, or the same in another place; it may count more events than are kept. */
export interface Heir {
  /** The number of the group before. */
  readonly from: number
  readonly group: Group
  /** @param origin the block of the group before */
  readonly inherit: (rings: Rings, block: number, origin: number, host: Host) => void
}

/** The way from the block of a group to that of the group in its place. */
export interface Succession {
  readonly group: Group
  /** Fills a new block with what stays, and begins what is new; releases what the old one alone refers to. */
  move(rings: Rings, from: number, to: number): void
  /** Adds the totals of forgotten events to what is new. */
  addOlder(rings: Rings, block: number, totalOf: TotalOf, reader: ChangeReader): void
}
