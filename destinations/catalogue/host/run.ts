/** Runs definitions of the package: answers one question at a time, each with an instance of its own. */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { JsonObject, JsonValue } from '../../../src/model/json.ts'
import type {
  ConfiguredDefinition,
  DefinitionFailure,
  DefinitionQuestion,
  OauthTokens,
} from '../../contract/definition-runner.ts'
import { type DeliveryError, TerminalError } from '../../contract/destination.ts'
import { statusOutcome } from '../../contract/status-outcome.ts'
import { failureOfStatus, personal, refusalBehind } from './failure.ts'
import {
  asJson,
  definitionIn,
  kit,
  type KitDestination,
  type KitOptions,
  type KitResponse,
  type KitOutcome,
} from './kit.ts'
import { Rehearsal } from './rehearsal.ts'
import { withoutSockets } from './socket-guard.ts'

export interface RunOptions {
  readonly requestTimeoutMs: number
  readonly signal: AbortSignal
  readonly onTokens: (tokens: OauthTokens) => void
}

type Question<Kind extends DefinitionQuestion['kind']> = Extract<DefinitionQuestion, { readonly kind: Kind }>
type Performance = Question<'perform' | 'rehearse'>

const USER_AGENT = 'Rollcall/1.0'
/** A definition reads no more of one answer. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024
const REDIRECTS_MAX = 3
const SOCKETS_PER_HOST_MAX = 64
const SOCKET_IDLE_MS = 4_000
/** All events are for the action: which calls go to it has been decided before. */
const ALWAYS = 'type != "__never__"'

const agentOptions = { keepAlive: true, maxSockets: SOCKETS_PER_HOST_MAX, timeout: SOCKET_IDLE_MS }
const http = new HttpAgent(agentOptions)
const https = new HttpsAgent(agentOptions)

const SILENT = (): undefined => undefined
const stats = { incr: SILENT, set: SILENT, observe: SILENT, histogram: SILENT, _name: SILENT, _tags: () => [] }
const logger = {
  level: 'off',
  name: 'definition',
  debug: SILENT,
  info: SILENT,
  warn: SILENT,
  error: SILENT,
  crit: SILENT,
  log: SILENT,
  withTags: SILENT,
}

/** Resolves with the answer; rejects with an error of the definition. */
export async function run(
  definition: ConfiguredDefinition,
  question: DefinitionQuestion,
  options: RunOptions,
): Promise<JsonValue> {
  const instance = new Instance(definition, question, options)
  try {
    return await answerOf(instance, question)
  } catch (error) {
    throw refusalBehind(error, instance.refusal)
  }
}

async function answerOf(instance: Instance, question: DefinitionQuestion): Promise<JsonValue> {
  switch (question.kind) {
    case 'perform':
      return asJson(await instance.perform(question))
    case 'rehearse':
      // Some definitions have clients of their own.
      return asJson(await withoutSockets(() => instance.rehearse(question)))
    case 'create audience':
      return instance.createAudience(question)
    case 'get audience':
      return instance.getAudience(question)
    case 'test':
      await instance.destination.testAuthentication(instance.settings)
      return null
    case 'refresh':
      return asJson(await instance.refresh())
    case 'choices':
      return instance.choices(question)
    case 'delete user':
      await instance.deleteUser(question)
      return null
  }
}

/** One definition for one question: an instance keeps all that it has ever sent. */
class Instance {
  readonly settings: JsonObject
  readonly #definition: ConfiguredDefinition
  readonly #options: RunOptions
  readonly #rehearsal: Rehearsal | undefined
  #requests = 0
  /** The last answer, if it was none of success. */
  refusal: DeliveryError | undefined
  readonly destination: KitDestination

  constructor(definition: ConfiguredDefinition, question: DefinitionQuestion, options: RunOptions) {
    this.#definition = definition
    this.#options = options
    this.#rehearsal = question.kind === 'rehearse' ? new Rehearsal() : undefined
    const { folder, settings, oauth } = definition
    this.settings = { ...settings, ...(oauth && { oauth: kitTokens(oauth) }) }
    const held = definitionIn(folder)
    const actions = 'action' in question ? { [question.action]: held.actions[question.action]! } : {}
    if ('action' in question && !Object.hasOwn(held.actions, question.action))
      throw new TerminalError('unknown_action', `The definition has no action ${question.action}.`)
    // Schemas are kept by these names, which must be those of a URI.
    const named = Object.entries(actions).map(([key, action]) => [key, { ...action, title: key }] as const)
    this.destination = new (kit().Destination)({
      ...held,
      name: `definition-${folder}`,
      actions: Object.fromEntries(named),
      extendRequest: (data) => this.#extended(held.extendRequest?.(data) ?? {}),
    })
  }

