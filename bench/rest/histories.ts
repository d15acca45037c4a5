/**
 * Users with histories of one length: a shard, which is filled in ten rounds and then called, round by round.
 *
 * The events of a history are spread evenly over five days; those of half a day come in together, as from a phone that
 * was offline. Two days later the measured calls begin: of a few users at a time, some times each, right after a call
 * that is not measured. Users whose histories that has made longer by three fifths are not called again; the next ones
 * have their turn. So turns of all lengths are alike, but for the histories.
 */
import { formatInstant, UNITS } from '../../src/model/time.ts'
import { type Calls, CallWriter } from '../harness/calls.ts'
import type { Cost } from '../harness/cost.ts'
import { Random } from '../harness/random.ts'
import { type Act, newUser, type User, userId } from './user.ts'

const SEED = 20_260_108
const START = Date.UTC(2026, 0, 1)
const FILL_ROUNDS = 10
const FILL_ROUND_MS = 12 * UNITS.hour
const FILL_PACE_MS = 10
const PAUSE_MS = 2 * UNITS.day
/** Between two calls of a user in a turn. */
const BETWEEN_PASSES_MS = 5 * UNITS.minute
/** Measured calls of each user in a turn. */
const PASSES = 5
const TURNS_PER_ROUND = 8
/** By so much of its length the calls of all turns make a history longer. */
const GROWTH_MAX = 0.6
/** Instants at which the values are checked, after the last call: some windows have half closed, and then all have. */
const CHECKS_MS = [UNITS.minute, 9 * UNITS.day, 26 * UNITS.day, 60 * UNITS.day]

export interface HistoriesSize {
  /** Events of each user, a multiple of ten. */
  readonly events: number
  /** Users called at a time. */
  readonly users: number
  /** Rounds that will be run. */
  readonly rounds: number
}

/** The calls that a user makes. */
export interface Acts {
  /** The first one, before the events. */
  readonly begins?: Act
  /** The events of the history. */
  readonly event: Act
  /** The call that is measured. */
  readonly call: Act
}

/** A shard, and beside it a check of what it says. */
export interface CheckedShard {
  /** Returns the cost of applying the calls. */
  apply(calls: Calls): Cost
  /** Moves the clock on; what happens at the very instant is still to come. Throws if a value is wrong. */
  checkAt(instant: number): void
}

export class Histories {
  readonly #acts: Acts
  readonly #size: HistoriesSize
  readonly #users: readonly User[]
  readonly #turnsPerUser: number
  readonly #random = new Random(SEED)
  readonly #shard: CheckedShard
  #now = START
  #lastCallAt = START
  #turn = 0
  #calls = 0

  /** @param open makes the shard that these users call */
  constructor(acts: Acts, open: (users: readonly User[]) => CheckedShard, size: HistoriesSize) {
    this.#acts = acts
    this.#size = size
    this.#turnsPerUser = Math.floor((size.events * GROWTH_MAX) / (1 + PASSES))
    const groups = Math.ceil((size.rounds * TURNS_PER_ROUND) / this.#turnsPerUser)
    this.#users = Array.from({ length: groups * size.users }, (_, number) => newUser(number))
    this.#shard = open(this.#users)
  }

  /** Makes the histories, and checks after each round the values that come of them. */
  fill(): void {
    if (this.#acts.begins) this.#apply(this.#users, this.#acts.begins, FILL_PACE_MS)
    for (let round = 0; round < FILL_ROUNDS; round++) {
      this.#fillRound(this.#now)
      this.#checkAt(this.#now + 1)
    }
    this.#checkAt(this.#now + PAUSE_MS)
  }

  /** Measured calls of a round. */
  get callsPerRound(): number {
    return this.#size.users * PASSES * TURNS_PER_ROUND
  }

  /** One round. */
  run(): Cost {
    return sumOfCosts(Array.from({ length: TURNS_PER_ROUND }, () => this.#runTurn()))
  }

  #runTurn(): Cost {
    const { users: count } = this.#size
    const first = Math.floor(this.#turn++ / this.#turnsPerUser) * count
    const users = this.#users.slice(first, first + count)
    const paceMs = Math.floor(BETWEEN_PASSES_MS / count)
    this.#apply(users, this.#acts.call, paceMs)
    return this.#apply(Array.from({ length: PASSES }, () => users).flat(), this.#acts.call, paceMs)
  }

  /** Checks the values as they are now, and then as time alone changes them, each at its instant. */
  finish(): void {
    for (const laterMs of CHECKS_MS) this.#checkAt(this.#lastCallAt + laterMs)
  }

  /** Calls come in by user, after the time in which their events have happened. */
  #fillRound(begin: number): void {
    const count = this.#size.events / FILL_ROUNDS
    const writer = new CallWriter()
    this.#now = begin + FILL_ROUND_MS
    for (const user of this.#users)
      for (let event = 0; event < count; event++) {
        const at = begin + Math.floor(((event + this.#random.next()) / count) * FILL_ROUND_MS)
        this.#now += FILL_PACE_MS
        this.#write(writer, user, this.#acts.event, at)
      }
    this.#shard.apply(writer.finish())
  }

  #apply(users: readonly User[], act: Act, paceMs: number): Cost {
    const writer = new CallWriter()
    for (const user of users) {
      this.#now += paceMs
      this.#write(writer, user, act, this.#now)
    }
    return this.#shard.apply(writer.finish())
  }

  #write(writer: CallWriter, user: User, act: Act, at: number): void {
    const common = { messageId: `call-${this.#calls++}`, timestamp: formatInstant(at), userId: userId(user) }
    writer.add(JSON.stringify({ ...common, ...act(user, at, this.#random) }), this.#now)
    this.#lastCallAt = this.#now
  }

  #checkAt(instant: number): void {
    this.#now = instant
    this.#shard.checkAt(instant)
  }
}

function sumOfCosts(costs: readonly Cost[]): Cost {
  const sum = { cpuMs: 0, wallMs: 0 }
  for (const { cpuMs, wallMs } of costs) {
    sum.cpuMs += cpuMs
    sum.wallMs += wallMs
  }
  return sum
}
