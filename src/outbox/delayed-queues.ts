/** The queues of a destination whose first delivery waits to be tried again, the earliest first. */
import TinyQueue from 'tinyqueue'
import type { ActorQueue } from './actor-queue.ts'

/** An entry of the heap. It is void once its queue waits no more, or until another instant. */
interface HeapEntry {
  readonly queue: ActorQueue
  readonly until: number
}

export class DelayedQueues {
  readonly #heap = new TinyQueue<HeapEntry>([], (a, b) => a.until - b.until)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The instant at which the first one is to be tried again, epoch ms; infinite if there is none. */
  get nextAt(): number {
    return this.#next()?.until ?? Infinity
  }

  /** Adds a queue until its `notBefore`. */
  add(queue: ActorQueue): void {
    queue.isDelayed = true
    this.#heap.push({ queue, until: queue.notBefore })
    this.#count++
  }

  /** Removes a queue, if it is there. */
  remove(queue: ActorQueue): void {
    if (!queue.isDelayed) return
    queue.isDelayed = false
    this.#count--
  }

  /** Removes and yields the queues whose time has come. @param now epoch ms */
  *wake(now: number): Generator<ActorQueue> {
    for (let next = this.#next(); next && next.until <= now; next = this.#next()) {
      this.remove(next.queue)
      yield next.queue
    }
  }

  #next(): HeapEntry | undefined {
    for (;;) {
      const next = this.#heap.peek()
      if (!next || (next.queue.isDelayed && next.queue.notBefore === next.until)) return next
      this.#heap.pop()
    }
  }
}
