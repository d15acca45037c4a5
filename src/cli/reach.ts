/**
 * Reaches the server of a command. A server of this environment that speaks TLS is known by the certificate in its
 * file, not by its name: it is asked at its address, and its certificate is of the name by which others know it.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { Agent, buildConnector, RequestInit as UndiciInit } from 'undici'
import type { ClientOptions } from '../server/settings.ts'

const agents = new Map<string, Agent>()

/** Sends a request. Rejects with an Error, whose causes say why, where nobody answers or somebody else does. */
export async function reach(
  { url, certificate }: Pick<ClientOptions, 'url' | 'certificate'>,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const address = `${url.replace(/\/$/, '')}/${path}`
  if (certificate === undefined) return fetch(address, init)
  // Node's own `fetch` cannot be told which certificate to expect.
  const undici = await import('undici')
  const agent =
    agents.get(certificate) ?? new undici.Agent({ connect: connectorTo(certificate, undici.buildConnector) })
  agents.set(certificate, agent)
  // The classes of undici's are others than those of Node, which has a copy of its own.
  const { status, headers, body } = await undici.fetch(address, { ...init, dispatcher: agent } as unknown as UndiciInit)
  return new Response(body, { status, headers: [...headers] })
}

/** Returns the innermost cause of a failure of `reach`, which is the one that says something. */
export function whyUnreached(failure: unknown): string {
  let innermost = failure
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause
  if (!(innermost instanceof Error)) return 'no answer'
  const { code, message } = innermost as NodeJS.ErrnoException
  return message === '' ? (code ?? 'no answer') : message
}

/** Connects to whoever shows the certificate that the file has at that time: nothing is sent to anybody else. */
function connectorTo(file: string, build: typeof buildConnector): buildConnector.connector {
  return (options, done) => {
    const expected = new X509Certificate(readFileSync(file)).fingerprint256
    // Who may be trusted is decided by the fingerprint, below.
    build({ rejectUnauthorized: false })(options, (failure, socket) => {
      if (failure) {
        done(failure, null)
        return
      }
      const shown: Partial<DetailedPeerCertificate> | undefined =
        socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined
      if (shown?.fingerprint256 === expected) {
        done(null, socket)
        return
      }
      socket.destroy()
      done(new Error('it shows another certificate than that of TLS_CERT'), null)
    })
  }
}
