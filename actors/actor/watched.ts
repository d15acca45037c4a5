/** The outward face of an actor: a stream of its transitions, which costs nothing until somebody watches. */
import { type Observable, Subject } from 'rxjs'
import type { Transition } from '../../src/model/transition.ts'

export class Watched {
  #changes: Subject<Transition> | undefined = undefined

  /** The transitions of this actor, from now on; it ends when the actor is told that no more messages come. */
  get changes$(): Observable<Transition> {
    return (this.#changes ??= new Subject()).asObservable()
  }

  get isWatched(): boolean {
    return this.#changes !== undefined
  }

  /** The source of messages has failed: whoever watches the actor hears why. */
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
