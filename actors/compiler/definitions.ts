/**
 * The definitions of a space, checked and parsed. A change makes a new set, so that a refused change leaves nothing
 * behind.
 */
import { parseQuery } from '../../src/language/parse.ts'
import type { DefinitionSource, DefinitionType } from '../../src/model/definition.ts'
import { EngineError, kindOf } from '../../src/model/errors.ts'
import { ALL, type Since } from '../plan/since.ts'
import type { DefinitionInput, Moment } from './references.ts'

type Begun = Pick<DefinitionInput, 'id' | 'since' | 'begunAt' | 'definedAt'>

/** A definition as a checkpoint has it. */
export interface StoredDefinition {
  readonly id: number
  readonly source: DefinitionSource
  readonly sinceArrival: number
  /** Absent if nothing counts from before. */
  readonly sinceTs?: number
  /** Absent if it was there from the start, or before moments were stored. */
  readonly begunAt?: Moment
  readonly definedAt: number
}

const DAY_MS = 86_400_000

/** A set of definitions as a checkpoint has it. */
export interface StoredDefinitions {
  readonly definitions: readonly StoredDefinition[]
  /** Those whose last values are kept aside; absent before there were any. */
  readonly asideDefinitions?: readonly StoredDefinition[]
  readonly nextDefinitionId: number
}

export class Definitions {
  readonly #inputs: readonly DefinitionInput[]
  /** Not computed; their last values are kept, should they come back. */
  readonly #aside: readonly DefinitionInput[]
  readonly #nextId: number

  private constructor(inputs: readonly DefinitionInput[], aside: readonly DefinitionInput[], nextId: number) {
    this.#inputs = inputs
    this.#aside = aside
    this.#nextId = nextId
  }

  /** Makes a set of definitions that are there from the start. Throws an EngineError for one that breaks a rule. */
  static of(sources: readonly DefinitionSource[]): Definitions {
    const inputs: DefinitionInput[] = []
    for (const source of sources) {
      if (inputs.some((other) => isSame(other.source, source)))
        throw new EngineError('key_taken', `key: '${source.key}' is defined twice for ${source.type}`, 'key')
      inputs.push(readDefinition(source, { id: inputs.length, since: ALL, begunAt: undefined, definedAt: -1 }))
    }
    return new Definitions(inputs, [], inputs.length)
  }

