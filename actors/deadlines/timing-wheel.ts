/**
 * Finds the actors that are due next, to the millisecond. A hierarchical timing wheel (Varghese and Lauck, SOSP 1987):
 * level n holds deadlines that differ from the present in their n-th group of six bits; a slot's actors form a list in
 * typed arrays. Setting, clearing and firing take constant time for an actor; idle time is skipped by the levels'
 * occupancy bits.
 * Invariants: (1) an actor is in at most one slot; (2) every deadline held is later than `#now`.
 */

const LEVEL_BITS = 6
const SLOTS = 64
/** Nine groups of six bits reach past the largest instant that a Date can hold. */
const LEVELS = 9
const NO_SLOT = -1

/** The span of a slot of each level, ms, and of one level more: computing a power costs more than all else here. */
const SPANS: readonly number[] = Array.from({ length: LEVELS + 1 }, (_, level) => 2 ** (LEVEL_BITS * level))

/** 32-bit words of an actor, and the index of each; `next` is the first. */
const LINK = 6
const PREVIOUS = 1
const SLOT = 2
/** Doubles of an actor; its deadline is the last of them. */
const DEADLINE = 3

export class TimingWheel {
  #now: number
  readonly #heads = new Int32Array(SLOTS * LEVELS).fill(NO_SLOT)
  /** Occupied slots of each level, two words of 32 bits. */
  readonly #occupied = new Int32Array(LEVELS * 2)
  /** For each actor, side by side in one line of the cache: next · previous · slot · unused · deadline (a double). */
  #links = new Int32Array(0)
  #deadlines = new Float64Array(0)

  /** @param now the instant from which deadlines are later; non-negative */
  constructor(now = 0) {
    this.#now = now
    this.#grow(1024)
  }

  /**
   * Returns the deadline of an actor; infinite if it has none. A deadline that was taken out stays until it is set
   * again.
   */
  deadlineOf(actor: number): number {
    return actor * LINK < this.#links.length ? this.#deadlines[actor * DEADLINE + 2]! : Infinity
  }

