/** Ordered times that leave at the front: what a list does, whatever fails on the way. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ActorMemory, SMALL_MEMORY } from '../../../actors/memory/actor-memory.ts'
import { PLACE_WORDS, Rings, type Stride } from '../../../actors/memory/rings.ts'
import { STATE } from '../../../actors/memory/write-barrier.ts'
import { propertyRuns } from '../../support/runs.ts'

interface Entry {
  readonly ts: number
  readonly number: number
}

/** A ring in a block of its own, beside the list that it should be. */
class Kept {
  readonly memory = new ActorMemory(SMALL_MEMORY)
  readonly rings = new Rings(this.memory)
  readonly stride: Stride
  readonly #block: number
  list: Entry[] = []

  constructor(stride: Stride) {
    this.stride = stride
    this.memory.barrier.begin()
    this.#block = this.memory.barrier.allocate(STATE, 1 + PLACE_WORDS)
    this.rings.doubles.fill(0, this.place, this.place + PLACE_WORDS)
    this.memory.barrier.commit()
  }

  get place(): number {
    return this.#block + 1
  }

  /** Changes the ring and its list in one settlement; if it fails, both are as before. */
  settle(fails: boolean, steps: readonly Step[]): void {
    const before = this.list
    this.memory.barrier.begin()
    this.memory.barrier.touch(STATE, this.#block, 1 + PLACE_WORDS)
    for (const step of steps) this.#take(step)
    if (fails) this.memory.barrier.rollBack()
    else this.memory.barrier.commit()
    if (fails) this.list = before
  }

  #take({ ts, number, dropped }: Step): void {
    const drops = Math.min(dropped, this.list.length)
    this.rings.drop(this.place, drops)
    this.list = this.list.slice(drops)
    this.rings.insert(this.place, this.stride, ts, number)
    const after = this.list.filter((entry) => entry.ts > ts)
    this.list = [...this.list.slice(0, this.list.length - after.length), { ts, number }, ...after]
  }

  entries(): Entry[] {
    const { rings, place, stride } = this
    return Array.from({ length: rings.count(place) }, (_, index) => ({
      ts: rings.time(place, stride, index),
      number: stride === 2 ? rings.number(place, index) : 0,
    }))
  }
}

interface Step extends Entry {
  readonly dropped: number
}

const step = fc.record({ ts: fc.nat(100), number: fc.integer(), dropped: fc.constantFrom(0, 0, 0, 1, 2, 1000) })
const settlements = fc.array(
  fc.record({ fails: fc.boolean(), steps: fc.array(step, { minLength: 1, maxLength: 4 }) }),
  { maxLength: 60, size: 'max' },
)

describe.each<Stride>([1, 2])('a ring of entries of %i words', (stride) => {
  it('is the list that it should be, whatever fails', () => {
    fc.assert(
      fc.property(settlements, fc.nat(110), (settlements, instant) => {
        const kept = new Kept(stride)
        for (const { fails, steps } of settlements) {
          kept.settle(fails, steps)
          expect(kept.entries()).toEqual(kept.list.map(({ ts, number }) => ({ ts, number: stride === 2 ? number : 0 })))
          const until = kept.list.filter(({ ts }) => ts <= instant).length
          expect(kept.rings.countUntil(kept.place, stride, instant)).toBe(until)
        }
      }),
      propertyRuns(300),
    )
  })

  it('takes no more memory when as many leave as come', () => {
    const kept = new Kept(stride)
    const add = (ts: number, dropped: number) => kept.settle(false, [{ ts, number: ts, dropped }])
    for (let ts = 0; ts < 100; ts++) add(ts, 0)
    for (let ts = 100; ts < 300; ts++) add(ts, 1)
    const used = kept.memory.usedBytes
    for (let ts = 300; ts < 5_000; ts++) add(ts, 1)
    expect(kept.memory.usedBytes).toBe(used)
  })
})
