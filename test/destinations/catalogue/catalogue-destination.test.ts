/** Calls on their way to a definition, and its answers on their way back. */
import { beforeEach, describe, expect, it } from 'vitest'
import { CatalogueDestination } from '../../../destinations/catalogue/catalogue-destination.ts'
import { settingsOf } from '../../../destinations/catalogue/settings.ts'
import type {
  ConfiguredDefinition,
  DefinitionFailure,
  DefinitionQuestion,
  OauthTokens,
} from '../../../destinations/contract/definition-runner.ts'
import { RetryableError, TerminalError } from '../../../destinations/contract/destination.ts'
import type { JsonObject, JsonValue } from '../../../src/model/json.ts'
import { group, identify, PERSONAS, SINCE, track } from '../calls.ts'
import { contextWith } from '../context.ts'
import { DEFINITION, ENTRY } from './given.ts'

type Performed = Extract<DefinitionQuestion, { readonly kind: 'perform' }>

const { signal } = new AbortController()
let asked: { readonly definition: ConfiguredDefinition; readonly question: DefinitionQuestion }[]
let saved: JsonObject[]
/** Answers in place of the usual one, which is that all has arrived. */
let answer: (question: DefinitionQuestion, onTokens: (tokens: OauthTokens) => void) => JsonValue | Error

beforeEach(() => {
  ;[asked, saved] = [[], []]
  answer = (question) => (question.kind === 'perform' ? question.events.map(() => null) : null)
})

function connected(settings: JsonObject = {}): CatalogueDestination {
  const parsed = settingsOf(DEFINITION, ENTRY).parse({ api_key: 'k', ...settings })
  const configured = { destinationId: 'dst_1', folder: 'tool', settings: { api_key: 'k' } }
  const context = contextWith({
    save: (renewed) => saved.push(renewed),
    definitions: {
      ask: (definition, question, { onTokens }) => {
        asked.push({ definition, question })
        const given = answer(question, onTokens!)
        return given instanceof Error ? Promise.reject(given) : Promise.resolve(given)
      },
    },
  })
  return new CatalogueDestination(DEFINITION, { settings: parsed, configured }, context)
}

function performed(): Performed[] {
  return asked.map(({ question }) => question as Performed)
}

/** The action of each question, its events' users, and if they go together. */
function shape(): string[] {
  return performed().map(
    ({ action, events, isBatch }) =>
      `${action} ${events.map(({ userId }) => userId as string).join(' ')}${isBatch ? ' *' : ''}`,
  )
}

describe('a call', () => {
  it('goes to its action, with what definitions read besides', async () => {
    const call = identify('u1', { vips: true, email: 'a@b.co', phone: '5550199', plan: 'pro' })
    await connected({ audienceSettings: { accountId: '7' } }).deliver(call, signal)
    expect(asked[0]!.definition).toEqual({ destinationId: 'dst_1', folder: 'tool', settings: { api_key: 'k' } })
    const [{ action, mapping, events, isBatch } = {} as Performed] = performed()
    expect([action, mapping, isBatch]).toEqual(['addToList', DEFINITION.defaults.identify!.mapping, false])
    expect(events).toEqual([
      {
        ...call,
        sentAt: SINCE,
        receivedAt: SINCE,
        context: {
          traits: { email: 'a@b.co', phone: '5550199' },
          personas: { ...PERSONAS, audience_settings: { accountId: '7' } },
        },
      },
    ])
  })

  it('goes by its value where it is a track call, whatever its name', async () => {
    const calls = ['entered', 'exited', 'computed'].map((kind) => ({
      action: 'other',
      calls: [kind],
      mapping: { text: kind },
    }))
    const destination = connected({ mappings: calls })
    const trait = { ...PERSONAS, computation_class: 'trait' } as const
    await destination.deliver({ ...track('u1', { vips: true }), event: 'Hello' } as never, signal)
    await destination.deliver({ ...track('u1', { vips: false }), event: 'Bye' } as never, signal)
    await destination.deliver({ ...track('u1', { vips: 7 }), context: { personas: trait } }, signal)
    expect(performed().map(({ mapping }) => mapping['text'])).toEqual(['entered', 'exited', 'computed'])
  })

  it('is skipped where no action is for its kind', async () => {
    const refused = connected().deliver(track('u1', { vips: false }), signal)
    await expect(refused).rejects.toMatchObject({ kind: 'skipped', reason: 'no_action' })
    expect(asked).toEqual([])
  })

  it('fails as the definition says', async () => {
    answer = () => new RetryableError('status_429', 'm', { retryAfterMs: 7 })
    await expect(connected().deliver(identify('u1'), signal)).rejects.toMatchObject({ retryAfterMs: 7 })
    const nothing: DefinitionFailure = { kind: 'skipped', reason: 'nothing_sent', message: 'm' }
    answer = () => [{ ...nothing }]
    await expect(connected().deliver(identify('u1'), signal)).rejects.toMatchObject({ kind: 'skipped' })
  })
})

