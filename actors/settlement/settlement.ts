/**
 * One settlement after another: the actors that take part, their definitions settled level by level (users, then
 * accounts, then the users that a changed account audience reaches), and the transitions that follow, each from the
 * value before and the value after. So a definition has at most one transition for one input, and none is seen half
 * settled.
 */
import type { Transition } from '../../src/model/transition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { Bag } from './bag.ts'
import type { DefinedValue } from '../actor/defined-value.ts'
import type { Actor, SettlementSink } from '../actor/actor.ts'
import { settledAt } from '../actor/settled-at.ts'
import type { History } from '../history/history.ts'
import type { Message } from '../actor/message.ts'
import type { NameTable } from '../history/name-table.ts'
import type { DefinitionNode } from '../plan/plan.ts'
import type { SettledChange, SettlementNotes, SettlementObserver } from './settlement-observer.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { sameValue } from '../values/values.ts'

interface ValueChange {
  readonly actor: Actor
  readonly node: DefinitionNode
  readonly held: DefinedValue
  readonly before: JsonValue
  readonly hadBeenOne: boolean
  readonly wasKnown: boolean
}

/** A history to which an event has been appended, with its length before. */
interface Appended {
  readonly history: History
  readonly size: number
  readonly count: number
  readonly names: NameTable
  readonly nameCount: number
}

/** Transitions that have a subscriber. */
interface Heard {
  readonly watched: readonly [Actor, Transition][] | undefined
  readonly changes: readonly SettledChange[] | undefined
}

const NO_CHANGES: readonly SettledChange[] = []

export class Settlement implements SettlementSink {
  #number = 0
  #now = 0
  #isOpen = false
  #isQuiet = false
  readonly #participants = new Bag<Actor>()
  readonly #changes = new Bag<ValueChange>()
  readonly #undos = new Bag<() => void>()
  readonly #acts = new Bag<() => void>()
  /** A call appends at most one event. */
  #appended: Appended | undefined = undefined
  /** By level: actors with definitions to settle. */
  readonly #queues: (Bag<Actor> | undefined)[] = []
  readonly #onJoin: (actor: Actor) => void
  readonly #onSettled: (actor: Actor) => void
  /** Receives the changes once the settlement has succeeded. */
  observer: SettlementObserver | undefined = undefined
  /** Notes for the observer, kept until the settlement has succeeded. */
  readonly #notes: SettlementNotes = { united: [], named: [], joined: [] }

  /**
   * @param hooks `onJoin` is called for every actor that takes part, before anything of it changes; `onSettled` at the
   *   end of the settlement
   */
  constructor(hooks: { readonly onJoin: (actor: Actor) => void; readonly onSettled: (actor: Actor) => void }) {
    this.#onJoin = hooks.onJoin
    this.#onSettled = hooks.onSettled
  }

  /** The notes of users that are united, named and linked; undefined if there is no observer. */
  get notes(): SettlementNotes | undefined {
    return this.observer && this.#notes
  }

  begin(now: number): void {
    this.#number++
    this.#now = now
    this.#isOpen = true
  }

  /** Hands an actor a message: within the current settlement, or within one of its own. */
  deliver<Received extends Message>(actor: Actor<Received>, message: Received): void {
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
    this.#undos.add(undo)
  }

  onSuccess(act: () => void): void {
    this.#acts.add(act)
  }

