/** The outward face of an actor: an observable of its transitions, which costs nothing until somebody subscribes. */
import { type Observable, Subject } from 'rxjs'
import type { Transition } from '../../src/model/transition.ts'

export class Watched {
  #changes: Subject<Transition> | undefined = undefined

  /** The transitions of this actor from now on; completes when the actor gets no more messages. */
  get changes$(): Observable<Transition> {
    return (this.#changes ??= new Subject()).asObservable()
  }

  get isWatched(): boolean {
    return this.#changes !== undefined
  }

  /** Passes on that the source of messages has failed. */
  error(cause: unknown): void {
    ;(this.#changes ??= new Subject()).error(cause)
  }

  complete(): void {
    ;(this.#changes ??= new Subject()).complete()
  }

  /** Publishes a transition of this actor. */
  publish(transition: Transition): void {
    this.#changes?.next(transition)
  }
}
