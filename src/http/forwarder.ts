/**
 * Leads requests on to another node, and its answers back.
 *
 * F1. A request is led on once: a node that gets one that another has led on, and cannot answer it, says so.
 * F2. While nobody can answer, a request is held, and tried again, for as long as `holdMs`.
 * F3. A request is sent again only if that changes nothing: it was not taken, it only reads, or each of its calls has
 *     an id by which it counts once.
 * F4. A node that stands still answers nothing: a request that waits for it is given up once another node has its
 *     space.
 */
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as send, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { Agent as SecureAgent, request as sendSecurely } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import type { SetTimer } from '../model/timer.ts'
import type { ForwardedCount } from './node-metrics.ts'

/** The header of a request that a node leads on, which says why. */
export const FORWARDED_HEADER = 'rollcall-forwarded'
/** The status of a node that does not have the space of a request that was led on to it: nothing of it was taken. */
export const MISDIRECTED = 421

/** Where a request is to go. */
export type Route =
  | {
      readonly url: string
      /** The path of a unix socket, in the place of the URL's host and port. */
      readonly socketPath?: string
      /** True for this process itself, which is reached by an address that its certificate need not name. */
      readonly isOwn?: boolean
    }
  | 'nowhere'

export interface ForwardedRequest {
  /** For the session that the other node has, or for the space. */
  readonly purpose: 'session' | 'space'
  readonly body: Buffer
  /** True if the request may be sent again though it may have been taken. Keeps F3. */
  readonly isRepeatable: () => boolean
  /** Finds where it is to go, as things are now. */
  readonly find: () => Route
  /** Answers it after `holdMs` without one that can. */
  readonly refuse: () => void
  /** Headers to be added, in the place of the client's. */
  readonly headers?: OutgoingHttpHeaders | undefined
}

export interface ForwarderOptions {
  readonly holdMs: number
  /** Resolves when it may be known better where requests are to go. */
  readonly changed: () => Promise<void>
  /** Looks where requests are to go, at once. */
  readonly refresh: () => Promise<void>
  /** The monotonic clock, ms. */
  readonly now: () => number
  readonly timer: SetTimer
  /** Told of each request, once it is over with it. */
  readonly onForwarded?: (request: ForwardedCount) => void
}

/** Headers of one connection (RFC 9110, 7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']
const OF_THE_BODY = ['content-encoding', 'content-length', 'expect']
const STREAM = 'text/event-stream'
/** The code of a refusal that passes. */
const PASSING = '"unavailable"'
/** The wait between two tries if nothing new is known. */
const AGAIN_MS = 50
/** A connection that idles for so long is closed here: before the other side does it, which a request might meet. */
const IDLE_MS = 3_000
const KEPT = { keepAlive: true, maxSockets: 512, timeout: IDLE_MS }

/** The outcome of one try. */
type Tried = 'answered' | 'not taken' | 'unknown'

/** Resolves when more may be known, or after a moment. */
export function nextChange({ changed, timer }: Pick<ForwarderOptions, 'changed' | 'timer'>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timer(resolve, AGAIN_MS)
    void changed().then(() => {
      cancel()
      resolve()
    })
  })
}

