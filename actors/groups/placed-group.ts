/**
 * A group as it lies in a block: the parts that its events are written to, then the states of its streams.
 *
 * Example: `event('A').within(7 days).count() >= 2` and `event('A').count()` make one group: header · two newest times ·
 * the count of the window · the count of all · the count that was passed on last.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import { HEADER_WORDS } from '../memory/arena.ts'
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader, Group, GroupMember, Succession, TotalOf } from '../plan/group.ts'
import type { Sink, StreamLayout, WordAllocator } from './grouped.ts'

/** A piece of a group's block: where its words lie. */
export interface Part {
  /** Equal for parts that hold the same for the same events. */
  readonly key: string
  /** How much it holds, for a part that may hold more than is asked for. */
  readonly size: number
  readonly offset: number
  readonly words: number
  readonly sink: Sink | undefined
  readonly stream: StreamLayout | undefined
}

/** Makes a part: its words are taken from the allocator. */
export type MakePart = (words: WordAllocator) => Pick<Part, 'sink' | 'stream'>

export class PlacedGroup implements Group {
  readonly kind = 'group'
  readonly id: number
  /** The name of the number. */
  readonly key: string
  readonly #parts = new Map<string, Part>()
  /** Parts that nothing reads any more: their words stay until the group has a successor. */
  #idle: readonly Part[] = []
  readonly #sinks: Sink[] = []
  readonly #streams: StreamLayout[] = []
  #words = HEADER_WORDS

  constructor(key: string, id: number) {
    this.key = key
    this.id = id
  }

  get words(): number {
    return this.#words
  }

  /** Returns the part of a key, if it is in use and holds at least so much. */
  find(key: string, size: number): Part | undefined {
    const part = this.#parts.get(key)
    return part && part.size >= size ? part : undefined
  }

  /** Adds a part behind all others. */
  add(key: string, size: number, make: MakePart): Part {
    const part = this.#make(key, size, this.#words, make)
    this.#words += part.words
    return part
  }

  /** Adds a part where a group of the same layout has it. */
  addAt({ key, size, offset }: Part, make: MakePart): Part {
    return this.#make(key, size, offset, make)
  }

  /** Keeps the layout of a group with all of its words; parts that were not added again are idle. */
  keepLayoutOf(before: PlacedGroup): void {
    this.#words = before.#words
    this.#idle = [...before.#idle, ...before.#parts.values()].filter(({ key }) => !this.#parts.has(key))
  }

  #make(key: string, size: number, offset: number, make: MakePart): Part {
    let words = 0
    const take = (more: number): number => {
      words += more
      return offset + words - more
    }
    const part = { ...make({ take }), key, size, offset, words }
    this.#parts.set(key, part)
    if (part.sink) this.#sinks.push(part.sink)
    if (part.stream) this.#streams.push(part.stream)
    return part
  }

  /** Tells how blocks of another group become blocks of this one. */
  succeeding(before: PlacedGroup): Succession {
    const parts = [...this.#parts.values()]
    const heldOf = ({ key, size }: Part) => before.find(key, size)
    const kept = parts.filter(heldOf).map((part) => ({ ...part, from: heldOf(part)!.offset }))
    const fresh = parts.filter((part) => !heldOf(part))
    const stays = new Set(kept.map(({ key }) => key))
    const left = [...before.#idle, ...[...before.#parts.values()].filter(({ key }) => !stays.has(key))]
    return {
      group: this,
      move: (rings, from, to) => {
        for (const part of fresh) initPart(part, rings, to)
        for (const run of kept)
          for (let int = 0; int < run.words * 2; int++)
            rings.ints[(to + run.offset) * 2 + int] = rings.ints[(from + run.from) * 2 + int]!
        for (const part of left) part.sink?.release(rings, from)
      },
      addOlder: (rings, block, totalOf, reader) => {
        for (const { stream } of fresh) if (stream) addOlderTo(stream, rings, block, totalOf, reader)
      },
    }
  }

  init(rings: Rings, block: number): void {
    for (const part of this.#idle) initPart(part, rings, block)
    for (const part of this.#parts.values()) initPart(part, rings, block)
  }

  addOlder(rings: Rings, block: number, totalOf: TotalOf, reader: ChangeReader): void {
    for (const stream of this.#streams) addOlderTo(stream, rings, block, totalOf, reader)
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
    for (const { sink } of this.#idle) sink?.release(rings, block)
  }

  /** Makes the member that writes the events of one predicate to some of the parts. */
  member(parts: readonly Part[]): GroupMember {
    const sinks = parts.flatMap(({ sink }) => (sink ? [sink] : []))
    return new Member(this, sinks, parts.filter(({ stream }) => stream).length)
  }
}

function initPart({ sink, stream }: Part, rings: Rings, block: number): void {
  sink?.init(rings, block)
  if (stream !== sink) stream?.init(rings, block)
}

function addOlderTo(stream: StreamLayout, rings: Rings, block: number, totalOf: TotalOf, reader: ChangeReader): void {
  const total = stream.node.totalKey === undefined ? undefined : totalOf(stream.node)
  if (total === undefined) return
  stream.addOlder(rings, block, total)
  stream.evaluate(rings, block, 0, reader)
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

  insert(rings: Rings, block: number, event: ProfileEvent, now: number): void {
    for (const sink of this.#sinks) sink.insert(rings, block, event, now)
  }
}
