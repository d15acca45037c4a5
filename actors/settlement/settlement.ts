/**
 * One settlement after another: the actors that take part, their definitions settled level by level (users, then
 * accounts, then the users that a changed account audience reaches), and the transitions that follow, each from the
 * value before and the value after. So a definition has at most one transition for one input, and none is seen half
 * settled.
 *
 * A settlement that fails leaves nothing behind: the memory of the actors is as it was when it began.
 */
import type { JsonValue } from '../../src/model/json.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { Actor } from '../actor/actor.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { Message } from '../actor/message.ts'
import type { SettlementSink, SettlingActor } from '../actor/settlement-sink.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import type { DefinitionNode } from '../plan/plan.ts'
import { sameValue } from '../values/values.ts'
import { Bag } from './bag.ts'
import { BY_DEFINITION, BY_TIME, Causes, type SettlementCause } from './causes.ts'
import { Participants } from './participants.ts'
import type { SettledChange, SettlementNotes, SettlementObserver } from './settlement-observer.ts'

interface ValueChange {
  readonly actor: SpaceActor
  readonly node: DefinitionNode
  readonly before: JsonValue
}

/** Transitions that have a subscriber. */
interface Heard {
  readonly watched: readonly Transition[] | undefined
  readonly ordinals: readonly number[] | undefined
  readonly changes: readonly SettledChange[] | undefined
}

export interface SettlementHooks {
  readonly isAccount: (ordinal: number) => boolean
  /** Called for every actor that takes part, before anything of it changes. */
  readonly onJoin: (ordinal: number) => void
  /** Called for an actor that takes part and has the plans of before, with the settlement's instant. */
  readonly onBehind: (actor: SpaceActor, now: number) => void
  /** Called for every actor that took part, at the end of the settlement. */
  readonly onSettled: (actor: SpaceActor) => void
  /** Called for every actor that took part, once it is as it was before. */
  readonly onRestored: (ordinal: number) => void
}

const NO_CHANGES: readonly SettledChange[] = []
const NOTHING_HEARD: Heard = { watched: undefined, ordinals: undefined, changes: undefined }
const NONE_ENDED: readonly number[] = []

export class Settlement implements SettlementSink {
  #now = 0
  #isOpen = false
  /** True while what is done will be taken back: nobody is told of it. */
  #isForeseeing = false
  #store!: ActorStore
  readonly #hooks: SettlementHooks
  /** Why values change. */
  readonly causes = new Causes()
  #participants!: Participants
  readonly #changes = new Bag<ValueChange>()
  readonly #undos = new Bag<() => void>()
  readonly #acts = new Bag<() => void>()
  readonly #ended = new Bag<number>()
  #nameCount = 0
  /** By level: actors with definitions to settle. */
  readonly #queues: (Bag<SettlingActor> | undefined)[] = []
  /** Receives the changes once the settlement has succeeded. */
  observer: SettlementObserver | undefined = undefined
  /** Notes for the observer, kept until the settlement has succeeded. */
  readonly #notes: SettlementNotes = { united: [], named: [], joined: [], consented: [], left: [], deleted: [] }

  constructor(hooks: SettlementHooks) {
    this.#hooks = hooks
  }

  /** Sets where the actors are kept; before the first settlement. */
  attach(store: ActorStore): void {
    this.#store = store
    this.#participants = new Participants(store, this.#hooks.isAccount)
  }

  /** The notes of users that are united, named and linked; undefined if there is no observer. */
  get notes(): SettlementNotes | undefined {
    return this.observer && this.#notes
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  begin(now: number, cause: SettlementCause): void {
    this.#now = now
    this.causes.begin(cause)
    this.#isOpen = true
    this.#store.memory.barrier.begin()
    this.#nameCount = this.#store.histories.names.count
  }

  /** Hands an actor a message: within the current settlement, or within one of its own. */
  deliver(ordinal: number, message: Message): void {
    if (this.#isOpen) {
      this.#receive(ordinal, message)
      return
    }
    this.begin(message.at, BY_TIME)
    try {
      this.#receive(ordinal, message)
      this.finish([])
    } catch (cause) {
      this.rollBack()
      throw cause
    }
  }

  #receive(ordinal: number, message: Message): void {
    const view: Actor = this.participant(ordinal)
    view.receive(message)
  }

  /** Registers how a change outside of the actors' memory is undone if the settlement fails. */
  onFailure(undo: () => void): void {
    this.#undos.add(undo)
  }

  onSuccess(act: () => void): void {
    this.#acts.add(act)
  }

  /** Records that an actor is no more, if the settlement succeeds: whoever watches it is told so. */
  ends(ordinal: number): void {
    this.#ended.add(ordinal)
  }

  join(ordinal: number): void {
    this.participant(ordinal)
  }

