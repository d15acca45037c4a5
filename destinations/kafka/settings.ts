/** The settings of a Kafka destination: the cluster, the way in, and the topic. */
import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { isTopicName, KEY_PLACE } from './message.ts'

const BROKERS_MAX = 32
const BROKER = /^(?:\[[\da-f:.]+\]|[a-z\d](?:[a-z\d._-]*[a-z\d])?\.?):(\d{1,5})$/i
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

const Broker = z
  .string()
  .max(300)
  .refine(isBroker, 'A host and a port were expected, such as kafka-1.example.com:9092.')

export const KafkaSettings = z
  .strictObject({
    brokers: z
      .array(Broker)
      .min(1, 'At least one broker was expected.')
      .max(BROKERS_MAX)
      .describe('Brokers that are asked for the others, as host:port.'),
    topic: z
      .string()
      .refine(
        (topic) => isTopicName(topic.replaceAll(KEY_PLACE, 'k')),
        `Letters, digits, '.', '_', '-' and ${KEY_PLACE} were expected.`,
      )
      .describe('The topic; {key} in it stands for the key of the audience or computed trait.'),
    clientId: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "At most 100 letters, digits, '.', '_' and '-' were expected.")
      .default('rollcall')
      .describe('The name in the logs and quotas of the cluster.'),
    tls: z.boolean().default(true).describe('Encrypts the connections.'),
    ca: z
      .string()
      .max(100_000)
      .refine(areCertificates, 'Certificates in PEM were expected.')
      .optional()
      .describe('Certificates in PEM that the brokers are trusted by, in place of those that Node knows.'),
    saslMechanism: z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512'], 'plain, scram-sha-256 or scram-sha-512 was expected.')
      .optional()
      .describe('The way of logging in; without one, there is no login.'),
    username: z.string().min(1).max(512).optional().describe('Of the login.'),
    password: z.string().min(1).max(4_096).optional().describe('Of the login.'),
    compression: z.enum(['none', 'gzip'], 'none or gzip was expected.').default('none').describe('Of the messages.'),
    batchSize: z.int().min(1).max(4_000).default(100).describe('Calls that are sent at once.'),
    timeoutSeconds: z.number().min(1).max(30).default(10).describe('How long an answer may take.'),
  })
  .superRefine(({ tls, ca, saslMechanism, username, password }, context) => {
    const refuse = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message })
    if (ca !== undefined && !tls) refuse('ca', 'Certificates were expected only with tls.')
    if (saslMechanism === undefined) {
      if (username !== undefined) refuse('username', 'A username was expected only with saslMechanism.')
      if (password !== undefined) refuse('password', 'A password was expected only with saslMechanism.')
      return
    }
    if (username === undefined) refuse('username', 'A username was expected, as saslMechanism is given.')
    if (password === undefined) refuse('password', 'A password was expected, as saslMechanism is given.')
  })

export type KafkaSettings = z.output<typeof KafkaSettings>

function isBroker(text: string): boolean {
  const port = Number(BROKER.exec(text)?.[1])
  return port >= 1 && port <= 65_535
}

function areCertificates(pem: string): boolean {
  const certificates = pem.match(CERTIFICATE) ?? []
  try {
    for (const certificate of certificates) new X509Certificate(certificate)
    return certificates.length > 0
  } catch {
    return false
  }
}
