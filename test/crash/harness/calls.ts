/**
 * The calls that are sent, and those that were acknowledged. Calls are made in cohorts: a few users and their account, who are sent
 * calls for a while and then no more, so that the oracle can say of each cohort what must hold in the end.
 */
import type { Chance } from './runs.ts'

export interface Call {
  readonly type: 'track' | 'group'
  readonly messageId: string
  readonly userId: string
  /** Left out where only the time of receipt counts. */
  readonly timestamp?: string
  readonly event?: string
  readonly groupId?: string
  readonly properties?: Readonly<Record<string, number | string>>
  readonly traits?: Readonly<Record<string, string>>
}

export interface Cohort {
  readonly account: string
  readonly users: readonly string[]
  readonly calls: Call[]
}

export const COHORT_USERS = 8
const COHORT_CALLS = 240
/** From one call to the next. No window ends near a multiple of it: the SDK's clock is corrected by some ms. */
const MINUTE = 60_000
const DAY = 1_440 * MINUTE

export class Calls {
  readonly cohorts: Cohort[] = []
  readonly #chance: Chance
  readonly #name: string
  readonly #acknowledged = new Set<string>()
  readonly #startedAt = Date.now() - DAY
  #made = 0

  /** @param name begins every id, so that several may be sent to one server */
  constructor(chance: Chance, name = 'c') {
    this.#chance = chance
    this.#name = name
  }

  get made(): number {
    return this.#made
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.size
  }

  get areAllAcknowledged(): boolean {
    return this.#acknowledged.size === this.#made
  }

  next(): Call {
    const last = this.cohorts.at(-1)
    const cohort = last && last.calls.length < COHORT_CALLS ? last : this.#begin()
    const call = this.#make(cohort)
    cohort.calls.push(call)
    return call
  }

  acknowledge(calls: readonly Call[]): void {
    for (const { messageId } of calls) this.#acknowledged.add(messageId)
  }

  isAcknowledged({ messageId }: Call): boolean {
    return this.#acknowledged.has(messageId)
  }

  /** Clicks of each user. */
  clicksByUser(): Map<string, number> {
    const clicks = new Map<string, number>()
    for (const { calls } of this.cohorts)
      for (const { userId, event } of calls) if (event === 'Clicked') clicks.set(userId, (clicks.get(userId) ?? 0) + 1)
    return clicks
  }

  #begin(): Cohort {
    const account = `${this.#name}${this.cohorts.length}`
    const users = Array.from({ length: COHORT_USERS }, (_, index) => `${account}-${index}`)
    const cohort = { account, users, calls: [] }
    this.cohorts.push(cohort)
    return cohort
  }

  #make({ account, users, calls }: Cohort): Call {
    const messageId = `${this.#name}-${this.#made++}`
    const newcomer = users[calls.length]
    const timestamp = new Date(this.#startedAt + calls.length * MINUTE).toISOString()
    if (newcomer !== undefined)
      return { type: 'group', messageId, userId: newcomer, timestamp, groupId: account, traits: { plan: 'trial' } }
    const userId = this.#chance.of(users)
    const kind = this.#chance.below(10)
    if (kind === 0) return { type: 'track', messageId, userId, event: 'Seen', properties: {} }
    const properties = { n: this.#made, shop: `shop-${this.#chance.below(4)}` }
    return { type: 'track', messageId, userId, timestamp, event: kind < 3 ? 'Bought' : 'Clicked', properties }
  }
}