  /** Returns the view of an actor that takes part: its present is the settlement's, with everything due until then. */
  participant(ordinal: number): SpaceActor {
    const known = this.#participants.known(ordinal)
    if (known) return known
    const view = this.enter(ordinal)
    view.advance(this.#now)
    return view
  }

  /** Adds an actor whose present stays what it was. Throws an Error if there is none in memory. */
  enter(ordinal: number): SpaceActor {
    const { rows, laggards } = this.#store
    if (rows.at(ordinal) === 0) throw new Error(`there is no actor ${ordinal} in memory`)
    if (!this.#isForeseeing) this.#hooks.onJoin(ordinal)
    const view = this.#participants.add(ordinal)
    if (laggards?.isBehind(ordinal)) this.#hooks.onBehind(view, this.#now)
    return view
  }

  enqueue(actor: SettlingActor, level: number): void {
    const queue = (this.#queues[level] ??= new Bag())
    if (queue.count === 0 || queue.at(queue.count - 1) !== actor) queue.add(actor)
  }

  changing(actor: SettlingActor, node: DefinitionNode, before: JsonValue): void {
    // Every actor of a space is a user or an account.
    this.#changes.add({ actor: actor as SpaceActor, node, before })
  }

  /** Shows what would come of an act at an instant, and takes it back. A settlement must not be open. */
  foresee(now: number, { act, look }: { readonly act: () => void; readonly look: () => void }): void {
    this.#isForeseeing = true
    this.begin(now, BY_DEFINITION)
    try {
      act()
      this.#settleAll()
      look()
    } finally {
      this.rollBack()
      this.#isForeseeing = false
    }
  }

  /** Settles the marked definitions, and appends the transitions. */
  finish(transitions: Transition[]): void {
    this.#settleAll()
    for (let index = 0; index < this.#participants.count; index++) {
      const actor = this.#participants.at(index)
      actor.closeStates()
      this.#hooks.onSettled(actor)
    }
    const heard = this.#changes.count > 0 ? this.#publishChanges(transitions) : NOTHING_HEARD
    this.#tellObserver(heard.changes)
    for (let index = 0; index < this.#acts.count; index++) this.#acts.at(index)()
    this.#store.commit()
    const ended = this.#ended.count > 0 ? this.#ended.toArray() : NONE_ENDED
    this.#close()
    this.#tellWatchers(heard, ended)
  }

  #settleAll(): void {
    for (let level = 0; level < this.#queues.length; level++) {
      const queue = this.#queues[level]
      if (!queue || queue.count === 0) continue
      // Actors that join the level meanwhile are at its end.
      for (let index = 0; index < queue.count; index++) queue.at(index).evaluate(level)
      queue.clear()
      // A settled definition may have marked others of any level, in other actors or in the same one again.
      level = -1
    }
  }

  /** Appends a transition for each value that has changed; returns those that have a subscriber. */
  #publishChanges(transitions: Transition[]): Heard {
    let watched: Transition[] | undefined
    let ordinals: number[] | undefined
    let changes: SettledChange[] | undefined
    const { values } = this.#store
    for (let index = 0; index < this.#changes.count; index++) {
      const { actor, node, before } = this.#changes.at(index)
      const at = values.find(actor.row, node.id)
      const value = values.value(at)
      if (node.kind === 'condition' || sameValue(before, value)) continue
      const sequence = values.advance(at, this.#now)
      const transition = this.#transition(actor, node, value, sequence)
      transitions.push(transition)
      this.#store.past.add(actor.row, this.causes.kept(actor, transition))
      if (this.#store.watched.size > 0 && this.#store.watched.has(actor.ordinal)) {
        ;(watched ??= []).push(transition)
        ;(ordinals ??= []).push(actor.ordinal)
      }
      if (this.observer) (changes ??= []).push({ actor, definition: node.id, transition })
    }
    return { watched, ordinals, changes }
  }

  #tellObserver(changes: readonly SettledChange[] = NO_CHANGES): void {
    if (!this.observer) return
    if (changes.length === 0 && isEmpty(this.#notes)) return
    const { kind, call } = this.causes.first
    this.observer.settled({ at: this.#now, cause: kind, sourceId: call?.sourceId, changes, ...this.#notes })
  }

  #tellWatchers({ watched, ordinals }: Heard, ended: readonly number[]): void {
    if (watched)
      for (const [index, ordinal] of ordinals!.entries()) this.#store.watched.get(ordinal)?.next(watched[index]!)
    for (const ordinal of ended) {
      this.#store.watched.get(ordinal)?.complete()
      this.#store.watched.delete(ordinal)
    }
  }

  /** Undoes a settlement that failed: every actor that took part is as it was before. */
  rollBack(): void {
    const ordinals = this.#participants.toArray().map(({ ordinal }) => ordinal)
    this.#store.rollBack()
    this.#store.histories.names.returnTo(this.#nameCount)
    for (const undo of this.#undos.toArray().reverse()) undo()
    for (const queue of this.#queues) queue?.clear()
    this.#close()
    for (const ordinal of ordinals) this.#hooks.onRestored(ordinal)
  }

  #close(): void {
    this.#changes.clear()
    this.#undos.clear()
    this.#acts.clear()
    this.#ended.clear()
    this.#participants.clear()
    this.causes.clear()
    // Only with an observer are there any: to set the length of a list is a call out of JavaScript.
    if (this.observer) clear(this.#notes)
    this.#isOpen = false
  }

  #transition(actor: SpaceActor, node: DefinitionNode, value: JsonValue, sequence: number): Transition {
    const at = this.#now
    const { key } = node
    const profile = actor.label
    if (node.kind === 'computed_trait') return { at, type: 'trait', key, profile, value, sequence }
    return { at, type: value === true ? 'entered' : 'exited', key, profile, sequence }
  }
}

function clear({ united, named, joined, consented, left, deleted }: SettlementNotes): void {
  united.length = named.length = joined.length = consented.length = left.length = deleted.length = 0
}

function isEmpty({ united, named, joined, consented, left, deleted }: SettlementNotes): boolean {
  return united.length + named.length + joined.length + consented.length + left.length + deleted.length === 0
}
