/**
 * Finds the readers of a changed trait. Definitions that compare it with a constant for equality are found by its
 * values before and after; all other readers are always visited.
 */
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { each, equalityKey, type PathReader } from '../values/values.ts'
import { type Dependents, noDependents } from './dependents.ts'

interface EqualityIndex {
  readonly read: PathReader
  readonly byKey: Map<string | number, Set<number>>
}

export interface TraitReaders {
  /** Visited whatever the change. */
  readonly always: Dependents
  /** By path: definitions that compare it with a constant for equality. */
  readonly equalities: Map<string, EqualityIndex>
}

export class TraitIndex {
  readonly #readers = new Map<string, TraitReaders>()

  /** Returns the readers of the custom trait of this name; undefined if there are none. */
  readersOf(key: string): TraitReaders | undefined {
    return this.#readers.get(key)
  }

  /** @param keys the trait keys under which the reference may find its value */
  register(keys: readonly string[], add: (readers: TraitReaders) => void): void {
    for (const key of new Set(keys)) {
      let readers = this.#readers.get(key)
      if (!readers) {
        readers = { always: noDependents(), equalities: new Map() }
        this.#readers.set(key, readers)
      }
      add(readers)
    }
  }
}

/** Registers a definition that compares a trait with a constant for equality. */
export function addEquality(
  readers: TraitReaders,
  path: string,
  read: PathReader,
  constant: JsonValue,
  definition: number,
): void {
  let index = readers.equalities.get(path)
  if (!index) readers.equalities.set(path, (index = { read, byKey: new Map() }))
  const key = equalityKey(constant)
  const listed = index.byKey.get(key)
  if (listed) listed.add(definition)
  else index.byKey.set(key, new Set([definition]))
}

/** Visits the definitions whose equality may have flipped between two states of the traits. */
export function visitEqualities(
  readers: TraitReaders,
  before: JsonObject,
  after: JsonObject,
  visit: (definition: number) => void,
): void {
  for (const index of readers.equalities.values())
    for (const traits of [before, after])
      each(index.read(traits), (value) => index.byKey.get(equalityKey(value))?.forEach(visit))
}
