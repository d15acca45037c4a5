/**
 * Authorizations under way: a user has been sent to a tool, to let the app of a destination in, and will come back.
 *
 * A1. A state is random, of one destination, and taken once, within ten minutes: whoever has it was sent.
 * A2. They are not kept: after a restart, a user begins again.
 */
import { createHash, randomBytes } from 'node:crypto'
import { catalogueEntry } from '../../destinations/catalogue/catalogue.ts'
import { authorizationUrl, oauthVendor, type OauthVendor } from '../../destinations/catalogue/oauth.ts'
import type { AskedAuthorization } from '../model/destination-admin.ts'
import type { DestinationRecord } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import type { DeliveryService } from './service.ts'

export interface AuthorizationsOptions {
  readonly service: DeliveryService
  readonly find: (destinationId: string) => DestinationRecord | undefined
  /** Stores a destination, as the token that began; resolves when that is durable and applied. */
  readonly put: (destination: DestinationRecord, by: string | undefined) => Promise<void>
  readonly clock: () => number
}

/** The answer of a tool, by the parameters with which the user comes back. */
export interface AuthorizationAnswer {
  readonly code: string | undefined
  /** Words of the tool, if it has given no code. */
  readonly refusal: string
}

/** The outcome of an authorization, to be shown. */
export interface AuthorizationOutcome {
  readonly isAuthorized: boolean
  readonly message: string
}

interface Pending extends AskedAuthorization {
  readonly destinationId: string
  readonly verifier: string
  /** Epoch ms. */
  readonly until: number
}

const PENDING_MAX = 100
const PENDING_MS = 600_000
const RANDOM_BYTES = 32

export class Authorizations {
  readonly #options: AuthorizationsOptions
  /** By state, the oldest first. */
  readonly #pending = new Map<string, Pending>()

  constructor(options: AuthorizationsOptions) {
    this.#options = options
  }

  /** Returns the address at the tool. Throws an EngineError if there is no app, or too many are under way. */
  begin(record: DestinationRecord, asked: AskedAuthorization): string {
    const { service, clock } = this.#options
    const settings = service.settingsOf(record)
    const vendor = vendorOf(record, settings)
    const { clientId } = appOf(settings)
    this.#dropExpired()
    if (this.#pending.size >= PENDING_MAX)
      throw new EngineError('rate_limit_error', `authorizations: at most ${PENDING_MAX} are under way`)
    const [state, verifier] = [randomText(), randomText()]
    const until = clock() + PENDING_MS
    this.#pending.set(state, { ...asked, destinationId: record.id, verifier, until })
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    return authorizationUrl(vendor, { ...asked, clientId, state, challenge })
  }

  /** True for a state that somebody may still come back with. */
  has(state: string): boolean {
    this.#dropExpired()
    return this.#pending.has(state)
  }

  /** Takes a state that is there, and exchanges the code for tokens, which the destination has from then on. */
  async finish(state: string, { code, refusal }: AuthorizationAnswer): Promise<AuthorizationOutcome> {
    const { service, find, put } = this.#options
    const { destinationId, redirectUrl, verifier, by } = this.#pending.get(state)!
    this.#pending.delete(state)
    const record = find(destinationId)
    if (!record) return refused('The destination has been removed.')
    if (code === undefined) return refused(`The tool has refused: ${refusal}`)
    const { id, type } = record
    const destination = { id, type, settings: service.settingsOf(record) }
    const answer = await service.ask(destination, { kind: 'authorize', code, redirectUrl, verifier })
    if ('failure' in answer) return refused(answer.failure.message)
    // It may have been changed meanwhile.
    const present = find(destinationId)
    if (!present) return refused('The destination has been removed.')
    await put(service.withSettings(present, answer.value), by)
    return { isAuthorized: true, message: `${present.name} is authorized. You may close this page.` }
  }

  #dropExpired(): void {
    const now = this.#options.clock()
    for (const [state, { until }] of this.#pending) if (until <= now) this.#pending.delete(state)
  }
}

function refused(message: string): AuthorizationOutcome {
  return { isAuthorized: false, message }
}

function vendorOf({ type }: DestinationRecord, settings: JsonObject): OauthVendor {
  const vendor = oauthVendor(catalogueEntry(type)?.folder ?? '', settings)
  if (vendor) return vendor
  const message = `id: a destination of the type ${type} is not authorized here; give its tokens as settings.oauth`
  throw new EngineError('type_unsupported', message, 'id')
}

/** Returns the credentials of the destination's app. Throws an EngineError that names the one that is missing. */
function appOf(settings: JsonObject): { readonly clientId: string } {
  const { clientId, clientSecret } = (settings['oauth'] ?? {}) as JsonObject
  if (typeof clientId === 'string' && typeof clientSecret === 'string') return { clientId }
  const field = `settings.oauth.${typeof clientId === 'string' ? 'clientSecret' : 'clientId'}`
  throw new EngineError('validation_error', `${field}: expected that of your app at the tool, got nothing`, field)
}

function randomText(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url')
}
