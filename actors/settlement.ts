/**
 * One settlement after another: the actors that take part, their definitions settled level by level (users, then
 * accounts, then the users that a changed account audience reaches), and the transitions that follow, each from the value
 * before and the value after. So a definition has at most one transition for one input, and none is seen half settled.
 */
import type { JsonValue, Transition } from '../src/model/transition.ts'
import { AccountActor } from './account-actor.ts'
import type { Actor, DefinedValue, SettlementSink } from './actor.ts'
import type { DefinitionNode } from './plan/plan.ts'
import { ProfileActor } from './profile-actor.ts'
import { sameValue } from './values.ts'

interface Change {
  readonly actor: Actor
  readonly node: DefinitionNode
  readonly held: DefinedValue
  readonly before: JsonValue
}

export class Settlement implements SettlementSink {
  #number = 0
  #now = 0
  #participants: Actor[] = []
  #changes: Change[] = []
  /** By level: actors with definitions to settle. */
  readonly #queues: Actor[][] = []

  begin(now: number): void {
    this.#number++
    this.#now = now
  }

  /** The actor takes part: its present becomes the settlement's, with all that falls due for it then. */
  join(actor: Actor): void {
    if (actor.settlement === this.#number) return
    actor.settlement = this.#number
    this.#participants.push(actor)
    actor.advance(this.#now)
  }

  enqueue(actor: Actor, level: number): void {
    const queue = (this.#queues[level] ??= [])
    if (queue.at(-1) !== actor) queue.push(actor)
  }

  changed(actor: Actor, node: DefinitionNode, held: DefinedValue, before: JsonValue): void {
    if (held.settlement !== this.#number) {
      held.settlement = this.#number
      this.#changes.push({ actor, node, held, before })
    }
    if (node.kind === 'condition') {
      for (const account of (actor as ProfileActor).accounts) {
        this.join(account)
        account.conditionFlipped(node, held.value === true)
      }
    } else if (actor instanceof AccountActor && reachesUsers(node)) {
      for (const user of actor.users.keys()) {
        this.join(user)
        for (const account of user.accounts) this.join(account)
        user.markDependents(node.acrossDependents)
      }
    }
  }

  /** Settles what is marked and appends the transitions; `onSettled` then hears of every actor that took part. */
  finish(transitions: Transition[], onSettled: (actor: Actor) => void): void {
    for (let level = 0; level < this.#queues.length; level++) {
      const queue = this.#queues[level]
      if (!queue || queue.length === 0) continue
      this.#queues[level] = []
      for (const actor of queue) actor.evaluate(level)
      // What was settled may have marked definitions of any level, in other actors or for the same one again.
      level = -1
    }
    for (const { actor, node, held, before } of this.#changes) {
      if (node.kind === 'condition' || sameValue(before, held.value)) continue
      held.sequence++
      transitions.push(this.#transition(actor, node, held))
    }
    for (const actor of this.#participants) onSettled(actor)
    this.#changes = []
    this.#participants = []
  }

  /** Forgets a settlement that failed; returns the actors that had joined. */
  abandon(): readonly Actor[] {
    const participants = this.#participants
    this.#changes = []
    this.#participants = []
    for (const queue of this.#queues) queue.length = 0
    return participants
  }

  #transition(actor: Actor, node: DefinitionNode, { value, sequence }: DefinedValue): Transition {
    const common = { at: this.#now, key: node.key, profile: actor.label, sequence }
    if (node.kind === 'computed_trait') return { ...common, type: 'trait', value }
    return { ...common, type: value === true ? 'entered' : 'exited' }
  }
}

function reachesUsers(node: DefinitionNode): boolean {
  const { definitions, timed, occurrences } = node.acrossDependents
  return definitions.size + timed.size + occurrences.size > 0
}
