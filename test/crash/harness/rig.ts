/** A server as a child process with its Redis, a way between them where it is asked for, and clients that send to it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { eventually, until } from '../../support/eventually.ts'
import { runServe, type ServeLaunch, type ServeProcess } from '../../support/run-serve.ts'
import { type Answered, basic, send } from '../../support/server.ts'
import { Calls, type Cohort } from './calls.ts'
import { DEFINITIONS, expectedOf, type Traits } from './definitions.ts'
import { FaultyLink } from './faulty-link.ts'
import { Load, type LoadOptions } from './load.ts'
import { OwnRedis } from './own-redis.ts'
import { freePort, processesIn, signal } from '../../support/processes.ts'
import { Chance, expectWithin, say, spread, stopwatch, within } from './runs.ts'

/** Checkpoints come as often as they can, so that faults fall into them. */
const KEYS = { WRITE_KEY: 'write-key-1', ACCESS_TOKEN: 'access-token-1', CHECKPOINT_SECONDS: '1' }
/** The journal is waited for 5 s. */
const REFUSED_WITHIN_MS = 8_000
const COUNTED_WITHIN_MS = 10_000
/** Cohorts that are asked for at once. */
const READS = 8

export interface RigOptions {
  /** `private`: the server's own; `own`: one that the test holds; `linked`: that, with a way that can be faulty. */
  readonly redis: 'private' | 'own' | 'linked'
  /** Where all of it is kept; a folder of its own, where nothing is said. */
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly launch?: ServeLaunch
}

export class Rig {
  readonly story: string
  readonly chance: Chance
  readonly directory: string
  readonly calls: Calls
  /** The address of the server that is asked. */
  url: string
  readonly environment: Readonly<Record<string, string>>
  readonly #loads: Load[] = []
  readonly #servers: ServeProcess[] = []
  #redis: OwnRedis | undefined
  #link: FaultyLink | undefined

