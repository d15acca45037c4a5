/** Makes the message of a call: the call as JSON, under the identity that it addresses. */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { TerminalError } from '../contract/destination.ts'
import type { TopicMessage } from './client/producer.ts'

/** The part of a topic's name that stands for the key of the audience or computed trait. */
export const KEY_PLACE = '{key}'
const TOPIC_NAME = /^(?!\.{1,2}$)[\w.-]{1,249}$/

export function isTopicName(name: string): boolean {
  return TOPIC_NAME.test(name)
}

/** Throws a TerminalError if the key makes the name of the topic too long. */
export function messageOf(call: DeliveryCall, topic: string): TopicMessage {
  const { computation_key: computationKey } = call.context.personas
  const name = topic.replaceAll(KEY_PLACE, computationKey)
  if (!isTopicName(name)) throw new TerminalError('invalid_topic', 'The key makes no name of a topic: see topic.')
  return {
    topic: name,
    key: Buffer.from(addressed(call)),
    value: Buffer.from(JSON.stringify(call)),
    headers: { messageId: call.messageId, type: call.type, computationKey },
  }
}

/** Returns the identity that a call addresses: all calls to it go to one partition. */
function addressed(call: DeliveryCall): string {
  if (call.type === 'group') return call.groupId
  if (call.userId !== undefined) return call.userId
  const { email } = (call.type === 'identify' ? call.traits : call.context.traits) ?? {}
  if (typeof email === 'string') return email
  return call.anonymousId ?? call.context.externalIds?.[0]?.id ?? ''
}
