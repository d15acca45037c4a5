/**
 * One settlement after another: the actors that take part, their definitions settled level by level (users, then
 * accounts, then the users that a changed account audience reaches), and the transitions that follow, each from the value
 * before and the value after. So a definition has at most one transition for one input, and none is seen half settled.
 */
import type { JsonValue, Transition } from '../src/model/transition.ts'
import { AccountActor } from './account-actor.ts'
import type { Actor, DefinedValue, SettlementSink } from './actor.ts'
import type { History } from './history.ts'
import type { Message } from './message.ts'
import type { Names } from './names.ts'
import type { DefinitionNode } from './plan/plan.ts'
import { ProfileActor } from './profile-actor.ts'
import { sameValue } from './values.ts'

interface Change {
  readonly actor: Actor
  readonly node: DefinitionNode
  readonly held: DefinedValue
  readonly before: JsonValue
  readonly hadBeenOne: boolean
  readonly wasKnown: boolean
}

/** A history to which an event has been appended, and how far it went before. */
interface Appended {
  readonly history: History
  readonly size: number
  readonly count: number
  readonly names: Names
  readonly nameCount: number
}

export class Settlement implements SettlementSink {
  #number = 0
  #now = 0
  #isOpen = false
  /** Kept from one settlement to the next: most are small, and there are many. */
  readonly #participants: Actor[] = []
  readonly #changes: Change[] = []
  readonly #undos: (() => void)[] = []
  readonly #acts: (() => void)[] = []
  /** A call appends at most one event. */
  #appended: Appended | undefined = undefined
  /** By level: actors with definitions to settle. */
  readonly #queues: (Actor[] | undefined)[] = []

  readonly #onSettled: (actor: Actor) => void

  /** @param onSettled hears, at the end of a settlement, of every actor that took part */
  constructor(onSettled: (actor: Actor) => void) {
    this.#onSettled = onSettled
  }

  begin(now: number): void {
    this.#number++
    this.#now = now
    this.#isOpen = true
  }

  /** Hands an actor a message: within the settlement at hand, or within one of its own. */
  deliver(actor: Actor, message: Message): void {
    if (this.#isOpen) {
      this.join(actor)
      actor.receive(message)
      return
    }
    this.begin(message.at)
    try {
      this.join(actor)
      actor.receive(message)
      this.finish([])
    } catch (cause) {
      this.rollBack()
      throw cause
    }
  }

  onFailure(undo: () => void): void {
    this.#undos.push(undo)
  }

  onSuccess(act: () => void): void {
    this.#acts.push(act)
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

  appending(history: History, names: Names): void {
    this.#appended = { history, size: history.size, count: history.count, names, nameCount: names.count }
  }

  changing(actor: Actor, node: DefinitionNode, held: DefinedValue, wasKnown: boolean): void {
    if (held.settlement === this.#number) return
    held.settlement = this.#number
    this.#changes.push({ actor, node, held, before: held.value, hadBeenOne: held.hasBeenOne, wasKnown })
  }

  changed(actor: Actor, node: DefinitionNode, held: DefinedValue): void {
    if (node.kind === 'condition') {
      for (const account of (actor as ProfileActor).accounts) {
        account.next({ kind: 'condition flipped', at: this.#now, condition: node, holds: held.value === true })
      }
    } else if (actor instanceof AccountActor && reachesUsers(node)) {
      for (const user of actor.users.keys()) {
        for (const account of user.accounts) this.join(account)
        user.next({ kind: 'accounts changed', at: this.#now, readers: node.acrossDependents })
      }
    }
  }

  /** Settles what is marked, and appends the transitions. */
  finish(transitions: Transition[]): void {
    for (let level = 0; level < this.#queues.length; level++) {
      const queue = this.#queues[level]
      if (!queue || queue.length === 0) continue
      this.#queues[level] = []
      for (const actor of queue) actor.evaluate(level)
      // What was settled may have marked definitions of any level, in other actors or for the same one again.
      level = -1
    }
    for (const actor of this.#participants) this.#onSettled(actor)
    for (const act of this.#acts) act()
    const watched: [Actor, Transition][] = []
    for (const { actor, node, held, before } of this.#changes) {
      if (node.kind === 'condition' || sameValue(before, held.value)) continue
      held.sequence++
      const transition = this.#transition(actor, node, held)
      transitions.push(transition)
      if (actor.isWatched) watched.push([actor, transition])
    }
    this.#close()
    for (const [actor, transition] of watched) actor.publish(transition)
  }

  /** Takes back a settlement that failed: every actor that took part is as it was before. */
  rollBack(): void {
    const participants = [...this.#participants]
    for (const { actor, node, held, before, hadBeenOne, wasKnown } of this.#changes) {
      held.value = before
      held.hasBeenOne = hadBeenOne
      if (!wasKnown) actor.defined.delete(node.id)
    }
    if (this.#appended) {
      const { history, size, count, names, nameCount } = this.#appended
      history.returnTo(size, count)
      names.returnTo(nameCount)
    }
    for (const undo of this.#undos.reverse()) undo()
    for (const actor of participants) actor.restore(this.#now - 1)
    for (const actor of participants) this.#onSettled(actor)
    this.forget()
  }

  /** Ends it with nothing settled and nothing taken back. */
  forget(): void {
    for (const queue of this.#queues) if (queue) queue.length = 0
    this.#close()
  }

  /** To set the length of an array costs more than most settlements do: only what was used is emptied. */
  #close(): void {
    if (this.#changes.length > 0) this.#changes.length = 0
    if (this.#undos.length > 0) this.#undos.length = 0
    if (this.#acts.length > 0) this.#acts.length = 0
    this.#appended = undefined
    while (this.#participants.length > 0) this.#participants.pop()
    this.#isOpen = false
  }

  #transition(actor: Actor, node: DefinitionNode, { value, sequence }: DefinedValue): Transition {
    const at = this.#now
    const { key } = node
    const profile = actor.label
    if (node.kind === 'computed_trait') return { at, type: 'trait', key, profile, value, sequence }
    return { at, type: value === true ? 'entered' : 'exited', key, profile, sequence }
  }
}

function reachesUsers(node: DefinitionNode): boolean {
  const { definitions, timed, occurrences } = node.acrossDependents
  return definitions.size + timed.size + occurrences.size > 0
}
