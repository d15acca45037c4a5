/** Addresses at which users let apps in, and the exchange of codes for tokens, vendor by vendor. */
import { describe, expect, it } from 'vitest'
import { catalogueEntries } from '../../../destinations/catalogue/catalogue.ts'
import { authorizedSettings } from '../../../destinations/catalogue/oauth-exchange.ts'
import { authorizationUrl, oauthVendor } from '../../../destinations/catalogue/oauth.ts'
import type { HttpRequest } from '../../../destinations/contract/http-client.ts'
import type { JsonObject } from '../../../src/model/json.ts'

const REDIRECT = 'https://rollcall.example.com/oauth/callback'
const REQUEST = { clientId: 'our-client', redirectUrl: REDIRECT, state: 'the-state', challenge: 'the-challenge' }
const OAUTH = { clientId: 'our-client', clientSecret: 'our-secret' }

/** The tools with a vendor, by slug. */
const TOOLS = catalogueEntries().flatMap(({ slug, folder, needs, availability }) => {
  const vendor = oauthVendor(folder, {})
  return vendor ? [{ slug, needs, availability, vendor }] : []
})

function parametersOf(slug: string, more: object = {}): Record<string, string> {
  const { vendor } = TOOLS.find((tool) => tool.slug === slug)!
  return Object.fromEntries(new URL(authorizationUrl(vendor, { ...REQUEST, ...more })).searchParams)
}

describe('the table of vendors', () => {
  it('is about tools that are shown and need an app', () => {
    expect(TOOLS.length).toBeGreaterThanOrEqual(14)
    expect(TOOLS.filter(({ needs, availability }) => needs !== 'oauth_app' || availability === 'denied')).toEqual([])
  })

  it('has addresses of https alone', () => {
    for (const { vendor } of TOOLS)
      for (const url of [vendor.authorizeUrl, vendor.tokenUrl]) expect(new URL(url).protocol).toBe('https:')
  })
})

describe('the address at a tool', () => {
  it('asks for the scopes, with the state, and a challenge where the vendor takes one', () => {
    const common = { response_type: 'code', client_id: 'our-client', redirect_uri: REDIRECT, state: 'the-state' }
    expect(parametersOf('actions-google-sheets')).toEqual({
      ...common,
      scope: 'https://www.googleapis.com/auth/spreadsheets',
      access_type: 'offline',
      prompt: 'consent',
      code_challenge: 'the-challenge',
      code_challenge_method: 'S256',
    })
    expect(parametersOf('actions-facebook-custom-audiences')).toEqual({
      ...common,
      scope: 'ads_management,business_management',
    })
    expect(parametersOf('actions-reddit-audiences')).toMatchObject({ scope: 'adsread,adsedit', duration: 'permanent' })
    expect(parametersOf('actions-intercom-cloud')).toEqual(common)
  })

  it('asks for the scopes of the user in their place', () => {
    expect(parametersOf('actions-hubspot-cloud', { scopes: ['oauth', 'crm.lists.write'] })).toMatchObject({
      scope: 'oauth crm.lists.write',
    })
  })

  it('is as TikTok has it', () => {
    expect(parametersOf('actions-tiktok-audiences')).toEqual({
      app_id: 'our-client',
      redirect_uri: REDIRECT,
      state: 'the-state',
    })
  })

  it('is that of the sandbox of Salesforce, if it is one', () => {
    const hosts = [{}, { isSandbox: true }].map((settings) => {
      const { authorizeUrl, tokenUrl } = oauthVendor('salesforce', settings)!
      return [authorizeUrl, tokenUrl].map((url) => new URL(url).host)
    })
    expect(hosts).toEqual([
      ['login.salesforce.com', 'login.salesforce.com'],
      ['test.salesforce.com', 'test.salesforce.com'],
    ])
  })
})

