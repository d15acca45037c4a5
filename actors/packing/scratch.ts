/** The buffer that packed values are written to. */
import { ARRAY, INT32_SPAN, LATIN, WIDE, NEVER, ALWAYS, DATED, FAR, INSTANT_SMALL } from './tags.ts'

/** A growing buffer that one writer uses again and again; `length` bytes of it are written. */
export class Scratch {
  bytes = Buffer.allocUnsafe(4096)
  length = 0

  ensure(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }

  byte(value: number): void {
    this.ensure(1)
    this.bytes[this.length++] = value
  }

  varint(value: number): void {
    this.ensure(8)
    let rest = value
    while (rest > 127) {
      this.bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.length++] = rest
  }

  /** An integer of at most 30 bits. */
  signed(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  /** An instant, or one of the infinities: mostly seven bytes, or one. */
  instant(value: number): void {
    this.ensure(7)
    if (value === Infinity || value === -Infinity) this.bytes[this.length++] = value > 0 ? NEVER : ALWAYS
    else if (Math.abs(value) < INSTANT_SMALL && Number.isInteger(value)) {
      // By hand: the method of buffers for six bytes takes several times as long.
      const { bytes, length: at } = this
      const high = Math.floor(value / INT32_SPAN)
      bytes[at] = DATED
      bytes[at + 1] = value
      bytes[at + 2] = value >>> 8
      bytes[at + 3] = value >>> 16
      bytes[at + 4] = value >>> 24
      bytes[at + 5] = high
      bytes[at + 6] = high >> 8
      this.length += 7
    } else {
      this.byte(FAR)
      this.double(value)
    }
  }

  int32(value: number): void {
    this.ensure(4)
    this.length = this.bytes.writeInt32LE(value, this.length)
  }

  raw(bytes: Uint8Array, start = 0, length = bytes.length): void {
    this.ensure(length)
    const to = this.bytes
    // Most are short: a loop is quicker than a call out of JavaScript.
    if (length < 256) for (let index = 0; index < length; index++) to[this.length + index] = bytes[start + index]!
    else to.set(bytes.subarray(start, start + length), this.length)
    this.length += length
  }

  /** Their number, then the bytes. */
  run(bytes: Uint8Array, start = 0, length = bytes.length): void {
    this.varint(length)
    this.raw(bytes, start, length)
  }

  /** Returns a copy of what is written. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length))
  }

  double(value: number): void {
    this.ensure(8)
    this.bytes.writeDoubleLE(value, this.length)
    this.length += 8
  }

  /** Begins a list of so many values, which are next. */
  list(length: number): void {
    this.byte(ARRAY)
    this.varint(length)
  }

  /** Text with its own tag, so that it is a value as well. */
  text(text: string): void {
    const length = text.length
    this.ensure(length * 2 + 10)
    const start = this.length
    this.bytes[this.length++] = LATIN
    this.varint(length)
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code > 255) {
        this.length = start
        this.#wideText(text)
        return
      }
      this.bytes[this.length++] = code
    }
  }

  #wideText(text: string): void {
    this.bytes[this.length++] = WIDE
    this.varint(text.length)
    this.length += this.bytes.write(text, this.length, 'utf16le')
  }
}
