/**
 * A group as it lies in a block: the parts that its events are written to, then the states of its streams.
 *
 * Example: `event('A').within(7 days).count() >= 2` and `event('A').count()` make one group: header · two newest times
 * · the count of the window · the count of all · the count that was passed on last.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import { HEADER_WORDS } from '../memory/arena.ts'
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import type { ChangeReader, Group, GroupMember, Succession, TotalOf } from '../plan/group.ts'
import type { Host } from '../plan/host.ts'
import { isWindowSink, type Sink, type StreamLayout, type WordAllocator } from './grouped.ts'

/** A part is written here, then copied. */
const partScratch = new Scratch()

/** The offset of a part that has no place yet. */
const UNPLACED = -1

/** A piece of a group's block: where its words lie. */
export interface Part {
  /** Its number in the group, for good. */
  readonly number: number
  /** Equal for parts that hold the same for the same events. */
  readonly key: string
  /** The amount that it holds, for a part that may hold more than is asked for. */
  readonly size: number
  readonly offset: number
  readonly words: number
  readonly sink: Sink | undefined
  readonly stream: StreamLayout | undefined
}

/** A part, as a stored group names it. */
export type PartData = readonly [key: string, size: number, number: number]

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
  readonly #byNumber = new Map<number, Part>()
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

  /** Makes a group from its stored parts, for the next to take over their numbers; it has no blocks. */
  static restored(key: string, id: number, parts: readonly PartData[]): PlacedGroup {
    const group = new PlacedGroup(key, id)
    for (const [name, size, number] of parts)
      group.#parts.set(name, {
        key: name,
        size,
        number,
        offset: UNPLACED,
        words: 0,
        sink: undefined,
        stream: undefined,
      })
    return group
  }

  /** Lists the parts in use, to be stored. */
  toData(): PartData[] {
    return Array.from(this.#parts.values(), ({ key, size, number }) => [key, size, number] as const)
  }

  /** Adds a part behind all others. */
  add(key: string, size: number, make: MakePart, number = this.#parts.size): Part {
    const part = this.#make({ key, size, number, offset: this.#words }, make)
    this.#words += part.words
    return part
  }

  /** Adds a part as a group of the same layout has it. */
  addAs({ key, size, number, offset }: Part, make: MakePart): Part {
    return offset === UNPLACED ? this.add(key, size, make, number) : this.#make({ key, size, number, offset }, make)
  }

  /** Keeps the layout of a group with all of its words; parts that were not added again are idle. */
  keepLayoutOf(before: PlacedGroup): void {
    this.#words = Math.max(this.#words, before.#words)
    this.#idle = [...before.#idle, ...before.#parts.values()].filter(({ key }) => !this.#parts.has(key))
  }

  #make(placed: Pick<Part, 'key' | 'size' | 'number' | 'offset'>, make: MakePart): Part {
    let words = 0
    const take = (more: number): number => {
      words += more
      return placed.offset + words - more
    }
    const part = { ...placed, ...make({ take }), words }
    this.#parts.set(part.key, part)
    this.#byNumber.set(part.number, part)
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

  emptyWindows(rings: Rings, block: number): void {
    for (const sink of this.#sinks) {
      if (!isWindowSink(sink)) continue
      sink.release(rings, block)
      sink.init(rings, block)
    }
  }

  uniteWindows(rings: Rings, block: number, from: number, host: Host): void {
    for (const sink of this.#sinks) if (isWindowSink(sink)) sink.unite(rings, block, sink, from, host)
  }

  /** Lists the parts in use. */
  parts(): readonly Part[] {
    return [...this.#parts.values()]
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

  /**
   * Writes the parts, each as a run behind its number. Idle ones too: whoever reads it may do so under the plan of an
   * earlier instant, at which they were in use.
   */
  write(scratch: Scratch, rings: Rings, block: number): void {
    const stored = [...this.#parts.values(), ...this.#idle]
    scratch.varint(stored.length)
    for (const { number, sink, stream } of stored) {
      partScratch.length = 0
      sink?.write(partScratch, rings, block)
      if (stream !== sink) stream?.write(partScratch, rings, block)
      scratch.varint(number)
      scratch.run(partScratch.bytes, 0, partScratch.length)
    }
  }

  /** Fills a new block with what was written; parts that nothing reads any more are passed over. */
  read(reader: EventReader, rings: Rings, block: number): void {
    this.init(rings, block)
    for (let left = reader.varint(); left > 0; left--) {
      const part = this.#byNumber.get(reader.varint())
      const length = reader.varint()
      const end = reader.position + length
      part?.sink?.read(reader, rings, block)
      if (part && part.stream !== part.sink) part.stream?.read(reader, rings, block)
      reader.position = end
    }
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

  insert(rings: Rings, block: number, event: ProfileEvent, host: Host): void {
    for (const sink of this.#sinks) sink.insert(rings, block, event, host)
  }
}