  /**
   * Restores a set from `toData`.
   * @param known sets that were restored before: definitions that they have too are the very same, and so are equal sets
   */
  static restored(stored: StoredDefinitions, known: readonly Definitions[] = []): Definitions {
    const held = known.flatMap((set) => [...set.#inputs, ...set.#aside])
    const byText = new Map(held.map((input) => [JSON.stringify(dataOf(input)), input]))
    const restore = (data: StoredDefinition): DefinitionInput => byText.get(JSON.stringify(data)) ?? inputOf(data)
    const { definitions, asideDefinitions = [], nextDefinitionId } = stored
    const restored = new Definitions(definitions.map(restore), asideDefinitions.map(restore), nextDefinitionId)
    return known.find((set) => set.#isSame(restored)) ?? restored
  }

  /** Reads a definition that is no member of a set. Throws an EngineError for one that breaks a rule. */
  static draft(source: DefinitionSource, id: number, now: Moment): DefinitionInput {
    return readDefinition(source, { id, since: sinceOf(source, now), begunAt: now, definedAt: now.arrivals })
  }

  #isSame(other: Definitions): boolean {
    const isSameList = (some: readonly DefinitionInput[], others: readonly DefinitionInput[]): boolean =>
      some.length === others.length && some.every((input, index) => input === others[index])
    const isSameNext = this.#nextId === other.#nextId
    return isSameNext && isSameList(this.#inputs, other.#inputs) && isSameList(this.#aside, other.#aside)
  }

  inputs(): readonly DefinitionInput[] {
    return this.#inputs
  }

  /** Returns the set as `restored` takes it. */
  toData(): StoredDefinitions {
    return {
      definitions: this.#inputs.map(dataOf),
      ...(this.#aside.length > 0 && { asideDefinitions: this.#aside.map(dataOf) }),
      nextDefinitionId: this.#nextId,
    }
  }

  /** True for a definition whose last values are kept, though it is not there. */
  isAside(id: number): boolean {
    return this.#aside.some((input) => input.id === id)
  }

  get nextId(): number {
    return this.#nextId
  }

  /** True for a definition that is there, and for one whose last values are kept. */
  has(key: string, type: DefinitionType): boolean {
    return [...this.#inputs, ...this.#aside].some(({ source }) => source.key === key && source.type === type)
  }

  find(key: string, type: DefinitionType): DefinitionSource | undefined {
    return this.input(key, type)?.source
  }

  input(key: string, type: DefinitionType): DefinitionInput | undefined {
    return this.#inputs.find(({ source }) => source.key === key && source.type === type)
  }

  /**
   * Returns the set with a definition added, or with the one of its type and key changed.
   * @param now where a definition begins that leaves something of the past out, unless it did so before
   */
  with(source: DefinitionSource, now: Moment): Definitions {
    const known = [...this.#inputs, ...this.#aside].find((input) => isSame(input.source, source))
    const begunAt = known && known.since.arrival >= 0 ? (known.begunAt ?? momentOf(known.since)) : now
    const begun = { id: known?.id ?? this.#nextId, since: sinceOf(source, begunAt), begunAt }
    const input = readDefinition(source, { ...begun, definedAt: now.arrivals })
    const aside = this.#aside.filter((other) => other !== known)
    const isThere = known !== undefined && aside.length === this.#aside.length
    const inputs = isThere ? this.#inputs.map((other) => (other === known ? input : other)) : [...this.#inputs, input]
    return new Definitions(inputs, aside, known ? this.#nextId : this.#nextId + 1)
  }

  /**
   * Returns the set without a definition. Throws an EngineError if there is none such.
   * @param isKept true if its last values are kept, should it come back
   */
  without(key: string, type: DefinitionType, isKept = false): Definitions {
    const isMeant = ({ source }: DefinitionInput): boolean => source.key === key && source.type === type
    const [dropped, other] = [this.#inputs.find(isMeant), this.#inputs.filter((input) => !isMeant(input))]
    if (!dropped && !this.#aside.some(isMeant))
      throw new EngineError('not_found', `key: no definition '${key}' for ${type}`, 'key')
    const aside = this.#aside.filter((input) => !isMeant(input))
    return new Definitions(other, isKept && dropped ? [...aside, dropped] : aside, this.#nextId)
  }
}

function dataOf({ id, source, since: { arrival, ts }, begunAt, definedAt }: DefinitionInput): StoredDefinition {
  return {
    id,
    source,
    sinceArrival: arrival,
    ...(ts === Infinity ? {} : { sinceTs: ts }),
    ...(begunAt && { begunAt }),
    definedAt,
  }
}

function inputOf({ id, source, sinceArrival: arrival, sinceTs: ts = Infinity, begunAt, definedAt }: StoredDefinition) {
  return readDefinition(source, { id, since: { arrival, ts }, begunAt, definedAt })
}

function isSame(a: DefinitionSource, b: DefinitionSource): boolean {
  return a.key === b.key && a.type === b.type
}

/** Returns the moment of a definition that was stored without it. */
function momentOf({ arrival }: Since): Moment {
  return { arrivals: arrival, at: -Infinity }
}

function sinceOf({ includeHistoricalData, backfillDays }: DefinitionSource, { arrivals, at }: Moment): Since {
  if (includeHistoricalData === false) return { arrival: arrivals, ts: Infinity }
  return backfillDays === undefined ? ALL : { arrival: arrivals, ts: at - backfillDays * DAY_MS }
}

/** Checked at run time, since files and journals need not keep what the type promises. */
const KINDS: readonly unknown[] = ['audience', 'computed_trait']
const TYPES: readonly unknown[] = ['USERS', 'ACCOUNTS']

function readDefinition(source: DefinitionSource, begun: Begun): DefinitionInput {
  check(KINDS.includes(source.kind), 'kind', 'audience or computed_trait', source.kind)
  const { key } = source
  check(typeof key === 'string' && key !== '' && !key.startsWith('\0'), 'key', 'text that is not empty', key)
  check(TYPES.includes(source.type), 'type', 'USERS or ACCOUNTS', source.type)
  check(typeof source.query === 'string', 'query', 'text', source.query)
  const types = source.filterByExternalIds ?? []
  check(Array.isArray(types), 'filterByExternalIds', 'a list of id types', types)
  return { ...begun, source, query: parseQuery(source.query, source) }
}

function check(holds: boolean, field: string, expected: string, got: unknown): void {
  if (!holds) throw new EngineError('definition_invalid', `${field}: expected ${expected}, got ${kindOf(got)}`, field)
}
