/**
 * A group as it lies in a block: the parts that its events are written to, then the states of its streams.
 *
 * Example: `event('A').within(7 days).count() >= 2` and `event('A').count()` make one group: header · two newest times ·
 * the count of the window · the count of all · the count that was passed on last.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { HEADER_WORDS } from '../memory/arena.ts'
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader, Group, GroupMember } from '../plan/group.ts'
import type { Host } from '../plan/host.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { Sink, StreamLayout, WordAllocator } from './grouped.ts'

export class PlacedGroup implements Group, WordAllocator {
  readonly index: number
  readonly id: number
  readonly #sinks: Sink[] = []
  readonly #streams: StreamLayout[] = []
  #words = HEADER_WORDS

  /** @param nodes the number of nodes: their ids come before those of the groups */
  constructor(index: number, nodes: number) {
    this.index = index
    this.id = nodes + index
  }

  get words(): number {
    return this.#words
  }

  take(words: number): number {
    this.#words += words
    return this.#words - words
  }

  /** Adds what the events of one predicate are written to, and the streams that read it. */
  addMember(sinks: readonly Sink[], streams: readonly StreamLayout[]): GroupMember {
    this.#sinks.push(...sinks)
    this.#streams.push(...streams)
    return new Member(this, sinks, streams.length)
  }

  init(rings: Rings, block: number): void {
    for (const sink of this.#sinks) sink.init(rings, block)
    for (const stream of this.#streams) stream.init(rings, block)
  }

  addOlder(
    rings: Rings,
    block: number,
    totalOf: (node: StreamNode) => JsonValue | undefined,
    reader: ChangeReader,
  ): void {
    for (const stream of this.#streams) {
      const total = stream.node.totalKey === undefined ? undefined : totalOf(stream.node)
      if (total === undefined) continue
      stream.addOlder(rings, block, total)
      stream.evaluate(rings, block, 0, reader)
    }
  }

  evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number {
    for (const sink of this.#sinks) sink.forget(rings, block, now)
    let due = Infinity
    for (const stream of this.#streams) {
      const next = stream.evaluate(rings, block, now, reader)
      if (next < due) due = next
    }
    return due
  }

  release(rings: Rings, block: number): void {
    for (const sink of this.#sinks) sink.release(rings, block)
  }
}

class Member implements GroupMember {
  readonly group: Group
  readonly streamCount: number
  readonly #sinks: readonly Sink[]

  constructor(group: Group, sinks: readonly Sink[], streamCount: number) {
    this.group = group
    this.#sinks = sinks
    this.streamCount = streamCount
  }

  insert(rings: Rings, block: number, event: ProfileEvent, host: Host): void {
    for (const sink of this.#sinks) sink.insert(rings, block, event, host)
  }
}
