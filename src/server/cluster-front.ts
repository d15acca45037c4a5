/**
 * Asked before everything else on a node of a cluster: requests for a space of another node are led on to that node,
 * and are held while the space is on its way from one to another.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AnswerForm, type DirectListener, headersOf, HttpExchange } from '../http/direct.ts'
import { FORWARDED_HEADER, type Route, type Forwarder, type ForwardedRequest, MISDIRECTED } from '../http/forwarder.ts'
import { sessionNodeOf } from '../console/sessions.ts'
import { controlErrorBody } from '../control-api/router.ts'
import { bodyReader } from '../ingest/body.ts'
import { BROWSER_HEADERS } from '../ingest/browser.ts'
import { ingestErrorBody } from '../ingest/calls.ts'
import { EngineError } from '../model/errors.ts'
import { BATCH_BYTES_MAX, parseBody } from '../model/read-request.ts'
import { profileErrorBody } from '../profile-api/router.ts'
import type { SpaceGovernor } from '../cluster/space-governor.ts'
import { untilKnown } from './cluster-calls.ts'
import { countOnce } from './led-calls.ts'
import type { OpenRequests } from './open-requests.ts'
import { PROFILE_API } from './dispatch.ts'
import { type Aim, aimOf, type SpaceKeys, spaceOfKey, spaceOfToken } from './request-space.ts'

export interface ClusterFrontOptions {
  readonly governor: Pick<SpaceGovernor, 'serves' | 'routes' | 'spaceIds' | 'refresh' | 'changed' | 'view'>
  readonly forwarder: Forwarder
  readonly requests: OpenRequests
  readonly nodeId: string
  /** Where this node reaches itself. */
  readonly ownUrl: () => string
  readonly firstId: string
  /** Takes calls for a space of another node over its link; false: they are led on as any request. */
  readonly leadCalls?: DirectListener | undefined
  readonly told: ConstructorParameters<typeof HttpExchange>[2]
}

/** The largest body of the control API, and more. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024
const READING: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS'])

const PROFILE_FORM: AnswerForm = { route: '', headers: headersOf(), errorBody: profileErrorBody }
const INGEST_FORM: AnswerForm = { route: '', headers: headersOf(BROWSER_HEADERS), errorBody: ingestErrorBody }
const CONTROL_FORM: AnswerForm = { route: '', headers: headersOf(), errorBody: controlErrorBody }

export function clusterFront(options: ClusterFrontOptions): DirectListener {
  const { governor, requests, nodeId, firstId, leadCalls } = options
  const keys: SpaceKeys = {
    spaceOfWriteKey: (digest) => governor.routes.spaceOfWriteKey(digest),
    spaceOfToken: (digest) => governor.routes.spaceOfToken(digest),
    has: (id) => governor.spaceIds.includes(id),
  }
  const answers = new Answers(options, keys)
  return (request, response) => {
    const sessionNode = sessionNodeOf(request)
    const isElsewhere = sessionNode !== undefined && sessionNode !== nodeId && answers.urlOf(sessionNode) !== undefined
    const ledOnFor = request.headers[FORWARDED_HEADER]
    const isLedOn = ledOnFor === 'space'
    if (isElsewhere && ledOnFor === undefined) {
      void answers.leadOn(request, response, () => answers.urlOf(sessionNode) ?? 'nowhere')
      return true
    }
    const aim = aimOf(request, keys, firstId)
    if (aim.kind === 'any node') return false
    if (aim.kind === 'space' && governor.serves(aim.spaceId) && (isLedOn || !aim.isGuess)) {
      response.once('close', requests.count(aim.spaceId))
      return false
    }
    if (!isLedOn) {
      if (leadCalls?.(request, response) === true) return true
      void answers.leadToSpace(request, response, aim)
      return true
    }
    if (aim.kind === 'body') return false
    response.writeHead(MISDIRECTED, { 'Content-Length': 0 }).end()
    return true
  }
}

/** Leads requests on, and refuses them in the form of their surface. */
class Answers {
  readonly #options: ClusterFrontOptions
  readonly #keys: SpaceKeys
  readonly #readCalls = bodyReader(BATCH_BYTES_MAX)
  readonly #readAny = bodyReader(BODY_BYTES_MAX)