describe('calls together', () => {
  it('go as many at once as the action takes, and one by one to an action that takes one', async () => {
    const calls = [
      ...['a', 'b', 'c'].map((user) => identify(user)),
      track('a', { vips: true }),
      track('b', { vips: true }),
    ]
    expect(await connected().deliverBatch(calls, signal)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(shape()).toEqual(['addToList a b *', 'addToList c *', 'trackEvent a', 'trackEvent b'])
  })

  it('go one by one where batching is off', async () => {
    await connected({ batching: false }).deliverBatch([identify('a'), identify('b')], signal)
    expect(shape()).toEqual(['addToList a', 'addToList b'])
  })

  it('go apart where the fields differ by which the action groups them', async () => {
    const into = (user: string, list: string) => {
      const call = identify(user)
      return { ...call, context: { personas: { ...PERSONAS, external_audience_id: list } } }
    }
    await connected().deliverBatch([into('a', 'l1'), into('b', 'l2'), into('c', 'l1')], signal)
    expect(shape()).toEqual(['addToList a c *', 'addToList b *'])
  })

  it('have results of their own, in the order in which they came', async () => {
    const failure: DefinitionFailure = { kind: 'terminal', reason: 'status_400', message: 'm' }
    answer = (question) => {
      const { action, events } = question as Performed
      if (action === 'trackEvent') return new RetryableError('timeout', 'm')
      return events.map(({ userId }) => (userId === 'b' ? { ...failure } : null))
    }
    const calls = [track('a', { vips: true }), identify('a'), group('g', {}), identify('b'), identify('c')]
    const results = await connected().deliverBatch(calls, signal)
    expect(results.map((error) => error && `${error.kind} ${error.reason}`)).toEqual([
      'retryable timeout',
      undefined,
      'skipped no_action',
      'terminal status_400',
      undefined,
    ])
  })
})

describe('an audience', () => {
  const audience = { id: 'aud_1', key: 'vips', name: 'VIPs', spaceId: 'spa_1' }

  it('is created with its settings', async () => {
    answer = () => 'list-7'
    const settings = { audienceSettings: { accountId: '7' } }
    expect(await connected(settings).createAudience!(audience, signal)).toBe('list-7')
    expect(asked[0]!.question).toEqual({ kind: 'create audience', audience, audienceSettings: { accountId: '7' } })
  })

  it('is looked for, and is gone where the tool does not find it', async () => {
    answer = () => 'list-7'
    expect(await connected().hasAudience!('list-7', signal)).toBe(true)
    for (const reason of ['status_404', 'status_410', 'audience_not_found']) {
      answer = () => new TerminalError(reason, 'm')
      expect(await connected().hasAudience!('list-7', signal)).toBe(false)
    }
    answer = () => new TerminalError('status_401', 'm')
    await expect(connected().hasAudience!('list-7', signal)).rejects.toMatchObject({ reason: 'status_401' })
  })
})

it('tokens that are renewed are kept, and used from then on', async () => {
  const tokens = { accessToken: 'new', refreshToken: 'r' }
  answer = (question, onTokens) => {
    onTokens(tokens)
    return (question as Performed).events.map(() => null)
  }
  const destination = connected()
  await destination.deliver(identify('u1'), signal)
  await destination.deliver(identify('u2'), signal)
  expect(saved[0]).toEqual({ oauth: tokens })
  expect(asked[1]!.definition.oauth).toEqual(tokens)
})

it('a person is deleted by both ids', async () => {
  await connected().deleteUser!({ ...identify('u1'), anonymousId: 'n1' }, signal)
  expect(asked[0]!.question).toEqual({ kind: 'delete user', userId: 'u1', anonymousId: 'n1' })
})
