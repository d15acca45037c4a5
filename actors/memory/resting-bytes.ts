/**
 * The bytes of actors at rest, off the JavaScript heap: written one behind the other into large slabs, found by
 * ordinal.
 *
 * S1. An ordinal has at most one record. A record that was replaced leaves a hole in its slab.
 * S2. A slab that is less than three quarters in use is cleaned: its records are written anew, and its memory is given
 *     back. So at most a third is unused, but for the current slab.
 */

const RECORD_SLAB_BYTES = 1024 * 1024
/** Words before each record: ordinal · length. */
const HEADER = 8

interface Slab {
  readonly bytes: Buffer
  /** End of the written part. */
  end: number
  /** Bytes of records that still count. */
  used: number
}

export class RestingBytes {
  /** By number; 0 stays free: it says that there is no record. */
  readonly #slabs: (Slab | undefined)[] = [undefined]
  readonly #freeNumbers: number[] = []
  #current = 0
  /** By ordinal: the slab's number and the offset in it. */
  #locations = new Uint32Array(2048)
  #usedBytes = 0
  #heldBytes = 0

  /** Bytes of the records. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Bytes of all slabs. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  has(ordinal: number): boolean {
    return ordinal * 2 < this.#locations.length && this.#locations[ordinal * 2] !== 0
  }

  /** Returns the bytes of an actor, valid until the next change; undefined if it has none. */
  get(ordinal: number): Uint8Array | undefined {
    if (!this.has(ordinal)) return undefined
    const { bytes } = this.#slabs[this.#locations[ordinal * 2]!]!
    const start = this.#locations[ordinal * 2 + 1]!
    return bytes.subarray(start + HEADER, start + HEADER + bytes.readUInt32LE(start + 4))
  }

  /** Writes the bytes of an actor, and replaces those that it had. */
  set(ordinal: number, record: Uint8Array): void {
    this.delete(ordinal)
    this.#write(ordinal, record)
  }

  delete(ordinal: number): void {
    if (!this.has(ordinal)) return
    const number = this.#locations[ordinal * 2]!
    const slab = this.#slabs[number]!
    const size = HEADER + slab.bytes.readUInt32LE(this.#locations[ordinal * 2 + 1]! + 4)
    this.#locations[ordinal * 2] = 0
    slab.used -= size
    this.#usedBytes -= size
    if (number !== this.#current && !isWellUsed(slab)) this.#clean(number)
  }

  #write(ordinal: number, record: Uint8Array): void {
    const size = HEADER + record.length
    const slab = this.#slabFor(size)
    const start = slab.end
    slab.bytes.writeUInt32LE(ordinal, start)
    slab.bytes.writeUInt32LE(record.length, start + 4)
    slab.bytes.set(record, start + HEADER)
    slab.end += size
    slab.used += size
    this.#usedBytes += size
    if (ordinal * 2 >= this.#locations.length) this.#grow(ordinal)
    this.#locations[ordinal * 2] = this.#current
    this.#locations[ordinal * 2 + 1] = start
  }

  #slabFor(size: number): Slab {
    const current = this.#slabs[this.#current]
    if (current && current.end + size <= current.bytes.length) return current
    const slab = { bytes: Buffer.allocUnsafeSlow(Math.max(RECORD_SLAB_BYTES, size)), end: 0, used: 0 }
    const left = this.#current
    this.#current = this.#freeNumbers.pop() ?? this.#slabs.length
    this.#slabs[this.#current] = slab
    this.#heldBytes += slab.bytes.length
    if (!current || isWellUsed(current)) return slab
    this.#clean(left)
    return this.#slabFor(size)
  }

  /** Keeps S2. */
  #clean(number: number): void {
    const { bytes, end } = this.#slabs[number]!
    for (let start = 0; start < end;) {
      const ordinal = bytes.readUInt32LE(start)
      const next = start + HEADER + bytes.readUInt32LE(start + 4)
      if (this.#locations[ordinal * 2] === number && this.#locations[ordinal * 2 + 1] === start) {
        this.#usedBytes -= next - start
        this.#write(ordinal, bytes.subarray(start + HEADER, next))
      }
      start = next
    }
    this.#drop(number)
  }

  #drop(number: number): void {
    this.#heldBytes -= this.#slabs[number]!.bytes.length
    this.#slabs[number] = undefined
    this.#freeNumbers.push(number)
  }

  #grow(ordinal: number): void {
    const locations = new Uint32Array(Math.max((ordinal + 1) * 2, this.#locations.length * 2))
    locations.set(this.#locations)
    this.#locations = locations
  }
}

function isWellUsed({ used, bytes }: Slab): boolean {
  return used * 4 >= bytes.length * 3
}
