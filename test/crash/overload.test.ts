/** Far more comes in than can be taken: the surplus is told when to come again, and memory does not grow with it. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { basic } from '../support/server.ts'
import { residentMiB } from '../support/processes.ts'
import { Rig } from './harness/rig.ts'
import { say, sized, spread } from './harness/runs.ts'

const DURATION_MS = sized({ usual: 500, full: 60_000 })
/** Requests at once: their bodies are several times of what may be under way. */
const CLIENTS = sized({ usual: 300, full: 500 })
/** A machine that is busy takes longer to send too much. */
const SLOW_MS_MAX = 20_000
const USERS = 10
/** A batch has some 450 KB. */
const BATCH_CALLS = 240
const TEXT = 'x'.repeat(1_750)
/** Requests under way are stored within the writer's patience of 5 s, or refused; the rest is the way there. */
const LATENCY_MS_MAX = 20_000
/** 64 MiB that wait, the bodies of all clients that are being read, and what both are parsed to. */
const GROWTH_MIB_MAX = 1_000
const OUTCOMES = ['200', '429 Retry-After', '503 Retry-After']

class Surge {
  readonly outcomes = new Map<string, number>()
  readonly latenciesMs: number[] = []
  /** Acknowledged requests by user. */
  readonly acknowledged = new Map<string, number>()
  readonly #rig: Rig

  constructor(rig: Rig) {
    this.#rig = rig
  }

  /** Sends until the instant, without mercy, and on until it is too much; then what was refused, as it was told to. */
  async send(client: number, until: number): Promise<void> {
    const userId = `surge-${client % USERS}`
    const isOver = (): boolean => {
      const now = performance.now()
      return now > until + SLOW_MS_MAX || (now > until && this.outcomes.has('429 Retry-After'))
    }
    for (let number = 0; !isOver(); number++) {
      const body = bodyOf(userId, `${client}-${number}`)
      while (!(await this.#isTaken(body))) if (isOver()) await delay(1_000)
      this.acknowledged.set(userId, (this.acknowledged.get(userId) ?? 0) + 1)
    }
  }

  async #isTaken(body: string): Promise<boolean> {
    const headers = { authorization: basic(`${this.#rig.environment['WRITE_KEY']}:`) }
    const startedAt = performance.now()
    const response = await fetch(`${this.#rig.url}/v1/batch`, { method: 'POST', headers, body })
    await response.arrayBuffer()
    const outcome = response.headers.has('retry-after') ? `${response.status} Retry-After` : `${response.status}`
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
    if (response.ok) this.latenciesMs.push(performance.now() - startedAt)
    return response.ok
  }
}

function bodyOf(userId: string, name: string): string {
  const large = { type: 'identify', userId, traits: { text: TEXT } }
  const batch = Array.from({ length: BATCH_CALLS }, (_, index) => ({ ...large, messageId: `${name}-${index}` }))
  return JSON.stringify({ batch: [...batch, { type: 'track', userId, messageId: `${name}-click`, event: 'Clicked' }] })
}

it('refuses the surplus of a surge, and takes the rest once', { timeout: 600_000 }, async () => {
  const rig = await Rig.begin('overload', { redis: 'private' })
  const load = rig.load()
  await load.acknowledged(100)
  const pid = rig.server.child.pid!
  const before = residentMiB(pid)
  let most = before
  const watch = setInterval(() => (most = Math.max(most, residentMiB(pid))), 50)
  const surge = new Surge(rig)
  try {
    const until = performance.now() + DURATION_MS
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => surge.send(client, until)))
  } finally {
    clearInterval(watch)
  }
  const outcomes = [...surge.outcomes].map(([outcome, count]) => `${outcome}: ${count}`).join(', ')
  say(rig.story, `${outcomes}; ${spread(surge.latenciesMs)}; RSS from ${before.toFixed()} to ${most.toFixed()} MiB`)
  expect([...surge.outcomes.keys()].filter((outcome) => !OUTCOMES.includes(outcome))).toEqual([])
  expect(surge.outcomes.size).toBeGreaterThan(1)
  expect(most - before).toBeLessThan(GROWTH_MIB_MAX)
  expect(Math.max(...surge.latenciesMs)).toBeLessThan(LATENCY_MS_MAX)
  expect(rig.server.child.exitCode).toBe(null)
  for (const [userId, requests] of surge.acknowledged)
    expect((await rig.traits(`user_id:${userId}`)).body['traits']).toMatchObject({ clicks: requests })
  await rig.verify(load)
})