export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #agent = new Agent(KEPT)
  readonly #secureAgent = new SecureAgent(KEPT)
  /** Answers that end when their readers go, with what they come from. */
  readonly #streams = new Map<ServerResponse, IncomingMessage>()

  constructor(options: ForwarderOptions) {
    this.#options = options
  }

  /** Resolves when the request is answered, by whomever. */
  async forward(request: IncomingMessage, response: ServerResponse, forwarded: ForwardedRequest): Promise<void> {
    const { now, onForwarded } = this.#options
    const startedAt = now()
    const { outcome, at } = await this.#forward(request, response, forwarded)
    onForwarded?.({ purpose: forwarded.purpose, outcome, heldMs: at - startedAt })
  }

  /** Resolves with the outcome, and the instant until which the request was held. Keeps F2. */
  async #forward(
    request: IncomingMessage,
    response: ServerResponse,
    forwarded: ForwardedRequest,
  ): Promise<{ readonly outcome: ForwardedCount['outcome']; readonly at: number }> {
    const { now, holdMs, refresh } = this.#options
    const until = now() + holdMs
    const isGone = (): boolean => response.destroyed
    for (;;) {
      if (isGone()) break
      const route = forwarded.find()
      if (route !== 'nowhere') {
        const at = now()
        const tried = await this.#try(route, { request, response, forwarded })
        if (tried === 'answered') return { outcome: 'answered', at }
        if (tried === 'unknown' && !forwarded.isRepeatable()) break
        await refresh()
      }
      if (now() >= until) break
      await nextChange(this.#options)
    }
    if (isGone()) return { outcome: 'gone', at: now() }
    forwarded.refuse()
    return { outcome: 'refused', at: now() }
  }

  /** Ends what readers follow at other nodes; all else goes on. */
  dismiss(): void {
    for (const [response, answer] of this.#streams) {
      answer.unpipe(response)
      response.end()
    }
  }

  /** To be called when the requests under way are answered: any that is not is cut. */
  close(): void {
    this.#agent.destroy()
    this.#secureAgent.destroy()
  }

  #try(
    { url, socketPath, isOwn = false }: Exclude<Route, 'nowhere'>,
    {
      request,
      response,
      forwarded,
    }: { request: IncomingMessage; response: ServerResponse; forwarded: ForwardedRequest },
  ): Promise<Tried> {
    // The path as it came: a client that sends a whole URL, or `//host/`, must not choose where this goes.
    const target = {
      ...urlToHttpOptions(new URL(url)),
      ...(socketPath !== undefined && { socketPath }),
      path: request.url!,
    }
    const isSecure = target.protocol === 'https:'
    return new Promise((resolve) => {
      let isConnected = false
      const outgoing = (isSecure ? sendSecurely : send)({
        ...target,
        method: request.method!,
        agent: isSecure ? this.#secureAgent : this.#agent,
        headers: headersOf(request, forwarded),
        ...(isSecure && { rejectUnauthorized: !isOwn }),
      })
      const cut = (): void => {
        if (!response.writableFinished) outgoing.destroy()
      }
      outgoing.on('socket', (socket) => {
        isConnected = !socket.connecting
        // Once for a connection, which serves many requests.
        if (!isConnected) socket.once(isSecure ? 'secureConnect' : 'connect', () => (isConnected = true))
      })
      let isOver = false
      outgoing.on('response', (answer) => {
        isOver = true
        resolve(this.#passOn(answer, response, forwarded))
      })
      outgoing.on('error', () => {
        isOver = true
        resolve(isConnected ? 'unknown' : 'not taken')
      })
      void this.#giveUpIfMoved(url, forwarded, { isOver: () => isOver, giveUp: () => outgoing.destroy() })
      outgoing.once('close', () => response.off('close', cut))
      response.once('close', cut)
      outgoing.end(forwarded.body)
    })
  }

  /** Keeps F4. */
  async #giveUpIfMoved(
    url: string,
    { find }: ForwardedRequest,
    { isOver, giveUp }: { readonly isOver: () => boolean; readonly giveUp: () => void },
  ): Promise<void> {
    while (!isOver()) {
      await this.#options.changed()
      const route = find()
      if (route !== 'nowhere' && route.url !== url) break
    }
    if (!isOver()) giveUp()
  }

  /** Passes an answer on to the client, unless there may be a better one. */
  async #passOn(answer: IncomingMessage, response: ServerResponse, { isRepeatable }: ForwardedRequest): Promise<Tried> {
    const { statusCode } = answer
    const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.includes(name)))
    if (statusCode === MISDIRECTED) {
      answer.resume()
      return 'not taken'
    }
    if (statusCode === 503 && isRepeatable()) {
      const body = await text(answer).catch(() => '')
      if (body === '' || body.includes(PASSING)) return 'unknown'
      // It says that the space is full, say: to ask again would change nothing.
      response.writeHead(statusCode, headers).end(body)
      return 'answered'
    }
    response.writeHead(statusCode!, headers)
    answer.once('error', () => response.destroy())
    if (answer.headers['content-type']?.startsWith(STREAM) === true) {
      this.#streams.set(response, answer)
      response.once('close', () => this.#streams.delete(response))
    }
    answer.pipe(response)
    return 'answered'
  }
}

/** Returns the headers of a request as it is led on: a body has been read and inflated, and comes with its length. */
function headersOf(
  { headers }: IncomingMessage,
  { body, headers: added, purpose }: ForwardedRequest,
): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name) && !OF_THE_BODY.includes(name))
  const isBodied = body.length > 0 || headers['content-length'] !== undefined || 'transfer-encoding' in headers
  return {
    ...Object.fromEntries(kept),
    ...(isBodied && { 'content-length': body.length }),
    ...added,
    [FORWARDED_HEADER]: purpose,
  }
}
