/**
 * The past of the demonstration shop: 90 days in which its people have looked, filled carts, ordered or not. It follows
 * from a seed and from the instant at which the shop opens, call for call.
 *
 * Two people of three were there before; the others join on the way. A few come nearly every day; some have come
 * regularly, and then no more. The day has its hours and the week its days.
 */
import { UNITS } from '../model/time.ts'
import { Chance } from './chance.ts'
import { callsInOrder, type ShopVisit } from './in-order.ts'
import { type Habit, peopleOf, type Person, type ShopScale } from './people.ts'
import { RHYTHM_MAX, rhythmAt } from './rhythm.ts'
import { callsOfJoining, callsOfVisit, type ShopCall, type VisitLikelihood } from './visit.ts'

export interface ShopPast extends ShopScale {
  /** Epoch ms. */
  readonly opensAt: number
}

export const PEOPLE = 5_000
export const PAST_DAYS = 90
export const PAST_MS = PAST_DAYS * UNITS.day
/** From here on people have joined, ms before it opens. */
const JOINED_MS = UNITS.day
/** Those who were there before are known one after another, ms. */
const KNOWN_EVERY_MS = 100
const THERE_BEFORE = 0.66
/** Visits a day, if it were as busy as at the best hour. */
const VISITS_A_DAY: Readonly<Record<Habit, number>> = { power: 0.9, regular: 0.105, lapsing: 0.13, occasional: 0.025 }
const LIKELIHOOD: VisitLikelihood = {
  cart: 0.42,
  order: 0.42,
  laterOrder: 0.08,
  ticket: 0.04,
  trial: 0.05,
  signIn: 0.5,
}
/** Companies nobody of which has signed in for long. */
const QUIET_COMPANIES = 0.16
const QUIET_FROM_MS = 20 * UNITS.day
/** Regulars who stay away have not come since then, ms before it opens. */
const LAPSED_MS = { least: 31 * UNITS.day, most: 60 * UNITS.day }

/** Yields the calls of 90 days until the shop opens, in order of time. */
export function callsOfPast(past: ShopPast): Generator<ShopCall, void> {
  return callsInOrder(visitsOfPast(past))
}

function* visitsOfPast(past: ShopPast): Generator<ShopVisit, void> {
  const { seed, opensAt } = past
  const people = peopleOf(past).map((person) => ({ person, ...lifeOf(person, past) }))
  const joining = people.toSorted((a, b) => a.joinsAt - b.joinsAt)
  let joined = 0
  for (let day = 0; day < PAST_DAYS; day++) {
    const from = opensAt - PAST_MS + day * UNITS.day
    const visits: ShopVisit[] = []
    for (let next = joining[joined]; next && next.joinsAt < from + UNITS.day; next = joining[++joined]) {
      const { person, joinsAt: at } = next
      visits.push({ at, calls: () => callsOfJoining(seed, person, at) })
    }
    for (const life of people) visits.push(...visitsOfDay(life, { seed, day, from, opensAt }))
    yield* visits.sort((a, b) => a.at - b.at)
  }
}

interface Life {
  readonly person: Person
  /** Epoch ms. */
  readonly joinsAt: number
  /** When they come for the last time. */
  readonly staysUntil: number
}

function lifeOf({ index, habit }: Person, { seed, opensAt }: ShopPast): Omit<Life, 'person'> {
  const chance = new Chance(seed, -2, index)
  const start = opensAt - PAST_MS
  const isThere = habit === 'lapsing' || chance.isTrue(THERE_BEFORE)
  const joinsAt = isThere
    ? start + (index + 1) * KNOWN_EVERY_MS
    : Math.round(chance.between(start, opensAt - JOINED_MS))
  const lapsesAt = opensAt - Math.round(chance.between(LAPSED_MS.least, LAPSED_MS.most))
  return { joinsAt, staysUntil: habit === 'lapsing' ? lapsesAt : opensAt }
}

interface Day {
  readonly seed: number
  readonly day: number
  /** Epoch ms. */
  readonly from: number
  readonly opensAt: number
}

/** Lists the visits of one person on one day. */
function visitsOfDay({ person, joinsAt, staysUntil }: Life, { seed, day, from, opensAt }: Day): ShopVisit[] {
  const chance = new Chance(seed, -3, day, person.index)
  const visits: ShopVisit[] = []
  for (let number = chance.times(VISITS_A_DAY[person.habit]); number > 0; number--) {
    const at = from + chance.whole(UNITS.day)
    const isBusy = chance.isTrue(rhythmAt(at) / RHYTHM_MAX)
    if (!isBusy || at <= joinsAt || at > staysUntil) continue
    const isQuiet = isQuietCompany(seed, person.company) && at > opensAt - QUIET_FROM_MS
    const likelihood = isQuiet ? { ...LIKELIHOOD, signIn: 0 } : LIKELIHOOD
    const id = `past.${day}.${person.index}.${number}`
    visits.push({
      at,
      calls: () =>
        callsOfVisit({
          person,
          at,
          id,
          chance: new Chance(seed, -4, day, person.index, number),
          likelihood,
        }).filter((call) => call.at < opensAt),
    })
  }
  return visits
}

function isQuietCompany(seed: number, company: number | undefined): boolean {
  return company !== undefined && new Chance(seed, -5, company).isTrue(QUIET_COMPANIES)
}
