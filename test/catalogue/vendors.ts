/**
 * The servers of all vendors, on loopback: requests of this process, to whatever host, come here by real sockets. The
 * agents of node's clients open these while a test runs, without TLS.
 */
import { once } from 'node:events'
import { Agent as HttpAgent, createServer, type IncomingMessage, type Server } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { JsonValue } from '../../src/model/json.ts'

export interface SentRequest {
  readonly method: string
  /** With the host that the definition named. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Parsed if it is JSON; the text otherwise, `''` if there is none. */
  readonly body: JsonValue
}

export interface VendorAnswer {
  /** 200 by default. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** `{}` by default; a text is sent as it is. */
  readonly body?: JsonValue
}

/** Answers a request; null: the connection is held open without an answer. */
export type Answering = (request: SentRequest) => VendorAnswer | null

interface Connecting {
  createConnection: () => Socket
}

export class Vendors {
  /** All that have come since this was emptied, in order. */
  readonly requests: SentRequest[] = []
  answer: Answering = () => ({})
  readonly #servers: Server[] = []
  #restore: () => void = () => undefined

  /** Takes up the requests of this process. */
  async open(): Promise<void> {
    const { http, https } = await this.listen()
    const patched = [
      [HttpAgent.prototype as unknown as Connecting, http],
      [HttpsAgent.prototype as unknown as Connecting, https],
    ] as const
    const held = patched.map(([agent]) => Object.getOwnPropertyDescriptor(agent, 'createConnection'))
    for (const [agent, port] of patched) agent.createConnection = () => connect(port, '127.0.0.1')
    this.#restore = () => {
      for (const [index, [agent]] of patched.entries())
        if (held[index]) Object.defineProperty(agent, 'createConnection', held[index])
        else Reflect.deleteProperty(agent, 'createConnection')
    }
  }

  /** Resolves with the ports at which requests of either scheme are answered, none of them with TLS. */
  async listen(): Promise<{ readonly http: number; readonly https: number }> {
    const [http, https] = [await this.#serve('http'), await this.#serve('https')]
    return { http, https }
  }

  async #serve(scheme: string): Promise<number> {
    const server = createServer((request, response) => {
      void this.#heard(request, scheme).then((sent) => {
        const answer = this.answer(sent)
        if (!answer) return
        const { status = 200, headers = {}, body = {} } = answer
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(typeof body === 'string' ? body : JSON.stringify(body))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#servers.push(server)
    return (server.address() as AddressInfo).port
  }

  /** Gives the agents back as they were. */
  async close(): Promise<void> {
    this.#restore()
    const closed = this.#servers.map((server) => once(server, 'close'))
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
    await Promise.all(closed)
  }

  /** Ends the connections that are open; later ones come as before. */
  disconnect(): void {
    for (const server of this.#servers) server.closeAllConnections()
  }

  /** Takes out what has come so far. */
  taken(): SentRequest[] {
    return this.requests.splice(0)
  }

  async #heard(request: IncomingMessage, scheme: string): Promise<SentRequest> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = request
    const sent = {
      method,
      url: `${scheme}://${headers.host}${url}`,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      body: contentOf(Buffer.concat(chunks).toString()),
    }
    this.requests.push(sent)
    return sent
  }
}

function contentOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return text
  }
}
