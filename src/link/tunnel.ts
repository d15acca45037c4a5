/**
 * Opens a link over HTTP: `CONNECT` to the engine's own port, with its own certificate, then frames. Each end proves
 * that it knows the secret before anything else is said.
 */
import { type IncomingMessage, request as connect } from 'node:http'
import { request as connectSecurely } from 'node:https'
import type { Socket } from 'node:net'
import { urlToHttpOptions } from 'node:url'
import { RULES_VERSION } from '../model/rules.ts'
import { FRAME, frameOf } from './frames.ts'
import type { Tunnel } from './link.ts'
import type { LinkServer } from './link-server.ts'
import { isProof, newNonce, proofOf } from './secret.ts'

export interface EngineAddress {
  /** `http://…` or `https://…`. */
  readonly url: string
  /** The path of a unix socket, which is in the place of the URL's host and port. */
  readonly socketPath?: string | undefined
}

/** The target of `CONNECT`; no host of that name is asked. */
const TARGET = 'link.rollcall:1'
const NONCE = 'rollcall-nonce'
const PROOF = 'rollcall-proof'
/** The version of the frames, and that of the rules by which calls are read. */
const VERSIONS = 'rollcall-versions'
const FRAMES_VERSION = 1
const OPENED_WITHIN_MS = 3_000
/** A machine that is gone without a word is missed after about ten times as long. */
const KEEP_ALIVE_MS = 10_000

/** Resolves with a connection to an engine that knows the secret; rejects if there is none. */
export function openTunnel({ url, socketPath }: EngineAddress, secret: string): Promise<Tunnel> {
  const target = { ...urlToHttpOptions(new URL(url)), ...(socketPath !== undefined && { socketPath }) }
  const edge = newNonce()
  return new Promise((resolve, reject) => {
    const asked = (target.protocol === 'https:' ? connectSecurely : connect)({
      ...target,
      method: 'CONNECT',
      path: TARGET,
      agent: false,
      headers: { [NONCE]: edge },
      timeout: OPENED_WITHIN_MS,
    })
    const fail = (why: string): void => void asked.destroy(new Error(`link: ${url}: ${why}`))
    asked.on('error', reject)
    asked.on('timeout', () => fail('no answer in time'))
    asked.on('response', (answer) => fail(`it takes no links, and answers with ${answer.statusCode}`))
    asked.on('connect', (answer: IncomingMessage, socket: Socket) => {
      const { [NONCE]: engine, [PROOF]: proof, [VERSIONS]: versions } = answer.headers
      const [frames, rules] = String(versions).split(' ').map(Number)
      const nonces = { edge, engine: String(engine) }
      const isKnown = answer.statusCode === 200 && isProof(Buffer.from(String(proof), 'hex'), 'engine', secret, nonces)
      if (!isKnown || frames !== FRAMES_VERSION) {
        socket.destroy()
        reject(new Error(`link: ${url}: ${isKnown ? 'it speaks another version' : 'it does not know the secret'}`))
        return
      }
      prepare(socket)
      socket.write(frameOf(FRAME.proof, 0, proofOf('edge', secret, nonces)))
      resolve({ socket, readsAlike: rules === RULES_VERSION })
    })
    asked.end()
  })
}

/** Takes `CONNECT` requests for links; all others are cut, as by a server that takes none. */
export function tunnelListener(links: LinkServer, secret: string) {
  return ({ url, headers }: IncomingMessage, socket: Socket): void => {
    const { [NONCE]: edge } = headers
    if (url !== TARGET || typeof edge !== 'string') {
      socket.destroy()
      return
    }
    const nonces = { edge, engine: newNonce() }
    prepare(socket)
    links.accept(socket, nonces)
    const head = [
      'HTTP/1.1 200 OK',
      `${NONCE}: ${nonces.engine}`,
      `${PROOF}: ${proofOf('engine', secret, nonces).toString('hex')}`,
      `${VERSIONS}: ${FRAMES_VERSION} ${RULES_VERSION}`,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
  }
}

function prepare(socket: Socket): void {
  socket.setTimeout(0)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
}
