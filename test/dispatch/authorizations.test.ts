/** Authorizations under way: which states are taken, and what becomes of a code. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createHash } from 'node:crypto'
import { Authorizations, type AuthorizationsOptions } from '../../src/dispatch/authorizations.ts'
import type { DestinationRecord } from '../../src/model/destination.ts'
import type { JsonObject } from '../../src/model/json.ts'

const MINUTE = 60_000
const REDIRECT = { redirectUrl: 'https://rollcall.example.com/oauth/callback', by: 'tok_1' }
const RECORD: DestinationRecord = {
  id: 'dst_1',
  type: 'actions-salesforce',
  name: 'Sales',
  enabled: true,
  settings: { instanceUrl: 'https://old.my.salesforce.com' },
  sealed: '',
  missing: [],
  createdAt: 0,
  updatedAt: 0,
}

let now: number
let secrets: JsonObject
let present: DestinationRecord | undefined
let asked: unknown[]
let stored: unknown[]
let answer: Awaited<ReturnType<AuthorizationsOptions['service']['ask']>>
let authorizations: Authorizations

beforeEach(() => {
  ;[now, present, asked, stored] = [1_000, RECORD, [], []]
  secrets = { oauth: { clientId: 'our-client', clientSecret: 'our-secret' } }
  answer = { value: { oauth: { accessToken: 'at' } } }
  const service = {
    settingsOf: ({ settings }: DestinationRecord) => ({ ...settings, ...secrets }),
    ask: (...question: unknown[]) => {
      asked.push(question)
      return Promise.resolve(answer)
    },
    withSettings: (record: DestinationRecord, settings: JsonObject) => ({
      ...record,
      sealed: JSON.stringify(settings),
    }),
  } as unknown as AuthorizationsOptions['service']
  authorizations = new Authorizations({
    service,
    find: (id) => (id === present?.id ? present : undefined),
    put: (destination, by) => {
      stored.push([destination, by])
      return Promise.resolve()
    },
    clock: () => now,
  })
})

const begun = (record = RECORD): URL => {
  return new URL(authorizations.begin(record, REDIRECT))
}

function stateOf(url: URL): string {
  return url.searchParams.get('state')!
}

const GRANTED = { code: 'the-code', refusal: '' }

describe('an authorization', () => {
  it('sends the user to the tool, and stores the tokens that come for the code, as the token that began', async () => {
    const url = begun()
    expect(url.origin + url.pathname).toBe('https://login.salesforce.com/services/oauth2/authorize')
    expect(await authorizations.finish(stateOf(url), GRANTED)).toEqual({
      isAuthorized: true,
      message: 'Sales is authorized. You may close this page.',
    })
    const [[destination, question]] = asked as [[unknown, { verifier: string }]]
    expect(destination).toEqual({ id: 'dst_1', type: RECORD.type, settings: { ...RECORD.settings, ...secrets } })
    expect(question).toMatchObject({ kind: 'authorize', code: 'the-code', redirectUrl: REDIRECT.redirectUrl })
    const challenge = createHash('sha256').update(question.verifier).digest('base64url')
    expect(url.searchParams.get('code_challenge')).toBe(challenge)
    expect(stored).toEqual([[{ ...RECORD, sealed: '{"oauth":{"accessToken":"at"}}' }, 'tok_1']])
  })

  it('has a state of its own, which is taken once, by ten minutes', () => {
    const [first, second] = [stateOf(begun()), stateOf(begun())]
    expect(first).toMatch(/^[\w-]{43}$/)
    expect([first !== second, authorizations.has(first), authorizations.has('other')]).toEqual([true, true, false])
    void authorizations.finish(first, GRANTED)
    expect([authorizations.has(first), authorizations.has(second)]).toEqual([false, true])
    now += 10 * MINUTE - 1
    expect(authorizations.has(second)).toBe(true)
    now += 1
    expect(authorizations.has(second)).toBe(false)
  })

  it('is refused while a hundred are under way, until one has expired', () => {
    for (let count = 0; count < 100; count++) begun()
    expect(begun).toThrow(expect.objectContaining({ code: 'rate_limit_error' }))
    now += 10 * MINUTE
    expect(stateOf(begun())).not.toBe('')
  })

  it('comes to the words of the tool if it gives no code, and asks for nothing', async () => {
    const outcome = await authorizations.finish(stateOf(begun()), { code: undefined, refusal: 'access_denied: no' })
    expect(outcome).toEqual({ isAuthorized: false, message: 'The tool has refused: access_denied: no' })
    expect([asked, stored]).toEqual([[], []])
  })

  it('comes to nothing if there are no tokens for the code, or the destination is gone', async () => {
    answer = { failure: { reason: 'not_authorized', message: 'The tool gave no tokens.' } }
    const failed = { isAuthorized: false, message: 'The tool gave no tokens.' }
    expect(await authorizations.finish(stateOf(begun()), GRANTED)).toEqual(failed)
    const state = stateOf(begun())
    present = undefined
    expect(await authorizations.finish(state, GRANTED)).toMatchObject({ isAuthorized: false })
    expect(stored).toEqual([])
  })

  it.each([
    ['of a type without a vendor', { type: 'actions-klaviyo' }, {}, 'type_unsupported', 'id'],
    ['of a type of ours', { type: 'webhook' }, {}, 'type_unsupported', 'id'],
    ['without an app', {}, { oauth: undefined }, 'validation_error', 'settings.oauth.clientId'],
    ['without its secret', {}, { oauth: { clientId: 'a' } }, 'validation_error', 'settings.oauth.clientSecret'],
  ])('is refused %s', (_of, record, held, code, field) => {
    secrets = { ...secrets, ...held } as JsonObject
    expect(() => begun({ ...RECORD, ...record })).toThrow(expect.objectContaining({ code, field }))
  })
})