  /** Resolves with the failure of each event, null for one that has arrived. */
  async perform({ action, mapping, events, isBatch }: Performance): Promise<(DefinitionFailure | null)[]> {
    const settings = this.#subscribed(action, mapping)
    const results: readonly KitOutcome[] = isBatch
      ? await this.destination.onBatch(events, settings, this.#kitOptions())
      : await this.destination.onEvent(events[0]!, settings, this.#kitOptions())
    const hides = [...events.map(personal), this.settings]
    const statuses = results.find(({ multistatus }) => multistatus)?.multistatus ?? []
    const failures = events.map((_, index) => failureOfStatus(statuses[index] ?? {}, hides, this.refusal) ?? null)
    const isSilent = this.#requests === 0 && this.#definition.hasOwnSockets !== true
    return isSilent ? failures.map((failure) => failure ?? NOTHING_SENT) : failures
  }

  /** Resolves with the requests; what the definition made of the empty answers does not matter. */
  async rehearse(performance: Performance): Promise<object> {
    try {
      await this.perform(performance)
    } catch (error) {
      if (this.#requests === 0) throw error
    }
    return this.#rehearsal!.requests
  }

  async createAudience({ audience, audienceSettings }: Question<'create audience'>): Promise<string> {
    const { id, key, name, spaceId } = audience
    const personas = { computation_class: 'audience', computation_id: id, computation_key: key, namespace: spaceId }
    const { externalId } = await this.destination.createAudience({
      settings: await this.#renewed(),
      audienceSettings,
      audienceName: name,
      personas,
      statsContext: { statsClient: stats, tags: [] },
      features: {},
    })
    if (typeof externalId !== 'string' || externalId === '')
      throw new TerminalError('no_audience', 'The definition has made an audience without an id.')
    return externalId
  }

  async getAudience({ externalId, audienceSettings }: Question<'get audience'>): Promise<string> {
    const found = await this.destination.getAudience({
      settings: await this.#renewed(),
      audienceSettings,
      externalId,
      statsContext: { statsClient: stats, tags: [] },
      features: {},
    })
    return found.externalId
  }

  async refresh(): Promise<OauthTokens> {
    const { settings, oauth = {} } = this.#definition
    const { clientId, clientSecret, accessToken, refreshToken } = oauth
    const tokens = { clientId, clientSecret, accessToken, refreshToken }
    const renewed = await this.destination.refreshAccessToken(settings, tokens)
    if (!renewed) throw new TerminalError('no_refresh', 'The definition cannot renew its tokens.')
    return renewed
  }

  async choices({ action, field, payload, page, audienceSettings }: Question<'choices'>): Promise<JsonValue> {
    const { oauth } = this.#definition
    const answer = await this.destination.actions[action]!.executeDynamicField(field, {
      settings: this.#definition.settings,
      payload,
      page,
      audienceSettings,
      auth: oauth ?? {},
      features: {},
      statsContext: { statsClient: stats, tags: [] },
    })
    return asJson(answer)
  }

  async deleteUser({ userId, anonymousId }: Question<'delete user'>): Promise<void> {
    await this.destination.onDelete?.({ type: 'delete', userId, anonymousId }, this.settings, this.#kitOptions())
  }

  /** Tokens are renewed before an audience is asked for: renewed meanwhile, they would be lost. */
  async #renewed(): Promise<JsonObject> {
    const { oauth } = this.#definition
    const canRenew = oauth !== undefined && definitionIn(this.#definition.folder).authentication?.refreshAccessToken
    if (!canRenew) return this.settings
    const tokens = { ...oauth, ...(await this.refresh()) }
    this.#options.onTokens(tokens)
    return { ...this.#definition.settings, oauth: kitTokens(tokens) }
  }

  #subscribed(action: string, mapping: JsonObject): object {
    const { destinationId } = this.#definition
    const id = `${destinationId}-${action}`
    const subscription = { partnerAction: action, subscribe: ALWAYS, mapping, ID: id, ConfigID: id }
    return { ...this.settings, subscriptions: [subscription] }
  }

  #kitOptions(): KitOptions {
    const { signal, onTokens } = this.#options
    return {
      features: {},
      statsContext: { statsClient: stats, tags: [] },
      logger,
      signal,
      onTokenRefresh: (tokens) => {
        onTokens({ ...this.#definition.oauth, ...tokens })
        return Promise.resolve()
      },
    }
  }

  /** Our bounds come last: a definition may not lift them. */
  #extended({ headers, beforeRequest = [], afterResponse = [], ...extension }: ReturnType<NonNullable<ExtendRequest>>) {
    const count = (): void => {
      this.#requests++
    }
    const keepRefusal = (_request: unknown, _options: unknown, { status, headers }: KitResponse): void => {
      const retryAfter = headers.get('retry-after') ?? undefined
      this.refusal = statusOutcome(status, { retryAfter, now: Date.now() })
    }
    const agentFor = (url: URL) => this.#rehearsal?.agentFor(url) ?? (url.protocol === 'http:' ? http : https)
    return {
      ...extension,
      headers: { 'user-agent': USER_AGENT, ...headers },
      beforeRequest: [...beforeRequest, count],
      // A copy of an answer of more than some KiB is never read to its end, as nobody reads the original meanwhile.
      skipResponseCloning: true,
      afterResponse: [keepRefusal, ...afterResponse, readableAgain],
      // The kit ends the agent after each request; this one it cannot end.
      agent: Object.assign(agentFor, { destroy: SILENT }),
      timeout: this.#options.requestTimeoutMs,
      size: ANSWER_BYTES_MAX,
      // Nothing is unpacked: a small answer may unpack to a large one.
      compress: false,
      follow: REDIRECTS_MAX,
    }
  }
}

/** Lets definitions read an answer that the kit has read: its text is kept. */
function readableAgain(_request: unknown, _options: unknown, response: KitResponse): void {
  const { content = '' } = response
  Object.assign(response, {
    text: () => Promise.resolve(content),
    json: () => Promise.resolve().then(() => JSON.parse(content) as unknown),
    buffer: () => Promise.resolve(Buffer.from(content)),
    arrayBuffer: () => Promise.resolve(new Uint8Array(Buffer.from(content)).buffer),
  })
}

type ExtendRequest = ReturnType<typeof definitionIn>['extendRequest']

const NOTHING_SENT: DefinitionFailure = {
  kind: 'skipped',
  reason: 'nothing_sent',
  message: 'The definition has sent nothing for this call.',
}

function kitTokens({ clientId, clientSecret, accessToken, refreshToken }: OauthTokens): JsonObject {
  const tokens = { clientId, clientSecret, access_token: accessToken, refresh_token: refreshToken }
  return Object.fromEntries(Object.entries(tokens).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
