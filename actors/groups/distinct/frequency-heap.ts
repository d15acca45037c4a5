/**
 * The most frequent of a dictionary's slots on top of a binary heap. Layout, in one of the owner's words of each slot:
 * (the place of this slot in the heap, the slot that stands at the place of this slot's number).
 *
 * Example: 'a' twice in slot 0, 'b' three times in slot 1: slot 0 holds (1, 1), slot 1 holds (0, 0), so 'b' is on top.
 */
import type { Rings } from '../../memory/rings.ts'
import type { Dictionary } from '../dictionary.ts'

/** True if one slot belongs above another. */
type IsAbove = (rings: Rings, block: number, slot: number, other: number) => boolean

export class FrequencyHeap {
  readonly #dictionary: Dictionary
  readonly #word: number
  readonly #isAbove: IsAbove

  /** @param word the owner's word in each slot that is the heap's */
  constructor(dictionary: Dictionary, word: number, isAbove: IsAbove) {
    this.#dictionary = dictionary
    this.#word = word
    this.#isAbove = isAbove
  }

  /** Returns the slot on top; the heap must not be empty. */
  top(rings: Rings, block: number): number {
    return this.#slotAt(rings, block, 0)
  }

  /** Adds a slot to a heap of so many. */
  add(rings: Rings, block: number, slot: number, size: number): void {
    this.#put(rings, block, slot, size)
    this.#rise(rings, block, slot)
  }

  /** Takes a slot out of a heap of so many. */
  remove(rings: Rings, block: number, slot: number, size: number): void {
    const last = this.#slotAt(rings, block, size - 1)
    if (last === slot) return
    this.#put(rings, block, last, this.#placeOf(rings, block, slot))
    this.move(rings, block, last, size - 1)
  }

  /** Finds the place of a slot that has become more or less frequent, in a heap of so many. */
  move(rings: Rings, block: number, slot: number, size: number): void {
    this.#rise(rings, block, slot)
    let place = this.#placeOf(rings, block, slot)
    for (let below = place * 2 + 1; below < size; below = place * 2 + 1) {
      let child = this.#slotAt(rings, block, below)
      if (below + 1 < size) {
        const right = this.#slotAt(rings, block, below + 1)
        if (this.#isAbove(rings, block, right, child)) {
          child = right
          below++
        }
      }
      if (!this.#isAbove(rings, block, child, slot)) return
      this.#put(rings, block, child, place)
      this.#put(rings, block, slot, below)
      place = below
    }
  }

  #rise(rings: Rings, block: number, slot: number): void {
    let place = this.#placeOf(rings, block, slot)
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#slotAt(rings, block, above)
      if (!this.#isAbove(rings, block, slot, parent)) return
      this.#put(rings, block, parent, place)
      this.#put(rings, block, slot, above)
      place = above
    }
  }

  #placeOf(rings: Rings, block: number, slot: number): number {
    return rings.ints[this.#dictionary.word(rings, block, slot, this.#word) * 2]!
  }

  #slotAt(rings: Rings, block: number, place: number): number {
    return rings.ints[this.#dictionary.word(rings, block, place, this.#word) * 2 + 1]!
  }

  #put(rings: Rings, block: number, slot: number, place: number): void {
    rings.ints[this.#dictionary.wordToWrite(rings, block, slot, this.#word) * 2] = place
    rings.ints[this.#dictionary.wordToWrite(rings, block, place, this.#word) * 2 + 1] = slot
  }
}
