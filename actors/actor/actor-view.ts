/** A view of a row: what an actor is, and the transitions of it that somebody has asked for. */
import { type Observable, Subject } from 'rxjs'
import { type CallOrigin, laterOf } from '../../src/model/call-origin.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { PastTransition, Transition } from '../../src/model/transition.ts'
import { DUE_AT, FLAGS, IS_UNBUILT } from '../rows/row.ts'
import type { Traits } from '../rows/traits.ts'
import type { ActorStore } from './actor-store.ts'
import type { DefinedList } from './message.ts'

export abstract class ActorView {
  readonly store: ActorStore
  ordinal = -1
  /** Its values since other definitions hold, as long as it has not been brought on to them. */
  foreseen: DefinedList | undefined = undefined
  #traits: Traits | undefined = undefined
  #traitsOf = -1
  #traitsKey = -1
  #traitsStamp = -1

  constructor(store: ActorStore) {
    this.store = store
  }

  /** In the order in which they were added. */
  abstract get ids(): readonly ExternalId[]

  /** The transitions of this actor from now on; completes when the actor gets no more messages. */
  get changes$(): Observable<Transition> {
    return this.#subject().asObservable()
  }

  /** Passes on that the source of messages has failed. */
  error(cause: unknown): void {
    this.#subject().error(cause)
  }

  complete(): void {
    this.#subject().complete()
  }

  #subject(): Subject<Transition> {
    const { watched } = this.store
    let subject = watched.get(this.ordinal)
    if (!subject) watched.set(this.ordinal, (subject = new Subject()))
    return subject
  }

  /** The row of the actor; 0 if it is no more. */
  get row(): number {
    return this.store.rows.at(this.ordinal)
  }

  /** Next instant at which time alone may change something; infinite if none. */
  get dueAt(): number {
    return this.store.memory.state.doubles[this.row + DUE_AT]!
  }

  /** True for one whose states are still to be computed. */
  get isUnbuilt(): boolean {
    return (this.store.memory.state.ints[(this.row + FLAGS) * 2]! & IS_UNBUILT) !== 0
  }

  /** The calls that brought its ids, one for each; undefined for one that came before they were kept. */
  get origins(): readonly (CallOrigin | undefined)[] {
    return this.store.origins.ofIds({ row: this.row, idCount: this.ids.length })
  }

  /** The call that made it; undefined if that is not known. */
  get firstCall(): CallOrigin | undefined {
    let first: CallOrigin | undefined
    for (const origin of this.origins) {
      if (!origin) return undefined
      if (!first || origin.arrival < first.arrival) first = origin
    }
    return first
  }

  /** The last call that named it; undefined if that is not known. */
  get lastCall(): CallOrigin | undefined {
    const { histories, origins } = this.store
    return laterOf(origins.last(this.row), histories.newest(this.row))
  }

  /** The last transitions, oldest first. */
  get past(): readonly PastTransition[] {
    const { past, histories } = this.store
    const stored = past.read(this.row)
    const isOpen = stored.some(({ call }) => call && call.messageId === undefined)
    const events = isOpen ? histories.events(this.row) : []
    const known = new Map(events.map(({ arrival, messageId }) => [arrival, messageId]))
    return stored.map(({ call, ...transition }) => {
      const messageId = call && (call.messageId ?? known.get(call.arrival))
      return { ...transition, messageId: messageId === '' ? undefined : messageId }
    })
  }

  /** Ordinals of the users that it has taken over. */
  get formerOrdinals(): readonly number[] {
    return this.store.origins.former(this.row)
  }

  /** Notes a call that names it, and is no event. */
  noteCall(call: CallOrigin): void {
    this.store.origins.note(this.row, call)
  }

  definedValue(id: number): JsonValue | undefined {
    if (this.foreseen && this.store.laggards?.isBehind(this.ordinal)) return this.foreseen.get(id)?.value
    const at = this.store.values.find(this.row, id)
    return at === 0 ? undefined : this.store.values.value(at)
  }

  /** The values of definitions that ever had one. */
  get defined(): DefinedList {
    if (this.foreseen && this.store.laggards?.isBehind(this.ordinal)) return this.foreseen
    const { row } = this
    const { values } = this.store
    return {
      get: (id) => {
        const at = values.find(row, id)
        return at === 0 ? undefined : values.read(at)
      },
      ids: () => values.ids(row),
    }
  }

  /** The custom traits. */
  get traits(): Traits {
    const key = this.store.traits.reference(this.row)
    const { stamp } = this.store.memory.barrier
    const isSame = this.ordinal === this.#traitsOf && key === this.#traitsKey && stamp === this.#traitsStamp
    if (!this.#traits || !isSame) {
      this.#traits = this.store.traits.read(this.row)
      this.#traitsOf = this.ordinal
      this.#traitsKey = key
      this.#traitsStamp = stamp
    }
    return this.#traits
  }

  /** Writes traits that have been changed. */
  protected storeTraits(traits: Traits): void {
    this.store.traits.write(this.row, traits)
    this.#traitsKey = this.store.traits.reference(this.row)
  }
}
