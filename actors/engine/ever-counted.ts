/**
 * Finds out if a `count` that begins in the middle of a history has once been at least 1: from then on it is 0, not
 * absent, when nothing matches. The actor's kept events are played again, each at the instant at which it was received,
 * with everything that falls due in between. Traits and values of other definitions are taken as they are now: their past
 * is not kept.
 */
import { compareEvents, type ProfileEvent } from '../../src/model/event.ts'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { type DefinitionInput, kindOfType } from '../compiler/references.ts'
import { compileBeside } from '../compiler/stand-ins.ts'
import type { Plan } from '../plan/plan.ts'
import { DUE_AT } from '../rows/row.ts'
import { BesideActor, storeBeside } from './beside-actor.ts'

export class EverCounted {
  readonly #inputs: readonly DefinitionInput[]
  readonly #rules: IdentityRules
  readonly #plans = new Map<DefinitionInput, Plan>()
  /** Where actors are played, one at a time. */
  #store: ActorStore | undefined = undefined

  /** @param inputs all definitions of the space */
  constructor(inputs: readonly DefinitionInput[], rules: IdentityRules) {
    this.#inputs = inputs
    this.#rules = rules
  }

  /** Sets whether a count that begins, or begins anew, has been at least 1. */
  begin(actor: SpaceActor, { byId }: Plan, input: DefinitionInput, now: number): void {
    const node = byId.get(input.id)
    if (!node?.absentUntilOne) return
    const { values } = actor.store
    const hasBeenOne = this.#hasEverBeenOne(actor, input, now)
    if (hasBeenOne || values.find(actor.row, node.id) !== 0)
      values.setHasBeenOne(values.findOrAdd(actor.ordinal, node.id), hasBeenOne)
    actor.markDefinition(node.index)
  }

  /** @param until the present instant: what falls due after it has not happened yet */
  #hasEverBeenOne(actor: SpaceActor, input: DefinitionInput, until: number): boolean {
    let plan = this.#plans.get(input)
    if (!plan) this.#plans.set(input, (plan = compileBeside([input], this.#inputs)[kindOfType(input.source)]))
    const store = (this.#store ??= storeBeside({ user: plan, account: plan }, this.#rules))
    const heard = [...actor.heardEvents()].sort((a, b) => a.at - b.at || a.event.arrival - b.event.arrival)
    const played = new PlayedActor(store, plan, actor, input.id)
    try {
      for (const { event, at } of heard) if (played.playTo(at - 1) || played.play(event, at)) return true
      return played.playTo(until)
    } finally {
      played.end()
    }
  }
}

class PlayedActor extends BesideActor {
  readonly #played: ProfileEvent[] = []

  /** Plays up to `limit`; returns true if the count was at least 1 at some due instant. */
  playTo(limit: number): boolean {
    while (this.dueAt <= limit) {
      this.advance(this.dueAt)
      if (this.#settle()) return true
    }
    return false
  }

  play(event: ProfileEvent, at: number): boolean {
    this.advance(at)
    this.#played.push(event)
    this.takeEvent(event)
    return this.#settle()
  }

  override keptEvents(): readonly ProfileEvent[] {
    return [...this.#played].sort(compareEvents)
  }

  #settle(): boolean {
    this.evaluate(Infinity)
    this.closeStates()
    const { memory, rows } = this.store
    memory.state.doubles[this.row + DUE_AT] = this.schedule()
    // What one event has replaced is given back before the next.
    this.store.commit()
    memory.barrier.begin()
    rows.touch(this.row)
    return this.defined.get(this.definition)?.hasBeenOne ?? false
  }
}
