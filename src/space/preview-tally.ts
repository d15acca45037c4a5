/**
 * The findings of a preview by ordinal, so that an actor that changes can be taken out of the numbers and looked at
 * again. Some fourteen bytes an actor.
 */
import type { ExternalId } from '../model/external-id.ts'
import type { Overlap } from '../model/preview.ts'

/** The facts about an actor in bits: it was looked at; it is a member; for each other audience, if it is in that. */
const FOUND = 1
const MEMBER = 2
const OTHER_SHIFT = 2
/** Types of ids that are counted by themselves. */
const TYPES_MAX = 31

export interface ActorFacts {
  readonly isMember: boolean
  /** For each of the other audiences: is it a member? */
  readonly others: readonly boolean[]
  readonly ids: readonly ExternalId[]
  /** When the finding may change by time alone, epoch ms; infinite if it does not. */
  readonly dueAt: number
}

export class PreviewTally {
  #facts = new Uint16Array(0)
  #types = new Int32Array(0)
  #dueAt = new Float64Array(0)
  readonly #typeNames: string[] = []
  readonly #typeCounts: number[] = []
  /** By other audience: members of both, and of the other. */
  readonly #both: number[]
  readonly #other: number[]
  /** Actors that were looked at, and members among them. */
  found = 0
  members = 0

  /**
   * @param others the number of other audiences
   * @param ordinals room for so many at first: to grow takes long where there are many
   */
  constructor(others: number, ordinals: number) {
    if (ordinals > 0) this.#reach(ordinals - 1)
    this.#both = Array<number>(others).fill(0)
    this.#other = Array<number>(others).fill(0)
  }

  isFound(ordinal: number): boolean {
    return ordinal < this.#facts.length && this.#facts[ordinal] !== 0
  }

  isMember(ordinal: number): boolean {
    return ordinal < this.#facts.length && (this.#facts[ordinal]! & MEMBER) !== 0
  }

  /** Replaces the facts about an actor; with undefined it is no more. */
  set(ordinal: number, actor: ActorFacts | undefined): void {
    this.#reach(ordinal)
    this.#count(ordinal, -1)
    this.#facts[ordinal] = 0
    this.#types[ordinal] = 0
    this.#dueAt[ordinal] = Infinity
    if (!actor) return
    let facts = FOUND | (actor.isMember ? MEMBER : 0)
    for (const [index, isMember] of actor.others.entries()) if (isMember) facts |= 1 << (index + OTHER_SHIFT)
    this.#facts[ordinal] = facts
    this.#types[ordinal] = actor.isMember ? this.#typesOf(actor.ids) : 0
    this.#dueAt[ordinal] = actor.dueAt
    this.#count(ordinal, 1)
  }

  /** Lists the actors whose facts may have changed by an instant by time alone. */
  dueUntil(instant: number): number[] {
    const due: number[] = []
    for (let ordinal = 0; ordinal < this.#dueAt.length; ordinal++)
      if (this.#dueAt[ordinal]! <= instant) due.push(ordinal)
    return due
  }

  countDueUntil(instant: number): number {
    let count = 0
    for (let ordinal = 0; ordinal < this.#dueAt.length; ordinal++) if (this.#dueAt[ordinal]! <= instant) count++
    return count
  }

  /** By type of id: the members that have one. */
  identifiers(): Record<string, number> {
    const entries = this.#typeNames.map((name, index) => [name, this.#typeCounts[index]!] as const)
    return Object.fromEntries(entries.filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]))
  }

  /** Returns the overlap with one of the other audiences, by its index. */
  overlap(other: number): Overlap {
    const both = this.#both[other]!
    return { both, onlyThis: this.members - both, onlyOther: this.#other[other]! - both }
  }

  #count(ordinal: number, by: 1 | -1): void {
    const facts = this.#facts[ordinal]!
    if ((facts & FOUND) === 0) return
    this.found += by
    const isMember = (facts & MEMBER) !== 0
    if (isMember) this.members += by
    for (let index = 0; index < this.#other.length; index++) {
      if ((facts & (1 << (index + OTHER_SHIFT))) === 0) continue
      this.#other[index]! += by
      if (isMember) this.#both[index]! += by
    }
    for (let types = this.#types[ordinal]!; types !== 0; types &= types - 1)
      this.#typeCounts[31 - Math.clz32(types & -types)]! += by
  }

  #typesOf(ids: readonly ExternalId[]): number {
    let types = 0
    for (const { type } of ids) {
      let index = this.#typeNames.indexOf(type)
      if (index < 0 && this.#typeNames.length < TYPES_MAX) {
        index = this.#typeNames.push(type) - 1
        this.#typeCounts.push(0)
      }
      if (index >= 0) types |= 1 << index
    }
    return types
  }

  #reach(ordinal: number): void {
    if (ordinal < this.#facts.length) return
    const length = Math.max(ordinal + 1, this.#facts.length * 2, 1024)
    const [facts, types, dueAt] = [new Uint16Array(length), new Int32Array(length), new Float64Array(length)]
    facts.set(this.#facts)
    types.set(this.#types)
    dueAt.fill(Infinity)
    dueAt.set(this.#dueAt)
    this.#facts = facts
    this.#types = types
    this.#dueAt = dueAt
  }
}