  /** Everything is ended when the test is, however it ends. The server is started, and has its definitions. */
  static async begin(story: string, options: RigOptions): Promise<Rig> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'rollcall-crash-')))
    const port = await freePort()
    const rig = new Rig(story, directory, port, { ...KEYS, PORT: String(port), ...options.environment })
    onTestFinished(() => rig.#end())
    if (options.redis !== 'private') rig.#redis = await new OwnRedis(join(directory, 'redis')).start()
    if (options.redis === 'linked') rig.#link = await FaultyLink.open(join(directory, 'link.sock'), rig.redis.address)
    await rig.start(options.launch)
    for (const { kind, key, type, query } of DEFINITIONS) {
      const isAudience = kind === 'audience'
      const definition = isAudience ? { query } : { query, type }
      const body = { name: key, key, definition, ...(isAudience ? { audienceType: type } : {}) }
      expect((await rig.control('POST', isAudience ? 'audiences' : 'computed-traits', body)).status).toBe(200)
    }
    return rig
  }

  private constructor(story: string, directory: string, port: number, environment: Record<string, string>) {
    this.story = story
    this.chance = new Chance(story)
    this.directory = directory
    this.calls = new Calls(this.chance)
    this.url = `http://127.0.0.1:${port}`
    this.environment = environment
  }

  /** The newest. */
  get server(): ServeProcess {
    return this.#servers.at(-1)!
  }

  get redis(): OwnRedis {
    return this.#redis!
  }

  get link(): FaultyLink {
    return this.#link!
  }

  /** Resolves when it is ready. */
  async start(launch: ServeLaunch = {}): Promise<ServeProcess> {
    const server = this.launch(launch)
    await server.ready
    return server
  }

  /** @param environment what differs from that of the others */
  launch(launch: ServeLaunch = {}, environment: Record<string, string> = {}, name = 'data'): ServeProcess {
    const address = this.#link?.address ?? this.#redis?.address
    const from = address === undefined ? {} : { REDIS_URL: address }
    const server = runServe(join(this.directory, name), { ...this.environment, ...from, ...environment }, launch)
    this.#servers.push(server)
    return server
  }

  /** The server's private Redis; undefined while none runs. */
  privateRedis(): number | undefined {
    return processesIn(join(this.directory, 'data', 'journal'))[0]
  }

  load(options: Partial<LoadOptions> = {}): Load {
    const { url, calls, chance } = this
    const load = new Load({ url, calls, chance, writeKey: KEYS.WRITE_KEY, ...options })
    this.#loads.push(load)
    return load
  }

  /** Sends one call that nothing else counts. */
  call(url = this.url): Promise<Answered> {
    return this.ingest('track', { userId: 'probe', event: 'Probed' }, url)
  }

  ingest(path: string, body: object, url = this.url): Promise<Answered> {
    const headers = { authorization: basic(KEYS.WRITE_KEY), connection: 'close' }
    return send(`${url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  control(method: string, path: string, body: object): Promise<Answered> {
    const headers = { authorization: `Bearer ${KEYS.ACCESS_TOKEN}`, connection: 'close' }
    return send(`${this.url}/spaces/default/${path}`, { method, headers, body: JSON.stringify(body) })
  }

  /** Resolves with the text of an answer of the Control API. */
  async read(path: string): Promise<string> {
    const headers = { authorization: `Bearer ${KEYS.ACCESS_TOKEN}`, connection: 'close' }
    const response = await fetch(`${this.url}/spaces/default/${path}`, { headers })
    expect(response.status).toBe(200)
    return response.text()
  }

  /** Reads the new thing of an answer of the Control API; `one` is its name there. */
  async made(path: string, body: object, one: string): Promise<{ readonly id: string }> {
    const { status, text, body: answer } = await this.control('POST', path, body)
    expect([status, text]).toEqual([200, expect.any(String)])
    return (answer['data'] as Record<string, { id: string }>)[one]!
  }

  /** @param id `type:value` */
  traits(id: string): Promise<Answered> {
    const collection = id.startsWith('group_id:') ? 'accounts' : 'users'
    const path = `/v1/spaces//collections/${collection}/profiles/${encodeURIComponent(id)}/traits?limit=200`
    const headers = { authorization: basic(`${KEYS.ACCESS_TOKEN}:`), connection: 'close' }
    return send(`${this.url}${path}`, { headers })
  }

  /** Ms until a call is taken again. */
  async heals(withinMs: number): Promise<number> {
    const elapsedMs = stopwatch()
    const pace = { timeout: within(withinMs), interval: 20 }
    await eventually(async () => expect((await this.call()).status).toBe(200), pace)
    return elapsedMs()
  }

  /** Input is refused, with a code and the time to wait; what is in memory is read as before. */
  async refusesAndReads(): Promise<void> {
    const [user] = this.calls.cohorts[0]!.users
    const elapsedMs = stopwatch()
    const answers = await Promise.all([this.call(), this.traits(`user_id:${user}`)])
    const [{ status, headers, body }, traits] = answers
    expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'unavailable' })
    expect(headers.get('retry-after')).toMatch(/^\d+$/)
    expect(traits.status).toBe(200)
    expectWithin(elapsedMs(), REFUSED_WITHIN_MS)
  }

  /** Resolves when everything that was sent is acknowledged, and counts once, as the oracle has it. */
  async verify(load: Load): Promise<void> {
    await load.drain()
    await this.verifyCounts()
    const outcomes = [...load.outcomes].map(([outcome, count]) => `${outcome}: ${count}`).join(', ')
    say(this.story, `${this.calls.made} calls acknowledged, 0 lost, 0 twice;`, outcomes + ';', spread(load.latenciesMs))
  }

  /** Waits until windows have closed, and what nobody waits for any more is applied. */
  async verifyCounts(): Promise<void> {
    const pace = { timeout: within(COUNTED_WITHIN_MS), interval: 200 }
    await this.#eachCohort((cohort) => eventually(() => this.#check(cohort), pace))
  }

  /** Throws where a call does not count by now. */
  async checkCounts(): Promise<void> {
    await this.#eachCohort((cohort) => this.#check(cohort))
  }

  async #eachCohort(act: (cohort: Cohort) => Promise<void>): Promise<void> {
    const { cohorts } = this.calls
    expect(cohorts).not.toEqual([])
    for (let from = 0; from < cohorts.length; from += READS)
      await Promise.all(cohorts.slice(from, from + READS).map(act))
  }

  async #check(cohort: Cohort): Promise<void> {
    const expected = Object.fromEntries(expectedOf(cohort))
    expect(await this.#found(Object.keys(expected))).toEqual(expected)
  }

  async #found(ids: readonly string[]): Promise<Record<string, Traits>> {
    const found = ids.map(async (id) => [id, (await this.traits(id)).body['traits'] as Traits] as const)
    return Object.fromEntries(await Promise.all(found))
  }

  async #end(): Promise<void> {
    const loads = this.#loads.map((load) => load.end())
    for (const { child, end } of this.#servers)
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL')
    await this.#link?.close()
    for (const id of processesIn(this.directory)) signal(id, 'SIGKILL')
    await Promise.all(loads)
    await until(() => processesIn(this.directory).length === 0)
    await rm(this.directory, { recursive: true, force: true })
  }
}
