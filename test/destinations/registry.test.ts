/** The description of each type of destination, and its reading of settings. */
import { describe, expect, it } from 'vitest'
import { consoleDestination } from '../../destinations/console/console.ts'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'
import {
  describe as description,
  DESTINATION_TYPES,
  destinationType,
  parseSettings,
} from '../../destinations/registry.ts'
import { EngineError } from '../../src/model/errors.ts'
import { identify } from './calls.ts'
import { contextWith } from './context.ts'

const type = (slug: string) => destinationType(slug)!

describe('the types', () => {
  it('are found by their slugs, and no other is', () => {
    expect(DESTINATION_TYPES.map(({ slug }) => destinationType(slug)?.slug)).toEqual([
      'webhook',
      'csv',
      's3',
      'redis',
      'postgres',
      'kafka',
      'console',
    ])
    expect([destinationType(''), destinationType('constructor'), destinationType('Webhook')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('have settings that an API can show', () => {
    expect(DESTINATION_TYPES.map((type) => ({ ...description(type), settings: undefined }))).toEqual([
      {
        slug: 'webhook',
        name: 'Webhooks',
        kind: 'event',
        description: 'Posts each call to a URL as JSON, signed.',
        secrets: ['sharedSecret', 'headers'],
        batching: 'by_setting',
      },
      {
        slug: 'csv',
        name: 'CSV list',
        kind: 'list',
        description: 'Keeps a file for each audience, of those who are in it.',
        secrets: [],
        batching: 'gathered',
      },
      {
        slug: 's3',
        name: 'S3',
        kind: 'event',
        description: 'Puts calls into a bucket of S3-compatible storage, as an object for those of a while.',
        secrets: ['secretAccessKey', 'sessionToken'],
        batching: 'gathered',
      },
      {
        slug: 'redis',
        name: 'Redis',
        kind: 'event',
        description: 'Keeps members of audiences, and values, in a Redis for other services to read.',
        secrets: ['password'],
        batching: 'by_setting',
      },
      {
        slug: 'postgres',
        name: 'Postgres',
        kind: 'event',
        description: 'Keeps memberships and computed traits as tables in a Postgres.',
        secrets: ['connectionString', 'password'],
        batching: 'by_setting',
      },
      {
        slug: 'kafka',
        name: 'Kafka',
        kind: 'event',
        description: 'Writes each call to a topic as JSON.',
        secrets: ['password'],
        batching: 'by_setting',
      },
      {
        slug: 'console',
        name: 'Console',
        kind: 'event',
        description: 'Prints each call where the server runs.',
        secrets: [],
        batching: 'none',
      },
    ])
  })

  it('describe settings as plain data in which only what must be given is required', () => {
    const { settings } = description(type('webhook'))
    expect(structuredClone(settings)).toEqual(settings)
    expect(settings).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['url'],
      properties: {
        url: { type: 'string', format: 'uri', maxLength: 2_048 },
        batchSize: { type: 'integer', minimum: 1, maximum: 4_000, default: 1 },
        headers: { type: 'object', additionalProperties: { type: 'string' } },
      },
    })
    expect(description(type('console')).settings).toMatchObject({ properties: {}, additionalProperties: false })
  })

  it('keep secret only what is a setting', () => {
    for (const each of DESTINATION_TYPES.map(description)) {
      const { properties } = each.settings as { properties: object }
      expect(Object.keys(properties)).toEqual(expect.arrayContaining([...each.secrets]))
    }
  })
})

describe('settings', () => {
  it('come back with their defaults', () => {
    expect(parseSettings(type('csv'), {})).toEqual({ everySeconds: 60 })
  })

  it.each([
    ['webhook', {}, 'settings.url'],
    ['webhook', { url: 'a' }, 'settings.url'],
    ['csv', { everySeconds: '60' }, 'settings.everySeconds'],
    ['postgres', { host: 'h', database: 'd' }, 'settings.user'],
    ['console', { colour: true }, 'settings.colour'],
    ['kafka', { brokers: ['kafka'], topic: 'a' }, 'settings.brokers.0'],
    ['console', null, 'settings'],
    ['console', undefined, 'settings'],
    ['console', [], 'settings'],
  ])('of %s are refused: %j for %s', (slug, settings, field) => {
    const refused = () => parseSettings(type(slug), settings)
    expect(refused).toThrow(EngineError)
    expect(refused).toThrow(expect.objectContaining({ code: 'validation_error', field }))
    expect(refused).toThrow(new RegExp(`^${field}: `))
  })

  it.each([
    ['s3', {}, 'settings.bucket: expected a value, got none'],
    ['csv', { everySeconds: '60' }, 'settings.everySeconds: expected number, got string'],
    ['csv', { everySeconds: null }, 'settings.everySeconds: expected number, got null'],
    ['kafka', { topic: ['a'], brokers: ['h:9092'] }, 'settings.topic: expected string, got array'],
    ['actions-klaviyo', {}, 'settings.api_key: expected a value, got none'],
    ['actions-braze-cloud', { api_key: 'k', endpoint: 'x' }, /^settings.endpoint: expected one of https:/],
    ['actions-slack', {}, /^settings.mappings: Expected at least one, as no preset .* url of postToChannel/],
  ])('say what is wrong: %s %j', (slug, settings, message) => {
    expect(() => parseSettings(type(slug), settings)).toThrow(message)
  })
})

describe('the console', () => {
  it('prints each call as one line of JSON', async () => {
    const printed: string[] = []
    const http = createHttpClient({ allowPrivate: false, userAgent: 'a' })
    const context = contextWith({ http, print: (line: string) => printed.push(line) })
    const destination = consoleDestination.connect({}, context)
    const calls = [identify('u1', { vips: true, note: 'two\nlines' }), identify('u2')]
    for (const call of calls) await destination.deliver(call, new AbortController().signal)
    expect(printed).toEqual(calls.map((call) => JSON.stringify(call)))
    expect(printed.join('')).not.toContain('\n')
    expect(consoleDestination.limits({})).toEqual({ batchCalls: 1, timeoutMs: 1_000, gatherMs: 0 })
  })
})
