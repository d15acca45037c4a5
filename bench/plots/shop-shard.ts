/** A shard with the twenty definitions of the bench `engine`; its transitions are checked against the floor. */
import { Floor, type FloorTransition } from '../engine/floor.ts'
import { DEFINITIONS } from '../engine/definitions.ts'
import { type Calls, parseChunk } from '../harness/calls.ts'
import type { Cost } from '../harness/cost.ts'
import { shopEvent, traitsOf } from '../memory/calls-of.ts'
import type { Acts, CheckedShard } from '../rest/histories.ts'
import { TimedShard } from '../rest/timed-shard.ts'

/** A user says who it is, and then visits the shop. */
export const SHOP_ACTS: Acts = {
  begins: ({ number }, _at, random) => ({ type: 'identify', traits: traitsOf(random, number) }),
  event: (_user, _at, random) => shopEvent(random),
  call: (_user, _at, random) => shopEvent(random),
}

export class ShopShard implements CheckedShard {
  readonly #floor = new Floor()
  readonly #found: FloorTransition[] = []
  readonly #shard = new TimedShard(DEFINITIONS, (transition) => this.#found.push(transition))
  #transitions = 0

  /** Throws unless the calls cause the same transitions as on the floor, in the same order. */
  apply(calls: Calls): Cost {
    const cost = this.#shard.apply(calls)
    const expected: FloorTransition[] = []
    for (const chunk of calls.chunks) for (const entry of parseChunk(chunk)) this.#floor.apply(entry, expected)
    this.#check(expected)
    return cost
  }

  /** Throws unless time alone causes the same transitions as on the floor, or if there has been none at all. */
  checkAt(instant: number): void {
    this.#shard.moveTo(instant)
    const expected: FloorTransition[] = []
    this.#floor.moveClock(instant, expected)
    this.#check(expected)
    if (this.#transitions === 0) throw new Error('no transition at all')
  }

  #check(expected: readonly FloorTransition[]): void {
    for (let index = 0; index < Math.max(expected.length, this.#found.length); index++) {
      const [ours, floors] = [textOf(this.#found[index]), textOf(expected[index])]
      if (ours !== floors) throw new Error(`found ${ours}, expected ${floors}`)
    }
    this.#transitions += expected.length
    this.#found.length = 0
  }
}

function textOf(transition: FloorTransition | undefined): string {
  if (!transition) return 'nothing'
  const { at, type, key, profile, value } = transition
  return `${at} ${type} ${key} ${profile} ${JSON.stringify(value)}`
}
