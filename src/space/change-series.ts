/**
 * The changes of one audience in steps of time: for each step in which something changed, how many entered and left,
 * how many of those by time alone, and the size at its end. Twenty bytes a step; the oldest leave.
 */

import type { SizeChange, SizeStep } from '../model/audience-size.ts'

/** Numbers of one step: its own, counted since 1970 · size · entered · left · by time. */
const FIELDS = 5
const SIZE = 1
const ENTERED = 2
const LEFT = 3
const BY_TIME = 4
const CAPACITY_FIRST = 8

/** As a checkpoint has it. */
export type StoredSeries = Uint8Array

export class ChangeSeries {
  readonly stepMs: number
  readonly #max: number
  #numbers = new Int32Array(CAPACITY_FIRST * FIELDS)
  #count = 0

  /** @param max the number of steps that are kept */
  constructor(stepMs: number, max: number) {
    this.stepMs = stepMs
    this.#max = max
  }

  static of(stored: StoredSeries, stepMs: number, max: number): ChangeSeries {
    const series = new ChangeSeries(stepMs, max)
    // The bytes may lie anywhere in those of others.
    series.#numbers = new Int32Array(new Uint8Array(stored).buffer)
    series.#count = series.#numbers.length / FIELDS
    return series
  }

  stored(): StoredSeries {
    return new Uint8Array(this.#numbers.slice(0, this.#count * FIELDS).buffer)
  }

  /** The size at the end of the last step; undefined if there is none. */
  get size(): number | undefined {
    return this.#count === 0 ? undefined : this.#numbers[(this.#count - 1) * FIELDS + SIZE]
  }

  /**
   * Adds changes of an instant: mostly of the present, or of one before it, from which the sizes follow.
   * @param size after them, now
   */
  add(at: number, { entered, left, byTime }: SizeChange, size: number): void {
    const first = this.#indexOf(Math.floor(at / this.stepMs))
    const numbers = this.#numbers
    if (first >= 0) {
      numbers[first + ENTERED]! += entered
      numbers[first + LEFT]! += left
      numbers[first + BY_TIME]! += byTime
      for (let index = first; index < this.#count * FIELDS; index += FIELDS) numbers[index + SIZE]! += entered - left
    }
    if (this.#count > 0) this.#numbers[(this.#count - 1) * FIELDS + SIZE] = size
  }

  /** Adds up the changes from an instant on. */
  since(instant: number): SizeChange {
    let [entered, left, byTime] = [0, 0, 0]
    for (const step of this.#steps()) {
      if (step.at < instant) continue
      entered += step.entered
      left += step.left
      byTime += step.byTime
    }
    return { entered, left, byTime }
  }

  /**
   * Lists all steps between two instants, from the first that is known of; one that begins before the end is there.
   * @param together so many of the kept steps are one of the list
   */
  list(from: number, to: number, together = 1): SizeStep[] {
    const stepMs = this.stepMs * together
    const list: SizeStep[] = []
    let size: number | undefined
    for (const step of this.#steps()) {
      const at = Math.floor(step.at / stepMs) * stepMs
      if (at >= to) break
      fill(list, { size, stepMs, from, to: at })
      const last = list.at(-1)
      if (last?.at === at) list[list.length - 1] = sumOf(last, step)
      else if (at + stepMs > from) list.push({ ...step, at })
      ;({ size } = step)
    }
    fill(list, { size, stepMs, from, to })
    return list
  }

  *#steps(): Generator<SizeStep> {
    for (let at = 0; at < this.#count * FIELDS; at += FIELDS)
      yield {
        at: this.#numbers[at]! * this.stepMs,
        size: this.#numbers[at + SIZE]!,
        entered: this.#numbers[at + ENTERED]!,
        left: this.#numbers[at + LEFT]!,
        byTime: this.#numbers[at + BY_TIME]!,
      }
  }

  /** Finds the numbers of a step, or makes room for them; -1 if it is too old to be kept. */
  #indexOf(step: number): number {
    let place = this.#count
    while (place > 0 && this.#numbers[(place - 1) * FIELDS]! > step) place--
    if (place > 0 && this.#numbers[(place - 1) * FIELDS] === step) return (place - 1) * FIELDS
    const isFull = this.#count === this.#max
    if (isFull && place === 0) return -1
    const before = place === 0 ? 0 : this.#numbers[(place - 1) * FIELDS + SIZE]!
    if (isFull) this.#numbers.copyWithin(0, FIELDS, place-- * FIELDS)
    else {
      if ((this.#count + 1) * FIELDS > this.#numbers.length) this.#grow()
      this.#numbers.copyWithin((place + 1) * FIELDS, place * FIELDS, this.#count * FIELDS)
      this.#count++
    }
    const at = place * FIELDS
    this.#numbers.fill(0, at, at + FIELDS)
    this.#numbers[at] = step
    this.#numbers[at + SIZE] = before
    return at
  }

  #grow(): void {
    const wider = new Int32Array(Math.min(this.#max, Math.max(CAPACITY_FIRST, this.#count * 2)) * FIELDS)
    wider.set(this.#numbers.subarray(0, this.#count * FIELDS))
    this.#numbers = wider
  }
}

/** Fills a list up to an instant with steps in which nothing changes; `size` is undefined before the first. */
function fill(
  list: SizeStep[],
  {
    size,
    stepMs,
    from,
    to,
  }: { readonly size: number | undefined; readonly stepMs: number; readonly from: number; readonly to: number },
): void {
  if (size === undefined) return
  const first = list.length > 0 ? list.at(-1)!.at + stepMs : Math.floor(from / stepMs) * stepMs
  for (let at = first; at < to; at += stepMs) list.push({ at, size, entered: 0, left: 0, byTime: 0 })
}

function sumOf(a: SizeStep, b: SizeStep): SizeStep {
  const [entered, left, byTime] = [a.entered + b.entered, a.left + b.left, a.byTime + b.byTime]
  return { at: a.at, size: b.size, entered, left, byTime }
}
