/**
 * The sizes of a space's audiences over time: by hours for months, by minutes for the last ones. They are state as the
 * engine's is: they follow from the journal, and a checkpoint has them.
 */
import type { Settled, SettlementObserver } from '../../actors/settlement/settlement-observer.ts'
import type { SizeChange, PresentSize, SizeRange, SizeStep } from '../model/audience-size.ts'
import { ChangeSeries, type StoredSeries } from './change-series.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const MINUTES_KEPT = 120
const HOURS_KEPT = 90 * 24
const DAY_HOURS = 24
const NO_CHANGE: SizeChange = { entered: 0, left: 0, byTime: 0 }

/** The space, as its sizes are read from it. */
export interface CountedSpace {
  /** Counts the members of a definition by its number. */
  membersOf(definition: number): number
  /** Lists the audiences that are there, by number. */
  audiences(): readonly number[]
  /** True for a definition that is not there, but whose last values are kept. */
  isAside(definition: number): boolean
}

type StoredSizes = readonly [definition: number, minutes: StoredSeries, hours: StoredSeries]

/** As a checkpoint has them. */
export type AudienceSizesState = readonly StoredSizes[]

interface Sizes {
  readonly minutes: ChangeSeries
  readonly hours: ChangeSeries
}

export class AudienceSizes implements SettlementObserver {
  /** By number of the definition. */
  readonly #sizes = new Map<number, Sizes>()
  #space: CountedSpace | undefined

  static of(state: AudienceSizesState = []): AudienceSizes {
    const all = new AudienceSizes()
    for (const [definition, minutes, hours] of state)
      all.#sizes.set(definition, {
        minutes: ChangeSeries.of(minutes, MINUTE_MS, MINUTES_KEPT),
        hours: ChangeSeries.of(hours, HOUR_MS, HOURS_KEPT),
      })
    return all
  }

  state(): AudienceSizesState {
    return Array.from(this.#sizes, ([definition, { minutes, hours }]) => [definition, minutes.stored(), hours.stored()])
  }

  attach(space: CountedSpace): void {
    this.#space = space
  }

  settled({ at, cause, changes, united }: Settled): void {
    const found = new Map<number, { entered: number; left: number }>()
    for (const { definition, transition } of changes) {
      if (transition.type === 'trait') continue
      const change = found.get(definition) ?? { entered: 0, left: 0 }
      found.set(definition, change)
      if (transition.type === 'entered') change.entered++
      else change.left++
    }
    for (const [definition, { entered, left }] of found)
      this.#add(definition, at, { entered, left, byTime: cause === 'time' ? entered + left : 0 })
    // Two members that have become one are one member.
    if (united.length > 0)
      for (const [definition, { hours }] of this.#sizes)
        if (hours.size !== this.#space!.membersOf(definition)) this.#add(definition, at, NO_CHANGE)
  }

  /** Definitions have changed: begins with those that are new, and forgets those that are no more. */
  definitionsChanged(at: number): void {
    const present = new Set(this.#space!.audiences())
    for (const definition of this.#sizes.keys())
      if (!present.has(definition) && !this.#space!.isAside(definition)) this.#sizes.delete(definition)
    for (const definition of present) if (!this.#sizes.has(definition)) this.#add(definition, at, NO_CHANGE)
  }

  now(definition: number, now: number): PresentSize {
    const first = (Math.floor(now / HOUR_MS) - DAY_HOURS + 1) * HOUR_MS
    const { entered, left } = this.#sizes.get(definition)?.hours.since(first) ?? NO_CHANGE
    return { count: this.#space!.membersOf(definition), entered24h: entered, left24h: left }
  }

  /** Returns the size at the end of the minute of an instant of the last hours; undefined if it is not known. */
  at(definition: number, instant: number): number | undefined {
    return this.list(definition, { from: instant, to: instant + 1, step: 'minute' })[0]?.size
  }

  /** Lists sizes and changes from one instant to another, as far back as they are kept. */
  list(definition: number, { from, to, step }: SizeRange): SizeStep[] {
    const sizes = this.#sizes.get(definition)
    if (!sizes) return []
    if (step === 'minute') return sizes.minutes.list(from, to)
    return sizes.hours.list(from, to, step === 'day' ? DAY_HOURS : 1)
  }

  #add(definition: number, at: number, change: SizeChange): void {
    const known = this.#sizes.get(definition)
    const { minutes, hours } = known ?? {
      minutes: new ChangeSeries(MINUTE_MS, MINUTES_KEPT),
      hours: new ChangeSeries(HOUR_MS, HOURS_KEPT),
    }
    if (!known) this.#sizes.set(definition, { minutes, hours })
    const size = this.#space!.membersOf(definition)
    minutes.add(at, change, size)
    hours.add(at, change, size)
  }
}
