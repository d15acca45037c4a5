/**
 * The requests that a producer makes of a broker, each in the version that brokers from 0.11 up to those of today take.
 * Numbers of requests and the order of fields are Kafka's: https://kafka.apache.org/protocol
 */
import { type ByteReader, ByteWriter } from './bytes.ts'

/** One request, and the reading of its answer. */
export interface KafkaRequest<Answer> {
  readonly api: number
  readonly version: number
  readonly body: Buffer
  readonly read: (reader: ByteReader) => Answer
}

/** A broker takes these versions of a request. */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

export const API = {
  produce: 0,
  metadata: 3,
  saslHandshake: 17,
  apiVersions: 18,
  initProducerId: 22,
  saslAuthenticate: 36,
}

/** Acknowledged once all replicas in sync have it. */
const ACKS_ALL = -1
/** Only transactions have use for it. */
const TRANSACTION_TIMEOUT_MS = 60_000

export function apiVersions(): KafkaRequest<{ error: number; ranges: ReadonlyMap<number, VersionRange> }> {
  return {
    api: API.apiVersions,
    version: 0,
    body: Buffer.alloc(0),
    read: (reader) => ({
      error: reader.int16(),
      ranges: new Map(reader.array(() => [reader.int16(), { min: reader.int16(), max: reader.int16() }])),
    }),
  }
}

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

export interface PartitionState {
  readonly error: number
  readonly partition: number
  /** Id of its leader; -1 if there is none. */
  readonly leader: number
}

export interface MetadataAnswer {
  readonly brokers: ReadonlyMap<number, BrokerAddress>
  readonly topics: readonly {
    readonly error: number
    readonly name: string
    readonly partitions: readonly PartitionState[]
  }[]
}

/** From this version on, a question about a topic does not create it. */
export const METADATA_WITHOUT_CREATION = 4
/** The version for stand-ins of a broker that lack the above, such as the mock cluster of librdkafka. */
const METADATA_BASIC = 1

/** @param topics none: the brokers alone */
export function metadata(topics: readonly string[], { max }: VersionRange): KafkaRequest<MetadataAnswer> {
  const isBasic = max < METADATA_WITHOUT_CREATION
  const writer = new ByteWriter().array(topics, (topic, to) => to.string(topic))
  if (!isBasic) writer.int8(0)
  return {
    api: API.metadata,
    version: isBasic ? METADATA_BASIC : METADATA_WITHOUT_CREATION,
    body: writer.finish(),
    read: (reader) => {
      if (!isBasic) reader.int32()
      const brokers = new Map(reader.array(readBroker))
      if (!isBasic) reader.string()
      reader.int32()
      return { brokers, topics: reader.array(readTopic) }
    },
  }
}

function readBroker(reader: ByteReader): [number, BrokerAddress] {
  const broker: [number, BrokerAddress] = [reader.int32(), { host: reader.string() ?? '', port: reader.int32() }]
  reader.string()
  return broker
}

function readTopic(reader: ByteReader) {
  const [error, name] = [reader.int16(), reader.string() ?? '']
  reader.int8()
  return { error, name, partitions: reader.array(readPartition) }
}

function readPartition(reader: ByteReader): PartitionState {
  const state = { error: reader.int16(), partition: reader.int32(), leader: reader.int32() }
  reader.array((ids) => ids.int32())
  reader.array((ids) => ids.int32())
  return state
}

export function initProducerId(): KafkaRequest<{ error: number; producerId: bigint; producerEpoch: number }> {
  return {
    api: API.initProducerId,
    version: 0,
    body: new ByteWriter().string(null).int32(TRANSACTION_TIMEOUT_MS).finish(),
    read: (reader) => {
      reader.int32()
      return { error: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() }
    },
  }
}

export interface ProduceOptions {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
  /** The broker waits so long for the other replicas. */
  readonly timeoutMs: number
}

/** Asks to append one batch; the answer is its error. */
export function produce({ topic, partition, batch, timeoutMs }: ProduceOptions): KafkaRequest<number> {
  return {
    api: API.produce,
    version: 3,
    body: new ByteWriter()
      .string(null)
      .int16(ACKS_ALL)
      .int32(timeoutMs)
      .array([topic], (name, topics) =>
        topics.string(name).array([partition], (index, partitions) => partitions.int32(index).bytes(batch)),
      )
      .finish(),
    read: (reader) => {
      const [error] = reader
        .array(() => {
          reader.string()
          return reader.array(readProduced)
        })
        .flat()
      if (error === undefined) throw new RangeError('the answer names no partition')
      return error
    },
  }
}

function readProduced(reader: ByteReader): number {
  reader.int32()
  const error = reader.int16()
  reader.int64()
  reader.int64()
  return error
}

export function saslHandshake(mechanism: string): KafkaRequest<{ error: number }> {
  return {
    api: API.saslHandshake,
    version: 1,
    body: new ByteWriter().string(mechanism).finish(),
    read: (reader) => ({ error: reader.int16() }),
  }
}

export interface SaslAnswer {
  readonly error: number
  readonly bytes: Buffer
  /** The broker takes no requests after that time; 0: it does not end. */
  readonly lifetimeMs: number
}

/** Version 1 says how long a login holds. */
export function saslAuthenticate(bytes: Buffer, { max }: VersionRange): KafkaRequest<SaslAnswer> {
  const version = Math.min(1, max)
  return {
    api: API.saslAuthenticate,
    version,
    body: new ByteWriter().bytes(bytes).finish(),
    read: (reader) => {
      const error = reader.int16()
      reader.string()
      return { error, bytes: reader.bytes(), lifetimeMs: version === 0 ? 0 : Number(reader.int64()) }
    },
  }
}
