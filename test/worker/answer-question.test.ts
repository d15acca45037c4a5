/** Questions about destinations, as the workers answer them: nothing is sent, and no secret is shown. */
import { describe, expect, it } from 'vitest'
import type { ConfiguredDefinition, DefinitionQuestion } from '../../destinations/contract/definition-runner.ts'
import { RetryableError, TerminalError } from '../../destinations/contract/destination.ts'
import type { HttpRequest } from '../../destinations/contract/http-client.ts'
import { isAuthentic } from '../../destinations/webhook/verify.ts'
import { MASK } from '../../src/model/destination-admin.ts'
import type { DestinationQuestion } from '../../src/model/destination-question.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { answerQuestion, NO_LIST } from '../../src/worker/answer-question.ts'
import { identify, SINCE } from '../destinations/calls.ts'
import { contextWith } from '../destinations/context.ts'

interface Given {
  readonly type: string
  readonly settings: JsonObject
  /** Answers of the definition. */
  readonly answer?: (question: DefinitionQuestion, definition: ConfiguredDefinition) => JsonValue | Error
  readonly http?: (request: HttpRequest) => { readonly status: number; readonly body: string }
  readonly lists?: Readonly<Record<string, string>>
}

function ask({ type, settings, answer, http, lists = {} }: Given, question: DestinationQuestion) {
  const context = contextWith({
    clock: () => Date.parse(SINCE),
    definitions: {
      ask: (definition, asked) => {
        const given = answer!(asked, definition)
        return given instanceof Error ? Promise.reject(given) : Promise.resolve(given)
      },
    },
    http: {
      request: (request) => {
        if (!http) throw new Error('no request was expected')
        const { status, body } = http(request)
        return Promise.resolve({ status, headers: {}, body: Buffer.from(body) })
      },
    },
  })
  const listOf = (key: string) => Promise.resolve(lists[key])
  return answerQuestion({ id: 'dst_1', type, settings }, question, { context, listOf })
}

const CALL = identify('u1', { vips: true, email: 'a@example.com' })
const REHEARSE = { kind: 'rehearse', call: CALL } as const
const WEBHOOK = { url: 'https://example.com/hook?key=secret-of-url' }

