/**
 * Finds one page of kept events, of one user or of several together, in event order or against it. Of what is not on
 * the page, only names and times are read.
 *
 * E1. `#found` has the first events that are wanted, in order: all of the instant at which the page begins, and those
 *     of the page, with one more that tells where the next begins.
 */
import { compareEvents, type ProfileEvent } from '../../src/model/event.ts'
import type { EventPage, EventPlace, EventQuery, FoundEvent } from '../../src/model/event-query.ts'
import type { Histories } from './histories.ts'

/** Where an event lies, before it is read. */
interface Candidate {
  readonly ts: number
  /** Its number in its history. */
  readonly index: number
  readonly position: number
}

export class EventSearch {
  readonly #query: EventQuery
  readonly #sign: 1 | -1
  #found: FoundEvent<number>[] = []
  /** Events that it has passed. */
  looked = 0

  constructor(query: EventQuery) {
    this.#query = query
    this.#sign = query.isNewestFirst ? -1 : 1
  }

  /** Looks at the history of one user, which is in memory. Keeps E1. */
  look(histories: Histories, row: number, user: number): void {
    const candidates = this.#candidates(histories, row)
    candidates.sort((a, b) => this.#sign * (a.ts - b.ts || a.index - b.index))
    const kept = candidates.slice(0, this.#room(candidates))
    const read = kept.map(({ position }) => ({ event: histories.eventAt(position), user }))
    const found = this.#found.length === 0 ? read : [...this.#found, ...read].sort((a, b) => this.#compare(a, b))
    this.#found = found.slice(0, this.#room(found.map(({ event }) => event)))
  }

  /** Returns the page, with the ordinals of the events' users. */
  page(): EventPage<number> {
    const start = this.#startOf(this.#query.start)
    const end = start + this.#query.limit
    const next = this.#found[end]?.event
    return { events: this.#found.slice(start, end), ...(next && { next: this.#placeOf(next, end) }) }
  }

  #candidates(histories: Histories, row: number): Candidate[] {
    const { from, to, isWanted, isNewestFirst, start } = this.#query
    const low = isNewestFirst ? from : Math.max(from, start?.ts ?? from)
    const high = isNewestFirst ? Math.min(to, start?.ts ?? to) : to
    const candidates: Candidate[] = []
    let index = 0
    histories.visit(row, (name, ts, position) => {
      this.looked++
      if (ts >= low && ts <= high && isWanted(name)) candidates.push({ ts, index, position })
      index++
    })
    return candidates
  }

  /** Returns how many of some events in order may be on the page, or needed to find its begin. */
  #room(events: readonly { readonly ts: number }[]): number {
    const { start, limit } = this.#query
    let before = 0
    while (start && before < events.length && events[before]!.ts === start.ts) before++
    return before + limit + 1
  }

  #compare(a: FoundEvent<number>, b: FoundEvent<number>): number {
    return this.#sign * compareEvents(a.event, b.event)
  }

  /** Returns the index of the event at which the page begins; if it is gone, of the first one of its instant. */
  #startOf(start: EventPlace | undefined): number {
    if (!start) return 0
    let rank = 0
    const index = this.#found.findIndex(({ event }) => isOf(event, start) && rank++ === start.rank)
    return Math.max(0, index)
  }

  #placeOf(event: ProfileEvent, index: number): EventPlace {
    const { ts, messageId } = event
    const rank = this.#found.slice(0, index).filter((found) => isOf(found.event, event)).length
    return { ts, messageId, rank }
  }
}

function isOf(event: ProfileEvent, { ts, messageId }: Pick<EventPlace, 'ts' | 'messageId'>): boolean {
  return event.ts === ts && event.messageId === messageId
}
