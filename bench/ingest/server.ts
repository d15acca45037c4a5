/** A server with twenty definitions, sent events of an online shop in batches, and the check of what it has counted. */
import { Agent, request } from 'node:http'
import { DEFINITIONS } from '../engine/definitions.ts'
import { inDirectory } from '../harness/directory.ts'
import { AS_ADMINISTRATOR, AS_READER, AS_WRITER, KEYS } from '../harness/keys.ts'
import { Random } from '../harness/random.ts'
import { ServerProcess } from '../harness/server-process.ts'

const CONNECTIONS = 32
const USERS = 10_000
/** Names of the events. */
export const NAMES = ['Product Viewed', 'Product Added', 'Order Completed', 'Email Opened']

/**
 * Bodies of requests that have `count` events together, or as many more as fill the last batch.
 * @param run names the events: no two runs have the same
 */
export function bodiesOf(batch: number, count: number, run: string): Buffer[] {
  const random = new Random(20_260_104)
  return Array.from({ length: Math.ceil(count / batch) }, (_, at) => {
    const calls = Array.from({ length: batch }, (_, place) => ({
      type: 'track',
      messageId: `ajs-next-${run}-${at}-${place}-4f1c2a7e9b3d`,
      userId: `user-${random.below(USERS)}`,
      event: NAMES[random.below(NAMES.length)],
      properties: { category: 'shoes', price: random.below(200), quantity: 1, total: random.below(300) },
      context: {
        library: { name: 'analytics.js', version: 'next-1.81.0' },
        page: { path: '/', url: 'https://shop.example/' },
      },
    }))
    return Buffer.from(JSON.stringify({ batch: calls, sentAt: new Date().toISOString() }))
  })
}

/** Sends all bodies; rejects where one is refused. */
export async function sendAll(url: string, bodies: readonly Buffer[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  let next = 0
  const connection = async (): Promise<void> => {
    while (next < bodies.length) {
      const body = bodies[next++]!
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const sent = request(`${url}/v1/batch`, { method: 'POST', agent, headers: AS_WRITER }, (response) => {
          response.resume()
          response.on('end', () => resolve(response.statusCode))
        })
        sent.on('error', reject)
        sent.end(body)
      })
      if (status !== 200) throw new Error(`a request was answered with ${status}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  agent.destroy()
}

/** A server of ours with twenty definitions, and four more, `events_0` to `events_3`, that count what has come. */
export function withServer<Result>(
  use: (server: ServerProcess) => Promise<Result>,
  settings: Readonly<Record<string, string>> = {},
): Promise<Result> {
  return inDirectory(async (directory) => {
    const main = new URL('../../src/main.js', import.meta.url)
    const env = { PATH: '/usr/bin:/bin', PORT: '0', DATA_DIR: directory, LOG_LEVEL: 'info', ...KEYS, ...settings }
    const server = await ServerProcess.start(main, ['serve'], env)
    await prepare(server.url)
    const result = await use(server)
    await server.stop()
    return result
  })
}

/** Makes the definitions of a server that has none. */
export async function prepare(url: string): Promise<void> {
  const counts = { kind: 'computed_trait', key: 'events', type: 'USERS', query: '' } as const
  const all = NAMES.map((name, index) => ({ ...counts, key: `events_${index}`, query: `event('${name}').count()` }))
  for (const definition of [...DEFINITIONS, ...all]) await define(url, definition)
}

/** Throws unless the profiles have counted as many events as were sent. */
export async function checkCounts(url: string, sent: number): Promise<void> {
  const counted = await countedBy(url)
  if (counted !== sent) throw new Error(`${counted} events were counted, ${sent} sent`)
}

async function define(url: string, { kind, key, type, query }: (typeof DEFINITIONS)[number]): Promise<void> {
  const isAudience = kind === 'audience'
  const body = { name: key, key, definition: { query, ...(isAudience ? {} : { type }) } }
  const path = `${url}/spaces/default/${isAudience ? 'audiences' : 'computed-traits'}`
  const { ok } = await fetch(path, { method: 'POST', headers: AS_ADMINISTRATOR, body: JSON.stringify(body) })
  if (!ok) throw new Error(`${key} cannot be defined`)
}

async function countedBy(url: string): Promise<number> {
  let count = 0
  for (let user = 0; user < USERS; user++) {
    const path = `${url}/v1/spaces//collections/users/profiles/user_id:user-${user}/traits?limit=200`
    const response = await fetch(path, { headers: AS_READER })
    const { traits } = (await response.json()) as { traits?: Record<string, number> }
    for (let name = 0; name < NAMES.length; name++) count += traits?.[`events_${name}`] ?? 0
  }
  return count
}
