/** The parts of a group's layout: each takes words of the block, one behind the other. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { Host } from '../plan/host.ts'
import type { StreamNode } from '../plan/stream-node.ts'

/** Hands out the words of a block, while a group is laid out. */
export interface WordAllocator {
  /** Returns the offset of the first of so many words. */
  take(words: number): number
}

/** A piece of a block that can be stored, and read into one where nothing was before. */
export interface Stored {
  write(scratch: Scratch, rings: Rings, block: number): void
  read(reader: EventReader, rings: Rings, block: number): void
}

/** Something that the events of one predicate are written to. */
export interface Sink extends Stored {
  init(rings: Rings, block: number): void
  insert(rings: Rings, block: number, event: ProfileEvent, host: Host): void
  /** Drops what has left every window by now. */
  forget(rings: Rings, block: number, now: number): void
  release(rings: Rings, block: number): void
}

/**
 * A sink of what is in a window. It may hold more than the kept events: those that have been forgotten still count.
 */
export interface WindowSink extends Sink {
  /**
   * Adds what a part like this one holds of other events, in another block. Values are computed when the group is
   * evaluated next.
   */
  unite(rings: Rings, block: number, other: this, from: number, host: Host): void
  /**
   * Takes over what a part like this one, which it replaces, holds of the same events, in another block; it may hold
   * the kept ones already.
   */
  inherit(rings: Rings, block: number, other: this, from: number, host: Host): void
}

export function isWindowSink(sink: Sink | undefined): sink is WindowSink {
  return sink !== undefined && 'unite' in sink
}

/** The state of one stream. */
export interface StreamLayout extends Stored {
  readonly node: StreamNode
  init(rings: Rings, block: number): void
  value(rings: Rings, block: number): JsonValue
  /** Computes the value at an instant; returns when it may change next. */
  evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number
  /** Adds the state of a total of forgotten events. */
  addOlder(rings: Rings, block: number, total: JsonValue): void
}
