/**
 * Question: for how long does a space not answer when its node is lost, and when that is drained?
 *   npm run bench -- takeover        TAKEOVER_PROFILES=1000000 npm run bench -- takeover
 *
 * Workload: a space of 10,000 profiles with twenty-four definitions, at two engines behind an edge, all at one Redis.
 * Clients send single calls to the edge, each until it is acknowledged, while the engine that has the space is killed
 * (`SIGKILL`), or drained. Each run begins with two whole engines; `LOCK_SECONDS` is 5, so nobody may take a space over
 * sooner than the lock lets him. The baseline of each is the same without standbys, which loads the space. Checked:
 * every call that was acknowledged is counted once.
 *
 * It does not show: machines that are cut off from each other, or a Redis that fails over.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { PrivateRedis } from '../../src/redis/private-redis.ts'
import { inDirectory } from '../harness/directory.ts'
import { AS_READER, AS_WRITER, KEYS } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'
import { prepare } from '../ingest/server.ts'

const PROFILES = setting('TAKEOVER_PROFILES', 10_000)
const RUNS = setting('TAKEOVER_RUNS', 3)
const LOCK_MS = 5_000
const BATCH = 100
const LOADERS = 8
const CLIENTS = 8
const ADMIN_TOKEN = 'administrator-of-the-bench'
const AS_CLUSTER = { authorization: `Bearer ${ADMIN_TOKEN}` }
/** Calls come for so long before and after what happens. */
const AROUND_MS = 2_000

type Event = 'killed' | 'drained'

interface SeenNode {
  readonly id: string
  readonly url: string
  readonly spaces: readonly string[]
}

interface Case {
  readonly edge: ServerProcess
  readonly engines: Map<string, ServerProcess>
}

/** Starts an edge and two engines, and fills the space; resolves once a standby can have read it. */
async function withCluster<Result>(standbys: string, use: (of: Case) => Promise<Result>): Promise<Result> {
  return inDirectory(async (directory) => {
    const redis = await PrivateRedis.start({ directory, appendfsync: 'always' })
    const start = (name: string, roles: string) =>
      ServerProcess.start(new URL('../../src/main.js', import.meta.url), ['serve'], {
        PATH: '/usr/bin:/bin',
        PORT: '0',
        DATA_DIR: `${directory}/${name}`,
        LOG_LEVEL: 'info',
        OWNERSHIP: 'bullmq',
        ROLES: roles,
        LOCK_SECONDS: String(LOCK_MS / 1000),
        STANDBYS: standbys,
        CHECKPOINT_SECONDS: '10',
        PROFILES_MEMORY_MB: '4000',
        ADMIN_TOKEN,
        REDIS_URL: redis.address,
        QUEUE_REDIS_URL: redis.address,
        SECRETS_KEY: Buffer.alloc(32).toString('base64'),
        ...KEYS,
      })
    const engines = [await start('a', 'engine'), await start('b', 'engine')]
    const edge = await start('edge', 'edge')
    await prepare(edge.url)
    await fill(edge.url)
    // Two checkpoints, and what follows them.
    await delay(25_000)
    const alive = new Map(engines.map((engine) => [engine.url, engine]))
    const result = await use({ edge, engines: alive })
    for (const server of [edge, ...alive.values()]) await server.kill()
    await redis.stop()
    return result
  })
}

async function fill(url: string): Promise<void> {
  let next = 0
  const load = async (): Promise<void> => {
    while (next < PROFILES) {
      const from = next
      next += BATCH
      const calls = Array.from({ length: BATCH }, (_, place) => ({
        type: 'track',
        messageId: `filled-${from + place}`,
        userId: `filled-${from + place}`,
        event: 'Order Completed',
        properties: { total: 20, category: 'shoes' },
      }))
      const body = JSON.stringify({ batch: calls })
      const { status } = await fetch(`${url}/v1/batch`, { method: 'POST', headers: AS_WRITER, body })
      if (status === 429) {
        next = Math.min(next, from)
        await delay(50)
      } else if (status !== 200) throw new Error(`a batch was answered with ${status}`)
    }
  }
  await Promise.all(Array.from({ length: LOADERS }, load))
}

