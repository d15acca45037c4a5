/** The definitions of an actor: which of them are to be evaluated, and the values that they get. */
import type { JsonValue } from '../../src/model/json.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { DefinitionHost } from '../plan/host.ts'
import { type DefinitionNode, emptyValueOf, type Plan } from '../plan/plan.ts'
import { sameValue } from '../values/values.ts'
import type { ActorStore } from './actor-store.ts'
import { Marks } from './marks.ts'
import type { SettlingActor } from './settlement-sink.ts'

/** The actor whose definitions they are. */
export interface EvaluationOwner extends DefinitionHost, SettlingActor {
  readonly row: number
  definedValue(id: number): JsonValue | undefined
  isEligible(types: ReadonlySet<string>): boolean
  markDependents(dependents: Dependents): void
  /** Tells the actors of the other kind that read a definition about its new value. */
  tellOthers(node: DefinitionNode, value: JsonValue): void
}

export class Evaluation {
  readonly #store: ActorStore
  readonly #owner: EvaluationOwner
  #plan: Plan
  /** Definitions to evaluate, by index. */
  readonly #dirty = new Marks()
  /** Definitions whose value has changed in this settlement, by id. To empty a set would be to make a new one. */
  readonly #changed = new Marks()

  constructor(store: ActorStore, owner: EvaluationOwner, plan: Plan) {
    this.#store = store
    this.#owner = owner
    this.#plan = plan
  }

  /** Begins anew, for another actor. */
  bind(plan: Plan): void {
    this.goOn(plan)
    this.#changed.clear()
  }

  /** Goes on under another plan: what was marked is not. */
  goOn(plan: Plan): void {
    this.#plan = plan
    this.#dirty.clear()
  }

  mark(index: number): void {
    if (this.#dirty.add(index)) this.#store.sink.enqueue(this.#owner, this.#plan.definitions[index]!.level)
  }

  /** Evaluates the marked definitions up to a level, in the order of the plan. */
  run(level: number): void {
    while (!this.#dirty.isEmpty) {
      const node = this.#plan.definitions[this.#dirty.lowest()]!
      if (node.level > level) return
      this.#dirty.take()
      if (!node.isPrepared) this.#evaluate(node)
    }
  }

  /** Resets every definition to its empty value (false, or null for a computed trait), whatever is marked. */
  dropValues(): void {
    this.#dirty.clear()
    for (const id of this.#store.values.ids(this.#owner.row)) {
      const node = this.#plan.byId.get(id)
      if (node) this.#setValue(node, this.#owner.definedValue(id)!, emptyValueOf(node))
    }
  }

  /** Returns the value of a definition as it follows from the states. */
  computedValue(node: DefinitionNode): JsonValue {
    return this.#valueOf(node, node.evaluate(this.#owner))
  }

  #evaluate(node: DefinitionNode): void {
    this.#plan.work.definitions++
    const result = node.evaluate(this.#owner)
    const before = this.#owner.definedValue(node.id) ?? emptyValueOf(node)
    const value = this.#valueOf(node, result)
    if (sameValue(before, value)) return
    const at = this.#setValue(node, before, value)
    if (node.absentUntilOne && (result as number) >= 1) this.#store.values.setHasBeenOne(at, true)
    this.#owner.tellOthers(node, value)
    this.#owner.markDependents(node.dependents)
  }

  #setValue(node: DefinitionNode, before: JsonValue, value: JsonValue): number {
    const { values, sink } = this.#store
    if (this.#changed.add(node.id)) sink.changing(this.#owner, node, before)
    const at = values.findOrAdd(this.#owner.ordinal, node.id)
    values.setValue(at, value)
    return at
  }

  #valueOf(node: DefinitionNode, result: JsonValue): JsonValue {
    if (node.absentUntilOne) {
      if ((result as number) >= 1) return result
      const at = this.#store.values.find(this.#owner.row, node.id)
      return at !== 0 && this.#store.values.hasBeenOne(at) ? result : null
    }
    return node.eligibleTypes && result === true ? this.#owner.isEligible(node.eligibleTypes) : result
  }
}