describe('a rehearsal', () => {
  it('shows the request of a webhook, signed, and sends none', async () => {
    const settings = { ...WEBHOOK, sharedSecret: 'a-shared-secret', headers: { 'x-team': 'team-of-data' } }
    const answer = await ask({ type: 'webhook', settings }, REHEARSE)
    const { requests } = (answer as { value: { requests: { headers: Record<string, string>; body: object }[] } }).value
    expect(requests).toMatchObject([{ method: 'POST', url: WEBHOOK.url, headers: { 'x-team': MASK }, body: CALL }])
    const headers = Object.fromEntries(
      Object.entries(requests[0]!.headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const received = { headers, body: Buffer.from(JSON.stringify(CALL)) }
    expect(isAuthentic(received, 'a-shared-secret', Date.parse(SINCE))).toBe(true)
    expect(JSON.stringify(answer)).not.toMatch(/a-shared-secret|team-of-data/)
  })

  it('of a webhook that takes several has an array', async () => {
    const answer = await ask({ type: 'webhook', settings: { ...WEBHOOK, batchSize: 10 } }, REHEARSE)
    expect(answer).toMatchObject({ value: { requests: [{ body: [CALL] }] } })
  })

  it('shows the requests that a definition would send, with the action, and masks secrets', async () => {
    const asked: DefinitionQuestion[] = []
    const key = 'the-key-of-braze'
    const answer = await ask(
      {
        type: 'actions-braze-cloud',
        settings: { api_key: key, endpoint: 'https://rest.iad-01.braze.com' },
        answer: (question) => {
          asked.push(question)
          const headers = { authorization: `Bearer ${key}`, 'x-other': 'a' }
          return [
            { method: 'POST', url: `https://rest.iad-01.braze.com/?k=${key}`, headers, body: { api_key: key, a: 1 } },
          ]
        },
      },
      REHEARSE,
    )
    expect(answer).toEqual({
      value: {
        action: 'updateUserProfile',
        requests: [
          {
            method: 'POST',
            url: `https://rest.iad-01.braze.com/?k=${MASK}`,
            headers: { authorization: `Bearer ${MASK}`, 'x-other': 'a' },
            body: { api_key: MASK, a: 1 },
          },
        ],
      },
    })
    expect(asked).toMatchObject([{ kind: 'rehearse', action: 'updateUserProfile', events: [{ userId: 'u1' }] }])
  })

  it('names the list of the audience, or one that stands for it', async () => {
    const lists: unknown[] = []
    const given: Given = {
      type: 'actions-klaviyo',
      settings: { api_key: 'the-key-of-klaviyo' },
      answer: (question) => {
        const { events } = question as { events?: { context: { personas: JsonObject } }[] }
        lists.push(events?.[0]?.context.personas['external_audience_id'])
        return []
      },
    }
    const call = { ...CALL, type: 'track', event: 'Audience Entered', properties: { vips: true } } as const
    await ask(given, { kind: 'rehearse', call })
    await ask({ ...given, lists: { vips: 'list-42' } }, { kind: 'rehearse', call })
    expect(lists).toEqual([NO_LIST, 'list-42'])
  })

  it('fails where no action is for the call, with what the definition refuses, and of types that show nothing', async () => {
    const settings = { api_key: 'the-key-of-klaviyo' }
    const group = { ...CALL, type: 'group', groupId: 'acme' } as const
    const of = (type: string, more: object, question: DestinationQuestion = REHEARSE) =>
      ask({ type, settings: {}, ...more }, question)
    expect(await of('actions-klaviyo', { settings }, { kind: 'rehearse', call: group })).toMatchObject({
      failure: { reason: 'no_action' },
    })
    const answer = () => new TerminalError('invalid_payload', 'email is missing; the key is the-key-of-braze')
    const braze = { settings: { api_key: 'the-key-of-braze', endpoint: 'https://rest.iad-01.braze.com' }, answer }
    expect(await of('actions-braze-cloud', braze)).toEqual({
      failure: { reason: 'invalid_payload', message: `email is missing; the key is ${MASK}` },
    })
    expect(await of('csv', {})).toEqual({
      failure: { reason: 'not_supported', message: 'The type csv shows no requests.' },
    })
    expect(await of('nothing', {})).toMatchObject({ failure: { reason: 'unknown_type' } })
  })

  it('says which setting is at fault', async () => {
    expect(await ask({ type: 'webhook', settings: { url: 'here' } }, REHEARSE)).toMatchObject({
      failure: { reason: 'validation_error', message: expect.stringMatching(/^settings\.url: /) as string },
    })
  })
})

describe('choices', () => {
  const settings = { api_key: 'the-key-of-klaviyo' }
  const question = { kind: 'choices', action: 'upsertProfile', field: 'list_id', payload: {} } as const

  it('are those of the definition, with the next page', async () => {
    const answer = (): JsonValue => ({ choices: [{ value: 'l1', label: 'One' }, { value: 2 }], nextPage: '2' })
    expect(await ask({ type: 'actions-klaviyo', settings, answer }, { ...question, page: '1' })).toEqual({
      value: {
        choices: [
          { value: 'l1', label: 'One' },
          { value: 2, label: '2' },
        ],
        nextPage: '2',
      },
    })
  })

  it('fail with the words of the tool, without secrets, and of types that have no fields', async () => {
    const answer = (): JsonValue => ({ choices: [], error: { message: 'bad the-key-of-klaviyo', code: '403' } })
    expect(await ask({ type: 'actions-klaviyo', settings, answer }, question)).toEqual({
      failure: { reason: 'status_403', message: `bad ${MASK}` },
    })
    expect(await ask({ type: 'console', settings: {} }, question)).toMatchObject({
      failure: { reason: 'not_supported' },
    })
  })
})

describe('a test', () => {
  it('comes to nothing or to what is wrong', async () => {
    const settings = { api_key: 'the-key-of-klaviyo' }
    const test = { kind: 'test' } as const
    expect(await ask({ type: 'actions-klaviyo', settings, answer: () => null }, test)).toEqual({ value: null })
    const answer = () => new RetryableError('timeout', 'No complete answer came in time.')
    expect(await ask({ type: 'actions-klaviyo', settings, answer }, test)).toEqual({
      failure: { reason: 'timeout', message: 'No complete answer came in time.' },
    })
  })

  it('rejects for a fault of ours', async () => {
    const given = { type: 'actions-klaviyo', settings: { api_key: 'a' }, answer: () => new TypeError('a fault') }
    await expect(ask(given, { kind: 'test' })).rejects.toThrow('a fault')
  })
})

describe('an authorization', () => {
  const granted = {
    kind: 'authorize',
    code: 'the-code',
    redirectUrl: 'https://a.co/oauth/callback',
    verifier: 'v',
  } as const
  const oauth = { clientId: 'our-client', clientSecret: 'our-client-secret' }

  it('comes to the settings with the tokens, though others are missing', async () => {
    const http = () => ({ status: 200, body: JSON.stringify({ access_token: 'at', refresh_token: 'rt' }) })
    expect(await ask({ type: 'actions-hubspot-cloud', settings: { oauth }, http }, granted)).toEqual({
      value: { oauth: { ...oauth, accessToken: 'at', refreshToken: 'rt' } },
    })
  })

  it('fails with the code of the error alone', async () => {
    const body = JSON.stringify({ error: 'invalid_grant', error_description: 'the-code of our-client-secret' })
    const http = () => ({ status: 400, body })
    expect(await ask({ type: 'actions-hubspot-cloud', settings: { oauth }, http }, granted)).toEqual({
      failure: {
        reason: 'not_authorized',
        message: 'The tool gave no tokens: its answer has status 400: invalid_grant.',
      },
    })
  })
})
