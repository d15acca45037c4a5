/**
 * Finds slots of a dictionary by their hash: open addressing, one integer a place, where a slot plus 1 stands at the
 * place of its hash or behind it without a gap. Half of the places stay empty. Each slot begins with its hash.
 */
import type { Rings } from '../memory/rings.ts'
import { STATE } from '../memory/write-barrier.ts'

export interface SlotIndex {
  /** The block in which both the slots and the index lie. */
  readonly owned: number
  /** The word at which the first slot begins. */
  readonly slots: number
  /** Words of a slot. */
  readonly stride: number
  /** The word at which the index begins. */
  readonly at: number
  /** Places of the index. */
  readonly size: number
}

/** Returns the first slot of this hash that passes the test; -1 for none. */
export function findIndexed(
  { ints }: Rings,
  index: SlotIndex,
  hash: number,
  isSame: (slot: number) => boolean,
): number {
  for (let place = home(index, hash); ; place = after(index, place)) {
    const entry = ints[index.at * 2 + place]!
    if (entry === 0) return -1
    if (isSame(entry - 1)) return entry - 1
  }
}

/** Adds a slot, which is not in the index. */
export function indexSlot(rings: Rings, index: SlotIndex, slot: number): void {
  let place = home(index, hashAt(rings, index, slot))
  while (rings.ints[index.at * 2 + place] !== 0) place = after(index, place)
  put(rings, index, place, slot + 1)
}

/** Takes a slot out; those behind it close the gap. */
export function unindexSlot(rings: Rings, index: SlotIndex, slot: number): void {
  const { ints } = rings
  let gap = home(index, hashAt(rings, index, slot))
  while (ints[index.at * 2 + gap] !== slot + 1) gap = after(index, gap)
  for (let place = after(index, gap); ; place = after(index, place)) {
    const entry = ints[index.at * 2 + place]!
    if (entry === 0) break
    const homePlace = home(index, hashAt(rings, index, entry - 1))
    if (distance(index, homePlace, place) < distance(index, gap, place)) continue
    put(rings, index, gap, entry)
    gap = place
  }
  put(rings, index, gap, 0)
}

function hashAt({ ints }: Rings, { slots, stride }: SlotIndex, slot: number): number {
  return ints[(slots + slot * stride) * 2]!
}

function home({ size }: SlotIndex, hash: number): number {
  return (hash >>> 0) % size
}

function after({ size }: SlotIndex, place: number): number {
  return place + 1 === size ? 0 : place + 1
}

function distance({ size }: SlotIndex, from: number, to: number): number {
  return to >= from ? to - from : to - from + size
}

function put({ ints, memory }: Rings, { owned, at }: SlotIndex, place: number, entry: number): void {
  memory.barrier.touchWords(STATE, owned, at - owned + (place >> 1), 1)
  ints[at * 2 + place] = entry
}
