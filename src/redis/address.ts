/**
 * Addresses of Redis: `redis://…` or `rediss://…` of one, the path of a unix socket, or some nodes of a Redis Cluster,
 * `redis+cluster://user:password@host:port,host:port`, where `rediss+cluster://` means TLS.
 */

/** A Redis Cluster, as its address names it. */
export interface ClusterAddress {
  /** Urls of nodes that are asked first. */
  readonly seeds: readonly string[]
  /** Returns the url of another node, with the same credentials. */
  urlOf(host: string, port: number): string
}

export const REDIS_ADDRESSES = 'redis://…, rediss://…, redis+cluster://host:port,host:port or the path of a socket'

const CLUSTER = /^(rediss?)\+cluster:\/\/([^@/?#]*@)?([^@/?#]+)\/?$/
const NODE = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i
const PORT = 6379
const PORT_MAX = 65_535

export function isRedisAddress(text: string): boolean {
  return /^(rediss?:\/\/|\/)/.test(text) || clusterAddressOf(text) !== undefined
}

/** Returns undefined for the address of a single Redis. */
export function clusterAddressOf(address: string): ClusterAddress | undefined {
  const [, protocol, credentials = '', list] = CLUSTER.exec(address) ?? []
  if (list === undefined) return undefined
  const urlOf = (host: string, port: number): string =>
    `${protocol}://${credentials}${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
  const seeds: string[] = []
  for (const node of list.split(',')) {
    const [, host, port = PORT] = NODE.exec(node) ?? []
    if (host === undefined || Number(port) > PORT_MAX) return undefined
    seeds.push(urlOf(host, Number(port)))
  }
  return { seeds, urlOf }
}
