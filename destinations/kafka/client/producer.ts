/**
 * Writes messages to partitions, idempotently: a batch that is sent again, as its answer was lost, is stored once.
 *
 * P1. A partition gets one batch at a time, in the order in which they were given.
 * P2. A batch keeps its identity while it may be stored already. If that is never found out, the producer id is given
 *     up: under the same identity, a broker would take the next batch for this one, and drop it.
 * P3. A message that is at fault fails alone: its batch is halved until it is by itself.
 */
import { DeliveryError } from '../../contract/destination.ts'
import { timedOut } from '../../contract/transport-error.ts'
import type { Cluster } from './cluster.ts'
import { partitionOf } from './partition.ts'
import { assertNoError, DUPLICATE_SEQUENCE, type Hint, hintOf, NO_ERROR, protocolError } from './protocol-error.ts'
import {
  type Compression,
  type EncodedRecords,
  encodeRecords,
  type KafkaMessage,
  recordBatch,
  recordBytesOf,
} from './record-batch.ts'
import { initProducerId, produce } from './requests.ts'

/** Below the largest batch that brokers take by default, which is a mebibyte. */
const BATCH_BYTES_MAX = 900 * 1024
/** A new leader is found, and a connection that was closed while it was idle is made again, within one try. */
const ATTEMPTS_MAX = 5
const PAUSE_MS = 50
/** A share of the time for an answer: so the broker says itself that its replicas are late. */
const REPLICAS_SHARE = 0.75
/** Sequences are int32, and begin again at 0. */
const SEQUENCES = 2 ** 31

export interface ProducerOptions {
  readonly cluster: Cluster
  readonly compression: Compression
  readonly timeoutMs: number
  /** Epoch ms. */
  readonly clock: () => number
}

export interface TopicMessage extends KafkaMessage {
  readonly topic: string
}

interface Partition {
  readonly topic: string
  readonly number: number
  /** Made of topic and number. */
  readonly name: string
}

/** A producer id, with the next sequence of each partition, by its name. */
interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly sequences: Map<string, number>
}

/** The failure of a batch, and what follows from it. */
interface Refusal {
  readonly error: DeliveryError
  readonly hint: Hint
}

/** Undefined for a message that is stored. */
type Failure = DeliveryError | undefined

export class Producer {
  readonly #options: ProducerOptions
  /** By partition: the end of the last that waits for its turn. */
  readonly #turns = new Map<string, Promise<void>>()
  #identity: Promise<Identity> | undefined

  constructor(options: ProducerOptions) {
    this.#options = options
  }

