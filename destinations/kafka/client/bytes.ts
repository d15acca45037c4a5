/** Writes and reads the types of Kafka's protocol, big-endian, as versions of requests without compact fields have. */

const FIRST_BYTES = 256

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  int8(value: number): this {
    this.#room(1)
    this.#length = this.#buffer.writeInt8(value, this.#length)
    return this
  }

  int16(value: number): this {
    this.#room(2)
    this.#length = this.#buffer.writeInt16BE(value, this.#length)
    return this
  }

  int32(value: number): this {
    this.#room(4)
    this.#length = this.#buffer.writeInt32BE(value, this.#length)
    return this
  }

  uint32(value: number): this {
    this.#room(4)
    this.#length = this.#buffer.writeUInt32BE(value, this.#length)
    return this
  }

  int64(value: bigint): this {
    this.#room(8)
    this.#length = this.#buffer.writeBigInt64BE(value, this.#length)
    return this
  }

  /** Seven bits a byte, the lowest first; the sign is in the lowest bit. @param value an int32 */
  varint(value: number): this {
    this.#room(5)
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[this.#length++] = (rest & 0x7f) | 0x80
    this.#buffer[this.#length++] = rest
    return this
  }

  /** Null is a length of -1. */
  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const bytes = Buffer.from(value)
    return this.int16(bytes.length).raw(bytes)
  }

  bytes(value: Buffer): this {
    return this.int32(value.length).raw(value)
  }

  /** Bytes after their length as a varint, as records have them. */
  varBytes(value: Buffer): this {
    return this.varint(value.length).raw(value)
  }

  array<Item>(items: readonly Item[], write: (item: Item, writer: this) => void): this {
    this.int32(items.length)
    for (const item of items) write(item, this)
    return this
  }

  raw(bytes: Buffer): this {
    this.#room(bytes.length)
    bytes.copy(this.#buffer, this.#length)
    this.#length += bytes.length
    return this
  }

  /** Returns what was written; the writer is not to be used any more. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #room(bytes: number): void {
    const wanted = this.#length + bytes
    if (wanted <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

/** Throws a RangeError if there are fewer bytes than are asked for. */
export class ByteReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  int8(): number {
    return this.#take(1).readInt8()
  }

  int16(): number {
    return this.#take(2).readInt16BE()
  }

  int32(): number {
    return this.#take(4).readInt32BE()
  }

  int64(): bigint {
    return this.#take(8).readBigInt64BE()
  }

  string(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.#take(length).toString()
  }

  bytes(): Buffer {
    return this.#take(Math.max(0, this.int32()))
  }

  array<Item>(read: (reader: this) => Item): Item[] {
    const items: Item[] = []
    for (let left = this.int32(); left > 0; left--) items.push(read(this))
    return items
  }

  #take(bytes: number): Buffer {
    const end = this.#at + bytes
    if (end > this.#buffer.length) throw new RangeError('the answer ends before its last field')
    const taken = this.#buffer.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
