/**
 * The life of the demonstration shop from its opening on: several calls a second, without end. The same seed and the
 * same instant give the same calls, wherever one begins.
 *
 * Whoever is active changes by the day and by the month: so people keep entering and leaving audiences, and nobody is
 * in all of them in the end.
 */
import { UNITS } from '../model/time.ts'
import { Chance } from './chance.ts'
import { callsInOrder, type ShopVisit } from './in-order.ts'
import { type Habit, peopleOf, type Person, type ShopScale } from './people.ts'
import { PEOPLE } from './shop.ts'
import { callsOfVisit, type ShopCall, VISIT_MS_MAX, type VisitLikelihood } from './visit.ts'

export interface ShopLife extends ShopScale {
  /** Calls come after it; epoch ms. */
  readonly after: number
}

const SLOT_MS = 10 * UNITS.second
/** Visits that begin in a slot, of as many people as the shop usually has. */
const VISITS_OF_SLOT = 4.4
/** Somebody who comes on a day at all, by habit. */
const DAYS: Readonly<Record<Habit, number>> = { power: 0.9, regular: 0.4, lapsing: 0.3, occasional: 0.12 }
const MONTH_MS = 30 * UNITS.day
/** Somebody who stays away for a month. */
const AWAY = 0.3
const FORTNIGHT_MS = 14 * UNITS.day
/** Companies nobody of which signs in for a fortnight. */
const QUIET_COMPANIES = 0.12
const LIKELIHOOD: VisitLikelihood = {
  cart: 0.22,
  order: 0.22,
  laterOrder: 0.06,
  ticket: 0.006,
  trial: 0.004,
  signIn: 0.3,
}
const TRIES_MAX = 40

/** Yields the calls after an instant, in order of time, without end. */
export function* callsOfLife(life: ShopLife): Generator<ShopCall, never> {
  for (const call of callsInOrder(visitsOfLife(life))) if (call.at > life.after) yield call
  throw new Error('the shop lives without end')
}

function* visitsOfLife(life: ShopLife): Generator<ShopVisit, never> {
  const people = peopleOf(life)
  const { seed, after } = life
  const mean = (VISITS_OF_SLOT * people.length) / PEOPLE
  // Those that are under way began before.
  for (let slot = Math.floor((after - VISIT_MS_MAX) / SLOT_MS); ; slot++) {
    const chance = new Chance(seed, -6, slot)
    const visits = Array.from({ length: chance.times(mean) }, (_, number) => {
      const at = slot * SLOT_MS + chance.whole(SLOT_MS)
      const person = activePerson(people, { seed, at, chance })
      return visitOf(person, { seed, at, slot, number })
    })
    yield* visits.sort((a, b) => a.at - b.at)
  }
}

interface Begun {
  readonly seed: number
  /** Epoch ms. */
  readonly at: number
  readonly slot: number
  /** Its number within the slot. */
  readonly number: number
}

function visitOf(person: Person, { seed, at, slot, number }: Begun): ShopVisit {
  const isQuiet = person.company !== undefined && holds(QUIET_COMPANIES, seed, -7, person.company, at / FORTNIGHT_MS)
  const likelihood = isQuiet ? { ...LIKELIHOOD, signIn: 0 } : LIKELIHOOD
  const chance = new Chance(seed, -8, slot, number)
  return { at, calls: () => callsOfVisit({ person, at, id: `live.${slot}.${number}`, chance, likelihood }) }
}

/** Picks somebody who is about on that day; anybody if hardly anybody is. */
function activePerson(
  people: readonly Person[],
  { seed, at, chance }: { readonly seed: number; readonly at: number; readonly chance: Chance },
): Person {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const person = chance.pick(people)
    if (isActive(seed, person, at)) return person
  }
  return chance.pick(people)
}

function isActive(seed: number, { index, habit, dayOffset }: Person, at: number): boolean {
  const own = at + dayOffset
  return !holds(AWAY, seed, -9, index, own / MONTH_MS) && holds(DAYS[habit], seed, -10, index, own / UNITS.day)
}

/** True with a probability, the same for all instants of a span. @param parts the last one counts the spans */
function holds(probability: number, ...parts: readonly number[]): boolean {
  return new Chance(...parts.map(Math.floor)).isTrue(probability)
}
