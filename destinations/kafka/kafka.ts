/**
 * Writes each call as a message to a topic of a Kafka cluster. Messages of one identity are in one partition, in order;
 * a call that is told again has the same `messageId`.
 */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import {
  DeliveryError,
  type Destination,
  type DestinationContext,
  type DestinationType,
} from '../contract/destination.ts'
import { timedOut } from '../contract/transport-error.ts'
import { Cluster } from './client/cluster.ts'
import { Producer, type TopicMessage } from './client/producer.ts'
import type { BrokerAddress } from './client/requests.ts'
import type { Credentials } from './client/sasl.ts'
import { KEY_PLACE, messageOf } from './message.ts'
import { KafkaSettings } from './settings.ts'

/** A share of the time for a try: so another broker is asked within it if one does not answer. */
const CONNECT_SHARE = 1 / 3

export const kafkaDestination: DestinationType<KafkaSettings> = {
  slug: 'kafka',
  name: 'Kafka',
  kind: 'event',
  description: 'Writes each call to a topic as JSON.',
  settings: KafkaSettings,
  secrets: ['password'],
  hosts: ['brokers'],
  limits: ({ batchSize, timeoutSeconds }) => ({
    batchCalls: batchSize,
    timeoutMs: timeoutSeconds * 1_000,
    gatherMs: 0,
  }),
  connect: (settings, context) => new Kafka(settings, context),
}

class Kafka implements Destination {
  readonly #topic: string
  readonly #cluster: Cluster
  readonly #producer: Producer

  constructor(settings: KafkaSettings, { addresses, clock }: DestinationContext) {
    const { topic, brokers, clientId, tls, ca, compression, timeoutSeconds } = settings
    const timeoutMs = timeoutSeconds * 1_000
    this.#topic = topic
    this.#cluster = new Cluster({
      bootstrap: brokers.map(addressOf),
      addresses,
      clientId,
      tls: tls ? { ca } : undefined,
      credentials: credentialsOf(settings),
      connectTimeoutMs: timeoutMs * CONNECT_SHARE,
      requestTimeoutMs: timeoutMs,
      clock,
    })
    this.#producer = new Producer({ cluster: this.#cluster, compression, timeoutMs, clock })
  }

  async deliver(call: DeliveryCall, signal: AbortSignal): Promise<void> {
    const [failure] = await this.deliverBatch([call], signal)
    if (failure) throw failure
  }

  async deliverBatch(calls: readonly DeliveryCall[], signal: AbortSignal): Promise<(DeliveryError | undefined)[]> {
    const made = calls.map((call) => this.#messageOf(call))
    const messages = made.filter((message): message is TopicMessage => !(message instanceof DeliveryError))
    const failures = await raced(this.#producer.send(messages, signal), signal)
    return made.map((message) => (message instanceof DeliveryError ? message : failures.shift()))
  }

  async testConnection(signal: AbortSignal): Promise<void> {
    const topic = this.#topic.includes(KEY_PLACE) ? this.#cluster.probe() : this.#cluster.topic(this.#topic)
    await raced(Promise.all([topic, this.#producer.probe()]), signal)
  }

  async close(): Promise<void> {
    await this.#producer.settled()
    this.#cluster.close()
  }

  #messageOf(call: DeliveryCall): TopicMessage | DeliveryError {
    try {
      return messageOf(call, this.#topic)
    } catch (error) {
      if (error instanceof DeliveryError) return error
      throw error
    }
  }
}

/** Settles as the work does, or rejects once the signal is aborted: the work then goes on, and nobody waits for it. */
async function raced<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let stop: () => void = () => undefined
  const isOver = new Promise<never>((_, reject) => {
    stop = () => reject(timedOut(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([work, isOver])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function addressOf(broker: string): BrokerAddress {
  const end = broker.lastIndexOf(':')
  return { host: broker.slice(0, end).replace(/^\[(.*)\]$/, '$1'), port: Number(broker.slice(end + 1)) }
}

function credentialsOf({ saslMechanism: mechanism, username, password }: KafkaSettings): Credentials | undefined {
  if (mechanism === undefined || username === undefined || password === undefined) return undefined
  return { mechanism, username, password }
}
