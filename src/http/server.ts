/** The listening socket: limits against clients that are slow on purpose, and an end that half answers nobody. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
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

/** Resolves when it listens; rejects where it cannot. Port 0: any that is free. */
export async function listen(app: Express, address: { host: string; port: number }): Promise<HttpServer> {
  const { options, listener, become } = expressListener(app)
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      ...options,
    },
    listener,
  )
  server.maxConnections = CONNECTIONS_MAX
  // A connection that is kept alive falls idle after its last answer, too late for `close` to have seen it so.
  server.on('request', (_request, response: ServerResponse) =>
    response.once('close', () => {
      if (!server.listening) server.closeIdleConnections()
    }),
  )
  server.listen(address.port, address.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return { url: `http://${host}:${port}`, become, close: () => close(server) }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
  await closed
  clearTimeout(cut)
}
