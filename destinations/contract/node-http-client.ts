/**
 * The HttpClient of node:http and node:https, on kept connections. The guard checks an address in a URL before the
 * request, and the addresses of a name as their lookup gives them to the socket.
 */
import {
  Agent as HttpAgent,
  request as sendHttp,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as sendHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { BlockedAddressError, createAddressGuard, guardLookup, type AllowPrivate } from './address-guard.ts'
import { RetryableError, TerminalError } from './destination.ts'
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts'
import { timedOut, transportError } from './transport-error.ts'

const ANSWER_BYTES_MAX = 256 * 1024
const SOCKETS_PER_HOST_MAX = 64
/** Shorter than the five seconds after which many servers close: an idle connection is rarely found closed. */
const SOCKET_IDLE_MS = 4_000

export interface HttpClientOptions {
  readonly allowPrivate: AllowPrivate
  /** Bound of a body, the rest of which is not read; 256 KiB by default. */
  readonly answerBytesMax?: number
  /** More requests to one host wait, as long as their signal lets them. 64 by default. */
  readonly socketsPerHostMax?: number
  readonly userAgent: string
  /** Replaces dns.lookup. */
  readonly lookup?: LookupFunction
}

type Send = (options: RequestOptions) => ClientRequest

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const isAllowed = createAddressGuard(options.allowPrivate)
  const agentOptions = {
    keepAlive: true,
    maxSockets: options.socketsPerHostMax ?? SOCKETS_PER_HOST_MAX,
    timeout: SOCKET_IDLE_MS,
    lookup: guardLookup(isAllowed, options.lookup),
  }
  const http = new HttpAgent(agentOptions)
  const https = new HttpsAgent(agentOptions)
  const senders: Readonly<Record<string, Send>> = {
    'http:': (request) => sendHttp({ ...request, agent: http }),
    'https:': (request) => sendHttps({ ...request, agent: https }),
  }
  const { userAgent, answerBytesMax = ANSWER_BYTES_MAX } = options
  return {
    async request(request) {
      const { protocol, ...target } = targetOf(request.url, isAllowed)
      const send = senders[protocol]
      if (!send) throw new TerminalError('invalid_url', 'The URL is neither http: nor https:.')
      const headers = { 'user-agent': userAgent, ...request.headers, 'accept-encoding': 'identity' }
      const start = () => send({ ...target, method: request.method, headers })
      return exchange(request, start, answerBytesMax)
    },
  }
}

/** Finds the address to connect to. An address in the URL is checked here, as no lookup will see it. */
function targetOf(url: string, isAllowed: (address: string) => boolean) {
  if (!URL.canParse(url)) throw new TerminalError('invalid_url', 'The URL cannot be read.')
  const { protocol, hostname, port, pathname, search, username, password } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 && !isAllowed(host)) throw transportError(new BlockedAddressError())
  if (username || password) throw new TerminalError('invalid_url', 'The URL has credentials in it.')
  return { protocol, host, path: `${pathname}${search}`, ...(port && { port }) }
}

/** Makes one exchange. If the server has just closed a kept connection, the request goes out again. Keeps H1 to H3. */
function exchange(request: HttpRequest, start: () => ClientRequest, answerBytesMax: number): Promise<HttpResponse> {
  const { signal, body } = request
  return new Promise((resolve, reject) => {
    let isAnswered = false
    let sent: ClientRequest
    const onAbort = () => fail(timedOut(signal))
    const done = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    // Node tells a request that waits for a socket of its end only when it gets one: it is rejected here.
    const fail = (error: unknown) => {
      done(() => reject(transportError(error)))
      sent.destroy()
    }
    const answered = (response: HttpResponse) => done(() => resolve(response))
    const attempt = () => {
      const current = (sent = start())
      const failed = (error: unknown) => {
        if (current !== sent) return
        if (current.reusedSocket && !isAnswered && !signal.aborted && isReset(error)) attempt()
        else fail(error)
      }
      current.on('error', failed)
      current.on('response', (answer) => {
        isAnswered = true
        receive(answer, answerBytesMax, { answered, fail })
      })
      // Nothing else tells of a connection that has turned to another protocol.
      current.on('close', () => {
        if (!isAnswered) failed(new RetryableError('connection_reset', 'The connection was closed without an answer.'))
      })
      current.end(body)
    }
    if (signal.aborted) {
      reject(timedOut(signal))
      return
    }
    attempt()
    signal.addEventListener('abort', onAbort)
  })
}

interface Receiver {
  readonly answered: (response: HttpResponse) => void
  readonly fail: (error: unknown) => void
}

/** Reads an answer to its end or to the bound. A failed one is cut at the bound: its status says enough. */
function receive(answer: IncomingMessage, bytesMax: number, { answered, fail }: Receiver): void {
  const status = answer.statusCode!
  if (status >= 300 && status < 400) {
    fail(new TerminalError('redirect', `The answer redirects (${status}), and is not followed.`))
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  const give = () => answered({ status, headers: answer.headers, body: Buffer.concat(chunks) })
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= bytesMax) {
      chunks.push(chunk)
      return
    }
    if (status >= 400) give()
    fail(new TerminalError('answer_too_large', `The answer has more than ${bytesMax} bytes.`))
  })
  answer.on('end', give)
  answer.on('error', fail)
}

function isReset(error: unknown): boolean {
  const known = transportError(error)
  return known instanceof RetryableError && known.reason === 'connection_reset'
}
