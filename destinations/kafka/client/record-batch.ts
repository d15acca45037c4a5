/** Encodes messages of one partition as a record batch, version 2 of Kafka's message format. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { ByteWriter } from './bytes.ts'
import { crc32c } from './crc32c.ts'

export interface KafkaMessage {
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export type Compression = 'none' | 'gzip'

/** The identity of a batch, by which a broker knows that it has it already. */
export interface BatchIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** The number of the first message in its partition. */
  readonly sequence: number
}

/** Messages, encoded once, however often their batch is sent. */
export interface EncodedRecords {
  readonly count: number
  readonly compression: Compression
  readonly bytes: Buffer
}

const FORMAT = 2
const NO_LEADER_EPOCH = -1
const COMPRESSION_BITS: Readonly<Record<Compression, number>> = { none: 0, gzip: 1 }
/** Bytes of a record beyond its key, value and headers, at most: lengths, deltas and attributes. */
const RECORD_OVERHEAD_BYTES = 32

const compress = promisify(gzip)

/** Returns the bytes that a message takes in a batch, at most, before compression. */
export function recordBytesOf({ key, value, headers }: KafkaMessage): number {
  const ofHeaders = Object.entries(headers).reduce((sum, [name, text]) => sum + 10 + 3 * (name.length + text.length), 0)
  return RECORD_OVERHEAD_BYTES + key.length + value.length + ofHeaders
}

/** @param messages one or more */
export async function encodeRecords(
  messages: readonly KafkaMessage[],
  compression: Compression,
): Promise<EncodedRecords> {
  const writer = new ByteWriter()
  for (const [index, message] of messages.entries()) writer.varBytes(recordOf(message, index))
  const plain = writer.finish()
  return { count: messages.length, compression, bytes: compression === 'gzip' ? await compress(plain) : plain }
}

/** @param timestamp of all messages, epoch ms */
export function recordBatch(records: EncodedRecords, identity: BatchIdentity, timestamp: number): Buffer {
  const checked = new ByteWriter()
    .int16(COMPRESSION_BITS[records.compression])
    .int32(records.count - 1)
    .int64(BigInt(timestamp))
    .int64(BigInt(timestamp))
    .int64(identity.producerId)
    .int16(identity.producerEpoch)
    .int32(identity.sequence)
    .int32(records.count)
    .raw(records.bytes)
    .finish()
  const rest = new ByteWriter().int32(NO_LEADER_EPOCH).int8(FORMAT).uint32(crc32c(checked)).raw(checked).finish()
  // The broker replaces the first offset.
  return new ByteWriter().int64(0n).bytes(rest).finish()
}

function recordOf({ key, value, headers }: KafkaMessage, offset: number): Buffer {
  const writer = new ByteWriter().int8(0).varint(0).varint(offset).varBytes(key).varBytes(value)
  const named = Object.entries(headers)
  writer.varint(named.length)
  for (const [name, text] of named) writer.varBytes(Buffer.from(name)).varBytes(Buffer.from(text))
  return writer.finish()
}
