/** A user as the bench knows it: all that it did, from which every value can be computed anew; and its calls. */
import { formatInstant, UNITS } from '../../src/model/time.ts'
import type { Random } from '../harness/random.ts'

export interface User {
  readonly number: number
  /** Event times, epoch ms, ascending. */
  readonly instants: number[]
  /** Property `n` of each event. */
  readonly values: number[]
  /** Trait `limit`. */
  limit: number
  /** Trait `renews_at`, epoch ms. */
  renewsAt: number
}

/** A call of a user that happens at an instant; the user has made it. */
export type Act = (user: User, at: number, random: Random) => object

const USERS_PER_ACCOUNT = 5
const VALUE_MAX = 100
/** At times beyond all values. */
const LIMIT_MAX = 120
/** A funnel's child is one event of so many. */
const EVENTS_PER_ORDER = 10
const RENEWAL_MS_MAX = 14 * UNITS.day

export function newUser(number: number): User {
  return { number, instants: [], values: [], limit: NaN, renewsAt: NaN }
}

export function userId({ number }: User): string {
  return `user-${number}`
}

export function groupId({ number }: User): string {
  return `account-${Math.floor(number / USERS_PER_ACCOUNT)}`
}

/** Tells the funnel's child from its parent. */
export function isOrder(value: number): boolean {
  return value % EVENTS_PER_ORDER === 0
}

export const visits: Act = (user, at, random) => track(user, at, random, () => 'A')

export const addsOrOrders: Act = (user, at, random) =>
  track(user, at, random, (value) => (isOrder(value) ? 'Ordered' : 'Added'))

export const setsLimit: Act = (user, _at, random) => {
  user.limit = 1 + random.below(LIMIT_MAX)
  return identify({ limit: user.limit })
}

export const setsRenewal: Act = (user, at, random) => {
  user.renewsAt = at + random.below(RENEWAL_MS_MAX)
  return identify({ renews_at: formatInstant(user.renewsAt) })
}

export const joinsAccount: Act = (user) => ({ type: 'group', groupId: groupId(user) })

function track(user: User, at: number, random: Random, nameOf: (value: number) => string): object {
  const value = 1 + random.below(VALUE_MAX)
  user.instants.push(at)
  user.values.push(value)
  return { type: 'track', event: nameOf(value), properties: { n: value } }
}

function identify(traits: object): object {
  return { type: 'identify', traits }
}
