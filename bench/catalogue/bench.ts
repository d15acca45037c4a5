/**
 * Question: is ingestion answered as fast while twenty destinations of the catalogue are busy?
 *   npm run catalogue && npm run bench -- catalogue        CATALOGUE_CALLS=20000 npm run bench -- catalogue
 *
 * Workload: a hundred calls a second, in batches of ten, each by a user of its own who enters one of twenty audiences;
 * each has a destination of type `actions-webhook`, which posts one call at a time to a server on the loopback. Its
 * definition runs in a process beside the server's. Baseline: the same load with all destinations paused, so that
 * deliveries are made and wait. Checked: in the end each destination has received every call of its audience.
 *
 * It does not show: TLS, and tools that are slow. All processes share two cores with the client.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { isInstalled } from '../../destinations/catalogue/host/folder.ts'
import { inDirectory } from '../harness/directory.ts'
import { AS_ADMINISTRATOR, AS_WRITER, KEYS } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { quantile } from '../harness/spread.ts'
import { sendPaced } from '../ingest/paced.ts'

const CALLS = setting('CATALOGUE_CALLS', 3_000)
const CALLS_PER_SECOND = 100
const BATCH = 10
const DESTINATIONS = 20
const RATIO_MAX = 1.2
const DONE_WITHIN_MS = 300_000

const main = new URL('../../src/main.js', import.meta.url)

async function ask<Data>(server: ServerProcess, path: string, body?: object, method = 'POST'): Promise<Data> {
  const init = body === undefined ? {} : { method, body: JSON.stringify(body) }
  const response = await fetch(`${server.url}/spaces/default/${path}`, { ...init, headers: AS_ADMINISTRATOR })
  if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`)
  return ((await response.json()) as { data: Data }).data
}

interface Made {
  readonly audience: { readonly id: string }
  readonly destination: { readonly id: string }
}

/** Makes an audience and its destination, which is paused; resolves with the destination's id. */
async function connect(server: ServerProcess, nth: number, url: string): Promise<string> {
  const definition = { query: `event('Event ${nth}').count() >= 1` }
  const { audience } = await ask<Made>(server, 'audiences', { name: `Audience ${nth}`, definition })
  const mapping = { url, method: 'POST', data: { '@path': '$.' } }
  const settings = { mappings: [{ action: 'send', calls: ['identify'], mapping }], batching: false }
  const made = { type: 'actions-webhook', name: `Tool ${nth}`, enabled: false, settings }
  const { destination } = await ask<Made>(server, 'destinations', made)
  const connectionSettings = { sendIdentify: true, sendTrack: false }
  const body = { destinationId: destination.id, connectionSettings }
  await ask(server, `audiences/${audience.id}/destination-connections`, body)
  return destination.id
}

function bodies(phase: number): Buffer[] {
  return Array.from({ length: CALLS / BATCH }, (_, at) => {
    const batch = Array.from({ length: BATCH }, (_, place) => {
      const user = at * BATCH + place
      return { type: 'track', userId: `user-${phase}-${user}`, event: `Event ${user % DESTINATIONS}` }
    })
    return Buffer.from(JSON.stringify({ batch }))
  })
}

/** Resolves with the p99 of ingestion, ms. */
async function measure(server: ServerProcess, phase: number): Promise<number> {
  const pace = { perSecond: CALLS_PER_SECOND / BATCH, connections: 4, headers: AS_WRITER }
  const { latencies, refused } = await sendPaced(server.url, bodies(phase), pace)
  if (refused > 0) throw new Error(`${refused} requests were refused`)
  return quantile(latencies, 0.99)
}

/** Resolves once as many calls have been received as there are; throws if that takes too long. */
async function received(received: ReadonlySet<string>, count: number): Promise<void> {
  const until = performance.now() + DONE_WITHIN_MS
  while (received.size < count) {
    if (performance.now() > until) throw new Error(`${received.size} of ${count} calls were received`)
    await delay(100)
  }
}

async function run(directory: string): Promise<void> {
  const calls = new Set<string>()
  const tool = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      calls.add((JSON.parse(text) as { userId: string }).userId)
      response.end()
    })
  })
  await new Promise<void>((resolve) => tool.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(tool.address() as AddressInfo).port}/`
  const env = { PATH: '/usr/bin:/bin', PORT: '0', DATA_DIR: directory, DESTINATIONS_ALLOW_PRIVATE: '127.0.0.0/8' }
  const server = await ServerProcess.start(main, ['serve'], { ...env, ...KEYS })
  try {
    const ids: string[] = []
    for (let nth = 0; nth < DESTINATIONS; nth++) ids.push(await connect(server, nth, url))
    await measure(server, 0)
    const paused = await measure(server, 1)
    for (const id of ids) await ask(server, `destinations/${id}/resume`, {})
    // What waited is sent first: the definitions' process has then started.
    await received(calls, 2 * CALLS)
    const busy = await measure(server, 2)
    await received(calls, 3 * CALLS)
    report({
      bench: 'catalogue',
      case: `p99 of ingestion, ${DESTINATIONS} tools busy`,
      result: { median: busy, min: busy, max: busy },
      unit: 'ms',
      baseline: { name: 'all paused', value: paused },
      ratio: busy / paused,
      target: { text: `≤ ${RATIO_MAX} ×`, isMet: busy / paused <= RATIO_MAX },
    })
  } finally {
    await server.stop()
    tool.close()
  }
}

if (isInstalled()) await inDirectory(run)
else process.stderr.write('catalogue: SKIPPED, as the definitions are not installed: `npm run catalogue` does that\n')
