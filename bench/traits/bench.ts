/**
 * Question: how near does a lookup of twenty traits come to what Express costs for an answer of the same bytes?
 *   npm run bench -- traits        TRAITS_REQUESTS=20000 npm run bench -- traits
 *
 * Workload: 32 connections, each with one request under way; users by their `user_id`, at random among 10,000, of
 * twenty traits each: ten custom ones, ten computed. The floors answer every request with the bytes of one of our
 * answers. CPU is that of the server's process, all its threads; the runs of the three alternate. Checked: every answer
 * has status 200 and as many traits as the user has.
 *
 * It does not show: profiles that are not in memory.
 */
import { Agent, request } from 'node:http'
import { alternate } from '../harness/cost.ts'
import { inDirectory } from '../harness/directory.ts'
import { Random } from '../harness/random.ts'
import { AS_ADMINISTRATOR, AS_READER, AS_WRITER, KEYS } from '../harness/keys.ts'
import { report } from '../harness/row.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { setting } from '../harness/setting.ts'
import { quantile, spreadOf } from '../harness/spread.ts'

const REQUESTS = setting('TRAITS_REQUESTS', 40_000)
const REHEARSAL = 10_000
const CONNECTIONS = 32
const USERS = 10_000
const USERS_A_BATCH = 100
const TRAITS = 20
/** Shares of Express with a constant answer, and of bare `node:http`. */
const TARGETS = { express: 0.7, bare: 0.45 }

function pathOf(user: number): string {
  return `/v1/spaces/default/collections/users/profiles/user_id:user-${user}/traits?limit=${TRAITS}`
}

interface Answer {
  readonly status: number | undefined
  readonly text: string
}

function ask(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers: AS_READER }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Asks so many times; returns how long each took, ms. */
async function askMany(url: string, count: number): Promise<number[]> {
  const random = new Random(20_260_105)
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const latencies: number[] = []
  let asked = 0
  const connection = async (): Promise<void> => {
    while (asked < count) {
      asked++
      const start = performance.now()
      const { status, text } = await ask(url + pathOf(random.below(USERS)), agent)
      latencies.push(performance.now() - start)
      if (status !== 200 || text.split('":').length - 1 < TRAITS) throw new Error(`answered with ${status}: ${text}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  agent.destroy()
  return latencies
}

interface Run {
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly p99Ms: number
}

async function measure(server: ServerProcess): Promise<Run> {
  await askMany(server.url, REHEARSAL)
  const [cpu, start] = [server.cpuSeconds(), performance.now()]
  const latencies = await askMany(server.url, REQUESTS)
  return {
    perCpuSecond: REQUESTS / (server.cpuSeconds() - cpu),
    perSecond: (REQUESTS / (performance.now() - start)) * 1000,
    p99Ms: quantile(
      latencies.sort((a, b) => a - b),
      0.99,
    ),
  }
}

function runOurs(): Promise<Run & { readonly sample: string }> {
  return inDirectory(async (directory) => {
    const env = { PATH: '/usr/bin:/bin', PORT: '0', DATA_DIR: directory, ...KEYS }
    const server = await ServerProcess.start(new URL('../../src/main.js', import.meta.url), ['serve'], env)
    await fill(server.url)
    const run = await measure(server)
    const { text: sample } = await ask(server.url + pathOf(0), new Agent())
    await server.stop()
    return { ...run, sample }
  })
}

/** Ten definitions, and ten custom traits for each user. */
async function fill(url: string): Promise<void> {
  const post = async (path: string, headers: Record<string, string>, body: unknown): Promise<void> => {
    const { ok } = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!ok) throw new Error(`${path} was refused`)
  }
  for (let index = 0; index < 5; index++) {
    const above = { name: `above_${index}`, definition: { query: `trait('score_0') >= ${index * 20}` } }
    await post('/spaces/default/audiences', AS_ADMINISTRATOR, above)
    const seen = { name: `seen_${index}`, definition: { query: `event('Seen').within(${index + 1} days).count()` } }
    await post('/spaces/default/computed-traits', AS_ADMINISTRATOR, seen)
  }
  for (let first = 0; first < USERS; first += USERS_A_BATCH) {
    const batch = Array.from({ length: USERS_A_BATCH }, (_, place) => {
      const userId = `user-${first + place}`
      const traits = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`score_${index}`, place + index]))
      return [
        { type: 'identify', userId, traits },
        { type: 'track', userId, event: 'Seen' },
      ]
    })
    await post('/v1/batch', AS_WRITER, { batch: batch.flat() })
  }
}

async function runFloor(kind: 'express' | 'bare', body: string): Promise<Run> {
  const server = await ServerProcess.start(new URL('./floor-server.js', import.meta.url), [kind, body], {})
  const run = await measure(server)
  await server.stop()
  return run
}

const { sample } = await runOurs()
const runs = await alternate({
  ours: runOurs,
  express: () => runFloor('express', sample),
  bare: () => runFloor('bare', sample),
})
const result = spreadOf(runs.ours.map(({ perCpuSecond }) => perCpuSecond))
const wall = spreadOf(runs.ours.map(({ perSecond }) => perSecond)).median
for (const [name, floor, target] of [
  ['Express, constant', runs.express, TARGETS.express],
  ['node:http, constant', runs.bare, TARGETS.bare],
] as const) {
  const value = spreadOf(floor.map(({ perCpuSecond }) => perCpuSecond)).median
  const ratio = result.median / value
  report({
    bench: 'traits',
    case: '20 traits',
    result,
    unit: 'lookups/CPU-s',
    wall,
    baseline: { name, value },
    ratio,
    target: { text: `≥ ${target} ×`, isMet: ratio >= target },
  })
}
const p99 = spreadOf(runs.ours.map(({ p99Ms }) => p99Ms))
const floorP99 = spreadOf(runs.express.map(({ p99Ms }) => p99Ms)).median
report({
  bench: 'traits',
  case: 'p99 with 32 at once',
  result: p99,
  unit: 'ms',
  baseline: { name: 'Express, constant', value: floorP99 },
  ratio: p99.median / floorP99,
})
