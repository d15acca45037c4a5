/** A shard whose one definition is of a kind; its values are checked against those computed anew from all events. */
import type { JsonValue } from '../../src/model/json.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { Calls } from '../harness/calls.ts'
import type { Cost } from '../harness/cost.ts'
import type { CheckedShard } from './histories.ts'
import type { Kind } from './kinds.ts'
import { TimedShard } from './timed-shard.ts'
import type { User } from './user.ts'

export class KindShard implements CheckedShard {
  readonly #kind: Kind
  readonly #usersByProfile = new Map<string, User[]>()
  readonly #lastByProfile = new Map<string, Transition>()
  readonly #shard: TimedShard
  #lastCallAt = 0

  /** @param areBytes true to make bytes of every state after every call, as of the states that are not in use */
  constructor(kind: Kind, users: readonly User[], areBytes: boolean) {
    this.#kind = kind
    for (const user of users) {
      const together = this.#usersByProfile.get(kind.profileOf(user))
      if (together) together.push(user)
      else this.#usersByProfile.set(kind.profileOf(user), [user])
    }
    const note = (transition: Transition) => this.#lastByProfile.set(transition.profile, transition)
    this.#shard = new TimedShard([kind.definition], note, areBytes ? 0 : undefined)
  }

  apply(calls: Calls): Cost {
    this.#lastCallAt = calls.end
    return this.#shard.apply(calls)
  }

  /** Throws unless every profile has the value that its users' events give, since the instant at which they do. */
  checkAt(instant: number): void {
    this.#shard.moveTo(instant)
    for (const [profile, users] of this.#usersByProfile) {
      const last = this.#lastByProfile.get(profile)
      const found = last ? textOf(last.type === 'trait' ? last.value! : last.type === 'entered') : 'null'
      const expectedAt = (at: number): string => textOf(this.#kind.expected(users, at))
      const isPunctual =
        !last || last.at <= this.#lastCallAt || (expectedAt(last.at) === found && expectedAt(last.at - 1) !== found)
      if (expectedAt(instant - 1) !== found || !isPunctual)
        throw new Error(
          `${this.#kind.name}: ${profile} is ${found} since ${last?.at}, should be ${expectedAt(instant - 1)}`,
        )
    }
  }
}

/** Nobody is told of a membership that never was. */
function textOf(value: JsonValue): string {
  return value === false ? 'null' : JSON.stringify(value)
}
