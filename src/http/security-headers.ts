/** The security headers of every answer: helmet's, asked for once, as they are the same for all. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import helmet, { type HelmetOptions } from 'helmet'

/**
 * Answers are data and load nothing. Whether the name is to be reached by TLS alone is for the proxy to say. What is
 * left out is about documents with scripts, or about browsers that are no more.
 */
const OPTIONS: HelmetOptions = {
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xPoweredBy: false,
  xXssProtection: false,
}

/** Names and values, in pairs. Throws an Error if helmet fails. */
export const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = headersOf(OPTIONS)

function headersOf(options: HelmetOptions): [string, string][] {
  const headers: [string, string][] = []
  const setHeader = (name: string, value: string): void => void headers.push([name, value])
  const response = { setHeader } as unknown as ServerResponse
  // Nothing of a request is asked for.
  helmet(options)(undefined as unknown as IncomingMessage, response, (error) => {
    if (error) throw error as Error
  })
  return headers
}
