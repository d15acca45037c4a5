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

export class Definitions {
  readonly #inputs: readonly DefinitionInput[]
  readonly #nextId: number

  private constructor(inputs: readonly DefinitionInput[], nextId: number) {
    this.#inputs = inputs
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
    return new Definitions(inputs, inputs.length)
  }

  /** Restores a set from `toData` and `nextId`. */
  static restored(stored: readonly StoredDefinition[], nextId: number): Definitions {
    const inputs = stored.map(({ id, source, sinceArrival: arrival, sinceTs: ts = Infinity, begunAt, definedAt }) =>
      readDefinition(source, { id, since: { arrival, ts }, begunAt, definedAt }),
    )
    return new Definitions(inputs, nextId)
  }

  /** Reads a definition that is no member of a set. Throws an EngineError for one that breaks a rule. */
  static draft(source: DefinitionSource, id: number, now: Moment): DefinitionInput {
    return readDefinition(source, { id, since: sinceOf(source, now), begunAt: now, definedAt: now.arrivals })
  }

  inputs(): readonly DefinitionInput[] {
    return this.#inputs
  }

  /** Returns each definition as `restored` takes it. */
  toData(): StoredDefinition[] {
    return this.#inputs.map(({ id, source, since: { arrival, ts }, begunAt, definedAt }) => ({
      id,
      source,
      sinceArrival: arrival,
      ...(ts === Infinity ? {} : { sinceTs: ts }),
      ...(begunAt && { begunAt }),
      definedAt,
    }))
  }

  get nextId(): number {
    return this.#nextId
  }

  find(key: string, type: DefinitionType): DefinitionSource | undefined {
    return this.#inputs.find(({ source }) => source.key === key && source.type === type)?.source
  }

  /**
   * Returns the set with a definition added, or with the one of its type and key changed.
   * @param now where a definition begins that leaves something of the past out, unless it did so before
   */
  with(source: DefinitionSource, now: Moment): Definitions {
    const known = this.#inputs.find((input) => isSame(input.source, source))
    const begunAt = known && known.since.arrival >= 0 ? (known.begunAt ?? momentOf(known.since)) : now
    const begun = { id: known?.id ?? this.#nextId, since: sinceOf(source, begunAt), begunAt }
    const input = readDefinition(source, { ...begun, definedAt: now.arrivals })
    if (known)
      return new Definitions(
        this.#inputs.map((other) => (other === known ? input : other)),
        this.#nextId,
      )
    return new Definitions([...this.#inputs, input], this.#nextId + 1)
  }

  /** Returns the set without a definition. Throws an EngineError if there is none such. */
  without(key: string, type: DefinitionType): Definitions {
    const kept = this.#inputs.filter(({ source }) => source.key !== key || source.type !== type)
    if (kept.length === this.#inputs.length)
      throw new EngineError('not_found', `key: no definition '${key}' for ${type}`, 'key')
    return new Definitions(kept, this.#nextId)
  }
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
