/**
 * Finds the actors that are due next, to the millisecond. A hierarchical timing wheel (Varghese and Lauck, SOSP 1987):
 * level n holds instants that differ from the present in their n-th group of six bits; a slot is a stack of entries, an
 * instant and an actor each. Idle time is skipped by the levels' occupancy bits.
 *
 * No entry is searched for. An earlier deadline gets an entry and makes the one before void; a later one gets its entry
 * when the one before comes up. So setting and firing take constant time for an actor, and write where others have just
 * been written.
 *
 * W1. No entry, and no deadline held, lies before the present; so no slot before the present is occupied.
 * W2. `QUEUED` of an actor that has a deadline is the instant of one of its entries, and no later than the deadline.
 *     The entry of a deadline that was cleared may be used by the next one.
 * W3. All other entries are void. One may show the same instant and actor as an entry that is not: whichever comes up
 *     first counts, and moves `QUEUED`.
 * W4. No more entries are void than there is room for actors, which is at least `ACTORS_MIN`. With one more, all
 *     entries are made anew: a pause of some milliseconds for 100,000 actors, a constant share of each deadline set
 *     since.
 */
import { NO_ENTRY, TimedEntries } from './timed-entries.ts'

const LEVEL_BITS = 6
const SLOTS = 64
/** Nine groups of six bits reach past the largest instant that a Date can hold. */
const LEVELS = 9
const NO_SLOT = -1
/** Bit operations work on 32 bits; five levels fit into one word, the others into a second. */
const WORD_LEVELS = 5
const WORD_SPAN = 2 ** (LEVEL_BITS * WORD_LEVELS)

/** The span of a slot of each level, ms, and of one level more: computing a power costs more than all else here. */
const SPANS: readonly number[] = Array.from({ length: LEVELS + 1 }, (_, level) => 2 ** (LEVEL_BITS * level))

/** Doubles of an actor: its deadline, and the instant of its earliest entry; each infinite if there is none. */
const DOUBLES = 2
const QUEUED = 1
const ACTORS_MIN = 1024
/** Stands for the earliest deadline when it must be found anew. */
const UNKNOWN = -1

export class TimingWheel {
  #now: number
  /** The top of each slot's stack. */
  readonly #tops = new Int32Array(SLOTS * LEVELS).fill(NO_ENTRY)
  /** Occupied slots of each level, two words of 32 bits. */
  readonly #occupied = new Int32Array(LEVELS * 2)
  readonly #entries = new TimedEntries()
  #actors = new Float64Array(ACTORS_MIN * DOUBLES).fill(Infinity)
  #voidCount = 0
  /** The earliest deadline held, infinite or `UNKNOWN`. */
  #earliest = Infinity

  /** @param now the instant from which deadlines are later; non-negative */
  constructor(now = 0) {
    this.#now = now
  }

  /**
   * Returns the deadline of an actor; infinite if it has none. A deadline that was taken out stays until it is set
   * again.
   */
  deadlineOf(actor: number): number {
    return actor * DOUBLES < this.#actors.length ? this.#actors[actor * DOUBLES]! : Infinity
  }

