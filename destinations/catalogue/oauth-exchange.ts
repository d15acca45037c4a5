/** Exchanges the code that a tool has given for tokens. Nothing of the code, the tokens or the app is in its errors. */
import type { GrantedCode } from '../../src/model/destination-question.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { type DeliveryError, RetryableError, TerminalError } from '../contract/destination.ts'
import type { HttpClient, HttpResponse } from '../contract/http-client.ts'
import { statusOutcome } from '../contract/status-outcome.ts'
import { catalogueEntry } from './catalogue.ts'
import { type OauthVendor, oauthVendor } from './oauth.ts'

interface ExchangeOptions {
  readonly http: HttpClient
  readonly signal: AbortSignal
}

interface App {
  readonly clientId: string
  readonly clientSecret: string
}

/**
 * Resolves with the settings that come of a code: `oauth`, with the app's credentials and its tokens, and what else the
 * tool answers that the definition needs. Rejects with a DeliveryError.
 */
export async function authorizedSettings(
  slug: string,
  settings: JsonObject,
  granted: GrantedCode,
  options: ExchangeOptions,
): Promise<JsonObject> {
  const vendor = oauthVendor(catalogueEntry(slug)?.folder ?? '', settings)
  const { clientId, clientSecret } = (settings['oauth'] ?? {}) as JsonObject
  if (!vendor || typeof clientId !== 'string' || typeof clientSecret !== 'string')
    throw new TerminalError('no_app', 'The destination has no app that could be authorized.')
  const app = { clientId, clientSecret }
  const answer = await tokenAnswer(vendor, codeRequest(vendor, app, granted), options)
  const tokens = vendor.longLivedUrl === undefined ? answer : await longLived(vendor, app, answer, options)
  const accessToken = accessTokenIn(tokens)
  const refreshToken = tokens['refresh_token']
  const answered = Object.entries(vendor.answered ?? {}).flatMap(([field, setting]) => {
    const value = answer[field]
    return typeof value === 'string' && value.startsWith('https://') ? [[setting, value] as const] : []
  })
  return {
    ...Object.fromEntries(answered),
    oauth: { ...app, accessToken, ...(typeof refreshToken === 'string' && { refreshToken }) },
  }
}

interface TokenRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

function codeRequest(vendor: OauthVendor, app: App, { code, redirectUrl, verifier }: GrantedCode): TokenRequest {
  const { clientId, clientSecret } = app
  const url = vendor.tokenUrl
  if (vendor.dialect === 'tiktok') {
    const body = JSON.stringify({ app_id: clientId, secret: clientSecret, auth_code: code })
    return { url, headers: { 'Content-Type': 'application/json' }, body }
  }
  const isBasic = vendor.proof === 'basic'
  const fields = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUrl,
    ...(!isBasic && { client_id: clientId, client_secret: clientSecret }),
    ...(vendor.hasChallenge && verifier !== undefined && { code_verifier: verifier }),
  }
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  return formRequest(url, fields, isBasic ? { Authorization: `Basic ${credentials}` } : {})
}

function longLived(
  vendor: OauthVendor,
  { clientId, clientSecret }: App,
  answer: JsonObject,
  options: ExchangeOptions,
): Promise<JsonObject> {
  const fields = {
    grant_type: 'fb_exchange_token',
    client_id: clientId,
    client_secret: clientSecret,
    fb_exchange_token: accessTokenIn(answer),
  }
  return tokenAnswer(vendor, formRequest(vendor.longLivedUrl!, fields, {}), options)
}

function formRequest(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): TokenRequest {
  const body = new URLSearchParams(fields).toString()
  return { url, headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }, body }
}

async function tokenAnswer(
  { dialect }: OauthVendor,
  { headers, ...request }: TokenRequest,
  { http, signal }: ExchangeOptions,
): Promise<JsonObject> {
  const accepting = { Accept: 'application/json', ...headers }
  const response = await http.request({ method: 'POST', ...request, headers: accepting, signal })
  const answer = objectIn(response.body)
  const failure = refusalOf(response, answer)
  if (failure) throw failure
  if (dialect !== 'tiktok') return answer
  if (answer['code'] !== 0) throw refused(response.status, answer['code'])
  return isObject(answer['data']) ? answer['data'] : {}
}

/** Passes on only the code of an error that the tool tells: its words may repeat what was sent. */
function refusalOf({ status }: HttpResponse, answer: JsonObject): DeliveryError | undefined {
  const outcome = statusOutcome(status, { now: 0 })
  if (outcome?.kind === 'retryable') return new RetryableError(outcome.reason, outcome.message)
  const error = isObject(answer['error']) ? (answer['error']['code'] ?? answer['error']['type']) : answer['error']
  return outcome || error !== undefined ? refused(status, error) : undefined
}

function refused(status: number, error: JsonValue | undefined): TerminalError {
  const isCode = typeof error === 'number' || (typeof error === 'string' && /^[\w.-]{1,60}$/.test(error))
  const said = isCode ? `: ${error}` : ''
  return new TerminalError('not_authorized', `The tool gave no tokens: its answer has status ${status}${said}.`)
}

function accessTokenIn({ access_token: accessToken, token }: JsonObject): string {
  // Intercom has had either name.
  const found = accessToken ?? token
  if (typeof found === 'string' && found !== '') return found
  throw new TerminalError('not_authorized', 'The tool gave no tokens: its answer has none.')
}

function objectIn(body: Buffer): JsonObject {
  try {
    const content = JSON.parse(body.toString()) as JsonValue
    return isObject(content) ? content : {}
  } catch {
    return {}
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
