/** The invented people of the shop, and the companies that a third of them belong to. */
import { UNITS } from '../model/time.ts'
import { Chance } from './chance.ts'

export interface ShopScale {
  readonly seed: number
  /** A number of people. */
  readonly people: number
}

export type Habit = 'power' | 'regular' | 'lapsing' | 'occasional'

export interface Person {
  readonly index: number
  readonly userId: string
  readonly anonymousId: string
  readonly name: string
  readonly email: string
  readonly country: string
  readonly plan: 'basic' | 'premium' | 'business'
  readonly newsletter: boolean
  readonly company: number | undefined
  readonly habit: Habit
  /** The category that interests them most, by its place. */
  readonly taste: number
  /** The day is another one for each, so that not all begin one at midnight; ms. */
  readonly dayOffset: number
}

const FIRST_NAMES = [
  ...['Mira', 'Tomas', 'Ade', 'Priya', 'Jonas', 'Lena', 'Omar', 'Sofia', 'Noah', 'Yuki', 'Ines', 'Karl', 'Amara'],
  ...['Bruno', 'Chiara', 'Dmitri', 'Elif', 'Farid', 'Greta', 'Hugo', 'Ilse', 'Jamal', 'Keiko', 'Liam', 'Marta'],
  ...['Nadia', 'Oskar', 'Paula', 'Quentin', 'Rosa', 'Samir', 'Tilda', 'Umar', 'Vera', 'Wanda', 'Xenia', 'Yara', 'Zeno'],
]
const LAST_NAMES = [
  ...['Holt', 'Lind', 'Okafor', 'Raman', 'Berg', 'Novak', 'Haddad', 'Costa', 'Sato', 'Weiss', 'Adler', 'Brandt'],
  ...['Castell', 'Dorn', 'Ekman', 'Farrow', 'Grau', 'Hale', 'Iwata', 'Jansen', 'Kovac', 'Lorne', 'Marsh', 'Nkosi'],
  ...['Orlov', 'Penn', 'Quill', 'Rask', 'Sloane', 'Tamm', 'Ueda', 'Voss', 'Winther', 'Yilmaz', 'Zander', 'Ashby'],
]
const COUNTRIES = ['DE', 'FR', 'GB', 'US', 'US', 'NL', 'ES', 'SE', 'JP', 'NG', 'IN', 'PL']
const COMPANY_STARTS = ['North', 'Blue', 'Alder', 'Copper', 'Harbour', 'Linden', 'Silver', 'Quiet', 'Upper', 'Tall']
const COMPANY_ENDS = ['field', 'water', 'works', 'gate', 'mill', 'bridge', 'stone', 'yard', 'house', 'lane']
const COMPANY_KINDS = ['Studio', 'Logistics', 'Labs', 'Partners']
const PEOPLE_OF_COMPANY = 8

/** Makes the people, who are the same for a seed. */
export function peopleOf({ seed, people }: ShopScale): Person[] {
  const companies = Math.max(1, Math.round(people / 3 / PEOPLE_OF_COMPANY))
  return Array.from({ length: people }, (_, index) => {
    const chance = new Chance(seed, index)
    const [first, last] = [chance.pick(FIRST_NAMES), chance.pick(LAST_NAMES)]
    const company = index % 3 === 0 ? chance.whole(companies) : undefined
    return {
      index,
      userId: `shopper_${String(index + 1).padStart(5, '0')}`,
      anonymousId: `visitor_${String(index + 1).padStart(5, '0')}`,
      name: `${first} ${last}`,
      email: `${first}.${last}.${index + 1}@example.com`.toLowerCase(),
      country: chance.pick(COUNTRIES),
      plan: company === undefined ? chance.pick(['basic', 'basic', 'basic', 'premium'] as const) : 'business',
      newsletter: chance.isTrue(0.4),
      company,
      habit: habitOf(chance.next()),
      taste: chance.whole(100),
      dayOffset: chance.whole(UNITS.day),
    }
  })
}

function habitOf(share: number): Habit {
  if (share < 0.06) return 'power'
  if (share < 0.36) return 'regular'
  return share < 0.51 ? 'lapsing' : 'occasional'
}

export interface Company {
  readonly groupId: string
  readonly name: string
  readonly plan: string
}

export function companyOf(seed: number, number: number): Company {
  const chance = new Chance(seed, -1, number)
  const name = `${chance.pick(COMPANY_STARTS)}${chance.pick(COMPANY_ENDS)} ${chance.pick(COMPANY_KINDS)}`
  const plan = chance.pick(['business', 'business', 'team'])
  return { groupId: `company_${String(number + 1).padStart(3, '0')}`, name, plan }
}
