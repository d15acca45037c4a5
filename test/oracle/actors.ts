/**
 * The oracle's state of a user or an account: everything that ever happened to it, and the last value of each
 * definition.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { byPriority, type Id } from './calls.ts'
import type { OracleEvent, Quantifier } from './evaluation.ts'

/** The value of one definition for one actor. */
export interface Standing {
  readonly member: boolean
  /** Only for a computed trait; null: absent. */
  readonly value: JsonValue
  /** True if a count was ever at least 1. */
  readonly counted: boolean
  /** Transitions so far. */
  readonly sequence: number
}

export const NO_STANDING: Standing = { member: false, value: null, counted: false, sequence: 0 }

interface TraitEntry {
  readonly value: JsonValue
  readonly ts: number
  readonly arrival: number
}

abstract class Actor {
  /** By definition key. */
  readonly standings = new Map<string, Standing>()
  readonly traits = new Map<string, TraitEntry>()
  /** The next instant at which time alone may change something. */
  nextDue = Infinity

  abstract get label(): string
  /** In order of `(ts, arrival)`. */
  abstract get events(): readonly OracleEvent[]

  standing(key: string): Standing {
    return this.standings.get(key) ?? NO_STANDING
  }

  /** The latest by `(ts, arrival)` stays, a null too. */
  setTrait(name: string, entry: TraitEntry): void {
    const held = this.traits.get(name)
    if (held === undefined || isLater(entry, held)) this.traits.set(name, entry)
  }

  /** The traits that are set. */
  get traitValues(): Record<string, JsonValue> {
    return Object.fromEntries([...this.traits].flatMap(([name, { value }]) => (value === null ? [] : [[name, value]])))
  }
}

function isLater(a: { ts: number; arrival: number }, b: { ts: number; arrival: number }): boolean {
  return a.ts > b.ts || (a.ts === b.ts && a.arrival > b.arrival)
}

export function inOrder(events: readonly OracleEvent[]): OracleEvent[] {
  return [...events].sort((a, b) => (isLater(a, b) ? 1 : -1))
}

export class User extends Actor {
  /** Counts the profiles from 0, in order of creation. */
  readonly number: number
  /** First added first. */
  ids: Id[] = []
  mergeCount = 0
  events: OracleEvent[] = []
  readonly accounts = new Set<Account>()
  /** The truth of the condition inside each quantifier when this user last settled. */
  readonly contributions = new Map<Quantifier, boolean>()

  constructor(number: number) {
    super()
    this.number = number
  }

  get label(): string {
    const [best] = [...this.ids].sort((a, b) => byPriority(a.type, b.type))
    return `${best!.type}:${best!.value}`
  }
}

export class Account extends Actor {
  readonly groupId: string
  readonly users = new Set<User>()

  constructor(groupId: string) {
    super()
    this.groupId = groupId
  }

  get label(): string {
    return `group_id:${this.groupId}`
  }

  get events(): OracleEvent[] {
    return inOrder([...this.users].flatMap((user) => user.events))
  }
}
