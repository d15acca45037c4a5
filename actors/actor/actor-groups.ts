/** The groups of an actor: blocks that its events have touched. */
import type { JsonValue } from '../../src/model/json.ts'
import { STATE } from '../memory/write-barrier.ts'
import type { ChangeReader, Group, Heir, Succession, TotalOf } from '../plan/group.ts'
import type { Host } from '../plan/host.ts'
import type { GroupedStream } from '../plan/stream-node.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { ActorStore } from './actor-store.ts'

/** The actor whose groups they are. */
interface Owner extends Host {
  readonly ordinal: number
  readonly row: number
  olderOfAll(): readonly ForgottenTotals[]
}

/** A block of a group, to be read as long as the settlement lasts. */
export interface HeldBlock {
  readonly group: Group
  readonly block: number
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

  /** Returns the block of a group, to be written to; begins it if there is none, without forgotten events. */
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
    return block
  }

  /** Begins a group with the totals of forgotten events, if there is no block of it. */
  begin(group: Group): void {
    if (this.#store.rows.find(this.#owner.row, group.id) === 0) this.#addOlder(group, this.block(group))
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

  /** Lets windows count the events that some blocks of their groups hold, of one actor each, and no others. */
  uniteWindows(held: readonly HeldBlock[]): void {
    const { rings } = this.#store
    const united = new Map<Group, number>()
    for (const { group, block: from } of held) {
      let block = united.get(group)
      if (block === undefined) {
        block = this.block(group)
        group.emptyWindows(rings, block)
        united.set(group, block)
      }
      group.uniteWindows(rings, block, from, this.#owner)
    }
    for (const [group, block] of united) this.evaluate(group, block)
  }

  /** Lets windows count what those before them held. @param blocks of the groups before, by number */
  inherit(heirs: readonly Heir[], blocks: ReadonlyMap<number, number>): void {
    const changed = new Map<Group, number>()
    for (const { from, group, inherit } of heirs) {
      const origin = blocks.get(from)
      if (origin === undefined) continue
      const block = this.block(group)
      inherit(this.#store.rings, block, origin, this.#owner)
      changed.set(group, block)
    }
    for (const [group, block] of changed) this.evaluate(group, block)
  }

  /** Adds the totals of a user's forgotten events. */
  addOlder(group: Group, older: ForgottenTotals): void {
    this.#addOlderOf(group, this.block(group), older)
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
    for (const older of this.#owner.olderOfAll()) this.#addOlderOf(group, block, older)
  }

  #addOlderOf(group: Pick<Group, 'addOlder'>, block: number, older: ForgottenTotals): void {
    const totalOf: TotalOf = (node) => older.totalOf(node.totalKey!, node.reducer)?.state()
    group.addOlder(this.#store.rings, block, totalOf, this.#reader)
  }
}
