/** The custom traits of one profile: per trait, the value with the latest `(ts, arrival)` wins; null removes it. */
import { type Consent, CONSENT_KEY } from '../../src/model/consent.ts'
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

export class Traits {
  readonly #entries = new Map<string, TraitEntry>()
  /** The present values, once they have been asked for. */
  #values: JsonObject | undefined

  /** The present values, by name, for readers of paths. Without a prototype: a trait may have any name. */
  get values(): JsonObject {
    this.#values ??= presentValues(this.#entries)
    return this.#values
  }

  /** All that is kept, the consent too. */
  entries(): IterableIterator<TraitEntry> {
    return this.#entries.values()
  }

  /** The user's consent; undefined if nothing is known of it. */
  get consent(): Consent | undefined {
    return this.#entries.get(CONSENT_KEY)?.value as Consent | undefined
  }

  /** Sets a trait, unless a later value is known. Returns true if its value may be another now. */
  set(entry: TraitEntry): boolean {
    const { key } = entry
    const known = this.#entries.get(key)
    if (known && compareEvents(known, entry) > 0) return false
    this.#entries.set(key, entry)
    this.#values = undefined
    return key === CONSENT_KEY || entry.value !== null || (known !== undefined && known.value !== null)
  }
}

function presentValues(entries: ReadonlyMap<string, TraitEntry>): JsonObject {
  const values = Object.create(null) as JsonObject
  for (const [key, { value }] of entries) if (value !== null && key !== CONSENT_KEY) values[key] = value
  return values
}
