/**
 * Collects the nodes of a plan while it is compiled, with the predicates that feed them; equal predicates are shared.
 *
 * Example: two audiences over `event('A').where(property('x') = 1)` share one predicate, which feeds both of their
 * nodes.
 */
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { Discriminator, EventIndex } from '../plan/event-index.ts'
import { compileEventTest, type EventTest, findDiscriminator } from './event-test.ts'
import type { StatefulNode } from '../plan/plan.ts'
import type { Predicate, Work } from '../plan/predicate.ts'
import { counts, type Since, sinceKey } from '../plan/since.ts'
import { conjunctsKey, type StreamParts } from './stream-parts.ts'

/** The number of a state while its plan is not complete. */
export const UNNUMBERED = -1

/** A predicate with the events that it is about. */
export interface PlacedPredicate {
  readonly key: string
  readonly event: string
  readonly predicate: Predicate
  readonly discriminator: Discriminator | undefined
}

export class NodeRegistry {
  /** Inputs come before readers. */
  readonly nodes: StatefulNode[] = []
  readonly work: Work = { predicates: 0, nodes: 0, definitions: 0, verdicts: 0 }
  readonly #predicates = new Map<string, PlacedPredicate>()

  predicateKey(parts: StreamParts, since: Since): string {
    return [
      JSON.stringify(parts.event),
      conjunctsKey(parts.ownConjuncts),
      JSON.stringify(parts.excludedSources),
      sinceKey(since),
    ].join('|')
  }

  /** Registers a node with the predicate that its events must pass. */
  addToPredicate(parts: StreamParts, since: Since, node: StreamNode | OccurrenceNode): EventTest {
    const key = this.predicateKey(parts, since)
    let pending = this.#predicates.get(key)
    if (!pending) {
      const predicate: Predicate = {
        test: compileEventTest(parts.ownConjuncts),
        excludedSources: parts.excludedSources.length > 0 ? new Set(parts.excludedSources) : undefined,
        since,
        nodes: [],
        states: [],
        member: undefined,
        lastSearch: 0,
      }
      pending = { key, event: parts.event, predicate, discriminator: findDiscriminator(parts.ownConjuncts) }
      this.#predicates.set(key, pending)
    }
    const { predicate } = pending
    predicate.nodes.push(node)
    return (event) =>
      event.name === parts.event &&
      counts(since, event) &&
      !predicate.excludedSources?.has(event.sourceId) &&
      (predicate.test?.(event) ?? true)
  }

  /** Puts the predicates into the index; called after the last definition. */
  fill(index: EventIndex): void {
    for (const { event, predicate, discriminator } of this.placed()) index.add(event, predicate, discriminator)
  }

  /** Returns all predicates. */
  placed(): readonly PlacedPredicate[] {
    return [...this.#predicates.values()]
  }
}
