/** The groups of an actor: blocks that its events have touched. */
import type { JsonValue } from '../../src/model/json.ts'
import { STATE } from '../memory/write-barrier.ts'
import type { ChangeReader, Group, Succession } from '../plan/group.ts'
import type { GroupedStream } from '../plan/stream-node.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { ActorStore } from './actor-store.ts'

/** The actor whose groups they are. */
interface Owner {
  readonly ordinal: number
  readonly row: number
  readonly now: number
  olderOfAll(): readonly ForgottenTotals[]
}

export class ActorGroups {
  readonly #store: ActorStore
  readonly #owner: Owner
  readonly #reader: ChangeReader

  /** @param reader told of the values that change */
  constructor(store: ActorStore, owner: Owner, reader: ChangeReader) {
    this.#store = store
    this.#owner = owner
    this.#reader = reader
  }

  /** Returns the block of a group, to be written to; begins it if there is none. */
  block(group: Group): number {
    const { rows, rings, memory } = this.#store
    const { row, ordinal } = this.#owner
    const entry = rows.find(row, group.id)
    if (entry !== 0) {
      const held = memory.state.ints[entry * 2 + 3]!
      memory.barrier.touch(STATE, held, group.words)
      return held
    }
    const block = memory.barrier.allocate(STATE, group.words)
    group.init(rings, block)
    rows.addEntry(ordinal, group.id, block)
    this.#addOlder(group, block)
    return block
  }

  /** Computes the values of a group, and when it is due next. */
  evaluate(group: Group, block: number): void {
    const { rings, rows, memory } = this.#store
    const due = group.evaluate(rings, block, this.#owner.now, this.#reader)
    // What reads a value may have added entries.
    memory.state.doubles[rows.find(this.#owner.row, group.id)] = due
  }

  /** Moves a block, which has no entry any more, to the group in the place of its own. */
  move(succession: Succession, from: number): void {
    const { rings, rows, memory } = this.#store
    const { group } = succession
    const block = memory.barrier.allocate(STATE, group.words)
    succession.move(rings, from, block)
    memory.barrier.releaseLater(STATE, from)
    rows.addEntry(this.#owner.ordinal, group.id, block)
    this.#addOlder(succession, block)
    this.evaluate(group, block)
  }

  /** Returns the value of a stream that was passed on last; undefined if the actor has no such group. */
  value(place: GroupedStream): JsonValue | undefined {
    const { rings, rows, memory } = this.#store
    const entry = rows.find(this.#owner.row, place.group)
    return entry === 0 ? undefined : place.value(rings, memory.state.ints[entry * 2 + 3]!)
  }

  /** Releases a block with all that it refers to, when the settlement stands. */
  release(group: Group, block: number): void {
    group.release(this.#store.rings, block)
    this.#store.memory.barrier.releaseLater(STATE, block)
  }

  #addOlder(group: Pick<Group, 'addOlder'>, block: number): void {
    for (const older of this.#owner.olderOfAll())
      group.addOlder(
        this.#store.rings,
        block,
        (node) => older.totalOf(node.totalKey!, node.reducer)?.state(),
        this.#reader,
      )
  }
}
