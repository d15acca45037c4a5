/**
 * The twenty definitions as RxJS operators over the calls of one profile: a chain of scan, map and distinctUntilChanged
 * for each. A chain judges when a call of its profile comes, and at no other time.
 */
import { combineLatest, distinctUntilChanged, map, type Observable, scan, share } from 'rxjs'
import { UNITS } from '../../src/model/time.ts'
import type { Moment } from './moment.ts'
import type { ShopTraits } from './shop-call.ts'

type Matches = (moment: Moment) => boolean

/** Matching calls of a window, oldest first, as of a moment. */
interface Held {
  moments: readonly Moment[]
  now: number
}

interface HeldTraits {
  readonly traits: ShopTraits
  readonly ts: number
}

const { hour, day } = UNITS
const NO_TRAITS: HeldTraits = { traits: { email: '', plan: '', age: NaN, country: '' }, ts: -Infinity }
const SALES = new Set<string | undefined>(['spring', 'summer'])
const ABROAD = new Set(['DE', 'FR'])

/** By key of the definition: true and false, or a computed trait's value; each as soon as it differs. */
export function definitionsOf(profile$: Observable<Moment>): Record<string, Observable<boolean | number | null>> {
  const held = (matches: Matches, windowMs: number): Observable<Held> =>
    profile$.pipe(scan((state: Held, moment) => keepWithin(state, moment, matches, windowMs), { moments: [], now: 0 }))
  const count = (matches: Matches, windowMs: number, least: number): Observable<boolean> =>
    held(matches, windowMs).pipe(
      map(({ moments }) => moments.length >= least),
      distinctUntilChanged(),
    )
  const traits$ = profile$.pipe(scan(latestTraits, NO_TRAITS), distinctUntilChanged(), share())
  const orders$ = held(isOrder, 30 * day).pipe(share())
  const spend$ = orders$.pipe(map(spendOf), distinctUntilChanged(), share())
  const bought$ = count(isOrder, 30 * day, 1).pipe(share())
  const readsMail$ = count(isMail, 14 * day, 2).pipe(share())
  return {
    browsing_now: count(isView, hour, 3),
    browsed_much: count(isView, 7 * day, 10),
    likes_shoes: count((moment) => isView(moment) && moment.properties.category === 'shoes', day, 2),
    likes_hats: count((moment) => isView(moment) && moment.properties.category === 'hats', 14 * day, 3),
    looked_at_luxury: count((moment) => isView(moment) && moment.properties.price! >= 150, 2 * day, 1),
    filling_cart: count(isAddition, 6 * hour, 2),
    wanted_several: count(
      (moment) => isAddition(moment) && moment.properties.price! >= 50 && moment.properties.quantity! >= 2,
      30 * day,
      1,
    ),
    bought_lately: bought$,
    buys_often: orders$.pipe(map(({ moments }) => moments.length >= 3)),
    search_fails: count((moment) => isSearch(moment) && moment.properties.results === 0, 7 * day, 2),
    reads_mail: readsMail$,
    reads_sales_mail: count((moment) => isMail(moment) && SALES.has(moment.properties.campaign), 21 * day, 1),
    considers_price: count((moment) => isPage(moment) && moment.properties.path === '/pricing', 3 * day, 2),
    may_come_back: held(isView, 14 * day).pipe(
      map(({ moments, now }) => moments.filter(({ ts }) => ts + 7 * day <= now).length >= 2),
    ),
    left_cart: combineLatest([held(isAddition, 8 * day), held(isOrder, 9 * day)]).pipe(
      map(([additions, orders]) => hasLeftCart(additions, orders)),
    ),
    spend_30_days: spend$,
    grown_up_abroad: traits$.pipe(map(({ traits }) => traits.age >= 30 && ABROAD.has(traits.country))),
    big_spender: combineLatest([spend$, traits$]).pipe(
      map(([spend, { traits }]) => spend !== null && spend >= 500 && traits.country === 'DE'),
    ),
    active_pro: combineLatest([traits$, count(isPage, 7 * day, 1)]).pipe(
      map(([{ traits }, isActive]) => isActive && traits.plan === 'pro'),
    ),
    loyal_reader: combineLatest([bought$, readsMail$]).pipe(map(([bought, readsMail]) => bought && readsMail)),
  }
}

const isView: Matches = ({ name }) => name === 'Product Viewed'
const isAddition: Matches = ({ name }) => name === 'Product Added'
const isOrder: Matches = ({ name }) => name === 'Order Completed'
const isSearch: Matches = ({ name }) => name === 'Products Searched'
const isMail: Matches = ({ name }) => name === 'Email Opened'
const isPage: Matches = ({ name }) => name === 'Page Viewed'

function keepWithin(state: Held, moment: Moment, matches: Matches, windowMs: number): Held {
  const edge = moment.now - windowMs
  const isIn = matches(moment) && moment.ts > edge
  const moments = state.moments.length > 0 ? state.moments.filter(({ ts }) => ts > edge) : state.moments
  return { moments: isIn ? [...moments, moment].sort((a, b) => a.ts - b.ts) : moments, now: moment.now }
}

function latestTraits(held: HeldTraits, { traits, ts }: Moment): HeldTraits {
  return traits && ts >= held.ts ? { traits, ts } : held
}

function spendOf({ moments }: Held): number | null {
  return moments.length > 0 ? moments.reduce((sum, { properties }) => sum + properties.total!, 0) : null
}

/** An addition is at least a day old, and no order came within a day of it. */
function hasLeftCart(additions: Held, orders: Held): boolean {
  return additions.moments.some(
    ({ ts }) => ts + day <= additions.now && !orders.moments.some((order) => order.ts > ts && order.ts < ts + day),
  )
}
