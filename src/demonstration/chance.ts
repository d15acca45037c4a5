/** Numbers that look like chance, and follow from a seed and from the thing that they are for. */
export class Chance {
  #state: number

  /** @param parts whole numbers: the same ones give the same numbers */
  constructor(...parts: readonly number[]) {
    let state = 0x9e3779b9
    for (const part of parts) {
      // Both halves, for an instant has more than 32 bits.
      state = mixed(state ^ (part | 0))
      state = mixed(state ^ Math.floor(part / 2 ** 32))
    }
    this.#state = state
  }

  /** Returns the next number, from 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    return (mixed(this.#state) >>> 0) / 2 ** 32
  }

  /** Returns true with a probability. */
  isTrue(probability: number): boolean {
    return this.next() < probability
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  /** Returns a whole number from 0 to below a bound. */
  whole(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  pick<Item>(list: readonly Item[]): Item {
    return list[this.whole(list.length)]!
  }

  /** Returns how often something happens that happens so often on average. */
  times(mean: number): number {
    const end = Math.exp(-mean)
    let [count, product] = [0, this.next()]
    while (product > end) {
      product *= this.next()
      count++
    }
    return count
  }
}

/** Spreads a change of one bit over all of them (the finalizer of MurmurHash3). */
function mixed(bits: number): number {
  let state = bits
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return state ^ (state >>> 16)
}
