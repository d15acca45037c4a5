/** Numbers to be worked off in ascending order, each once; it keeps its memory. */
export class Marks {
  readonly #numbers: number[] = []
  #first = 0
  #end = 0

  get isEmpty(): boolean {
    return this.#first === this.#end
  }

  /** Returns false if it is there already. */
  add(number: number): boolean {
    const numbers = this.#numbers
    let at = this.#end
    while (at > this.#first && numbers[at - 1]! > number) at--
    if (at > this.#first && numbers[at - 1] === number) return false
    for (let index = this.#end; index > at; index--) numbers[index] = numbers[index - 1]!
    numbers[at] = number
    this.#end++
    return true
  }

  /** Returns the lowest, of at least one. */
  lowest(): number {
    return this.#numbers[this.#first]!
  }

  /** Removes the lowest and returns it. */
  take(): number {
    const lowest = this.#numbers[this.#first++]!
    if (this.#first === this.#end) this.clear()
    return lowest
  }

  clear(): void {
    this.#first = 0
    this.#end = 0
  }
}
