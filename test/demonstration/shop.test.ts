/** The demonstration shop: its past, its life from then on, and that both follow from a seed. */
import { describe, expect, it } from 'vitest'
import { callsOfShop } from '../../src/demonstration/calls.ts'
import { callsOfLife } from '../../src/demonstration/living.ts'
import { peopleOf } from '../../src/demonstration/people.ts'
import { callsOfPast, PAST_MS, PEOPLE } from '../../src/demonstration/shop.ts'
import type { ShopCall } from '../../src/demonstration/visit.ts'
import { readCall } from '../../src/model/call.ts'
import { DEFAULT_IDENTITY_RULES } from '../../src/model/external-id.ts'
import { UNITS } from '../../src/model/time.ts'

/** A Monday. */
const OPENS = Date.UTC(2026, 10, 30, 18)
const SEED = 7

function past(people: number, seed = SEED): ShopCall[] {
  return [...callsOfPast({ seed, people, opensAt: OPENS })]
}

function until(calls: Iterable<ShopCall>, end: number): ShopCall[] {
  const taken: ShopCall[] = []
  for (const call of calls) {
    if (call.at > end) break
    taken.push(call)
  }
  return taken
}

function nameOf({ call }: ShopCall): string {
  return (call['event'] ?? call['type']) as string
}

function times(calls: readonly ShopCall[], name: string): number {
  return calls.filter((call) => nameOf(call) === name).length
}

/** Lists how many calls each person makes, those with most first. */
function byPerson(calls: readonly ShopCall[]): number[] {
  const counts = new Map<unknown, number>()
  for (const { call } of calls) counts.set(call['userId'], (counts.get(call['userId']) ?? 0) + 1)
  return [...counts.values()].sort((a, b) => b - a)
}

describe('the past of the shop', () => {
  const calls = past(500)

  it('is the same for a seed, and another for another', () => {
    expect(past(60)).toEqual(past(60))
    expect(past(60, SEED + 1)).not.toEqual(past(60))
  })

  it('is of 90 days, in order of time', () => {
    expect(calls.every(({ at }, index) => index === 0 || calls[index - 1]!.at <= at)).toBe(true)
    expect(calls[0]!.at).toBeGreaterThanOrEqual(OPENS - PAST_MS)
    expect(calls.at(-1)!.at).toBeLessThan(OPENS)
    expect(calls.every(({ at, call }) => Date.parse(call['timestamp'] as string) === at)).toBe(true)
  })

  it('has everybody, each with an identify before all else', () => {
    const first = new Map<unknown, string>()
    for (const call of calls) if (!first.has(call.call['userId'])) first.set(call.call['userId'], nameOf(call))
    expect([first.size, new Set(first.values())]).toEqual([500, new Set(['identify'])])
    expect(times(calls, 'group')).toBe(Math.ceil(500 / 3))
  })

  it('has calls that are taken, each with a messageId of its own', () => {
    expect(new Set(calls.map(({ call }) => call['messageId'])).size).toBe(calls.length)
    for (const { call } of calls) expect(readCall(call, DEFAULT_IDENTITY_RULES).messageId).not.toBe('')
  })

  it('is as a shop is: more is looked at than added, and more added than ordered', () => {
    const [looked, added, ordered] = ['Product Viewed', 'Product Added', 'Order Completed'].map((name) =>
      times(calls, name),
    )
    expect(looked! / added!).toBeGreaterThan(3)
    expect(added! / ordered!).toBeGreaterThan(1.5)
    expect(ordered).toBeGreaterThan(100)
    for (const name of ['page', 'screen', 'Signed In', 'Trial Started', 'Support Ticket Opened'])
      expect(times(calls, name)).toBeGreaterThan(10)
  })

  it('has few who do much, and some who do no more', () => {
    const counts = byPerson(calls)
    const ofTenth = counts.slice(0, 50).reduce((sum, count) => sum + count, 0)
    expect(ofTenth / calls.length).toBeGreaterThan(0.35)
    const lapsing = new Set(
      peopleOf({ seed: SEED, people: 500 }).flatMap((one) => (one.habit === 'lapsing' ? one.userId : [])),
    )
    const late = calls.filter(({ at, call }) => at > OPENS - 30 * UNITS.day && lapsing.has(call['userId'] as string))
    expect(lapsing.size).toBeGreaterThan(40)
    expect(late).toEqual([])
  })

  it('has its hours and its days', () => {
    const looks = calls.filter((call) => nameOf(call) === 'Product Viewed')
    const within = (isWanted: (at: Date) => boolean) => looks.filter(({ at }) => isWanted(new Date(at))).length
    const evening = within((at) => at.getUTCHours() >= 18 && at.getUTCHours() < 22)
    expect(evening).toBeGreaterThan(3 * within((at) => at.getUTCHours() >= 1 && at.getUTCHours() < 5))
    const ofDay = (day: number) => within((at) => at.getUTCDay() === day)
    expect(ofDay(6) + ofDay(0)).toBeGreaterThan(1.2 * (ofDay(1) + ofDay(2)))
  })
})

