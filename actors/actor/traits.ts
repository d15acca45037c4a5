/** The custom traits of one profile: per trait, the value with the latest `(ts, arrival)` wins; null removes it. */
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { compareEvents } from '../../src/model/event.ts'

/** The call that set a trait. */
export interface TraitOrigin {
  readonly ts: number
  readonly arrival: number
  readonly sourceId: string
}

export interface TraitEntry extends TraitOrigin {
  readonly key: string
  /** Null if removed; the entry stays, so that an older value stays away. */
  readonly value: JsonValue
}

/** Called for each trait that changed, with the values before and after; undefined if absent. */
export type OnTraitChange = (key: string, before: JsonValue | undefined, after: JsonValue | undefined) => void

export class Traits {
  readonly #entries = new Map<string, TraitEntry>()
  /** The present values, for readers of paths. Without a prototype: a trait may have any name. */
  readonly #values: JsonObject = Object.create(null) as JsonObject

  /** The present values, by name. */
  get values(): JsonObject {
    return this.#values
  }

  entries(): IterableIterator<TraitEntry> {
    return this.#entries.values()
  }

  entryOf(key: string): TraitEntry | undefined {
    return this.#entries.get(key)
  }

  /** Sets a trait, unless a later value is known. */
  set(entry: TraitEntry, onChange: OnTraitChange): void {
    const { key } = entry
    const known = this.#entries.get(key)
    if (known && compareEvents(known, entry) > 0) return
    this.#entries.set(key, entry)
    const before = this.#values[key]
    if (entry.value === null) {
      if (before === undefined) return
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- traits are a dictionary
      delete this.#values[key]
      onChange(key, before, undefined)
    } else {
      this.#values[key] = entry.value
      onChange(key, before, entry.value)
    }
  }

  /** Restores an entry, or removes the trait. */
  restore(key: string, entry: TraitEntry | undefined): void {
    if (entry) this.#entries.set(key, entry)
    else this.#entries.delete(key)
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- traits are a dictionary
    if (entry === undefined || entry.value === null) delete this.#values[key]
    else this.#values[key] = entry.value
  }
}
