import type { ActorStore } from '../actor/actor-store.ts'

/** Lists the ordinals of all actors that are linked to one through accounts and users, in order; adds them to `reached`. */
export function linkedTo(store: ActorStore, first: number, reached: Set<number>): number[] {
  const group: number[] = []
  const waiting = [first]
  reached.add(first)
  for (let ordinal = waiting.pop(); ordinal !== undefined; ordinal = waiting.pop()) {
    group.push(ordinal)
    for (const linked of store.links.keys(store.rows.at(ordinal))) {
      if (reached.has(linked)) continue
      reached.add(linked)
      waiting.push(linked)
    }
  }
  return group.sort((a, b) => a - b)
}
