/** Reads a record batch as a broker and its consumers do, by Kafka's description of the format. */
import { gunzipSync } from 'node:zlib'

export interface StoredMessage {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

export interface DecodedBatch {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly sequence: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly isCompressed: boolean
  readonly messages: readonly StoredMessage[]
}

/** Throws if the batch is not of version 2, or its lengths and counts do not agree. */
export function decodeBatch(batch: Buffer): DecodedBatch {
  const length = batch.readInt32BE(8)
  if (batch.length !== 12 + length) throw new Error(`expected a batch of ${length} bytes, got ${batch.length - 12}`)
  if (batch.readInt8(16) !== 2) throw new Error('expected version 2 of the format')
  const isCompressed = (batch.readInt16BE(21) & 7) === 1
  const count = batch.readInt32BE(57)
  if (batch.readInt32BE(23) !== count - 1) throw new Error('expected the last offset to be that of the last message')
  const records = isCompressed ? gunzipSync(batch.subarray(61)) : batch.subarray(61)
  const cursor = new Cursor(records)
  const messages = Array.from({ length: count }, (_, offset) => readRecord(cursor, offset))
  if (!cursor.isAtEnd) throw new Error('expected no bytes after the last message')
  return {
    producerId: batch.readBigInt64BE(43),
    producerEpoch: batch.readInt16BE(51),
    sequence: batch.readInt32BE(53),
    timestamp: Number(batch.readBigInt64BE(27)),
    isCompressed,
    messages,
  }
}

class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  get at(): number {
    return this.#at
  }

  varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
  }

  text(): string {
    const length = this.varint()
    return this.#bytes.subarray(this.#at, (this.#at += length)).toString()
  }

  pass(bytes: number): void {
    this.#at += bytes
  }
}

function readRecord(cursor: Cursor, offset: number): StoredMessage {
  const length = cursor.varint()
  const end = cursor.at + length
  cursor.pass(1)
  cursor.varint()
  if (cursor.varint() !== offset) throw new Error('expected offsets in order')
  const [key, value] = [cursor.text(), cursor.text()]
  const headers = Array.from({ length: cursor.varint() }, () => [cursor.text(), cursor.text()] as const)
  if (cursor.at !== end) throw new Error('expected a message as long as it says')
  return { key, value, headers: Object.fromEntries(headers) }
}
