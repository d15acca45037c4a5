/**
 * Which actor is due next, to the millisecond. A hierarchical timing wheel (Varghese and Lauck, SOSP 1987): level n holds
 * deadlines that differ from the present in their n-th group of six bits; a slot's actors form a list in typed arrays.
 * Setting, clearing and firing are constant work for an actor; idle time is skipped by the levels' occupancy bits.
 * Invariants: (1) an actor is in at most one slot; (2) every deadline held is later than `#now`.
 */

const BITS = 6
const SLOTS = 64
/** Nine groups of six bits reach past the largest instant that a Date can hold. */
const LEVELS = 9
const NONE = -1

export class TimingWheel {
  #now: number
  readonly #heads = new Int32Array(SLOTS * LEVELS).fill(NONE)
  /** Occupied slots of each level, two words of 32 bits. */
  readonly #occupied = new Int32Array(LEVELS * 2)
  #deadlines = new Float64Array(1024).fill(Infinity)
  #next = new Int32Array(1024).fill(NONE)
  #previous = new Int32Array(1024).fill(NONE)
  #slots = new Int32Array(1024).fill(NONE)

  /** @param now the instant from which deadlines are later; non-negative */
  constructor(now = 0) {
    this.#now = now
  }

  /** The deadline of an actor; infinite where it has none. */
  deadlineOf(actor: number): number {
    return actor < this.#deadlines.length ? this.#deadlines[actor]! : Infinity
  }

  /** Sets the one deadline of an actor; infinite clears it. It must be later than the present. */
  set(actor: number, deadline: number): void {
    if (actor >= this.#deadlines.length) this.#grow(actor + 1)
    if (this.#deadlines[actor] === deadline) return
    if (this.#slots[actor] !== NONE) this.#unlink(actor)
    this.#deadlines[actor] = deadline
    if (deadline !== Infinity) this.#link(actor, deadline)
  }

  /** The earliest deadline at or before `limit`, or infinite; the present moves up to it, or to `limit`. */
  advance(limit: number): number {
    for (;;) {
      const level = this.#lowestLevel()
      if (level < 0) break
      const slot = this.#firstSlot(level)
      const start = this.#slotStart(level, slot)
      if (start > limit) break
      this.#now = Math.max(this.#now, start)
      if (level === 0) return start
      this.#cascade(level * SLOTS + slot)
    }
    this.#now = Math.max(this.#now, limit)
    return Infinity
  }

  /** The earliest deadline; infinite where there is none. */
  earliest(): number {
    const level = this.#lowestLevel()
    if (level < 0) return Infinity
    let earliest = Infinity
    for (let actor = this.#heads[level * SLOTS + this.#firstSlot(level)]!; actor !== NONE; actor = this.#next[actor]!)
      earliest = Math.min(earliest, this.#deadlines[actor]!)
    return earliest
  }

  /** Takes out the actors that are due at the instant that `advance` gave. */
  take(instant: number): number[] {
    const due: number[] = []
    const slot = instant % SLOTS
    for (let actor = this.#heads[slot]!; actor !== NONE; actor = this.#heads[slot]!) {
      due.push(actor)
      this.#unlink(actor)
      this.#deadlines[actor] = Infinity
    }
    return due
  }

  #link(actor: number, deadline: number): void {
    const level = levelOf(this.#now, deadline)
    const slot = level * SLOTS + groupOf(deadline, level)
    const head = this.#heads[slot]!
    this.#next[actor] = head
    this.#previous[actor] = NONE
    if (head !== NONE) this.#previous[head] = actor
    this.#heads[slot] = actor
    this.#slots[actor] = slot
    this.#occupied[slot >> 5]! |= 1 << (slot & 31)
  }

  #unlink(actor: number): void {
    const slot = this.#slots[actor]!
    const next = this.#next[actor]!
    const previous = this.#previous[actor]!
    if (next !== NONE) this.#previous[next] = previous
    if (previous !== NONE) this.#next[previous] = next
    else {
      this.#heads[slot] = next
      if (next === NONE) this.#occupied[slot >> 5]! &= ~(1 << (slot & 31))
    }
    this.#slots[actor] = NONE
  }

  /** The present is at the slot's start: its actors move to lower levels. */
  #cascade(slot: number): void {
    for (let actor = this.#heads[slot]!; actor !== NONE; actor = this.#heads[slot]!) {
      this.#unlink(actor)
      this.#link(actor, this.#deadlines[actor]!)
    }
  }

  #lowestLevel(): number {
    for (let level = 0; level < LEVELS; level++)
      if (this.#occupied[level * 2] !== 0 || this.#occupied[level * 2 + 1] !== 0) return level
    return NONE
  }

  /** No slot before the present's own is occupied, so the lowest occupied bit is the next. */
  #firstSlot(level: number): number {
    const low = this.#occupied[level * 2]!
    if (low !== 0) return lowestBit(low)
    return 32 + lowestBit(this.#occupied[level * 2 + 1]!)
  }

  #slotStart(level: number, slot: number): number {
    const above = 2 ** (BITS * (level + 1))
    return Math.floor(this.#now / above) * above + slot * 2 ** (BITS * level)
  }

  #grow(needed: number): void {
    const size = Math.max(needed, this.#deadlines.length * 2)
    const deadlines = new Float64Array(size).fill(Infinity)
    deadlines.set(this.#deadlines)
    this.#deadlines = deadlines
    const grown = (array: Int32Array) => {
      const copy = new Int32Array(size).fill(NONE)
      copy.set(array)
      return copy
    }
    this.#next = grown(this.#next)
    this.#previous = grown(this.#previous)
    this.#slots = grown(this.#slots)
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

/** Three words of 18 bits cover an instant: bit operations work on 32. */
const WORD = 2 ** 18

function levelOf(now: number, deadline: number): number {
  const high = Math.floor(now / (WORD * WORD)) ^ Math.floor(deadline / (WORD * WORD))
  if (high !== 0) return 6 + groupIndex(high)
  const middle = (Math.floor(now / WORD) % WORD) ^ (Math.floor(deadline / WORD) % WORD)
  if (middle !== 0) return 3 + groupIndex(middle)
  return groupIndex((now % WORD) ^ (deadline % WORD))
}

/** Number of the six-bit group in which the highest set bit lies. */
function groupIndex(difference: number): number {
  return difference === 0 ? 0 : Math.floor((31 - Math.clz32(difference)) / BITS)
}

function groupOf(instant: number, level: number): number {
  return Math.floor(instant / 2 ** (BITS * level)) % SLOTS
}
