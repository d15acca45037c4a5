/**
 * The size of a run, and its seed. `TEST_CRASH=full` asks for the full numbers; `TEST_SEED` repeats a run as
 * far as chance is the test's: when a signal arrives is the machine's.
 */
import { expect } from 'vitest'
import { DEADLINE_MS } from '../../support/eventually.ts'

const { TEST_CRASH, TEST_SEED } = process.env

export const IS_FULL = TEST_CRASH === 'full'
const SEED = Number(TEST_SEED ?? Date.now() % 1_000_000_000)

export function sized({ usual, full }: { readonly usual: number; readonly full: number }): number {
  return IS_FULL ? full : usual
}

/** The time that a server may take. Only a full run holds it to that: elsewhere the machine may be the slow one. */
export function within(ms: number): number {
  return IS_FULL ? ms : DEADLINE_MS
}

/** The same of what is over already. */
export function expectWithin(elapsedMs: number, ms: number): void {
  if (IS_FULL) expect(elapsedMs).toBeLessThan(ms)
}

/** Gives the ms since it was made. */
export function stopwatch(): () => number {
  const startedAt = performance.now()
  return () => performance.now() - startedAt
}

/** Numbers from a seed, which is printed. */
export class Chance {
  #state: number

  constructor(story: string) {
    say(story, `TEST_SEED=${SEED}`)
    this.#state = SEED
  }

  /** A whole number from 0 to `end`, without `end`; mulberry32. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * end)
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, place: this.below(1_000_000_000) }))
      .sort((a, b) => a.place - b.place)
      .map(({ item }) => item)
  }
}

/** Writes a line of a story to the test's output. */
export function say(story: string, ...words: readonly string[]): void {
  process.stdout.write(`[crash] ${story}: ${words.join(' ')}\n`)
}

/** `median 700 ms, max 2100 ms of 12` */
export function spread(timesMs: readonly number[]): string {
  const sorted = [...timesMs].sort((a, b) => a - b).map(Math.round)
  return `median ${sorted[Math.floor(sorted.length / 2)] ?? 0} ms, max ${sorted.at(-1) ?? 0} ms of ${sorted.length}`
}
