/** Kafka destinations of tests: closed when their test is over. */
import { onTestFinished } from 'vitest'
import { createAddresses, type Addresses, type AllowPrivate } from '../../destinations/contract/address-guard.ts'
import type { Destination, DeliveryError } from '../../destinations/contract/destination.ts'
import { kafkaDestination } from '../../destinations/kafka/kafka.ts'
import { parseSettings } from '../../destinations/registry.ts'
import { contextWith } from './context.ts'

export interface KafkaTest {
  readonly allowPrivate?: AllowPrivate
  /** In place of those that the above allows. */
  readonly addresses?: Addresses
  readonly clock?: () => number
}

export type ConnectedKafka = Required<Pick<Destination, 'deliver' | 'deliverBatch' | 'testConnection' | 'close'>>

/** Writes to the topic `calls` without TLS unless the settings say otherwise. */
export function connectKafka(settings: object, { allowPrivate = true, addresses, clock = Date.now }: KafkaTest = {}) {
  const parsed = parseSettings(kafkaDestination, { topic: 'calls', tls: false, ...settings })
  const context = contextWith({ addresses: addresses ?? createAddresses(allowPrivate), clock })
  const destination = kafkaDestination.connect(parsed, context) as ConnectedKafka
  onTestFinished(() => destination.close())
  return destination
}

/** Each as `arrived`, or by kind and reason. */
export function shown(failures: readonly (DeliveryError | undefined)[]): string[] {
  return failures.map((failure) => (failure ? `${failure.kind} ${failure.reason}` : 'arrived'))
}
