/**
 * Reads `postgresql://user:password@host:port/database?sslmode=require`. Not by pg: that would read files of this
 * machine which a parameter names, and fill in what is missing from the environment.
 */

/** The way in which a connection is encrypted: not, to whoever answers, or to a server that shows its certificate. */
type TlsMode = 'off' | 'require' | 'verify'

export interface ServerAddress {
  /** A name or an address. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Empty: none is known. */
  readonly password: string
  /** Undefined: nothing is said of it. */
  readonly tls: TlsMode | undefined
}

export const PORT = 5432
/** No path of a socket, no list of hosts, no zone of a network card. */
export const HOST = /^[\w.:-]{1,253}$/

const TLS_MODES: ReadonlyMap<string, TlsMode> = new Map([
  ['disable', 'off'],
  ['require', 'require'],
  ['verify-full', 'verify'],
])

/** Returns what is wrong with the text, as a string without any of it, if it cannot be read. */
export function readConnectionString(text: string): ServerAddress | string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'postgres:' && url?.protocol !== 'postgresql:')
    return 'postgresql://user:password@host:port/database was expected.'
  const { sslmode, ...others } = Object.fromEntries(url.searchParams)
  if (Object.keys(others).length > 0 || url.hash !== '')
    return 'No parameter but sslmode was expected; a # in a password is written as %23.'
  const tls = sslmode === undefined ? undefined : TLS_MODES.get(sslmode)
  if (sslmode !== undefined && !tls) return `One of sslmode=${[...TLS_MODES.keys()].join(', ')} was expected.`
  const parts = [url.hostname.replace(/^\[(.*)\]$/, '$1'), url.username, url.password, url.pathname.slice(1)]
  const [host, user, password, database] = parts.map(decoded)
  if (host === undefined || !HOST.test(host)) return 'The name or address of one host was expected, and no socket.'
  if (!user || !database || password === undefined) return 'A user and a database were expected.'
  return { host, port: Number(url.port || PORT), database, user, password, tls }
}

/** Returns undefined if a percent sign begins no character, or one that Postgres cannot take. */
function decoded(text: string): string | undefined {
  try {
    const found = decodeURIComponent(text)
    return found.includes('\0') ? undefined : found
  } catch {
    return undefined
  }
}
