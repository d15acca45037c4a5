/** The settings of a Kafka destination: defaults, and refusals that name the setting. */
import { describe, expect, it } from 'vitest'
import { kafkaDestination } from '../../destinations/kafka/kafka.ts'
import { parsePartialSettings, parseSettings } from '../../destinations/registry.ts'
import { EngineError } from '../../src/model/errors.ts'
import { makeCertificate } from '../support/certificates.ts'

const GIVEN = { brokers: ['kafka-1.example.com:9092'], topic: 'audiences' }
const LOGIN = { saslMechanism: 'scram-sha-512', username: 'rollcall', password: 'secret' }

it('settings come back with their defaults: encrypted, not compressed, a hundred calls at once', () => {
  const settings = parseSettings(kafkaDestination, GIVEN)
  expect(settings).toEqual({
    ...GIVEN,
    clientId: 'rollcall',
    tls: true,
    compression: 'none',
    batchSize: 100,
    timeoutSeconds: 10,
  })
  expect(kafkaDestination.limits(settings)).toEqual({ batchCalls: 100, timeoutMs: 10_000, gatherMs: 0 })
})

it('a password is secret, and asked for anew where it would go to other brokers', () => {
  expect(kafkaDestination.secrets).toEqual(['password'])
  expect(kafkaDestination.hosts).toEqual(['brokers'])
})

describe('settings', () => {
  it.each([
    { brokers: ['10.0.0.1:9092', '[2001:db8::1]:9092', 'kafka:1', 'a_b.c:65535'] },
    { topic: 'audiences.{key}' },
    { topic: '{key}' },
    { topic: 'a.B_c-1' },
    LOGIN,
    { ...LOGIN, saslMechanism: 'plain', tls: false },
    { compression: 'gzip', batchSize: 1, timeoutSeconds: 0.5 + 0.5 },
  ])('are taken: %j', (settings) => {
    expect(parseSettings(kafkaDestination, { ...GIVEN, ...settings })).toMatchObject(settings)
  })

  it.each([
    [{ brokers: [] }, 'brokers'],
    [{ brokers: 'kafka:9092' }, 'brokers'],
    [{ brokers: ['kafka'] }, 'brokers.0'],
    [{ brokers: ['kafka:9092', 'kafka:0'] }, 'brokers.1'],
    [{ brokers: ['kafka:65536'] }, 'brokers.0'],
    [{ brokers: ['http://kafka:9092'] }, 'brokers.0'],
    [{ brokers: ['user@kafka:9092'] }, 'brokers.0'],
    [{ brokers: ['2001:db8::1:9092'] }, 'brokers.0'],
    [{ topic: '' }, 'topic'],
    [{ topic: '..' }, 'topic'],
    [{ topic: 'a/b' }, 'topic'],
    [{ topic: 'a b' }, 'topic'],
    [{ topic: 'audiences.{name}' }, 'topic'],
    [{ topic: 'a'.repeat(250) }, 'topic'],
    [{ clientId: '' }, 'clientId'],
    [{ clientId: 'a b' }, 'clientId'],
    [{ tls: 'yes' }, 'tls'],
    [{ ca: 'no certificate' }, 'ca'],
    [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, 'ca'],
    [{ ...LOGIN, saslMechanism: 'gssapi' }, 'saslMechanism'],
    [{ saslMechanism: 'plain', password: 'secret' }, 'username'],
    [{ saslMechanism: 'plain', username: 'rollcall' }, 'password'],
    [{ username: 'rollcall' }, 'username'],
    [{ password: 'secret' }, 'password'],
    [{ compression: 'zstd' }, 'compression'],
    [{ batchSize: 0 }, 'batchSize'],
    [{ batchSize: 4_001 }, 'batchSize'],
    [{ timeoutSeconds: 31 }, 'timeoutSeconds'],
    [{ acks: 1 }, 'acks'],
  ])('are refused: %j for %s', (settings, name) => {
    const refused = () => parseSettings(kafkaDestination, { ...GIVEN, ...settings })
    const field = `settings.${name}`
    expect(refused).toThrow(EngineError)
    expect(refused).toThrow(expect.objectContaining({ code: 'validation_error', field }))
    expect(refused).toThrow(new RegExp(`^${field}: `))
    expect(refused).not.toThrow(/secret/)
  })

  it('take several certificates, and only for TLS', async () => {
    const ca = (await Promise.all([makeCertificate(), makeCertificate()])).map(({ cert }) => cert).join('\n')
    expect(parseSettings(kafkaDestination, { ...GIVEN, ca })).toMatchObject({ ca, tls: true })
    const refused = () => parseSettings(kafkaDestination, { ...GIVEN, ca, tls: false })
    expect(refused).toThrow(expect.objectContaining({ field: 'settings.ca' }))
  })

  it('without the password are kept until it is given', () => {
    const others = { ...GIVEN, saslMechanism: LOGIN.saslMechanism, username: LOGIN.username }
    expect(parsePartialSettings(kafkaDestination, others, ['password'])).toEqual(others)
  })
})
