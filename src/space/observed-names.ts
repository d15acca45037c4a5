/**
 * The events, properties and traits that have come lately, for whoever builds a query. State as the engine's is: it
 * follows from the journal, and a checkpoint has it. Bounded: the event that was seen last longest ago leaves first.
 */
import type { CallOutcome } from '../../actors/engine/applied.ts'
import type { CheckedCall } from '../model/entry.ts'
import type { ObservedEvent, ObservedField } from '../model/observed.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import { ObservedFields, type ObservedFieldsState } from './observed-fields.ts'

const EVENTS_MAX = 500
const NAME_LENGTH_MAX = 200
const HOUR_MS = 3_600_000
const HOURS = 24

interface Event {
  lastSeenAt: number
  /** By hour of the day, by UTC: the calls of the last 24 hours, up to `lastSeenAt`. */
  readonly hours: number[]
  readonly properties: ObservedFields
}

type StoredEvent = readonly [
  name: string,
  lastSeenAt: number,
  hours: readonly number[],
  properties: ObservedFieldsState,
]

/** As a checkpoint has them. */
export interface ObservedNamesState {
  readonly events: readonly StoredEvent[]
  readonly users: ObservedFieldsState
  readonly accounts: ObservedFieldsState
}

/** A user that is deleted, as far as its events tell where values of its may be. */
export interface ForgottenUser {
  /** Names of its kept events. */
  readonly eventNames: ReadonlySet<string>
  /** Undefined if all its events are kept. */
  readonly older: object | undefined
}

export class ObservedNames {
  readonly #events = new Map<string, Event>()
  #traits: Readonly<Record<Collection, ObservedFields>> = {
    users: new ObservedFields(),
    accounts: new ObservedFields(),
  }

  static of(state: ObservedNamesState | undefined): ObservedNames {
    const names = new ObservedNames()
    if (!state) return names
    for (const [name, lastSeenAt, hours, properties] of state.events)
      names.#events.set(name, { lastSeenAt, hours: [...hours], properties: ObservedFields.of(properties) })
    names.#traits = { users: ObservedFields.of(state.users), accounts: ObservedFields.of(state.accounts) }
    return names
  }

  state(): ObservedNamesState {
    const events = Array.from(this.#events, ([name, { lastSeenAt, hours, properties }]): StoredEvent => [
      name,
      lastSeenAt,
      [...hours],
      properties.state(),
    ])
    const { users, accounts } = this.#traits
    return { events, users: users.state(), accounts: accounts.state() }
  }

  /** Takes up the calls of an entry that were applied. */
  applied(calls: readonly CheckedCall[], outcomes: readonly CallOutcome[], receivedAt: number): void {
    // Every call passes here: a loop by index is quicker.
    for (let index = 0; index < calls.length; index++) {
      if (outcomes[index]!.kind !== 'applied') continue
      const { call } = calls[index]!
      const { event, traits, properties } = call
      if (event !== undefined && event.length <= NAME_LENGTH_MAX) {
        const observed = this.#eventOf(event, receivedAt)
        count(observed, receivedAt)
        observed.properties.observe(properties)
      } else if (traits) this.#traits[call.type === 'group' ? 'accounts' : 'users'].observe(traits)
    }
  }

  /** Forgets the values that may be those of a user. */
  forget({ eventNames, older }: ForgottenUser): void {
    this.#traits.users.forgetValues()
    for (const [name, { properties }] of this.#events)
      // Of events that are no longer kept, it is not known which they were.
      if (older || eventNames.has(name)) properties.forgetValues()
  }

  /** Lists the events, those that came most in 24 hours first. @param search a part of the name, in capitals or not */
  events(now: number, { search, limit }: { readonly search: string; readonly limit: number }): ObservedEvent[] {
    const wanted = search.toLowerCase()
    return Array.from(this.#events, ([name, event]) => {
      const { lastSeenAt } = event
      return { name, count24h: countOf(event, now), lastSeenAt }
    })
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .sort((a, b) => b.count24h - a.count24h || b.lastSeenAt - a.lastSeenAt || (a.name < b.name ? -1 : 1))
      .slice(0, limit)
  }

  /** Lists the properties of an event; undefined if it was not seen. */
  properties(event: string): ObservedField[] | undefined {
    return this.#events.get(event)?.properties.list()
  }

  traits(collection: Collection): ObservedField[] {
    return this.#traits[collection].list()
  }

  #eventOf(name: string, now: number): Event {
    const known = this.#events.get(name)
    if (known) return known
    if (this.#events.size >= EVENTS_MAX) this.#events.delete(this.#oldest())
    const event: Event = {
      lastSeenAt: now,
      hours: Array<number>(HOURS).fill(0),
      properties: new ObservedFields(),
    }
    this.#events.set(name, event)
    return event
  }

  #oldest(): string {
    let [oldest, at] = ['', Infinity]
    for (const [name, { lastSeenAt }] of this.#events) if (lastSeenAt < at) [oldest, at] = [name, lastSeenAt]
    return oldest
  }
}

/** Counts one more, now. */
function count(event: Event, now: number): void {
  const hour = Math.floor(now / HOUR_MS)
  const last = Math.floor(event.lastSeenAt / HOUR_MS)
  for (let passed = Math.max(last + 1, hour - HOURS + 1); passed <= hour; passed++) event.hours[passed % HOURS] = 0
  event.hours[hour % HOURS]!++
  event.lastSeenAt = now
}

/** Counts those of the present hour and the 23 before it. */
function countOf({ lastSeenAt, hours }: Event, now: number): number {
  const [last, hour] = [Math.floor(lastSeenAt / HOUR_MS), Math.floor(now / HOUR_MS)]
  let sum = 0
  for (let counted = Math.max(0, hour - HOURS + 1); counted <= last; counted++) sum += hours[counted % HOURS]!
  return sum
}