async function ownerOf(url: string): Promise<SeenNode> {
  const { data } = (await (await fetch(`${url}/nodes`, { headers: AS_CLUSTER })).json()) as {
    data: { nodes: SeenNode[] }
  }
  const owner = data.nodes.find(({ spaces }) => spaces.includes('default'))
  if (!owner) throw new Error('no node has the space')
  return owner
}

/** Sends calls until it is told to end; notes the longest time that one took, and when one was acknowledged last. */
class Clients {
  acknowledged = 0
  longestMs = 0
  acknowledgedAt = 0
  #isOver = false
  #sent = 0
  readonly #sending: Promise<unknown>

  constructor(url: string) {
    this.#sending = Promise.all(Array.from({ length: CLIENTS }, () => this.#send(url)))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#sending
  }

  async #send(url: string): Promise<void> {
    while (!this.#isOver) {
      const body = JSON.stringify({ messageId: `call-${this.#sent++}`, userId: 'caller', event: 'Email Opened' })
      const startedAt = performance.now()
      while ((await fetch(`${url}/v1/track`, { method: 'POST', headers: AS_WRITER, body })).status !== 200)
        await delay(10)
      this.acknowledgedAt = performance.now()
      this.longestMs = Math.max(this.longestMs, this.acknowledgedAt - startedAt)
      this.acknowledged++
      await delay(5)
    }
  }
}

/** Returns the longest time that a call waited, ms. */
async function measure(standbys: string, event: Event): Promise<number> {
  return withCluster(standbys, async ({ edge, engines }) => {
    const owner = await ownerOf(edge.url)
    const clients = new Clients(edge.url)
    await delay(AROUND_MS)
    clients.longestMs = 0
    if (event === 'killed') {
      await engines.get(owner.url)!.kill()
      engines.delete(owner.url)
    } else {
      const init = { method: 'PATCH', headers: AS_CLUSTER, body: JSON.stringify({ drained: true }) }
      const { status } = await fetch(`${edge.url}/nodes/${owner.id}`, init)
      if (status !== 200) throw new Error(`the node cannot be drained: ${status}`)
    }
    const happenedAt = performance.now()
    while ((await ownerAfter(edge.url, owner.id, clients.acknowledgedAt < happenedAt)) !== 'another') await delay(50)
    await delay(AROUND_MS)
    await clients.stop()
    const path = `${edge.url}/v1/spaces//collections/users/profiles/user_id:caller/traits?limit=200`
    const { traits } = (await (await fetch(path, { headers: AS_READER })).json()) as { traits: Record<string, number> }
    if (traits['events_3'] !== clients.acknowledged)
      throw new Error(`${traits['events_3']} calls were counted, ${clients.acknowledged} acknowledged`)
    return clients.longestMs
  })
}

async function ownerAfter(url: string, former: string, isWaited: boolean): Promise<'another' | 'none'> {
  if (isWaited) return 'none'
  const owner = await ownerOf(url).catch(() => undefined)
  return owner && owner.id !== former ? 'another' : 'none'
}

for (const event of ['killed', 'drained'] as const) {
  const runs: Record<'with' | 'without', number[]> = { with: [], without: [] }
  for (let run = 0; run < RUNS; run++) {
    runs.without.push(await measure('0', event))
    runs.with.push(await measure('1', event))
  }
  const baseline = { name: 'without standbys', value: spreadOf(runs.without).median }
  const result = spreadOf(runs.with)
  const most = event === 'killed' ? LOCK_MS + 500 : 300
  const longest = Math.max(...runs.with)
  report({
    bench: 'takeover',
    case: `${event}, ${PROFILES.toLocaleString('en')} profiles`,
    result,
    unit: 'ms that a call waits at most',
    baseline,
    ratio: result.median / baseline.value,
    target: { text: `≤ ${most} ms`, isMet: longest <= most },
  })
}
