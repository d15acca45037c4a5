/** The deliveries of one actor to a destination, in order; the first may be under way. */
import type { Delivery } from './delivery.ts'

export interface ActorQueue {
  readonly actor: number
  readonly deliveries: Delivery[]
  /** The first delivery is on its way to the destination. */
  isUnderWay: boolean
  /** It is among the ready queues of its lane. */
  isReady: boolean
  /** Tries of the first delivery, and when it was tried first, epoch ms; 0: not yet. */
  attempts: number
  triedSince: number
  /** The first delivery is not tried again before that instant, epoch ms. */
  notBefore: number
  /** It waits to be tried again. */
  isDelayed: boolean
  /** Actors whose queues come first: users that this one took over. */
  behind: Set<number> | undefined
}

/** A queue as a checkpoint has it. */
export interface ActorQueueState {
  readonly actor: number
  readonly deliveries: readonly Delivery[]
  readonly attempts: number
  readonly triedSince: number
  readonly notBefore: number
  readonly behind: readonly number[]
}

/** A delivery with its tries so far, the present one included. */
export interface Tried {
  readonly delivery: Delivery
  readonly attempts: number
  /** Epoch ms. */
  readonly triedSince: number
}

export function emptyQueue(actor: number): ActorQueue {
  return {
    actor,
    deliveries: [],
    isUnderWay: false,
    isReady: false,
    attempts: 0,
    triedSince: 0,
    notBefore: 0,
    isDelayed: false,
    behind: undefined,
  }
}

/** Copies a queue; the deliveries themselves never change. */
export function stateOf({ actor, deliveries, attempts, triedSince, notBefore, behind }: ActorQueue): ActorQueueState {
  return { actor, deliveries: [...deliveries], attempts, triedSince, notBefore, behind: behind ? [...behind] : [] }
}

/** Returns the first delivery of a queue that has one. */
export function triedOf({ deliveries, attempts, triedSince }: ActorQueue): Tried {
  return { delivery: deliveries[0]!, attempts, triedSince }
}
