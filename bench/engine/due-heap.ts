/**
 * The next deadline, for the floor: a binary heap of (due, ordinal), both in typed arrays, equal instants by ordinal.
 * Nothing is taken out but the first: whoever puts in an earlier entry remembers that the later one is void.
 */

export class DueHeap {
  #dues = new Float64Array(1024)
  #ordinals = new Int32Array(1024)
  #size = 0

  /** The earliest instant; infinite where there is none. */
  get earliest(): number {
    return this.#size > 0 ? this.#dues[0]! : Infinity
  }

  push(due: number, ordinal: number): void {
    if (this.#size === this.#dues.length) this.#grow()
    const [dues, ordinals] = [this.#dues, this.#ordinals]
    let place = this.#size++
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (dues[parent]! < due || (dues[parent]! === due && ordinals[parent]! < ordinal)) break
      dues[place] = dues[parent]!
      ordinals[place] = ordinals[parent]!
      place = parent
    }
    dues[place] = due
    ordinals[place] = ordinal
  }

  /** Takes out the first entry; returns its ordinal. The heap must not be empty. */
  pop(): number {
    const [dues, ordinals] = [this.#dues, this.#ordinals]
    const first = ordinals[0]!
    const size = --this.#size
    const [due, ordinal] = [dues[size]!, ordinals[size]!]
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= size) break
      const right = child + 1
      if (
        right < size &&
        (dues[right]! < dues[child]! || (dues[right]! === dues[child]! && ordinals[right]! < ordinals[child]!))
      )
        child = right
      if (due < dues[child]! || (due === dues[child]! && ordinal < ordinals[child]!)) break
      dues[place] = dues[child]!
      ordinals[place] = ordinals[child]!
      place = child
    }
    dues[place] = due
    ordinals[place] = ordinal
    return first
  }

  #grow(): void {
    const dues = new Float64Array(this.#size * 2)
    const ordinals = new Int32Array(this.#size * 2)
    dues.set(this.#dues)
    ordinals.set(this.#ordinals)
    this.#dues = dues
    this.#ordinals = ordinals
  }
}
