/** Far more comes in than can be taken: the surplus is told when to come again, and memory does not grow with it. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { basic } from '../support/server.ts'
import { residentMiB } from '../support/processes.ts'
import { Rig } from './harness/rig.ts'
import { expectWithin, IS_FULL, say, sized, spread, stopwatch } from './harness/runs.ts'

/** Requests at once: their bodies are more than may be under way. */
const CLIENTS = sized({ usual: 200, full: 500 })
/** A full run goes on for so long; otherwise until it is too much. */
const FULL_MS = 60_000
/** Redis writes so much later, until it is too much: less is stored than comes in, however slow the machine is. */
const SLOW_MS = 1_000
const USERS = 10
/** A batch has some 450 KB. */
const BATCH_CALLS = sized({ usual: 15, full: 240 })
const TEXT = 'x'.repeat(435_000 / BATCH_CALLS)
/** Requests under way are stored within the writer's patience of 5 s, or refused; the rest is the way there. */
const LATENCY_MS_MAX = 20_000
/** 64 MiB that wait, the bodies of all clients that are being read, and what both are parsed to. */
const GROWTH_MIB_MAX = 1_000
/** 408: on a slow machine a body may not be sent within the time that the server gives it. */
const OUTCOMES = ['200', '429 Retry-After', '503 Retry-After', '408']
const RETRY_AFTER_MS = 1_000

interface Batch {
  readonly userId: string
  readonly body: string
}

class Surge {
  readonly outcomes = new Map<string, number>()
  readonly latenciesMs: number[] = []
  /** Acknowledged requests by user. */
  readonly acknowledged = new Map<string, number>()
  readonly #rig: Rig
  /** That are still to be taken. */
  readonly #refused: Batch[] = []
  #made = 0

  constructor(rig: Rig) {
    this.#rig = rig
  }

  get isTooMuch(): boolean {
    return this.outcomes.has('429 Retry-After')
  }

  /** Sends without mercy, until it is over. */
  async rise(isOver: () => boolean): Promise<void> {
    const client = async (): Promise<void> => {
      while (!isOver()) {
        const batch = this.#refused.pop() ?? this.#make()
        if (!(await this.#isTaken(batch))) this.#refused.push(batch)
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
  }

  /** Sends what was refused, one after another, and again when it was told to. */
  async subside(): Promise<void> {
    for (const batch of this.#refused.splice(0))
      await eventually(async () => expect(await this.#isTaken(batch)).toBe(true), { interval: RETRY_AFTER_MS })
  }

  #make(): Batch {
    const name = `surge-${this.#made++}`
    const userId = `surge-${this.#made % USERS}`
    const large = { type: 'identify', userId, traits: { text: TEXT } }
    const calls = Array.from({ length: BATCH_CALLS }, (_, index) => ({ ...large, messageId: `${name}-${index}` }))
    const click = { type: 'track', userId, messageId: `${name}-click`, event: 'Clicked' }
    return { userId, body: JSON.stringify({ batch: [...calls, click] }) }
  }

  async #isTaken(batch: Batch): Promise<boolean> {
    const authorization = basic(`${this.#rig.environment['WRITE_KEY']}:`)
    const headers = { authorization, 'content-length': Buffer.byteLength(batch.body) }
    // A connection of its own: one that is kept may be closed just as it is used again.
    const sent = request(`${this.#rig.url}/v1/batch`, { method: 'POST', headers, agent: false })
    const elapsedMs = stopwatch()
    sent.end(batch.body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const status = response.resume().statusCode
    const outcome = response.headers['retry-after'] === undefined ? `${status}` : `${status} Retry-After`
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
    if (status !== 200) return false
    this.latenciesMs.push(elapsedMs())
    this.acknowledged.set(batch.userId, (this.acknowledged.get(batch.userId) ?? 0) + 1)
    return true
  }
}

/** Redis answers whoever writes late, and those who write after that late again; the one who asks for it has time. */
async function slowDown(address: string, isOver: () => boolean): Promise<void> {
  const redis = new Redis(address)
  try {
    while (!isOver()) {
      await redis.call('CLIENT', 'PAUSE', SLOW_MS, 'WRITE')
      await redis.set('paused', 'until now')
    }
  } finally {
    redis.disconnect()
  }
}

it('refuses the surplus of a surge, and takes the rest once', async () => {
  const rig = await Rig.begin('overload', { redis: 'own' })
  const load = rig.load()
  await load.acknowledged(100)
  const pid = rig.server.child.pid!
  const before = residentMiB(pid)
  let most = before
  const watch = setInterval(() => (most = Math.max(most, residentMiB(pid))), 50)
  const surge = new Surge(rig)
  try {
    const elapsedMs = stopwatch()
    const isOver = (): boolean => surge.isTooMuch && (!IS_FULL || elapsedMs() > FULL_MS)
    const slowedDown = IS_FULL ? undefined : slowDown(rig.redis.address, isOver)
    await Promise.all([surge.rise(isOver), slowedDown])
    await surge.subside()
  } finally {
    clearInterval(watch)
  }
  const outcomes = [...surge.outcomes].map(([outcome, count]) => `${outcome}: ${count}`).join(', ')
  say(rig.story, `${outcomes}; ${spread(surge.latenciesMs)}; RSS from ${before.toFixed()} to ${most.toFixed()} MiB`)
  expect([...surge.outcomes.keys()].filter((outcome) => !OUTCOMES.includes(outcome))).toEqual([])
  expect(surge.outcomes.get('200')).toBeGreaterThan(0)
  expect(most - before).toBeLessThan(GROWTH_MIB_MAX)
  expectWithin(Math.max(...surge.latenciesMs), LATENCY_MS_MAX)
  expect(rig.server.child.exitCode).toBe(null)
  for (const [userId, requests] of surge.acknowledged)
    expect((await rig.traits(`user_id:${userId}`)).body['traits']).toMatchObject({ clicks: requests })
  await rig.verify(load)
})
