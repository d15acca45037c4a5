/**
 * The totals of one user's events that are no longer kept, for streams over all history; they can still be united. Also
 * the instant since which single events are kept. An instance is never changed; more events make another.
 */
import type { Reducer } from '../../src/language/tree.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { EventNode } from '../plan/event-index.ts'
import type { Plan } from '../plan/plan.ts'
import type { Work } from '../plan/predicate.ts'
import type { TotalAccumulator } from '../reducers/accumulator.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'

/** The total of one stream and one reducer. */
interface Total {
  readonly stream: string
  /** As JSON: equal for equal reducers. */
  readonly reducer: string
  readonly accumulator: TotalAccumulator
}

const NO_TOTALS: ReadonlyMap<string, Total> = new Map()

/** As data, for the bytes of an actor. */
export interface ForgottenTotalsState {
  readonly keptSince: number
  readonly firstForgottenAt: number
  readonly totals: readonly (readonly [stream: string, reducer: string, state: JsonValue])[]
}

export class ForgottenTotals {
  /** Every event of this time or later is kept; epoch ms. */
  readonly keptSince: number
  /** The number of calls that the space had taken up when an event was first forgotten. */
  readonly firstForgottenAt: number
  readonly #totals: ReadonlyMap<string, Total>

  private constructor(keptSince: number, firstForgottenAt: number, totals: ReadonlyMap<string, Total>) {
    this.keptSince = keptSince
    this.firstForgottenAt = firstForgottenAt
    this.#totals = totals
  }

  /** Unites the totals of two users. */
  static unite(a: ForgottenTotals | undefined, b: ForgottenTotals | undefined): ForgottenTotals | undefined {
    if (!a || !b) return a ?? b
    const totals = copyOf(a.#totals)
    for (const { stream, reducer, accumulator } of b.#totals.values())
      totalOf(totals, stream, reducer).accumulator.addState(accumulator.state())
    const firstForgottenAt = Math.min(a.firstForgottenAt, b.firstForgottenAt)
    return new ForgottenTotals(Math.max(a.keptSince, b.keptSince), firstForgottenAt, totals)
  }

  /**
   * Adds events that are forgotten now. Totals that no plan needs any more are dropped.
   * @param arrivals how many calls the space has taken up
   */
  static after(
    before: ForgottenTotals | undefined,
    forgotten: readonly ProfileEvent[],
    plans: readonly Plan[],
    arrivals: number,
  ): ForgottenTotals {
    const asked = new Set(plans.flatMap(({ totals }) => totals.map(({ totalKey }) => totalKey)))
    const totals = copyOf(before ? before.#totals : NO_TOTALS, (total) => asked.has(total.stream))
    let keptSince = before?.keptSince ?? -Infinity
    for (const event of forgotten) {
      keptSince = Math.max(keptSince, event.ts + 1)
      addTo(totals, event, plans)
    }
    return new ForgottenTotals(keptSince, before?.firstForgottenAt ?? arrivals, totals)
  }

  static fromState({ keptSince, firstForgottenAt, totals }: ForgottenTotalsState): ForgottenTotals {
    const held = new Map<string, Total>()
    for (const [stream, reducer, state] of totals) totalOf(held, stream, reducer).accumulator.addState(state)
    return new ForgottenTotals(keptSince, firstForgottenAt, held)
  }

  state(): ForgottenTotalsState {
    const totals = [...this.#totals.values()]
    return {
      keptSince: this.keptSince,
      firstForgottenAt: this.firstForgottenAt,
      totals: totals.map(({ stream, reducer, accumulator }) => [stream, reducer, accumulator.state()] as const),
    }
  }

  totalOf(stream: string, reducer: Reducer): TotalAccumulator | undefined {
    return this.#totals.get(keyOf(stream, JSON.stringify(reducer)))?.accumulator
  }
}

/** Adds an event to its totals; the same stream and reducer in both plans is one. */
function addTo(totals: Map<string, Total>, event: ProfileEvent, plans: readonly Plan[]): void {
  const added = new Set<Total>()
  const work: Work = { predicates: 0, nodes: 0, definitions: 0, verdicts: 0 }
  for (const { events } of plans)
    for (const { nodes } of events.match(event, work))
      for (const node of nodes) {
        if (!isTotal(node)) continue
        const total = totalOf(totals, node.totalKey, JSON.stringify(node.reducer))
        if (added.has(total)) continue
        added.add(total)
        total.accumulator.add(event, node.read?.(event))
      }
}

function isTotal(node: EventNode): node is EventNode & { kind: 'stream'; totalKey: string } {
  return node.kind === 'stream' && node.totalKey !== undefined
}

function totalOf(totals: Map<string, Total>, stream: string, reducer: string): Total {
  const key = keyOf(stream, reducer)
  const held = totals.get(key)
  if (held) return held
  const total = { stream, reducer, accumulator: createAccumulator(JSON.parse(reducer) as Reducer, false) }
  totals.set(key, total)
  return total
}

function copyOf(
  totals: ReadonlyMap<string, Total>,
  isWanted: (total: Total) => boolean = () => true,
): Map<string, Total> {
  const copy = new Map<string, Total>()
  for (const total of totals.values())
    if (isWanted(total)) totalOf(copy, total.stream, total.reducer).accumulator.addState(total.accumulator.state())
  return copy
}

function keyOf(stream: string, reducer: string): string {
  return `${stream}\0${reducer}`
}