describe('the exchange of a code', () => {
  let sent: HttpRequest[] = []

  function exchange(slug: string, answers: readonly (object | string)[], more: JsonObject = {}, status = 200) {
    sent = []
    const http = {
      request: (request: HttpRequest) => {
        const answer = answers[sent.length]
        sent.push(request)
        const body = Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer))
        return Promise.resolve({ status, headers: {}, body })
      },
    }
    const granted = { code: 'the-code', redirectUrl: REDIRECT, verifier: 'the-verifier' }
    const { signal } = new AbortController()
    return authorizedSettings(slug, { oauth: OAUTH, ...more }, granted, { http, signal })
  }

  function formOf({ body }: HttpRequest): Record<string, string> {
    return Object.fromEntries(new URLSearchParams(String(body)))
  }

  const TOKENS = { access_token: 'at', refresh_token: 'rt', expires_in: 3600 }
  const STORED = { ...OAUTH, accessToken: 'at', refreshToken: 'rt' }

  it('sends a form with the credentials, and the verifier where there was a challenge', async () => {
    expect(await exchange('actions-google-data-manager', [TOKENS])).toEqual({ oauth: STORED })
    expect(sent).toMatchObject([{ method: 'POST', url: 'https://oauth2.googleapis.com/token' }])
    const form = { grant_type: 'authorization_code', code: 'the-code', redirect_uri: REDIRECT }
    const credentials = { client_id: 'our-client', client_secret: 'our-secret' }
    expect(formOf(sent[0]!)).toEqual({ ...form, ...credentials, code_verifier: 'the-verifier' })
    await exchange('actions-hubspot-cloud', [TOKENS])
    expect(formOf(sent[0]!)).toEqual({ ...form, ...credentials })
  })

  it('of Reddit proves the app in a header', async () => {
    expect(await exchange('actions-reddit-audiences', [TOKENS])).toEqual({ oauth: STORED })
    const credentials = Buffer.from('our-client:our-secret').toString('base64')
    expect(sent[0]!.headers).toMatchObject({ Authorization: `Basic ${credentials}` })
    expect(formOf(sent[0]!)).not.toHaveProperty('client_secret')
  })

  it('of Facebook goes on to a token that lasts', async () => {
    expect(
      await exchange('actions-facebook-custom-audiences', [{ access_token: 'short' }, { access_token: 'long' }]),
    ).toEqual({
      oauth: { ...OAUTH, accessToken: 'long' },
    })
    expect(formOf(sent[1]!)).toMatchObject({ grant_type: 'fb_exchange_token', fb_exchange_token: 'short' })
  })

  it('of TikTok is JSON, both ways', async () => {
    const answer = { code: 0, message: 'OK', data: { access_token: 'at', advertiser_ids: ['1'] } }
    expect(await exchange('actions-tiktok-audiences', [answer])).toEqual({ oauth: { ...OAUTH, accessToken: 'at' } })
    expect(JSON.parse(String(sent[0]!.body))).toEqual({
      app_id: 'our-client',
      secret: 'our-secret',
      auth_code: 'the-code',
    })
    await expect(exchange('actions-tiktok-audiences', [{ code: 40_110, message: 'the-code' }])).rejects.toMatchObject({
      reason: 'not_authorized',
      message: 'The tool gave no tokens: its answer has status 200: 40110.',
    })
  })

  it('of Intercom takes the older name of the token', async () => {
    expect(await exchange('actions-intercom-cloud', [{ token: 'at' }])).toEqual({
      oauth: { ...OAUTH, accessToken: 'at' },
    })
  })

  it('of Salesforce says where its instance is, if that is an address of https', async () => {
    const instance_url = 'https://acme.my.salesforce.com'
    expect(await exchange('actions-salesforce', [{ ...TOKENS, instance_url }])).toEqual({
      instanceUrl: instance_url,
      oauth: STORED,
    })
    expect(await exchange('actions-salesforce', [{ ...TOKENS, instance_url: 'http://here' }])).toEqual({
      oauth: STORED,
    })
  })

  it.each([
    ['a refusal', { error: 'invalid_grant', error_description: 'of the-code' }, 400, /status 400: invalid_grant\.$/],
    ['a refusal as Facebook has it', { error: { code: 190, message: 'of the-code' } }, 400, /status 400: 190\.$/],
    ['a refusal of 200', { error: 'bad_verification_code' }, 200, /bad_verification_code/],
    ['words for a code', { error: 'the-code is bad!' }, 400, /status 400\.$/],
    ['no token', {}, 200, /its answer has none/],
    ['no JSON', 'access_token=at', 200, /its answer has none/],
  ])('fails by %s, and quotes none of what was sent', async (_name, answer, status, message) => {
    const failed = exchange('actions-hubspot-cloud', [answer], {}, status)
    await expect(failed).rejects.toMatchObject({ kind: 'terminal', reason: 'not_authorized' })
    await expect(failed).rejects.toThrow(message)
    await expect(failed).rejects.not.toThrow(/the-code|our-secret/)
  })

  it('may be tried again if the tool has no time', async () => {
    await expect(exchange('actions-hubspot-cloud', ['busy'], {}, 503)).rejects.toMatchObject({ kind: 'retryable' })
  })

  it('asks nobody without an app, or for a tool without a vendor', async () => {
    await expect(exchange('actions-hubspot-cloud', [], { oauth: { clientId: 'a' } })).rejects.toMatchObject({
      reason: 'no_app',
    })
    await expect(exchange('actions-klaviyo', [])).rejects.toMatchObject({ reason: 'no_app' })
    expect(sent).toEqual([])
  })
})
