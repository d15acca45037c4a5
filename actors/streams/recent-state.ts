/**
 * "At least n within w", and its kin that compare a count with constants: the n newest event times are all it takes
 * (n is the largest constant that can still make a difference).
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/transition.ts'
import type { Host } from '../host.ts'
import type { StreamState } from './stream-node.ts'

export class RecentState implements StreamState {
  dueAt = Infinity
  bits = 0
  published: JsonValue[] | undefined = undefined
  readonly #width: number
  readonly #kept: number
  /** The newest event time; -Infinity where none is in the window. */
  #newest = -Infinity
  /** Those before it, oldest first; made when a second one is kept. */
  #older: number[] | undefined = undefined

  /** @param width of the window, ms; @param kept how many of the newest event times count */
  constructor(width: number, kept: number) {
    this.#width = width
    this.#kept = kept
  }

  insert(event: ProfileEvent, host: Host): void {
    const ts = event.ts
    if (ts + this.#width <= host.now) return
    this.advance(host)
    if (this.#kept === 1 || this.#newest === -Infinity) this.#newest = Math.max(this.#newest, ts)
    else {
      const older = (this.#older ??= [])
      let place = Math.min(ts, this.#newest)
      this.#newest = Math.max(ts, this.#newest)
      let index = older.length
      while (index > 0 && older[index - 1]! > place) index--
      older.splice(index, 0, place)
      place = older.length + 1 - this.#kept
      if (place > 0) older.splice(0, place)
    }
    this.#schedule()
  }

  advance(host: Host): void {
    const edge = host.now - this.#width
    const older = this.#older
    if (older) {
      let left = 0
      while (left < older.length && older[left]! <= edge) left++
      if (left > 0) older.splice(0, left)
    }
    if (this.#newest <= edge) this.#newest = -Infinity
    this.#schedule()
  }

  value(): number {
    return this.#newest === -Infinity ? 0 : 1 + (this.#older?.length ?? 0)
  }

  #schedule(): void {
    const oldest = this.#older?.[0] ?? this.#newest
    this.dueAt = oldest === -Infinity ? Infinity : oldest + this.#width
  }
}
