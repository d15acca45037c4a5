/** The links of a node: those by which it takes calls, and those by which it leads calls to other nodes. */
import type { DirectListener } from '../http/direct.ts'
import type { HttpServer } from '../http/server.ts'
import { callTaker } from '../ingest/calls.ts'
import { LinkServer } from '../link/link-server.ts'
import { EngineLinks } from '../link/engine-links.ts'
import { openTunnel, tunnelListener } from '../link/tunnel.ts'
import { clusterCalls, type ClusterCallsOptions } from './cluster-calls.ts'
import { linkedCalls } from './linked-calls.ts'
import type { ServerParts } from './server.ts'

export interface NodeLinks {
  readonly leadCalls: DirectListener
  /** Takes links on the port of a server. */
  readonly listenOn: (http: HttpServer) => void
  /** Takes no more calls, and resolves when those that it has taken are answered. */
  readonly stop: () => Promise<void>
  /** To be called when all requests are answered. */
  readonly close: () => void
}

export function nodeLinks(
  secret: string,
  options: Omit<ClusterCallsOptions, 'links' | 'take'> & Pick<ServerParts, 'targets' | 'log'>,
): NodeLinks {
  const { targets, log, governor, requests, firstId, told, timer } = options
  const links = new EngineLinks({
    open: (address) => openTunnel(address, secret),
    afterTurn: setImmediate,
    onTrouble: (cause, { url }) => {
      if (cause === undefined) log.info({ url }, 'an engine takes calls')
      else log.warn({ err: cause, url }, 'an engine takes no calls; it is tried again')
    },
  })
  const server = new LinkServer({
    secret,
    take: linkedCalls({
      targets,
      firstId,
      serves: (spaceId) => governor.serves(spaceId),
      count: (spaceId) => requests.count(spaceId),
      told,
    }),
    afterTurn: setImmediate,
    timer,
    onTrouble: (cause) => log.warn({ err: cause }, 'a link was cut'),
  })
  return {
    leadCalls: clusterCalls({ ...options, links, take: callTaker(targets) }),
    listenOn: (http) => http.onConnect(tunnelListener(server, secret)),
    stop: () => server.stop(),
    close: () => links.close(),
  }
}
