/**
 * Users that have been untouched for days against hot ones, in one shard. Everybody has visited ten times, once in each
 * round; then, in every measured round, some users are called again and again, and as many calls go to others, one
 * each, in an order in which everybody has one turn.
 */
import type { DefinitionSource } from '../../src/model/definition.ts'
import { formatInstant, UNITS } from '../../src/model/time.ts'
import type { Transition } from '../../src/model/transition.ts'
import { type Calls, CallWriter } from '../harness/calls.ts'
import type { Cost } from '../harness/cost.ts'
import { Random } from '../harness/random.ts'
import { measureRounds, type Rounds } from './rounds.ts'
import { TimedShard } from './timed-shard.ts'

const SEED = 20_260_107
const START = Date.UTC(2026, 0, 1)
const VISITS = 10
const BETWEEN_VISITS_MS = UNITS.day
/** Between two measured calls: the hot ones come again within a minute, the others after more than a day. */
const PACE_MS = 100
/** Hot users: one of so many. */
const USERS_PER_HOT = 100

const OFTEN = 3
const SPENT = 400
const LARGE = 50
const LARGE_OFTEN = 2
const DEFINITIONS: readonly DefinitionSource[] = [
  audience('often', `event('Visited').within(30 days).count() >= ${OFTEN}`),
  audience('spends', `event('Visited').within(30 days).sum(property('n')) >= ${SPENT}`),
  audience('large', `event('Visited').where(property('n') >= ${LARGE}).within(30 days).count() >= ${LARGE_OFTEN}`),
  { kind: 'computed_trait', key: 'visits', type: 'USERS', query: `event('Visited').count()` },
]

/** Costs of rounds of so many calls. */
export interface UntouchedCosts {
  readonly calls: number
  readonly hot: readonly Cost[]
  readonly untouched: readonly Cost[]
}

export function measureUntouched(users: number, rounds: Rounds): UntouchedCosts {
  const random = new Random(SEED)
  const hotCount = Math.max(1, Math.floor(users / USERS_PER_HOT))
  const turns = Math.floor(users / rounds.count)
  const calls = turns - hotCount
  if (calls <= 0)
    throw new Error(`expected more than ${hotCount} users for each of ${rounds.count} rounds, got ${turns}`)
  const visitors = new Visitors(users, random)
  const everybody = Array.from({ length: users }, (_, user) => user)
  for (let visit = 0; visit < VISITS; visit++) visitors.visit(everybody, Math.floor(BETWEEN_VISITS_MS / users))
  visitors.pause(UNITS.day)
  const order = shuffled(everybody, random)
  let taken = 0
  const next = (count: number): number[] => order.slice(taken, (taken += count))
  const callHot = (): Cost => {
    const users = next(hotCount)
    // Twice, so that they are hot, and whoever was called before them may be at rest.
    visitors.visit([...users, ...users], PACE_MS)
    return visitors.visit(
      Array.from({ length: calls }, (_, index) => users[index % hotCount]!),
      PACE_MS,
    )
  }
  const [hot, untouched] = measureRounds([callHot, () => visitors.visit(next(calls), PACE_MS)], rounds)
  return { calls, hot: hot!, untouched: untouched! }
}

/** The shard, and beside it what a visit must cause: each window is longer than all visits take. */
class Visitors {
  readonly #random: Random
  readonly #counts: Uint32Array
  readonly #sums: Uint32Array
  readonly #largeCounts: Uint32Array
  readonly #expected: string[] = []
  #noted = 0
  readonly #shard = new TimedShard(DEFINITIONS, (transition) => this.#check(transition))
  #now = START
  #calls = 0

  constructor(users: number, random: Random) {
    this.#random = random
    this.#counts = new Uint32Array(users)
    this.#sums = new Uint32Array(users)
    this.#largeCounts = new Uint32Array(users)
  }

  /** A visit of each, in this order. Throws unless it causes what it must, and nothing else. */
  visit(users: readonly number[], paceMs: number): Cost {
    this.#expected.length = 0
    this.#noted = 0
    const cost = this.#shard.apply(this.#callsOf(users, paceMs))
    if (this.#noted !== this.#expected.length)
      throw new Error(`untouched: ${this.#noted} transitions of ${this.#expected.length}`)
    return cost
  }

  pause(durationMs: number): void {
    this.#now += durationMs
    this.#shard.moveTo(this.#now)
  }

  #callsOf(users: readonly number[], paceMs: number): Calls {
    const writer = new CallWriter()
    for (const user of users) {
      this.#now += paceMs
      const n = 1 + this.#random.below(100)
      const body = {
        type: 'track',
        messageId: `call-${this.#calls++}`,
        timestamp: formatInstant(this.#now),
        userId: `user-${user}`,
        event: 'Visited',
        properties: { n },
      }
      writer.add(JSON.stringify(body), this.#now)
      this.#expect(user, n)
    }
    return writer.finish()
  }

  #expect(user: number, n: number): void {
    const [count, sum] = [++this.#counts[user]!, this.#sums[user]! + n]
    this.#sums[user] = sum
    const isLarge = n >= LARGE
    if (isLarge) this.#largeCounts[user]!++
    const add = (what: string): number => this.#expected.push(`${this.#now} user_id:user-${user} ${what}`)
    if (count === OFTEN) add('entered often')
    if (sum >= SPENT && sum - n < SPENT) add('entered spends')
    if (isLarge && this.#largeCounts[user] === LARGE_OFTEN) add('entered large')
    add(`trait visits ${count}`)
  }

  #check({ at, type, key, profile, value }: Transition): void {
    const found = `${at} ${profile} ${type} ${key}${value === undefined ? '' : ` ${JSON.stringify(value)}`}`
    const expected = this.#expected[this.#noted++]
    if (found !== expected) throw new Error(`untouched: expected ${expected}, got ${found}`)
  }
}

function audience(key: string, query: string): DefinitionSource {
  return { kind: 'audience', key, type: 'USERS', query }
}

function shuffled(values: readonly number[], random: Random): number[] {
  const order = [...values]
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    ;[order[last], order[other]] = [order[other]!, order[last]!]
  }
  return order
}