  constructor(options: ClusterFrontOptions, keys: SpaceKeys) {
    this.#options = options
    this.#keys = keys
  }

  urlOf(nodeId: string): Route | undefined {
    const node = this.#options.governor.view?.nodes.find(({ id }) => id === nodeId)
    return node && { url: node.url }
  }

  async leadToSpace(request: IncomingMessage, response: ServerResponse, aim: Aim): Promise<void> {
    const { governor, firstId, ownUrl, nodeId } = this.#options
    await this.#lead(request, response, 'space', async (body) => {
      const inBody = aim.kind === 'body' ? textIn(body, aim.field) : undefined
      const aimNow = (): Aim => {
        if (aim.kind !== 'body') return aimOf(request, this.#keys, firstId)
        return aim.field === 'token' ? spaceOfToken(inBody, this.#keys) : spaceOfKey(inBody, this.#keys, firstId)
      }
      const isGuess = (now = aimNow()): boolean => now.kind === 'space' && now.isGuess === true
      await untilKnown(isGuess, { refresh: () => governor.refresh(), changed: () => governor.changed() })
      const find = (): Route => {
        const now = aimNow()
        const spaceId = now.kind === 'space' ? now.spaceId : undefined
        if (spaceId === undefined || governor.serves(spaceId)) return { url: ownUrl(), isOwn: true }
        const owner = governor.routes.ownerOf(spaceId)
        return owner && owner.nodeId !== nodeId ? { url: owner.url } : 'nowhere'
      }
      // The owner need not look for it in the body.
      const isKey = aim.kind === 'body' && aim.field === 'writeKey' && inBody !== undefined
      const authorization = isKey ? `Basic ${Buffer.from(`${inBody}:`).toString('base64')}` : undefined
      return { find, headers: authorization === undefined ? undefined : { authorization } }
    })
  }

  async leadOn(request: IncomingMessage, response: ServerResponse, find: () => Route): Promise<void> {
    await this.#lead(request, response, 'session', () => Promise.resolve({ find }))
  }

  async #lead(
    request: IncomingMessage,
    response: ServerResponse,
    purpose: ForwardedRequest['purpose'],
    aimed: (body: Buffer) => Promise<Pick<ForwardedRequest, 'find' | 'headers'>>,
  ): Promise<void> {
    const { forwarder, told } = this.#options
    const exchange = new HttpExchange(request, response, told)
    const isCall =
      request.method === 'POST' && (request.url ?? '').startsWith('/v1/') && !PROFILE_API.test(request.url!)
    try {
      const body = await (isCall ? this.#readCalls : this.#readAny)(request, response)
      const isRepeatable = (): boolean => READING.has(request.method) || (isCall && countsOnce(body))
      const refuse = (): void => {
        this.#refuse(exchange, new EngineError('unavailable', 'The space is on its way to another node; try again'))
      }
      await forwarder.forward(request, response, { purpose, body, isRepeatable, refuse, ...(await aimed(body)) })
    } catch (error) {
      this.#refuse(exchange, error)
    }
  }

  #refuse(exchange: HttpExchange, error: unknown): void {
    exchange.refuse(formOf(exchange.request.url ?? ''), error)
  }
}

/** Returns the form in which a request is refused. */
export function formOf(url: string): AnswerForm {
  if (PROFILE_API.test(url)) return PROFILE_FORM
  return url.startsWith('/v1/') ? INGEST_FORM : CONTROL_FORM
}

/** Returns a text in a body; undefined if there is none. */
function textIn(body: Buffer, field: string): string | undefined {
  try {
    const text = parseBody(body).root[field]
    return typeof text === 'string' ? text : undefined
  } catch {
    return undefined
  }
}

/** True if each call of a body has an id by which it counts once. */
function countsOnce(body: Buffer): boolean {
  try {
    return countOnce(parseBody(body).root)
  } catch {
    return false
  }
}
