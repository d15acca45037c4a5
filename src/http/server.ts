/**
 * The listening socket, with TLS or without: limits against clients that are slow on purpose, and an end that half
 * answers nobody.
 */
import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions as SecureOptions } from 'node:https'
import type { Socket } from 'node:net'
import type { Certificate } from './certificate.ts'
import { type HttpApp, expressListener } from './express-listener.ts'

/** Bounds of a connection; times in ms. A client that goes beyond one is cut off. */
export interface ConnectionLimits {
  /** From the beginning of a request to the end of its headers. */
  readonly headersMs: number
  /** From the beginning of a request to its end. */
  readonly requestMs: number
  /** Time in which a client takes nothing of an answer that is there for it. It may last twice as long. */
  readonly stalledMs: number
  /** Time between two looks at the first two. */
  readonly checkMs: number
  readonly connectionsMax: number
  readonly requestsPerConnectionMax: number
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headersMs: 5_000,
  requestMs: 15_000,
  stalledMs: 5_000,
  checkMs: 1_000,
  connectionsMax: 10_000,
  requestsPerConnectionMax: 10_000,
}

/** After this, connections that are still busy are cut. */
const CLOSE_WITHIN_MS = 10_000

export interface HttpServer {
  readonly url: string
  /** Lets another application answer from now on. */
  readonly become: (answering: HttpApp) => void
  /** Has `CONNECT` requests taken, each with its connection; until then they are cut. */
  readonly onConnect: (take: (request: IncomingMessage, socket: Socket) => void) => void
  /** Has clients go elsewhere: each connection ends with its next answer. It still answers whatever comes. */
  part(): void
  /** Takes no connection more, and resolves when the open requests are answered. */
  close(): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** The path of a unix socket in the place of both, for this user alone. */
  readonly socketPath?: string
  /** With it, HTTPS is spoken and nothing else; undefined: HTTP is. */
  readonly certificate?: Certificate | undefined
}

/** Resolves when it listens; rejects where it cannot. Port 0: any that is free. */
export async function listen(
  answering: HttpApp,
  { host, port, socketPath, certificate }: ListenOptions,
  limits = CONNECTION_LIMITS,
): Promise<HttpServer> {
  const { options, listener, become } = expressListener(answering)
  const timeouts = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    handshakeTimeout: limits.headersMs,
  }
  const server = serverOf({ ...timeouts, ...options }, listener, certificate)
  server.maxConnections = limits.connectionsMax
  server.maxRequestsPerSocket = limits.requestsPerConnectionMax
  // Before the application, which may give an answer another bound.
  server.prependListener('request', (_request, response: ServerResponse) => cutIfStalled(response, limits.stalledMs))
  let isParting = false
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (isParting) response.shouldKeepAlive = false
  })
  // A connection that is kept alive falls idle after its last answer, too late for `close` to have seen it so.
  server.on('request', (_request, response: ServerResponse) =>
    response.once('close', () => {
      if (!server.listening) server.closeIdleConnections()
    }),
  )
  if (socketPath === undefined) server.listen(port, host)
  else {
    // A process that was killed leaves its own.
    await rm(socketPath, { force: true })
    server.listen(socketPath)
  }
  await once(server, 'listening')
  if (socketPath !== undefined) await chmod(socketPath, 0o600)
  const bound = server.address()
  return {
    url:
      typeof bound === 'string'
        ? `unix:${bound}`
        : urlOf({ isTls: certificate !== undefined, host, port: bound!.port }),
    become,
    onConnect: (take) => void server.on('connect', take),
    part: () => void (isParting = true),
    close: () => close(server),
  }
}

/** Returns the URL of a server; an IPv6 address is put into brackets. */
export function urlOf({ isTls, host, port }: { isTls: boolean; host: string; port: number }): string {
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Connections keep the certificate that they began with; later ones have the newest. */
function serverOf(options: SecureOptions, listener: RequestListener, certificate: Certificate | undefined): Server {
  if (!certificate) return createServer(options, listener)
  const tls = { minVersion: 'TLSv1.2' } as const
  const server = createHttpsServer({ ...options, ...tls, ...certificate.pair }, listener)
  certificate.follow((pair) => {
    server.setSecureContext({ ...pair, minVersion: tls.minVersion })
  })
  return server
}

/** Cuts a client that takes nothing. If bytes have left since the last look, Node waits for `stalledMs` once more. */
function cutIfStalled(response: ServerResponse, stalledMs: number): void {
  response.setTimeout(stalledMs, () => {
    const { socket } = response
    if (socket && socket.writableLength > 0) socket.destroy()
  })
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
  await closed
  clearTimeout(cut)
}