describe('the life of the shop', () => {
  const HOUR_LATER = OPENS + UNITS.hour

  it('makes several calls a second, in order, each with a messageId of its own', () => {
    const calls = until(callsOfLife({ seed: SEED, people: PEOPLE, after: OPENS }), HOUR_LATER)
    const aSecond = calls.length / (UNITS.hour / UNITS.second)
    expect([aSecond > 1.5, aSecond < 4]).toEqual([true, true])
    expect(calls.every(({ at }, index) => index === 0 || calls[index - 1]!.at <= at)).toBe(true)
    expect(new Set(calls.map(({ call }) => call['messageId'])).size).toBe(calls.length)
  })

  it('is the same wherever one begins', () => {
    const all = until(callsOfLife({ seed: SEED, people: 300, after: OPENS }), HOUR_LATER)
    const middle = OPENS + UNITS.hour / 2
    const rest = until(callsOfLife({ seed: SEED, people: 300, after: middle }), HOUR_LATER)
    const sorted = (calls: readonly ShopCall[]) => calls.map(({ call }) => call['messageId'] as string).sort()
    expect(sorted(rest)).toEqual(sorted(all.filter(({ at }) => at > middle)))
    expect(rest.length).toBeGreaterThan(50)
  })

  it('leaves many at home on a day, and comes to others later', () => {
    const ofDay = (day: number) => {
      const after = OPENS + day * UNITS.day
      const calls = until(callsOfLife({ seed: SEED, people: 200, after }), after + UNITS.day)
      return new Set(calls.map(({ call }) => call['userId']))
    }
    const [first, later] = [ofDay(0), ofDay(40)]
    expect(first.size).toBeLessThan(150)
    expect([...later].filter((user) => !first.has(user)).length).toBeGreaterThan(10)
  })
})

describe('the calls of the shop', () => {
  it('go from its past into its life, and can be taken up at any instant', () => {
    const shop = { seed: SEED, people: 100, opensAt: OPENS }
    const end = OPENS + UNITS.hour
    const all = until(callsOfShop(shop, 0), end)
    expect(all.every(({ at }, index) => index === 0 || all[index - 1]!.at <= at)).toBe(true)
    expect(new Set(all.map(({ call }) => call['messageId'])).size).toBe(all.length)
    for (const after of [OPENS - 50 * UNITS.day, OPENS - UNITS.hour, OPENS + UNITS.minute]) {
      const ids = until(callsOfShop(shop, after), end).map(({ call }) => call['messageId'] as string)
      const expected = all.filter(({ at }) => at > after).map(({ call }) => call['messageId'] as string)
      expect(ids.sort()).toEqual(expected.sort())
    }
  })
})