  /** Sets the one deadline of an actor; infinite clears it. It must be later than the present. */
  set(actor: number, deadline: number): void {
    const at = actor * DOUBLES
    if (at >= this.#actors.length) this.#grow(Math.max(at + DOUBLES, this.#actors.length * 2))
    if (deadline <= this.#earliest) this.#earliest = deadline
    else if (this.#actors[at] === this.#earliest) this.#earliest = UNKNOWN
    this.#actors[at] = deadline
    const queued = this.#actors[at + QUEUED]!
    if (deadline >= queued) return
    if (queued !== Infinity) this.#voidCount++
    this.#queue(actor, deadline)
    if (this.#voidCount > this.#actors.length / DOUBLES) this.#queueAll()
  }

  /** Returns the earliest deadline at or before `limit`, or infinite; moves the present to it, or to `limit`. */
  advance(limit: number): number {
    for (;;) {
      const slot = this.#firstSlot()
      if (slot === NO_SLOT) break
      const start = this.#startOf(slot)
      if (start > limit) break
      this.#now = Math.max(this.#now, start)
      if (slot < SLOTS && this.#earliestIn(slot) < start + 1) return start
      this.#empty(slot)
    }
    this.#now = Math.max(this.#now, limit)
    return Infinity
  }

  /** Returns the earliest deadline; infinite if there is none. */
  earliest(): number {
    if (this.#earliest === UNKNOWN) this.#earliest = this.#findEarliest()
    return this.#earliest
  }

  /** Yields the actors whose deadline is at or before `limit`, in no order. */
  *dueUntil(limit: number): Generator<number> {
    const found = new Set<number>()
    for (let slot = 0; slot < SLOTS * LEVELS; slot++) {
      if (this.#tops[slot] === NO_ENTRY || this.#startOf(slot) > limit) continue
      for (let place = this.#tops[slot]!; place !== NO_ENTRY; place = this.#entries.below(place)) {
        const actor = this.#entries.actorOf(place)
        const deadline = this.#actors[actor * DOUBLES]!
        if (deadline > limit || deadline === Infinity || this.#isVoid(place) || found.has(actor)) continue
        found.add(actor)
        yield actor
      }
    }
  }

  /** Moves the actors that are due at the instant of `advance` into the list; returns how many there are. */
  take(instant: number, due: number[]): number {
    this.#earliest = UNKNOWN
    return this.#empty(slotOf(instant, instant), due)
  }

  /** Makes the entry of an actor that has none, or only later ones; none if the deadline is infinite. Keeps W2. */
  #queue(actor: number, deadline: number): void {
    this.#actors[actor * DOUBLES + QUEUED] = deadline
    if (deadline === Infinity) return
    const slot = slotOf(this.#now, deadline)
    this.#tops[slot] = this.#entries.push(this.#tops[slot]!, deadline, actor)
    this.#occupied[slot >> 5]! |= 1 << (slot & 31)
  }

  /** Drops all entries, and makes those anew that are not void, at their actors' deadlines. Keeps W4. */
  #queueAll(): void {
    this.#tops.fill(NO_ENTRY)
    this.#occupied.fill(0)
    this.#entries.clear()
    this.#voidCount = 0
    const actors = this.#actors
    for (let at = 0; at < actors.length; at += DOUBLES)
      if (actors[at + QUEUED] !== Infinity) this.#queue(at / DOUBLES, actors[at]!)
  }

  /**
   * Takes all entries out of a slot that the present has reached, or in which no deadline lies. With a list, actors
   * whose deadline an entry shows go into it; returns how many. All others get the entry that W2 asks for.
   */
  #empty(slot: number, due?: number[]): number {
    const entries = this.#entries
    const actors = this.#actors
    let count = 0
    let top = this.#tops[slot]!
    this.#tops[slot] = NO_ENTRY
    this.#occupied[slot >> 5]! &= ~(1 << (slot & 31))
    while (top !== NO_ENTRY) {
      const isVoid = this.#isVoid(top)
      const instant = entries.instantOf(top)
      const actor = entries.actorOf(top)
      top = entries.pop(top)
      if (isVoid) this.#voidCount--
      else if (due && actors[actor * DOUBLES] === instant) {
        actors[actor * DOUBLES + QUEUED] = Infinity
        due[count++] = actor
      } else this.#queue(actor, actors[actor * DOUBLES]!)
    }
    return count
  }

  /** Tells whether an entry is void. W3 says which are. */
  #isVoid(place: number): boolean {
    return this.#actors[this.#entries.actorOf(place) * DOUBLES + QUEUED] !== this.#entries.instantOf(place)
  }

  /**
   * Finds the earliest deadline held. Slots with entries in which no deadline lies are emptied on the way, as they
   * would be when they come up.
   */
  #findEarliest(): number {
    for (;;) {
      const slot = this.#firstSlot()
      if (slot === NO_SLOT) return Infinity
      const earliest = this.#earliestIn(slot)
      if (earliest < this.#startOf(slot) + SPANS[levelOf(slot)]!) return earliest
      this.#empty(slot)
    }
  }

  /** Returns the earliest deadline of actors that have their entry in a slot; infinite if there is none. */
  #earliestIn(slot: number): number {
    const entries = this.#entries
    let earliest = Infinity
    for (let place = this.#tops[slot]!; place !== NO_ENTRY; place = entries.below(place)) {
      // The entry alone rules most actors out; each of them is a wait for memory.
      if (entries.instantOf(place) >= earliest || this.#isVoid(place)) continue
      earliest = Math.min(earliest, this.#actors[entries.actorOf(place) * DOUBLES]!)
    }
    return earliest
  }

  /** Returns the occupied slot that comes first, which is the lowest by W1; `NO_SLOT` if there is none. */
  #firstSlot(): number {
    const words = this.#occupied
    for (let word = 0; word < words.length; word++) if (words[word] !== 0) return word * 32 + lowestBit(words[word]!)
    return NO_SLOT
  }

  #startOf(slot: number): number {
    const level = levelOf(slot)
    const above = SPANS[level + 1]!
    return Math.floor(this.#now / above) * above + (slot % SLOTS) * SPANS[level]!
  }

  #grow(doubles: number): void {
    const actors = new Float64Array(doubles).fill(Infinity)
    actors.set(this.#actors)
    this.#actors = actors
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

function levelOf(slot: number): number {
  return slot >> LEVEL_BITS
}

/** Returns the slot of an instant that is the present or later. */
function slotOf(now: number, instant: number): number {
  const highNow = Math.floor(now / WORD_SPAN)
  const high = Math.floor(instant / WORD_SPAN)
  if (high !== highNow) return WORD_LEVELS * SLOTS + slotInWord(highNow, high)
  return slotInWord(now - high * WORD_SPAN, instant - high * WORD_SPAN)
}

/** Returns the slot by the highest group of six bits in which two words differ; the lowest if they are equal. */
function slotInWord(now: number, instant: number): number {
  const level = ((31 - Math.clz32(now ^ instant)) / LEVEL_BITS) | 0
  return level * SLOTS + ((instant >> (level * LEVEL_BITS)) & (SLOTS - 1))
}
