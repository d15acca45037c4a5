/**
 * Finds the predicates that an event can satisfy: by the event's name, then by a property that a predicate needs to
 * equal one of some constants. So an event pays for what it can affect, not for what is defined.
 */
import { counts } from './since.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { equalityKey, type Reached, Several } from '../values/values.ts'
import type { OccurrenceNode } from './occurrence-node.ts'
import type { StreamNode } from './stream-node.ts'
import type { Predicate, Work } from './predicate.ts'

/** Constants one of which a field must equal. */
export interface Discriminator {
  /** Names the field; equal for equal fields. */
  readonly field: string
  readonly read: (event: ProfileEvent) => Reached
  readonly values: readonly JsonValue[]
}

export type EventNode = StreamNode | OccurrenceNode

const NO_PREDICATES: readonly Predicate[] = []

interface FieldIndex {
  readonly read: (event: ProfileEvent) => Reached
  readonly byKey: Map<string | number, Predicate[]>
}

interface Group {
  readonly always: Predicate[]
  readonly byField: Map<string, FieldIndex>
  readonly fields: FieldIndex[]
}

export class EventIndex {
  readonly #groups = new Map<string, Group>()
  /** Reused from one search to the next. */
  readonly #matched: Predicate[] = []
  #search = 0

  /** Adds a predicate, whose nodes must be complete. */
  add(event: string, predicate: Predicate, discriminator: Discriminator | undefined): void {
    const group = this.#groupOf(event)
    if (!discriminator) {
      group.always.push(predicate)
      return
    }
    let index = group.byField.get(discriminator.field)
    if (!index) {
      index = { read: discriminator.read, byKey: new Map() }
      group.byField.set(discriminator.field, index)
      group.fields.push(index)
    }
    for (const key of new Set(discriminator.values.map(equalityKey))) {
      const listed = index.byKey.get(key)
      if (listed) listed.push(predicate)
      else index.byKey.set(key, [predicate])
    }
  }

  /** Lists the names of all events that some predicate looks at. */
  names(): string[] {
    return [...this.#groups.keys()]
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0
  }

  /** True if some predicate looks at events of this name. */
  knows(event: string): boolean {
    return this.#groups.has(event)
  }

  /**
   * Returns the predicates that the event passes. The list is valid until the next search.
   */
  match(event: ProfileEvent, work: Work): readonly Predicate[] {
    const group = this.#groups.get(event.name)
    if (!group) return NO_PREDICATES
    this.#search++
    const matched = this.#matched
    while (matched.length > 0) matched.pop()
    for (const predicate of group.always) this.#test(predicate, event, matched, work)
    for (const { read, byKey } of group.fields) {
      const reached = read(event)
      if (reached instanceof Several) {
        for (const value of reached.values) this.#testAll(byKey.get(equalityKey(value)), event, matched, work)
      } else if (reached !== undefined && reached !== null)
        this.#testAll(byKey.get(equalityKey(reached)), event, matched, work)
    }
    return matched
  }

  #testAll(predicates: readonly Predicate[] | undefined, event: ProfileEvent, matched: Predicate[], work: Work): void {
    if (predicates) for (const predicate of predicates) this.#test(predicate, event, matched, work)
  }

  #test(predicate: Predicate, event: ProfileEvent, matched: Predicate[], work: Work): void {
    if (predicate.lastSearch === this.#search) return
    predicate.lastSearch = this.#search
    work.predicates++
    if (!counts(predicate.since, event)) return
    if (predicate.excludedSources?.has(event.sourceId)) return
    if (predicate.test && !predicate.test(event)) return
    matched.push(predicate)
  }

  #groupOf(event: string): Group {
    let group = this.#groups.get(event)
    if (!group) this.#groups.set(event, (group = { always: [], byField: new Map(), fields: [] }))
    return group
  }
}
