/** Calls as the rows that a database is given: each once, its profile as a small number. */
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import { type Moment, momentOf } from '../engine/moment.ts'

export interface Fact {
  readonly profile: number
  /** Place among all calls: of two that happened at one instant, the later arrival is after. */
  readonly arrival: number
  readonly moment: Moment
}

export class FactReader {
  readonly #seen = new Set<string>()
  readonly #profiles = new Map<string, number>()
  /** By number of the profile. */
  readonly labels: string[] = []

  /** Drops calls that repeat a `messageId`. */
  read(entries: readonly CallsEntry<RawCall>[]): Fact[] {
    const facts: Fact[] = []
    for (const entry of entries) {
      const moment = momentOf(entry)
      if (this.#seen.has(moment.messageId)) continue
      const arrival = this.#seen.size
      this.#seen.add(moment.messageId)
      facts.push({ profile: this.#profileOf(moment.userId), arrival, moment })
    }
    return facts
  }

  #profileOf(userId: string): number {
    const known = this.#profiles.get(userId)
    if (known !== undefined) return known
    const profile = this.labels.length
    this.labels.push(`user_id:${userId}`)
    this.#profiles.set(userId, profile)
    return profile
  }
}
