/**
 * A transport that sends nothing: each request is read as a server would, kept, and answered by an empty object, so
 * that a definition goes on to its next one. No socket is opened.
 */
import { createServer, Agent as HttpAgent, type IncomingMessage, type Server } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Duplex } from 'node:stream'
import type { JsonValue } from '../../../src/model/json.ts'
import type { RehearsedRequest } from '../../../src/model/destination-question.ts'

const REQUESTS_MAX = 10
const OF_THE_TRANSPORT = ['connection', 'content-length', 'accept-encoding', 'host']

export class Rehearsal {
  readonly #requests: RehearsedRequest[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        this.#keep(request, Buffer.concat(chunks).toString())
        response.setHeader('content-type', 'application/json')
        response.end('{}')
      })
    })
  }

  /** Those that were sent so far, in order; ten at most. */
  get requests(): readonly RehearsedRequest[] {
    return this.#requests
  }

  /** The agent for requests to a URL. */
  agentFor({ protocol }: URL): HttpAgent {
    const agent = protocol === 'https:' ? new HttpsAgent() : new HttpAgent()
    const createConnection = (): Duplex => {
      const [ours, theirs] = duplexPair()
      Object.assign(theirs, { isSecure: protocol === 'https:' })
      this.#server.emit('connection', theirs)
      return ours
    }
    return Object.assign(agent, { createConnection })
  }

  #keep(request: IncomingMessage, text: string): void {
    if (this.#requests.length >= REQUESTS_MAX) return
    const { method = 'GET', url = '/', headers, socket } = request
    const shown = Object.entries(headers).filter(([name]) => !OF_THE_TRANSPORT.includes(name))
    const scheme = 'isSecure' in socket && socket.isSecure ? 'https' : 'http'
    this.#requests.push({
      method,
      url: `${scheme}://${headers.host}${url}`,
      headers: Object.fromEntries(shown.map(([name, value]) => [name, String(value)])),
      ...(text !== '' && { body: contentOf(text) }),
    })
  }
}

function contentOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return text
  }
}

/** Two ends of one connection within the process. */
function duplexPair(): [Duplex, Duplex] {
  const ends: Duplex[] = []
  const endOf = (other: number): Duplex => {
    const end = new Duplex({
      read() {
        // The other end's writes are pushed as they come.
      },
      write(chunk, _encoding, callback) {
        ends[other]!.push(chunk)
        callback()
      },
      final(callback) {
        ends[other]!.push(null)
        callback()
      },
    })
    const asSocket = {
      setTimeout: () => end,
      setNoDelay: () => end,
      setKeepAlive: () => end,
      ref: () => end,
      unref: () => end,
    }
    return Object.assign(end, asSocket)
  }
  ends.push(endOf(1), endOf(0))
  return [ends[0]!, ends[1]!]
}
