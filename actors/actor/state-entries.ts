/** The directory of an actor: which states it has, and what goes with one that is let go. */
import type { Adoption } from '../plan/adoption.ts'
import type { Group } from '../plan/group.ts'
import type { Plan, StatefulNode } from '../plan/plan.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { ActorGroups, HeldBlock } from './actor-groups.ts'
import type { ActorStore } from './actor-store.ts'

/** The actor whose entries they are. */
interface Owner {
  readonly row: number
}

export class StateEntries {
  readonly #store: ActorStore
  readonly #owner: Owner
  readonly #groups: ActorGroups

  constructor(store: ActorStore, owner: Owner, groups: ActorGroups) {
    this.#store = store
    this.#owner = owner
    this.#groups = groups
  }

  /** Lists the blocks of groups of an actor under a plan, by its row. */
  static blocks(store: ActorStore, row: number, plan: Plan): HeldBlock[] {
    const { rows, memory } = store
    return rows.entryIds(row).flatMap((id) => {
      const group = plan.states[id]!
      return group.kind === 'group' ? [{ group, block: memory.state.ints[rows.find(row, id) * 2 + 3]! }] : []
    })
  }

  /** Releases all states. */
  dropAll({ states }: Plan): void {
    const { row } = this.#owner
    const { rows } = this.#store
    for (const id of rows.entryIds(row)) this.#release(states[id]!, this.#reference(id))
    rows.clearEntries(row)
  }

  /** Releases the states that judge events by more than these; returns the streams among them. */
  dropJudged({ states }: Plan): StreamNode[] {
    const { row } = this.#owner
    const { rows } = this.#store
    const streams: StreamNode[] = []
    for (const id of rows.entryIds(row)) {
      const state = states[id]!
      if (state.kind === 'group' || state.kind === 'timed') continue
      const reference = this.#reference(id)
      rows.removeEntry(row, id)
      this.#release(state, reference)
      if (state.kind === 'stream') streams.push(state)
    }
    return streams
  }

  /** Drops the states that another plan does not have, and moves blocks to the groups in the place of theirs. */
  leave({ before, dropped, successions }: Adoption): void {
    const { rows } = this.#store
    for (const id of rows.entryIds(this.#owner.row)) {
      const succession = successions.get(id)
      if (!succession && !dropped.has(id)) continue
      const reference = this.#reference(id)
      rows.removeEntry(this.#owner.row, id)
      if (succession) this.#groups.move(succession, reference)
      else this.#release(before.states[id]!, reference)
    }
  }

  #reference(id: number): number {
    const { rows, memory } = this.#store
    return memory.state.ints[rows.find(this.#owner.row, id) * 2 + 3]!
  }

  /** Releases all that the entry of a state refers to. */
  #release(state: StatefulNode | Group, reference: number): void {
    const { live, memory } = this.#store
    if (state.kind === 'group') this.#groups.release(state, reference)
    else if (state.kind !== 'timed') {
      if (reference < 0) live.remove(reference)
      else memory.blobs.remove(reference)
    }
  }
}
