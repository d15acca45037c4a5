/** That no request or response has its prototype changed, whichever application answers it. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Agent, IncomingMessage, request as ask, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import express, { type Express } from 'express'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type HttpServer, listen } from '../../src/http/server.ts'
import { startServer } from '../../src/server/server.ts'
import type { Stores } from '../../src/server/space-server.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { memoryDelivery } from '../support/memory-delivery.ts'
import { MemoryInstallation } from '../support/memory-installation.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { basic, CONFIG } from '../support/server.ts'

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Keeps its one connection. */
class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  /** Counts the answers over a connection that had brought one before. */
  reused = 0

  async send(
    url: string,
    { method = 'GET', headers = {}, body }: Sent = {},
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const request = ask(url, { agent: this.#agent, method, headers }, (response) => {
        if (request.reusedSocket) this.reused++
        text(response).then((body) => resolve({ status: response.statusCode!, body }), reject)
      })
      request.once('error', reject).end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

type Message = IncomingMessage | ServerResponse

let client: Client
/** Prototypes that were set: of which kind of message, and if that was a change. */
let set: { readonly message: Message; readonly isChange: boolean }[]

beforeEach(() => {
  client = new Client()
  set = []
  const original = Object.setPrototypeOf.bind(Object)
  vi.spyOn(Object, 'setPrototypeOf').mockImplementation((target: unknown, prototype: object | null) => {
    const isClass = Object.hasOwn(target as object, 'constructor')
    if (!isClass && (target instanceof IncomingMessage || target instanceof ServerResponse))
      set.push({ message: target, isChange: Object.getPrototypeOf(target) !== prototype })
    return original(target, prototype) as unknown
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  client.close()
})

describe('a server that changes its application', () => {
  interface Seen {
    readonly made: readonly [unknown, unknown]
    readonly handled: readonly [unknown, unknown]
  }

  let http: HttpServer | undefined
  let made: [unknown, unknown] | undefined
  const note = (message: unknown): void => {
    const { request, response } = message as { request: object; response: object }
    made = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)]
  }
  beforeEach(() => {
    subscribe('http.server.request.start', note)
  })
  afterEach(async () => {
    unsubscribe('http.server.request.start', note)
    client.close()
    await http?.close()
  })

  /** Its handler is in a router of a router, and tells the prototypes to `seen`. */
  function application(seen: Seen[]): Express {
    const app = express()
    const inner = express.Router()
    inner.get('/', (request, response) => {
      seen.push({ made: made!, handled: [Object.getPrototypeOf(request), Object.getPrototypeOf(response)] })
      response.json({})
    })
    return app.use(express.Router().use('/inner', inner))
  }

  it('makes requests and responses of whichever application answers, over one connection', async () => {
    const [before, after]: [Seen[], Seen[]] = [[], []]
    const [first, second] = [application(before), application(after)]
    http = await listen({ app: first }, CONFIG)
    await client.send(`${http.url}/inner`)
    await client.send(`${http.url}/inner`)
    http.become({ app: second })
    await client.send(`${http.url}/inner`)
    await client.send(`${http.url}/inner`)
    const own = ({ request, response }: Express) => [request, response]
    for (const [app, seen] of [
      [first, before],
      [second, after],
    ] as const) {
      expect(seen).toHaveLength(2)
      for (const { made, handled } of seen) {
        expect(made.map((prototype, index) => prototype === own(app)[index])).toEqual([true, true])
        expect(handled.map((prototype, index) => prototype === own(app)[index])).toEqual([true, true])
      }
    }
    expect(client.reused).toBe(3)
    expect(set.map(({ isChange }) => isChange)).toEqual(Array.from({ length: 8 }, () => false))
  })
})

describe('the server', () => {
  it('changes no prototype, from its start on, in any of its APIs', async () => {
    let release: (stores: Stores) => void = () => undefined
    const opening = new Promise<Stores>((resolve) => (release = resolve))
    let url = ''
    const config = { ...CONFIG, onListening: (at: string) => (url = at) }
    const starting = startServer(
      config,
      pino({ level: 'silent' }),
      new MemoryInstallation(CONFIG.spaceId, () => opening),
      {},
    )
    await expect.poll(() => url).not.toBe('')
    const statusOf = async (path: string, sent: Sent = {}) => (await client.send(`${url}${path}`, sent)).status
    expect([await statusOf('/healthz'), await statusOf('/v1/track', { method: 'POST' })]).toEqual([200, 503])
    release({ journal: new MemoryJournal<SpaceCommand>(), delivery: memoryDelivery(CONFIG.spaceId) })
    const server = await starting

    const write = { authorization: basic(`${CONFIG.writeKey}:`) }
    const read = { authorization: basic(`${CONFIG.accessToken}:`) }
    const control = { authorization: `Bearer ${CONFIG.accessToken}` }
    const body = JSON.stringify({ userId: 'u1', event: 'Seen' })
    const traits = '/v1/spaces//collections/users/profiles/user_id:u1/traits'
    expect([
      await statusOf('/readyz'),
      await statusOf('/v1/track', { method: 'POST', headers: write, body }),
      await statusOf('/v1/track', { method: 'POST', headers: write, body: '{' }),
      await statusOf(traits, { headers: read }),
      await statusOf(`/spaces/${CONFIG.spaceId}/audiences`, { headers: control }),
      await statusOf('/analytics-next/bundles/none.js'),
      await statusOf('/metrics'),
      await statusOf('/nowhere'),
    ]).toEqual([200, 200, 400, 200, 200, 404, 200, 404])
    expect(client.reused).toBe(9)
    expect(set).toHaveLength(14)
    expect(set.filter(({ isChange }) => isChange)).toEqual([])
    // The board is an application of its own: what it changes is changed of its own requests alone.
    expect(await statusOf('/queues', { headers: read })).toBe(200)
    set = []
    expect(await statusOf(traits.replace(/traits$/, 'metadata'), { headers: read })).toBe(200)
    expect(set.map(({ isChange }) => isChange)).toEqual([false, false])
    await server.stop()
  })
})
