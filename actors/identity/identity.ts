/**
 * The id graph of a space. Finds the profiles that hold a call's ids and decides, within the limits, if they are
 * created, extended or united. Deciding changes nothing.
 */
import { compareIdTypes, type ExternalId, type IdentityRules } from '../../src/model/external-id.ts'
import { IdTable } from './id-table.ts'

/** The part of a profile that the identity rules look at. */
export interface NamedProfile {
  readonly ids: readonly ExternalId[]
  readonly mergeCount: number
}

export interface Resolution {
  /** Ordinals of the profiles to unite, the survivor first; none: to be created. */
  readonly profiles: readonly number[]
  /** Ids of the call that no profile holds yet and that the profile is to have, in the call's order. */
  readonly added: readonly ExternalId[]
}

export class Identity {
  readonly #rules: IdentityRules
  readonly #ids = new IdTable()
  readonly #profileAt: (ordinal: number) => NamedProfile

  constructor(rules: IdentityRules, profileAt: (ordinal: number) => NamedProfile) {
    this.#rules = rules
    this.#profileAt = profileAt
  }

  /** Returns the ordinal of the profile that holds the id, or -1. */
  ordinalOf(type: string, value: string): number {
    return this.#ids.find(type, value)
  }

  /** Lists the types of ids that profiles hold. */
  types(): Iterable<string> {
    return this.#ids.types()
  }

  /** Returns the ordinal of the one profile that holds all of the ids; -1 if there is none. */
  holderOf(ids: readonly ExternalId[]): number {
    const holder = this.#ids.find(ids[0]!.type, ids[0]!.value)
    for (let index = 1; index < ids.length && holder >= 0; index++)
      if (this.#ids.find(ids[index]!.type, ids[index]!.value) !== holder) return -1
    return holder
  }

  assign({ type, value }: ExternalId, ordinal: number): void {
    this.#ids.set(type, value, ordinal)
  }

  release({ type, value }: ExternalId): void {
    this.#ids.delete(type, value)
  }

  /** @param ids of one call, at least one, in the order in which the call has them */
  resolve(ids: readonly ExternalId[]): Resolution {
    if (ids.length === 1) {
      const id = ids[0]!
      const holder = this.ordinalOf(id.type, id.value)
      return holder >= 0 ? { profiles: [holder], added: [] } : { profiles: [], added: ids }
    }
    const byPriority = ids
      .map((id, index) => ({ id, index }))
      .sort((a, b) => compareIdTypes(this.#rules, a.id.type, b.id.type) || a.index - b.index)
    const kept = new Set(ids)
    for (;;) {
      const resolution = this.#unite(kept)
      if (kept.size === 1 || this.#isWithinLimits(resolution)) return resolution
      kept.delete(byPriority.pop()!.id)
    }
  }

  #unite(ids: Iterable<ExternalId>): Resolution {
    const profiles: number[] = []
    const added: ExternalId[] = []
    for (const id of ids) {
      const holder = this.ordinalOf(id.type, id.value)
      if (holder < 0) added.push(id)
      else if (!profiles.includes(holder)) profiles.push(holder)
    }
    return { profiles: profiles.length > 1 ? this.#survivorFirst(profiles) : profiles, added }
  }

  #isWithinLimits({ profiles, added }: Resolution): boolean {
    if (added.length === 0 && profiles.length < 2) return true
    const { limits, limitOther, idsMax, mergesMax } = this.#rules
    const counts = new Map<string, number>()
    let total = 0
    const held = profiles.map(this.#profileAt)
    for (const list of [...held.map((profile) => profile.ids), added])
      for (const { type } of list) {
        const count = (counts.get(type) ?? 0) + 1
        if (count > (Object.hasOwn(limits, type) ? limits[type]! : limitOther)) return false
        counts.set(type, count)
        total++
      }
    const merges = held.reduce((sum, profile) => sum + profile.mergeCount, Math.max(0, profiles.length - 1))
    return total <= idsMax && (profiles.length < 2 || merges <= mergesMax)
  }

  /** Returns the one profile with a `user_id` first if exactly one has one, else the first created. */
  #survivorFirst(profiles: readonly number[]): number[] {
    const byAge = [...profiles].sort((a, b) => a - b)
    const named = byAge.filter((ordinal) => this.#profileAt(ordinal).ids.some((id) => id.type === 'user_id'))
    const survivor = named.length === 1 ? named[0]! : byAge[0]!
    return [survivor, ...byAge.filter((ordinal) => ordinal !== survivor)]
  }
}
