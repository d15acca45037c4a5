/**
 * The listening socket, with TLS or without: limits against clients that are slow on purpose, and an end that half
 * answers nobody.
 */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import type { Certificate } from './certificate.ts'
import { expressListener } from './express-listener.ts'

const HEADERS_TIMEOUT_MS = 5_000
const REQUEST_TIMEOUT_MS = 15_000
const CHECK_INTERVAL_MS = 1_000
const CONNECTIONS_MAX = 10_000
/** After this, connections that are still busy are cut. */
const CLOSE_WITHIN_MS = 10_000

export interface HttpServer {
  readonly url: string
  /** Lets another application answer from now on. */
  readonly become: (app: Express) => void
  /** Takes no connection more, and resolves when the open requests are answered. */
  close(): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** With it, HTTPS is spoken and nothing else; undefined: HTTP is. */
  readonly certificate?: Certificate | undefined
}

/** Resolves when it listens; rejects where it cannot. Port 0: any that is free. */
export async function listen(app: Express, { host, port, certificate }: ListenOptions): Promise<HttpServer> {
  const { options, listener, become } = expressListener(app)
  const limits = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  }
  const server = serverOf({ ...limits, ...options }, listener, certificate)
  server.maxConnections = CONNECTIONS_MAX
  // A connection that is kept alive falls idle after its last answer, too late for `close` to have seen it so.
  server.on('request', (_request, response: ServerResponse) =>
    response.once('close', () => {
      if (!server.listening) server.closeIdleConnections()
    }),
  )
  server.listen(port, host)
  await once(server, 'listening')
  const bound = server.address() as AddressInfo
  return {
    url: urlOf({ isTls: certificate !== undefined, host, port: bound.port }),
    become,
    close: () => close(server),
  }
}

/** Returns the URL of a server; an IPv6 address is put into brackets. */
export function urlOf({ isTls, host, port }: { isTls: boolean; host: string; port: number }): string {
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Connections keep the certificate that they began with; later ones have the newest. */
function serverOf(options: ServerOptions, listener: RequestListener, certificate: Certificate | undefined): Server {
  if (!certificate) return createServer(options, listener)
  const tls = { minVersion: 'TLSv1.2', handshakeTimeout: HEADERS_TIMEOUT_MS } as const
  const server = createHttpsServer({ ...options, ...tls, ...certificate.pair }, listener)
  certificate.follow((pair) => {
    server.setSecureContext({ ...pair, minVersion: tls.minVersion })
  })
  return server
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
  await closed
  clearTimeout(cut)
}
