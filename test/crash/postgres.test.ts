/**
 * Whatever is killed while a Postgres is told of transitions, its tables have in the end what the server has: the
 * process of the workers, the queue's Redis, Postgres itself.
 */
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { DEADLINE_MS, eventually, until } from '../support/eventually.ts'
import { OwnPostgres, POSTGRES_MISSING, POSTGRES_PROGRAMS } from '../support/own-postgres.ts'
import { processesIn, signal, workersOf } from '../support/processes.ts'
import { Rig } from './harness/rig.ts'
import { say, sized, stopwatch } from './harness/runs.ts'

type Victim = 'workers' | 'queue' | 'postgres'

const TRANSITIONS = sized({ usual: 2_000, full: 100_000 })
const USERS = sized({ usual: 100, full: 2_000 })
const KILLS = sized({ usual: 1, full: 8 })
/** The queue last: what waits for its jobs waits for those of the workers, too. */
const VICTIMS: readonly Victim[] = ['postgres', 'workers', 'queue']
/** Users that one request is about. */
const REQUEST_USERS = 50
/** The jobs of a worker that is gone come again once their locks have expired, and that has been looked for. */
const SETTLING = { timeout: DEADLINE_MS * 5, interval: 250 }

if (POSTGRES_PROGRAMS === undefined) console.warn(POSTGRES_MISSING)

/** Users whose level goes up and down, which is an entry or an exit, and who press, which is a value more. */
class Users {
  /** Transitions that the calls so far have made. */
  transitions = 0
  readonly #rig: Rig
  readonly #levels = new Map<string, number>()
  readonly #presses = new Map<string, number>()

  constructor(rig: Rig) {
    this.#rig = rig
  }

  /** Sends one request; resolves when it is acknowledged. */
  async send(): Promise<void> {
    const { chance } = this.#rig
    const batch = Array.from({ length: REQUEST_USERS }, () => `p${chance.below(USERS)}`).flatMap((userId) => {
      const level = chance.below(2)
      if (level !== (this.#levels.get(userId) ?? 0)) this.transitions++
      this.transitions++
      this.#levels.set(userId, level)
      this.#presses.set(userId, (this.#presses.get(userId) ?? 0) + 1)
      return [
        { type: 'identify', userId, traits: { level } },
        { type: 'track', userId, event: 'Pressed' },
      ]
    })
    expect((await this.#rig.ingest('batch', { batch })).status).toBe(200)
  }

  members(): string[] {
    return [...this.#levels].filter(([, level]) => level === 1).map(([user]) => user).sort() // prettier-ignore
  }

  presses(): string[] {
    return Array.from(this.#presses, ([user, count]) => `${user} ${count}`).sort()
  }
}

async function kill(rig: Rig, postgres: OwnPostgres, victim: Victim): Promise<void> {
  switch (victim) {
    case 'workers': {
      const workers = workersOf(rig.server.child.pid!)
      if (workers !== undefined) signal(workers, 'SIGKILL')
      return
    }
    case 'queue': {
      const queue = (): number | undefined => processesIn(join(rig.directory, 'data', 'queue'))[0]
      await until(() => queue() !== undefined)
      signal(queue()!, 'SIGKILL')
      return
    }
    case 'postgres':
      await postgres.kill()
  }
}

it.skipIf(POSTGRES_PROGRAMS === undefined)('a Postgres has what the server has, whatever is killed', async () => {
  const postgres = await OwnPostgres.start()
  onTestFinished(() => postgres.remove())
  const environment = { DESTINATIONS_ALLOW_PRIVATE: '127.0.0.0/8' }
  const rig = await Rig.begin('Postgres', { redis: 'private', environment })
  const settings = { ...postgres.settings, batchSize: 50, timeoutSeconds: 5 }
  const destination = await rig.made('destinations', { type: 'postgres', settings }, 'destination')
  const audience = { name: 'up', key: 'up', definition: { query: "trait('level') >= 1" } }
  const trait = { name: 'presses', key: 'presses', definition: { type: 'USERS', query: "event('Pressed').count()" } }
  const paths = [
    `audiences/${(await rig.made('audiences', audience, 'audience')).id}`,
    `computed-traits/${(await rig.made('computed-traits', trait, 'computedTrait')).id}`,
  ] as const
  for (const path of paths)
    await rig.made(`${path}/destination-connections`, { destination: { id: destination.id } }, 'connection')

  const users = new Users(rig)
  const overview = async (): Promise<Overview> => {
    const { data } = JSON.parse(await rig.read(`destinations/${destination.id}/overview`)) as Answered
    return data.overview
  }
  const elapsedMs = stopwatch()
  const victims = Array.from({ length: KILLS }, () => VICTIMS).flat()
  for (const [index, victim] of victims.entries()) {
    while (users.transitions < ((index + 1) * TRANSITIONS) / (victims.length + 1)) await users.send()
    const before = await overview()
    await kill(rig, postgres, victim)
    if (victim !== 'postgres') continue
    await eventually(async () => {
      await users.send()
      expect((await overview()).retries).toBeGreaterThan(before.retries)
    }, SETTLING)
    await postgres.start()
    // Otherwise the next would be killed while nothing is on its way.
    await eventually(async () => expect((await overview()).delivered).toBeGreaterThan(before.delivered), SETTLING)
  }
  while (users.transitions < TRANSITIONS) await users.send()

  const told = async (): Promise<unknown> => ({
    members: await rows(postgres, 'select id_value from rollcall.current_members'),
    presses: await rows(postgres, "select id_value || ' ' || value from rollcall.current_traits"),
  })
  const expected = { members: users.members(), presses: users.presses() }
  await eventually(async () => expect(await told()).toEqual(expected), SETTLING)
  expect(await told()).toEqual({ members: await exported(rig, paths[0]), presses: await exported(rig, paths[1]) })
  const { created, delivered, retries, collapsed, failed } = await overview()
  expect(failed.total).toBe(0)
  say(
    'Postgres',
    `${users.transitions} transitions of ${USERS} users, ${victims.length} kills, ${Math.round(elapsedMs() / 1_000)} s;`,
    `${created} deliveries, ${delivered} arrived, ${collapsed} gave way to later ones, ${retries} retries`,
  )
  expect(await rig.server.end('SIGTERM')).toBe(0)
})

interface Answered {
  readonly data: { readonly overview: Overview }
}

interface Overview {
  readonly created: number
  readonly delivered: number
  readonly retries: number
  readonly collapsed: number
  readonly failed: { readonly total: number }
}

async function rows(postgres: OwnPostgres, text: string): Promise<string[]> {
  const found = await postgres.query(`${text} where id_type = 'user_id'`)
  return found.flatMap((row) => Object.values(row) as string[]).sort()
}

/** Lists who is in an export: their ids, and the values of a computed trait behind them. */
async function exported(rig: Rig, path: string): Promise<string[]> {
  const lines = (await rig.read(`${path}/export.ndjson`)).trim().split('\n')
  return lines
    .map((line) => JSON.parse(line) as { id: string; value?: number })
    .map(({ id, value }) => [id.replace('user_id:', ''), value ?? ''].join(' ').trimEnd())
    .sort()
}
