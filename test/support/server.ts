/** A whole server for a test: a real port of 127.0.0.1, time and journal in the test's hands. */
import { pino } from 'pino'
import { type RunningServer, type ServerConfig, startServer } from '../../src/server/server.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import type { SetTimer } from '../../src/model/timer.ts'
import { memoryDelivery, type MemoryDelivery } from './memory-delivery.ts'
import { MemoryInstallation } from './memory-installation.ts'
import { MemoryJournal } from './memory-journal.ts'
import type { PipelineOptions, SpaceJournal } from '../../src/space/pipeline-options.ts'

export const CONFIG = {
  host: '127.0.0.1',
  port: 0,
  spaceId: 'space1',
  writeKey: 'write-key-1',
  accessToken: 'access-token-1',
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed body. */
  readonly body: Record<string, unknown>
}

export interface TestServer extends RunningServer {
  readonly journal: SpaceJournal
  readonly delivery: MemoryDelivery
  readonly installation: MemoryInstallation
  /** Sends a body to an ingestion endpoint, with the write key unless other headers are given. */
  ingest(path: string, body: unknown, headers?: Record<string, string>): Promise<Answered>
  /** Asks for traits; `id` is `type:value`. */
  traits(id: string, query?: string, collection?: string): Promise<Answered>
  /** Asks for anything else of the Profile API, by its path behind `collections/`. */
  profiles(path: string, init?: RequestInit): Promise<Answered>
  /** Sends a request to the Control API of the space. */
  control(method: string, path: string, body?: unknown): Promise<Answered>
}

export interface TestServerOptions extends Partial<PipelineOptions> {
  readonly delivery?: MemoryDelivery
  readonly config?: Partial<ServerConfig>
  /** That of a server before. */
  readonly installation?: MemoryInstallation
}

export async function startTestServer({
  delivery = memoryDelivery(CONFIG.spaceId),
  config = {},
  installation: given,
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  const journal = options.journal ?? new MemoryJournal<SpaceCommand>()
  const stores = () => Promise.resolve({ journal, delivery })
  const installation = given ?? new MemoryInstallation(CONFIG.spaceId, stores)
  const server = await startServer({ ...CONFIG, ...config }, pino({ level: 'silent' }), installation, options)
  const { url } = server
  return {
    ...server,
    journal,
    delivery,
    installation,
    ingest: (path, body, headers = { authorization: basic(`${CONFIG.writeKey}:`) }) =>
      send(`${url}/v1/${path}`, { method: 'POST', headers, body: asBody(body) }),
    traits: (id, query = 'limit=200', collection = 'users') =>
      send(`${url}/v1/spaces//collections/${collection}/profiles/${encodeURIComponent(id)}/traits?${query}`, {
        headers: { authorization: basic(`${CONFIG.accessToken}:`) },
      }),
    profiles: (path, init) =>
      send(path.startsWith('/') ? url + path : `${url}/v1/spaces/${CONFIG.spaceId}/collections/${path}`, {
        headers: { authorization: basic(`${CONFIG.accessToken}:`) },
        ...init,
      }),
    control: (method, path, body) =>
      send(`${url}/spaces/${CONFIG.spaceId}/${path}`, {
        method,
        headers: { authorization: `Bearer ${CONFIG.accessToken}` },
        ...(body === undefined ? {} : { body: asBody(body) }),
      }),
  }
}

export function basic(user: string): string {
  return `Basic ${Buffer.from(user).toString('base64')}`
}

export async function send(url: string, init?: RequestInit): Promise<Answered> {
  const response = await fetch(url, init)
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: JSON.parse(text) as Record<string, unknown>,
  }
}

function asBody(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}

/** Time that stands still until it is moved on. */
export class VirtualTime {
  now: number
  readonly timers = new Set<{ readonly at: number; readonly callback: () => void; readonly delayMs: number }>()

  constructor(now: number) {
    this.now = now
  }

  readonly clock = (): number => this.now

  readonly timer: SetTimer = (callback, delayMs) => {
    const timer = { at: this.now + delayMs, callback, delayMs }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  /** Moves on to an instant, stopping at each timer on the way. */
  moveTo(instant: number): void {
    for (;;) {
      const due = [...this.timers].sort((a, b) => a.at - b.at)[0]
      if (!due || due.at > instant) break
      this.now = Math.max(this.now, due.at)
      this.timers.delete(due)
      due.callback()
    }
    this.now = instant
  }
}
