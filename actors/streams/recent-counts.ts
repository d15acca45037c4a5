/**
 * "At least n within w", and other comparisons of a count with constants: they need only the n newest event times (n is
 * the largest constant that can still make a difference). For "in between", events that are yet to come in count too.
 *
 * Most of an actor's state is of this kind, so all of it stands in one array of numbers, entry after entry, by
 * ascending id of the stream: id · cells of the entry · count · bits · due · event times, oldest first. An object for
 * each cost several times the memory, and more in cache misses than all the logic.
 */
import type { Plan } from '../plan/plan.ts'
import type { StreamNode } from '../plan/stream-node.ts'

const ID = 0
const CELLS = 1
const COUNT = 2
const BITS = 3
const DUE = 4
const TIMES = 5

/** Cells of the first array of an actor. */
const CELLS_FIRST = 24

const NO_CELLS: number[] = []

/** Notified of comparisons of a stream that have flipped: one bit each. */
export interface FlipReader {
  onFlips(node: StreamNode, flipped: number): void
}

export class RecentCounts {
  #cells = NO_CELLS
  /** Cells in use; those after them are spare. */
  #used = 0

  /** Next instant at which time alone flips something; infinite if none. */
  dueAt = Infinity

  /** Returns the truth of a stream's comparisons; undefined while no event has touched it. */
  bitsOf(node: number): number | undefined {
    const at = this.#find(node)
    return at < 0 ? undefined : this.#cells[at + BITS]
  }

  /** Adds an event; returns the comparisons that flip, one bit each. */
  insert(node: StreamNode, ts: number, now: number): number {
    const { from, to } = node.window
    if (ts + to <= now) return 0
    let at = this.#find(node.id)
    if (at < 0) at = this.#append(node)
    this.#forget(at, now - to)
    const count = this.#cells[at + COUNT]!
    if (from === 0 && count === node.countMax) {
      if (ts > this.#cells[at + TIMES]!) this.#replaceOldest(at, count, ts)
    } else {
      const most = from === 0 ? node.countMax : Infinity
      if (TIMES + count === this.#cells[at + CELLS]) this.#widen(at, Math.min(most, count * 2 + 1) - count)
      const cells = this.#cells
      place(cells, at + TIMES, count, ts)
      cells[at + COUNT] = count + 1
    }
    const before = this.#cells[at + DUE]!
    const flipped = this.#settle(at, node, now)
    const due = this.#cells[at + DUE]!
    if (due <= this.dueAt) this.dueAt = due
    else if (before === this.dueAt) this.#findDue()
    return flipped
  }

  /** Adds the events that have come into their window by now, and drops those that have left it. */
  advance(now: number, { nodes }: Pick<Plan, 'nodes'>, reader: FlipReader): void {
    if (this.dueAt > now) return
    const cells = this.#cells
    const used = this.#used
    let next = Infinity
    for (let at = 0; at < used; at += cells[at + CELLS]!) {
      if (cells[at + DUE]! <= now) {
        const node = nodes[cells[at + ID]!] as StreamNode
        this.#forget(at, now - node.window.to)
        const flipped = this.#settle(at, node, now)
        if (flipped !== 0) reader.onFlips(node, flipped)
      }
      if (cells[at + DUE]! < next) next = cells[at + DUE]!
    }
    this.dueAt = next
  }

  clear(): void {
    this.#cells = NO_CELLS
    this.#used = 0
    this.dueAt = Infinity
  }

  #findDue(): void {
    const cells = this.#cells
    const used = this.#used
    let due = Infinity
    for (let at = 0; at < used; at += cells[at + CELLS]!) if (cells[at + DUE]! < due) due = cells[at + DUE]!
    this.dueAt = due
  }

  #find(node: number): number {
    const cells = this.#cells
    const used = this.#used
    for (let at = 0; at < used; at += cells[at + CELLS]!) if (cells[at + ID] === node) return at
    return -1
  }

  #append(node: StreamNode): number {
    const at = this.#used
    this.#makeRoom(at, TIMES + 1)
    const cells = this.#cells
    cells[at + ID] = node.id
    cells[at + CELLS] = TIMES + 1
    cells[at + COUNT] = 0
    cells[at + BITS] = node.bitsByCount[0]!
    cells[at + DUE] = Infinity
    return at
  }

  #widen(at: number, more: number): void {
    this.#makeRoom(at + this.#cells[at + CELLS]!, more)
    this.#cells[at + CELLS]! += more
  }

  /** Opens a gap of so many cells. */
  #makeRoom(at: number, more: number): void {
    const needed = this.#used + more
    const held = this.#cells
    let cells = held
    if (needed > held.length) {
      cells = new Array<number>(Math.max(CELLS_FIRST, needed + (needed >> 1)))
      // The first write decides that the array holds doubles, unboxed, from the start.
      cells[0] = 0.5
      for (let index = 0; index < at; index++) cells[index] = held[index]!
    }
    for (let index = this.#used - 1; index >= at; index--) cells[index + more] = held[index]!
    this.#cells = cells
    this.#used = needed
  }

  #replaceOldest(at: number, count: number, ts: number): void {
    const cells = this.#cells
    const first = at + TIMES
    for (let index = first + 1; index < first + count; index++) cells[index - 1] = cells[index]!
    place(cells, first, count - 1, ts)
  }

  #forget(at: number, edge: number): void {
    const cells = this.#cells
    const count = cells[at + COUNT]!
    const first = at + TIMES
    let left = 0
    while (left < count && cells[first + left]! <= edge) left++
    if (left === 0) return
    for (let index = first + left; index < first + count; index++) cells[index - left] = cells[index]!
    cells[at + COUNT] = count - left
  }

  /**
   * Computes the truth and the next deadline of an entry: the deadline is the next event that makes a difference by
   * leaving.
   */
  #settle(at: number, node: StreamNode, now: number): number {
    const cells = this.#cells
    const { from, to } = node.window
    const count = cells[at + COUNT]!
    const first = at + TIMES
    let entered = count
    if (from > 0) while (entered > 0 && cells[first + entered - 1]! + from > now) entered--
    const excess = entered > node.countMax ? entered - node.countMax : 0
    const leaves = node.leavesToFlip[entered - excess]!
    let due = leaves === 0 ? Infinity : cells[first + excess + leaves - 1]! + to
    if (entered < count) due = Math.min(due, cells[first + entered]! + from)
    cells[at + DUE] = due
    const bits = node.bitsByCount[entered - excess]!
    const flipped = bits ^ cells[at + BITS]!
    if (flipped !== 0) cells[at + BITS] = bits
    return flipped
  }
}

/** Inserts a time into the `count` ordered ones that begin at `first`. */
function place(cells: number[], first: number, count: number, ts: number): void {
  let index = first + count
  for (; index > first && cells[index - 1]! > ts; index--) cells[index] = cells[index - 1]!
  cells[index] = ts
}
