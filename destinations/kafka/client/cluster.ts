/**
 * A Kafka cluster as its metadata describes it: brokers, the leaders of a topic's partitions, and a connection to each
 * broker that is in use. Whoever asks for the same thing at the same time shares it.
 */
import { setMaxListeners } from 'node:events'
import { DeliveryError, RetryableError } from '../../contract/destination.ts'
import { BrokerConnection, type BrokerConnectionOptions } from './broker-connection.ts'
import { assertNoError, protocolError } from './protocol-error.ts'
import { API, type BrokerAddress, metadata, type MetadataAnswer } from './requests.ts'

/** Partitions that are added to a topic are found after that time. */
const METADATA_AGE_MAX_MS = 300_000
const LEADER_NOT_AVAILABLE = 5

export interface ClusterOptions extends BrokerConnectionOptions {
  /** Brokers that are asked for the others; one or more. */
  readonly bootstrap: readonly BrokerAddress[]
}

/** A topic of the cluster. */
export interface KafkaTopic {
  /** By partition, the id of the broker that leads it; -1 if none does. One or more. */
  readonly leaders: readonly number[]
}

interface Known {
  readonly topic: Promise<KafkaTopic>
  readonly askedAt: number
}

export class Cluster {
  readonly #options: ClusterOptions
  readonly #topics = new Map<string, Known>()
  /** By `host:port`, as those that are being opened. */
  readonly #live = new Map<string, BrokerConnection>()
  readonly #opening = new Map<string, Promise<BrokerConnection>>()
  readonly #closing = new AbortController()
  #brokers: ReadonlyMap<number, BrokerAddress> = new Map()

  constructor(options: ClusterOptions) {
    this.#options = options
    // Every connection that is being made listens to it.
    setMaxListeners(0, this.#closing.signal)
  }

  /** Rejects with a DeliveryError if there is no such topic, or no broker answers. */
  topic(name: string): Promise<KafkaTopic> {
    const known = this.#topics.get(name)
    if (known && this.#options.clock() - known.askedAt < METADATA_AGE_MAX_MS) return known.topic
    const topic = this.#ask([name]).then(({ topics }) => topicOf(topics.find((found) => found.name === name)))
    const asked = { topic, askedAt: this.#options.clock() }
    this.#topics.set(name, asked)
    topic.catch(() => {
      if (this.#topics.get(name) === asked) this.#topics.delete(name)
    })
    return topic
  }

  /** Asks the cluster again when the topic is next asked for. */
  forget(name: string): void {
    this.#topics.delete(name)
  }

  /** Resolves with a connection to the leader of a partition. */
  async leaderOf({ leaders }: KafkaTopic, partition: number): Promise<BrokerConnection> {
    const address = this.#brokers.get(leaders[partition] ?? -1)
    if (!address) throw protocolError(LEADER_NOT_AVAILABLE)
    return this.#connect(address)
  }

  /** Resolves with a connection to any broker. Rejects with the failure of one if none can be reached. */
  async anyBroker(): Promise<BrokerConnection> {
    for (const connection of this.#live.values()) if (connection.isUsable) return connection
    let failure: unknown
    for (const address of [...this.#options.bootstrap, ...this.#brokers.values()]) {
      try {
        return await this.#connect(address)
      } catch (error) {
        // A broker that may come back says more than an address that is blocked for good.
        failure = failure instanceof DeliveryError && failure.kind === 'retryable' ? failure : error
      }
    }
    throw failure
  }

  /** Asks for the brokers alone: the answer shows that the settings work. */
  async probe(): Promise<void> {
    await this.#ask([])
  }

  /** Ends all connections; what waits on them fails. */
  close(): void {
    this.#closing.abort()
    for (const connection of this.#live.values()) connection.close()
  }

  async #ask(topics: readonly string[]): Promise<MetadataAnswer> {
    const connection = await this.anyBroker()
    const answer = await connection.request(metadata(topics, connection.range(API.metadata)))
    this.#brokers = answer.brokers
    return answer
  }

  #connect(address: BrokerAddress): Promise<BrokerConnection> {
    const key = `${address.host}:${address.port}`
    const live = this.#live.get(key)
    if (live?.isUsable) return Promise.resolve(live)
    live?.retire()
    this.#live.delete(key)
    const opening = this.#opening.get(key) ?? this.#open(key, address)
    this.#opening.set(key, opening)
    return opening
  }

  async #open(key: string, address: BrokerAddress): Promise<BrokerConnection> {
    try {
      const connection = await BrokerConnection.open(address, this.#options, this.#closing.signal)
      this.#live.set(key, connection)
      return connection
    } finally {
      this.#opening.delete(key)
    }
  }
}

function topicOf(found: MetadataAnswer['topics'][number] | undefined): KafkaTopic {
  if (!found) throw new RetryableError('invalid_answer', 'The broker has not answered for the topic.')
  assertNoError(found.error)
  const leaders: number[] = Array.from({ length: found.partitions.length }, () => -1)
  for (const { partition, leader } of found.partitions) if (partition in leaders) leaders[partition] = leader
  if (leaders.length === 0) throw protocolError(LEADER_NOT_AVAILABLE)
  return { leaders }
}
