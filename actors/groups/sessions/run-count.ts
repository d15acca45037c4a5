/** `count()` of a session: the length of its run. Layout: the count that was passed on last. */
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import type { Scratch } from '../../packing/scratch.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import type { WordAllocator } from '../grouped.ts'
import type { SlidingReducer } from '../sliding-reducer.ts'
import type { SessionRun } from './session-run.ts'

export class RunCount implements SlidingReducer {
  readonly node: StreamNode
  readonly #run: SessionRun
  readonly #offset: number

  constructor(words: WordAllocator, node: StreamNode, run: SessionRun) {
    this.node = node
    this.#run = run
    this.#offset = words.take(1)
  }

  init({ doubles }: Rings, block: number): void {
    doubles[block + this.#offset] = 0
  }

  hold(): void {
    // The run holds the events.
  }

  count(rings: Rings, block: number): number {
    return this.#run.count(rings, block)
  }

  oldest(rings: Rings, block: number): number {
    return this.#run.ts(rings, block, 0)
  }

  unite(): void {
    // A session is read again from the kept events.
  }

  enter(): void {
    // The run knows how many have come in.
  }

  leave(): void {
    // The run has dropped them.
  }

  nextEnter(): number {
    return Infinity
  }

  nextLeave(): number {
    return Infinity
  }

  value({ doubles }: Rings, block: number): number {
    return doubles[block + this.#offset]!
  }

  passOn(rings: Rings, block: number, isShown: boolean, reader: ChangeReader): void {
    const before = rings.doubles[block + this.#offset]!
    const count = isShown ? this.#run.count(rings, block) : 0
    if (count === before) return
    rings.doubles[block + this.#offset] = count
    reader.onChange(this.node, before, count)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    scratch.varint(rings.doubles[block + this.#offset]!)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    rings.doubles[block + this.#offset] = reader.varint()
  }

  release(): void {
    // Nothing lies outside of the block.
  }
}