  /**
   * Resolves with the failure of each message, in order. Messages of one key are stored in order. Once the signal is
   * aborted nothing more is sent; a batch that is on its way is still waited for.
   */
  send(messages: readonly TopicMessage[], signal: AbortSignal): Promise<Failure[]> {
    return eachGroup(
      messages,
      ({ topic }) => topic,
      (group, topic) => failuresOf(group, this.#sendTo(topic, group, signal)),
    )
  }

  /** Resolves if the cluster takes an idempotent producer. */
  async probe(): Promise<void> {
    await this.#newIdentity()
  }

  /** Resolves when no batch is on its way. */
  async settled(): Promise<void> {
    while (this.#turns.size > 0) await Promise.all(this.#turns.values())
  }

  async #sendTo(topic: string, messages: readonly KafkaMessage[], signal: AbortSignal): Promise<Failure[]> {
    const { leaders } = await this.#options.cluster.topic(topic)
    return eachGroup(
      messages,
      ({ key }) => partitionOf(key, leaders.length),
      (group, number) => {
        const partition = { topic, number, name: `${topic}/${number}` }
        return failuresOf(
          group,
          this.#inTurn(partition, () => this.#storeAll(partition, group, signal)),
        )
      },
    )
  }

  /** Keeps P1. */
  #inTurn<Result>({ name }: Partition, act: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(act)
    const end = (): void => {
      if (this.#turns.get(name) === over) this.#turns.delete(name)
    }
    const over: Promise<void> = turn.then(end, end)
    this.#turns.set(name, over)
    return turn
  }

  /** Stores one part after the other. After one that is to be tried again the others are not tried. */
  async #storeAll(partition: Partition, messages: readonly KafkaMessage[], signal: AbortSignal): Promise<Failure[]> {
    const failures: Failure[] = []
    for (const part of partsOf(messages)) {
      const last = signal.aborted ? timedOut(signal) : failures.at(-1)
      failures.push(...(last?.kind === 'retryable' ? part.map(() => last) : await this.#store(partition, part, signal)))
    }
    return failures
  }

  /** Keeps P3. */
  async #store(partition: Partition, messages: readonly KafkaMessage[], signal: AbortSignal): Promise<Failure[]> {
    const records = await encodeRecords(messages, this.#options.compression)
    const refusal = await this.#append(partition, records, signal)
    if (refusal?.hint !== 'one_of_them' || messages.length === 1) return messages.map(() => refusal?.error)
    const middle = Math.ceil(messages.length / 2)
    const before = await this.#store(partition, messages.slice(0, middle), signal)
    const last = before.at(-1)
    const rest = messages.slice(middle)
    return [
      ...before,
      ...(last?.kind === 'retryable' ? rest.map(() => last) : await this.#store(partition, rest, signal)),
    ]
  }

  /** Resolves with the failure of the batch, if there was one. Keeps P2. */
  async #append(partition: Partition, records: EncodedRecords, signal: AbortSignal): Promise<Refusal | undefined> {
    const timestamp = this.#options.clock()
    let given: Promise<Identity> | undefined
    let isUnsure = false
    for (let attempt = 1; ; attempt++) {
      given ??= this.#identified()
      const refusal = await this.#attempt(partition, records, { given, timestamp })
      if (!refusal) return undefined
      const { error, hint } = refusal
      isUnsure ||= hint === 'unsure'
      if (hint === 'leader' || hint === 'unsure') this.#options.cluster.forget(partition.topic)
      if (hint === 'identity') {
        this.#giveUp(given)
        given = undefined
        isUnsure = false
      }
      const isFinal = error.kind === 'terminal' || hint === 'none' || attempt === ATTEMPTS_MAX || signal.aborted
      if (isFinal) {
        if (isUnsure && given) this.#giveUp(given)
        return refusal
      }
      await pause(PAUSE_MS * 2 ** (attempt - 1))
    }
  }

  async #attempt(
    { topic, number, name }: Partition,
    records: EncodedRecords,
    { given, timestamp }: { readonly given: Promise<Identity>; readonly timestamp: number },
  ): Promise<Refusal | undefined> {
    const { cluster, timeoutMs } = this.#options
    let hint: Hint = 'none'
    try {
      const identity = await given
      const found = await cluster.topic(topic)
      hint = 'leader'
      const leader = await cluster.leaderOf(found, number)
      hint = 'unsure'
      const sequence = identity.sequences.get(name) ?? 0
      const batch = recordBatch(records, { ...identity, sequence }, timestamp)
      const code = await leader.request(
        produce({ topic, partition: number, batch, timeoutMs: Math.floor(timeoutMs * REPLICAS_SHARE) }),
      )
      if (code !== NO_ERROR && code !== DUPLICATE_SEQUENCE) return { error: protocolError(code), hint: hintOf(code) }
      identity.sequences.set(name, (sequence + records.count) % SEQUENCES)
      return undefined
    } catch (error) {
      return { error: deliveryError(error), hint }
    }
  }

  #identified(): Promise<Identity> {
    if (this.#identity) return this.#identity
    const asked = this.#newIdentity()
    this.#identity = asked
    asked.catch(() => this.#giveUp(asked))
    return asked
  }

  #giveUp(given: Promise<Identity>): void {
    if (this.#identity === given) this.#identity = undefined
  }

  async #newIdentity(): Promise<Identity> {
    const broker = await this.#options.cluster.anyBroker()
    const { error, producerId, producerEpoch } = await broker.request(initProducerId())
    assertNoError(error)
    return { producerId, producerEpoch, sequences: new Map() }
  }
}

/** Sends each group by itself; resolves with the failures in the order of the items. */
async function eachGroup<Item, Key>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
  send: (group: readonly Item[], key: Key) => Promise<Failure[]>,
): Promise<Failure[]> {
  const groups = new Map<Key, number[]>()
  for (const [index, item] of items.entries()) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(index)
    else groups.set(key, [index])
  }
  const failures: Failure[] = items.map(() => undefined)
  await Promise.all(
    [...groups].map(async ([key, indexes]) => {
      const found = await send(
        indexes.map((index) => items[index]!),
        key,
      )
      for (const [at, index] of indexes.entries()) failures[index] = found[at]
    }),
  )
  return failures
}

/** Resolves with the same failure for each message if the work fails as a whole. */
async function failuresOf(messages: readonly unknown[], work: Promise<Failure[]>): Promise<Failure[]> {
  try {
    return await work
  } catch (error) {
    const failure = deliveryError(error)
    return messages.map(() => failure)
  }
}

/** Cuts messages into parts that fit into a batch each; one that does not fit is by itself. */
function partsOf(messages: readonly KafkaMessage[]): KafkaMessage[][] {
  const parts: KafkaMessage[][] = []
  let room = 0
  for (const message of messages) {
    const bytes = recordBytesOf(message)
    const part = parts.at(-1)
    if (part && bytes <= room) part.push(message)
    else parts.push([message])
    room = (part && bytes <= room ? room : BATCH_BYTES_MAX) - bytes
  }
  return parts
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Throws an error that is a fault of ours. */
function deliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error
  throw error
}