  /** Adds an actor: its present becomes the settlement's, with everything due for it until then. */
  join(actor: Actor): void {
    if (actor.settlement === this.#number) return
    actor.settlement = this.#number
    actor.dueBefore = actor.dueAt
    this.#onJoin(actor)
    this.#participants.add(actor)
    actor.advance(this.#now)
  }

  enqueue(actor: Actor, level: number): void {
    if (this.#isQuiet) return
    const queue = (this.#queues[level] ??= new Bag())
    if (queue.count === 0 || queue.at(queue.count - 1) !== actor) queue.add(actor)
  }

  appending(history: History, names: NameTable): void {
    this.#appended = { history, size: history.size, count: history.count, names, nameCount: names.count }
  }

  changing(actor: Actor, node: DefinitionNode, held: DefinedValue, wasKnown: boolean): void {
    if (held.settlement === this.#number) return
    held.settlement = this.#number
    const change = { actor, node, held, before: held.value, hadBeenOne: held.hasBeenOne, wasKnown }
    this.#changes.add(change)
  }

  /** Lets an actor restore its state without settling anything. */
  quietly(act: () => void): void {
    const wasQuiet = this.#isQuiet
    this.#isQuiet = true
    try {
      act()
    } finally {
      this.#isQuiet = wasQuiet
    }
  }

  /** Settles the marked definitions, and appends the transitions. */
  finish(transitions: Transition[]): void {
    for (let level = 0; level < this.#queues.length; level++) {
      const queue = this.#queues[level]
      if (!queue || queue.count === 0) continue
      // Actors that join the level meanwhile are at its end.
      for (let index = 0; index < queue.count; index++) queue.at(index).evaluate(level)
      queue.clear()
      // A settled definition may have marked others of any level, in other actors or in the same one again.
      level = -1
    }
    for (let index = 0; index < this.#participants.count; index++) this.#onSettled(this.#participants.at(index))
    for (let index = 0; index < this.#acts.count; index++) this.#acts.at(index)()
    const { watched, changes } = this.#publishChanges(transitions)
    this.#tellObserver(changes)
    this.#close()
    if (watched) for (const [actor, transition] of watched) actor.publish(transition)
  }

  /** Appends a transition for each value that has changed; returns those that have a subscriber. */
  #publishChanges(transitions: Transition[]): Heard {
    let watched: [Actor, Transition][] | undefined
    let changes: SettledChange[] | undefined
    for (let index = 0; index < this.#changes.count; index++) {
      const { actor, node, held, before } = this.#changes.at(index)
      if (node.kind === 'condition' || sameValue(before, held.value)) continue
      held.sequence++
      held.changedAt = this.#now
      const transition = this.#transition(actor, node, held)
      transitions.push(transition)
      if (actor.isWatched) (watched ??= []).push([actor, transition])
      // Every actor of a space is a user or an account.
      if (this.observer) (changes ??= []).push({ actor: actor as SpaceActor, definition: node.id, transition })
    }
    return { watched, changes }
  }

  #tellObserver(changes: readonly SettledChange[] = NO_CHANGES): void {
    const { united, named, joined } = this.#notes
    if (!this.observer || changes.length + united.length + named.length + joined.length === 0) return
    this.observer.settled({ at: this.#now, changes, united, named, joined })
  }

  /** Undoes a settlement that failed: every actor that took part is as it was before. */
  rollBack(): void {
    const participants = this.#participants.toArray()
    for (const { actor, node, held, before, hadBeenOne, wasKnown } of this.#changes.toArray()) {
      held.value = before
      held.hasBeenOne = hadBeenOne
      if (!wasKnown) actor.defined.delete(node.id)
    }
    if (this.#appended) {
      const { history, size, count, names, nameCount } = this.#appended
      history.returnTo(size, count)
      names.returnTo(nameCount)
    }
    for (const undo of this.#undos.toArray().reverse()) undo()
    for (const actor of participants) actor.restore(settledAt(this.#now, actor.dueBefore))
    for (const actor of participants) this.#onSettled(actor)
    this.forget()
  }

  /** Ends it with nothing settled and nothing undone. */
  forget(): void {
    for (const queue of this.#queues) queue?.clear()
    this.#close()
  }

  #close(): void {
    this.#changes.clear()
    this.#undos.clear()
    this.#acts.clear()
    this.#participants.clear()
    this.#notes.united.length = this.#notes.named.length = this.#notes.joined.length = 0
    this.#appended = undefined
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
