/**
 * The findings of a preview by ordinal, so that an actor that changes can be taken out of the numbers and looked at
 * again. Some eighteen bytes an actor.
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
  /** For each condition if it is met, then for each if the definition would hold without it. */
  readonly parts: readonly boolean[]
  /** When the finding may change by time alone, epoch ms; infinite if it does not. */
  readonly dueAt: number
}

/** Actors of one chunk: to make room for them takes no time that shows. */
const CHUNK_SHIFT = 12
const CHUNK_ACTORS = 1 << CHUNK_SHIFT

class Chunk {
  readonly facts = new Uint16Array(CHUNK_ACTORS)
  readonly types = new Int32Array(CHUNK_ACTORS)
  readonly parts = new Int32Array(CHUNK_ACTORS)
  readonly dueAt = new Float64Array(CHUNK_ACTORS).fill(Infinity)
}

export class PreviewTally {
  readonly #chunks: (Chunk | undefined)[] = []
  readonly #typeNames: string[] = []
  readonly #typeCounts: number[] = []
  /** By other audience: members of both, and of the other. */
  readonly #both: number[]
  readonly #other: number[]
  /** By condition: actors that meet it, members without it, and members through it alone. */
  readonly #meets: number[]
  readonly #without: number[]
  readonly #onlyThrough: number[]
  /** Actors that were looked at, and members among them. */
  found = 0
  members = 0

  /**
   * @param others the number of other audiences
   * @param conditions the number of conditions, at most 16
   */
  constructor(others: number, conditions: number) {
    this.#meets = Array<number>(conditions).fill(0)
    this.#without = Array<number>(conditions).fill(0)
    this.#onlyThrough = Array<number>(conditions).fill(0)
    this.#both = Array<number>(others).fill(0)
    this.#other = Array<number>(others).fill(0)
  }

  isFound(ordinal: number): boolean {
    return this.#factsOf(ordinal) !== 0
  }

  isMember(ordinal: number): boolean {
    return (this.#factsOf(ordinal) & MEMBER) !== 0
  }

  /** Replaces the facts about an actor; with undefined it is no more. */
  set(ordinal: number, actor: ActorFacts | undefined): void {
    const chunk = (this.#chunks[ordinal >> CHUNK_SHIFT] ??= new Chunk())
    const at = ordinal & (CHUNK_ACTORS - 1)
    this.#count(chunk.facts[at]!, chunk.types[at]!, -1)
    this.#countParts(chunk.facts[at]!, chunk.parts[at]!, -1)
    chunk.facts[at] = actor ? factsOf(actor) : 0
    chunk.types[at] = actor?.isMember ? this.#typesOf(actor.ids) : 0
    chunk.dueAt[at] = actor ? actor.dueAt : Infinity
    chunk.parts[at] = actor ? bitsOf(actor.parts) : 0
    this.#count(chunk.facts[at], chunk.types[at], 1)
    this.#countParts(chunk.facts[at], chunk.parts[at], 1)
  }

  /** Lists the actors whose facts may have changed by an instant by time alone. */
  dueUntil(instant: number): number[] {
    const due: number[] = []
    for (const [index, chunk] of this.#chunks.entries())
      chunk?.dueAt.forEach((dueAt, at) => {
        if (dueAt <= instant) due.push((index << CHUNK_SHIFT) + at)
      })
    return due
  }

  countDueUntil(instant: number): number {
    let count = 0
    for (const chunk of this.#chunks) if (chunk) for (const dueAt of chunk.dueAt) if (dueAt <= instant) count++
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

  /** Returns the numbers of one of the conditions, by its index. */
  condition(index: number): { readonly meets: number; readonly without: number; readonly onlyThrough: number } {
    return {
      meets: this.#meets[index]!,
      without: this.#without[index]!,
      onlyThrough: this.#onlyThrough[index]!,
    }
  }

  #factsOf(ordinal: number): number {
    return this.#chunks[ordinal >> CHUNK_SHIFT]?.facts[ordinal & (CHUNK_ACTORS - 1)] ?? 0
  }

  #count(facts: number, types: number, by: 1 | -1): void {
    if ((facts & FOUND) === 0) return
    this.found += by
    const isMember = (facts & MEMBER) !== 0
    if (isMember) this.members += by
    for (let index = 0; index < this.#other.length; index++) {
      if ((facts & (1 << (index + OTHER_SHIFT))) === 0) continue
      this.#other[index]! += by
      if (isMember) this.#both[index]! += by
    }
    for (let left = types; left !== 0; left &= left - 1) this.#typeCounts[31 - Math.clz32(left & -left)]! += by
  }

  #countParts(facts: number, parts: number, by: 1 | -1): void {
    const conditions = this.#meets.length
    for (let index = 0; index < conditions; index++) {
      if ((parts & (1 << index)) !== 0) this.#meets[index]! += by
      if ((parts & (1 << (index + conditions))) !== 0) this.#without[index]! += by
      else if ((facts & MEMBER) !== 0) this.#onlyThrough[index]! += by
    }
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
}

function bitsOf(parts: readonly boolean[]): number {
  let bits = 0
  for (const [index, holds] of parts.entries()) if (holds) bits |= 1 << index
  return bits
}

function factsOf({ isMember, others }: ActorFacts): number {
  let facts = FOUND | (isMember ? MEMBER : 0)
  for (const [index, isOther] of others.entries()) if (isOther) facts |= 1 << (index + OTHER_SHIFT)
  return facts
}
