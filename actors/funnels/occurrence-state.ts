/** The occurrences that an actor holds for one node: in event order, each with its verdict. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { Horizon } from '../values/comparators.ts'
import { compareEvents } from '../../src/model/event.ts'
import type { Host } from '../plan/host.ts'
import { firstAfter, type Occurrence, type Occurrences } from '../plan/occurrence.ts'
import type { OccurrenceNode, Reach } from '../plan/occurrence-node.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import { readReached, writeReached } from '../values/stored.ts'
import type { Reached } from '../values/values.ts'

/** Notified of each occurrence that now passes, or no longer does. */
export interface OccurrenceReader {
  onFlip(node: OccurrenceNode, occurrence: Occurrence): void
}

const PASSES = 1
const SETTLED = 2
const FLIPS = 4
const NO_VALUES: readonly Reached[] = []

export class OccurrenceState implements Occurrences {
  /** Next instant at which a verdict may change by time alone; infinite if none. */
  dueAt = Infinity
  /** The node of the present plan. */
  node: OccurrenceNode
  #occurrences: Occurrence[] = []
  /** Those that pass, in event order; undefined until they are asked for. */
  #passing: Occurrence[] | undefined
  /** Those whose verdict time alone may change. */
  readonly #flipping = new Set<Occurrence>()
  /** The first so many are settled: no child need visit them again. */
  #settled = 0

  constructor(node: OccurrenceNode) {
    this.node = node
  }

  /** Reads what `write` has written. */
  static read(node: OccurrenceNode, reader: EventReader): OccurrenceState {
    const state = new OccurrenceState(node)
    state.dueAt = reader.double()
    state.#settled = reader.varint()
    const count = reader.varint()
    for (let index = 0; index < count; index++) {
      const [ts, arrival, flags] = [reader.double(), reader.varint(), reader.byte()]
      const flipAt = (flags & FLIPS) === 0 ? Infinity : reader.double()
      const values = node.fields.length === 0 ? NO_VALUES : readValues(reader, node.fields.length)
      const [passes, isSettled] = [(flags & PASSES) !== 0, (flags & SETTLED) !== 0]
      const occurrence = { ts, arrival, values, passes, isSettled, flipAt }
      state.#occurrences.push(occurrence)
      if (flipAt < Infinity) state.#flipping.add(occurrence)
    }
    return state
  }

  /** Writes all of it: due · settled · count · for each: time · arrival · flags · when it flips · values. */
  write(scratch: Scratch): void {
    scratch.double(this.dueAt)
    scratch.varint(this.#settled)
    scratch.varint(this.#occurrences.length)
    for (const { ts, arrival, passes, isSettled, flipAt, values } of this.#occurrences) {
      scratch.double(ts)
      scratch.varint(arrival)
      scratch.byte((passes ? PASSES : 0) | (isSettled ? SETTLED : 0) | (flipAt < Infinity ? FLIPS : 0))
      if (flipAt < Infinity) scratch.double(flipAt)
      for (const value of values) writeReached(scratch, value)
    }
  }

  get occurrences(): readonly Occurrence[] {
    return this.#occurrences
  }

  get passing(): readonly Occurrence[] {
    this.#passing ??= this.#occurrences.filter(({ passes }) => passes)
    return this.#passing
  }

  insert(event: ProfileEvent, host: Host, reader: OccurrenceReader): void {
    this.#forget(host.now)
    if (event.ts + this.node.retention <= host.now) return
    const occurrence: Occurrence = {
      ts: event.ts,
      arrival: event.arrival,
      values: this.node.fields.map((read) => read(event)),
      passes: false,
      isSettled: false,
      flipAt: Infinity,
    }
    let index = this.#occurrences.length
    while (index > 0 && compareEvents(this.#occurrences[index - 1]!, occurrence) > 0) index--
    this.#occurrences.splice(index, 0, occurrence)
    if (index < this.#settled) this.#settled = index
    this.#judge(occurrence, host, reader)
  }

  /** Judges again the occurrences whose verdict time alone may have changed. */
  advance(host: Host, reader: OccurrenceReader): void {
    this.dueAt = Infinity
    const due: Occurrence[] = []
    for (const occurrence of this.#flipping) {
      if (occurrence.flipAt <= host.now) due.push(occurrence)
      else if (occurrence.flipAt < this.dueAt) this.dueAt = occurrence.flipAt
    }
    for (const occurrence of due.sort(compareEvents)) this.#judge(occurrence, host, reader)
  }

  /** Judges every occurrence again: a trait that the judge reads has changed. */
  judgeAll(host: Host, reader: OccurrenceReader): void {
    for (const occurrence of this.#occurrences) this.#judge(occurrence, host, reader)
  }

  /** Judges again the parents that count an occurrence of their child node. */
  judgeParentsOf(child: Occurrence, reach: Reach, host: Host, reader: OccurrenceReader): void {
    const end = firstAfter(this.#occurrences, child.ts - reach.from)
    const start = Math.max(this.#settled, firstAfter(this.#occurrences, child.ts - reach.to))
    for (let index = start; index < end; index++) {
      const parent = this.#occurrences[index]!
      if (!parent.isSettled && compareEvents(parent, child) < 0) this.#judge(parent, host, reader)
    }
    while (this.#settled < this.#occurrences.length && this.#occurrences[this.#settled]!.isSettled) this.#settled++
  }

  #judge(occurrence: Occurrence, host: Host, reader: OccurrenceReader): void {
    const horizon: Horizon = { at: Infinity, isSettled: true }
    const passes = this.node.judge ? this.node.judge(occurrence, host, horizon) : true
    if (horizon.at < Infinity) this.#flipping.add(occurrence)
    else if (occurrence.flipAt < Infinity) this.#flipping.delete(occurrence)
    occurrence.flipAt = horizon.at
    occurrence.isSettled = horizon.isSettled
    if (horizon.at < this.dueAt) this.dueAt = horizon.at
    if (passes === occurrence.passes) return
    occurrence.passes = passes
    this.#notePassing(occurrence)
    reader.onFlip(this.node, occurrence)
  }

  #notePassing(occurrence: Occurrence): void {
    if (!this.#passing) return
    const index = placeOf(this.#passing, occurrence)
    if (occurrence.passes) this.#passing.splice(index, 0, occurrence)
    else this.#passing.splice(index, 1)
  }

  /** Drops old occurrences in runs: moving the array for each would cost more than it saves. */
  #forget(now: number): void {
    const edge = now - this.node.retention
    const oldest = this.#occurrences[0]
    if (!oldest || oldest.ts > edge) return
    const left = firstAfter(this.#occurrences, edge)
    if (left >= 16 || left * 2 >= this.#occurrences.length) {
      for (const forgotten of this.#occurrences.splice(0, left)) this.#flipping.delete(forgotten)
      if (this.#passing) this.#passing.splice(0, firstAfter(this.#passing, edge))
      this.#settled = Math.max(0, this.#settled - left)
    }
  }
}

/** Returns the index of the first that is not before an event. */
function placeOf(occurrences: readonly Occurrence[], event: Occurrence): number {
  let low = 0
  let high = occurrences.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareEvents(occurrences[middle]!, event) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function readValues(reader: EventReader, count: number): Reached[] {
  const values = new Array<Reached>(count)
  for (let index = 0; index < count; index++) values[index] = readReached(reader)
  return values
}
