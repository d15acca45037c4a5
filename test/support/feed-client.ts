/** A client of the live feed that is cut off, and comes back with the last id that it has received. */
import type { FeedApi, FeedEvent, FeedFilter, FeedReader, FeedSubscription } from '../../src/model/transition-feed.ts'

export interface ReceivedTransition {
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
}

/** One connection. */
class Connection implements FeedReader {
  readonly events: FeedEvent[] = []
  isFull = false
  isEnded = false
  isCut = false
  readonly #received: (event: FeedEvent) => void

  constructor(received: (event: FeedEvent) => void) {
    this.#received = received
  }

  send(event: FeedEvent): void {
    if (this.isEnded) throw new Error('something is sent after the end')
    this.events.push(event)
    this.#received(event)
  }

  end(): void {
    this.isEnded = true
  }

  cut(): void {
    this.isCut = true
  }
}

export class FeedClient {
  transitions: ReceivedTransition[] = []
  readonly gaps: FeedEvent[] = []
  lastId: string | undefined
  connection: Connection | undefined
  #subscription: FeedSubscription | undefined

  constructor(lastId?: string) {
    this.lastId = lastId
  }

  /** @param isHeard false once nothing that is sent arrives any more */
  connect(feed: FeedApi, filter: FeedFilter = { kind: 'space' }, isHeard = (): boolean => true): Connection {
    const connection = new Connection((event) => {
      if (isHeard() && this.connection === connection) this.#receive(event)
    })
    this.connection = connection
    this.#subscription = feed.follow(filter, this.lastId, connection)
    return connection
  }

  /** Takes all that waits, once the connection is not full any more. */
  proceed(): void {
    this.connection!.isFull = false
    this.#subscription!.proceed()
  }

  /** @param lost of the last transitions, so many had been sent, and never arrived */
  cut(lost = 0): void {
    this.#subscription?.leave()
    this.connection = this.#subscription = undefined
    if (lost === 0 || this.transitions.length <= lost) return
    this.transitions = this.transitions.slice(0, -lost)
    this.lastId = this.transitions.at(-1)!.id
  }

  #receive({ event, id, data }: FeedEvent): void {
    if (event === 'transition')
      this.transitions.push({ id: id!, data: JSON.parse(data!) as ReceivedTransition['data'] })
    else if (event === 'gap') this.gaps.push({ event, id: id!, data: data! })
    if (id !== undefined) this.lastId = id
  }
}