  /** Sets the one deadline of an actor; infinite clears it. It must be later than the present. */
  set(actor: number, deadline: number): void {
    if (actor * LINK >= this.#links.length) this.#grow(Math.max(actor + 1, (this.#links.length / LINK) * 2))
    const isLinked = this.#links[actor * LINK + SLOT] !== NO_SLOT
    if (this.#deadlines[actor * DEADLINE + 2] === deadline && isLinked === (deadline !== Infinity)) return
    if (isLinked) this.#unlink(actor)
    this.#deadlines[actor * DEADLINE + 2] = deadline
    if (deadline !== Infinity) this.#link(actor, deadline)
  }

  /** Returns the earliest deadline at or before `limit`, or infinite; moves the present to it, or to `limit`. */
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

  /** Returns the earliest deadline; infinite if there is none. */
  earliest(): number {
    const level = this.#lowestLevel()
    if (level < 0) return Infinity
    let earliest = Infinity
    for (
      let actor = this.#heads[level * SLOTS + this.#firstSlot(level)]!;
      actor !== NO_SLOT;
      actor = this.#links[actor * LINK]!
    )
      earliest = Math.min(earliest, this.#deadlines[actor * DEADLINE + 2]!)
    return earliest
  }

  /** Yields the actors whose deadline is at or before `limit`, in no order. */
  *dueUntil(limit: number): Generator<number> {
    for (let level = 0; level < LEVELS; level++)
      for (let slot = 0; slot < SLOTS; slot++) {
        const head = this.#heads[level * SLOTS + slot]!
        if (head === NO_SLOT || this.#slotStart(level, slot) > limit) continue
        for (let actor = head; actor !== NO_SLOT; actor = this.#links[actor * LINK]!)
          if (this.#deadlines[actor * DEADLINE + 2]! <= limit) yield actor
      }
  }

  /** Moves the actors that are due at the instant of `advance` into the list; returns how many there are. */
  take(instant: number, due: number[]): number {
    const slot = instant % SLOTS
    let count = 0
    for (let actor = this.#heads[slot]!; actor !== NO_SLOT; actor = this.#heads[slot]!) {
      due[count++] = actor
      this.#unlink(actor)
    }
    return count
  }

  #link(actor: number, deadline: number): void {
    const level = levelOf(this.#now, deadline)
    const slot = level * SLOTS + groupOf(deadline, level)
    const links = this.#links
    const at = actor * LINK
    const head = this.#heads[slot]!
    links[at] = head
    links[at + PREVIOUS] = NO_SLOT
    links[at + SLOT] = slot
    if (head !== NO_SLOT) links[head * LINK + PREVIOUS] = actor
    this.#heads[slot] = actor
    this.#occupied[slot >> 5]! |= 1 << (slot & 31)
  }

  #unlink(actor: number): void {
    const links = this.#links
    const at = actor * LINK
    const slot = links[at + SLOT]!
    const next = links[at]!
    const previous = links[at + PREVIOUS]!
    if (next !== NO_SLOT) links[next * LINK + PREVIOUS] = previous
    if (previous !== NO_SLOT) links[previous * LINK] = next
    else {
      this.#heads[slot] = next
      if (next === NO_SLOT) this.#occupied[slot >> 5]! &= ~(1 << (slot & 31))
    }
    links[at + SLOT] = NO_SLOT
  }

  /** Moves the actors of a slot to lower levels once the present is at its start. */
  #cascade(slot: number): void {
    for (let actor = this.#heads[slot]!; actor !== NO_SLOT; actor = this.#heads[slot]!) {
      this.#unlink(actor)
      this.#link(actor, this.#deadlines[actor * DEADLINE + 2]!)
    }
  }

  #lowestLevel(): number {
    for (let level = 0; level < LEVELS; level++)
      if (this.#occupied[level * 2] !== 0 || this.#occupied[level * 2 + 1] !== 0) return level
    return NO_SLOT
  }

  /** No slot before the present's own is occupied, so the lowest occupied bit is the next. */
  #firstSlot(level: number): number {
    const low = this.#occupied[level * 2]!
    if (low !== 0) return lowestBit(low)
    return 32 + lowestBit(this.#occupied[level * 2 + 1]!)
  }

  #slotStart(level: number, slot: number): number {
    const above = SPANS[level + 1]!
    return Math.floor(this.#now / above) * above + slot * SPANS[level]!
  }

  #grow(actors: number): void {
    const memory = new ArrayBuffer(actors * LINK * 4)
    const links = new Int32Array(memory)
    const deadlines = new Float64Array(memory)
    links.set(this.#links)
    for (let actor = this.#links.length / LINK; actor < actors; actor++) {
      links[actor * LINK + SLOT] = NO_SLOT
      deadlines[actor * DEADLINE + 2] = Infinity
    }
    this.#links = links
    this.#deadlines = deadlines
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

/** Three words of 18 bits cover an instant: bit operations work on 32. */
const INSTANT_WORD = 2 ** 18
const INSTANT_WORDS = 2 ** 36

function levelOf(now: number, deadline: number): number {
  const high = Math.floor(now / INSTANT_WORDS) ^ Math.floor(deadline / INSTANT_WORDS)
  if (high !== 0) return 6 + groupIndex(high)
  const middle = (Math.floor(now / INSTANT_WORD) % INSTANT_WORD) ^ (Math.floor(deadline / INSTANT_WORD) % INSTANT_WORD)
  if (middle !== 0) return 3 + groupIndex(middle)
  return groupIndex((now % INSTANT_WORD) ^ (deadline % INSTANT_WORD))
}

/** Returns the number of the six-bit group in which the highest set bit lies. */
function groupIndex(difference: number): number {
  return difference === 0 ? 0 : Math.floor((31 - Math.clz32(difference)) / LEVEL_BITS)
}

function groupOf(instant: number, level: number): number {
  return Math.floor(instant / SPANS[level]!) % SLOTS
}
