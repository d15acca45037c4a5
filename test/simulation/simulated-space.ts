/**
 * A space whose servers crash, one after another, at one Redis; a client that sends again what was not answered; and
 * the transitions that went live. Everything follows from the seed.
 */
import { SMALL_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { DeduplicationLimits } from '../../actors/deduplication/deduplication.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import { EngineError } from '../../src/model/errors.ts'
import { KEEP_ALL, type Retention } from '../../src/model/retention.ts'
import { SegmentIds } from '../../src/model/segment-id.ts'
import type { Transition } from '../../src/model/transition.ts'
import { journalKey } from '../../src/redis/keys.ts'
import { RedisCheckpoints } from '../../src/checkpoints/redis-checkpoints.ts'
import { RedisJournal } from '../../src/journal/redis-journal.ts'
import { RedisJournalTail } from '../../src/journal/redis-journal-tail.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import { type PipelineOptions, recoveryOptionsOf } from '../../src/space/pipeline-options.ts'
import { Standby } from '../../src/space/standby.ts'
import { TransitionFeed } from '../../src/space/transition-feed.ts'
import { FeedClient } from '../support/feed-client.ts'
import { VirtualTime } from '../support/server.ts'
import { type Chance, Fate, type Odds } from './fate.ts'
import { SimulatedRedis } from './simulated-redis.ts'

/** A request of a client. */
export type Asked =
  | {
      readonly kind: 'call'
      readonly call: Readonly<Record<string, unknown>>
      readonly receivedAt: number
      readonly sourceId?: string
    }
  | {
      readonly kind: 'crowd'
      readonly calls: readonly Readonly<Record<string, unknown>>[]
      readonly receivedAt: number
    }
  | { readonly kind: 'command'; readonly command: SpaceCommand; readonly receivedAt: number }
  | { readonly kind: 'pause'; readonly receivedAt: number }

/** A server that follows the space of another. */
interface Follower {
  readonly fate: Fate
  readonly address: string
  /** Those of the space, for when it goes on with it. */
  readonly options: SpaceOptions
  /** Resolves with undefined if the space could not be read. */
  readonly standby: Promise<Standby | undefined>
}

type SpaceOptions = Omit<PipelineOptions, 'journal' | 'checkpoints' | 'clock' | 'timer'>

/** One server, from its start to its end. */
interface Process {
  readonly fate: Fate
  readonly time: VirtualTime
  /** Ahead of, or behind, the clocks of others, ms. */
  readonly skewMs: number
  pipeline: Pipeline | undefined
}

const SPACE = 'simulated'
const STARTS_MAX = 1_000
const ATTEMPTS_MAX = 10_000
/** Turns that a client waits before it asks once more. */
const RETRY_TURNS = 20
/** Whenever a request has waited for so many turns, so much time has gone by. */
const PATIENCE_TURNS = 500
const PATIENCE_MS = 10
/** The engine that tells what is expected must forget as much. */
export const DEDUPLICATION: DeduplicationLimits = { horizonMs: 400 * 86_400_000, idsMax: 1_000 }

export class SimulatedSpace {
  readonly redis = new SimulatedRedis()
  /** Live transitions, by server. */
  readonly live: Transition[][] = []
  /** Follows the feed of one server after another. */
  readonly client = new FeedClient('0-0')
  starts = 0
  /** That were committed. */
  checkpoints = 0
  /** Servers that went on with a space that they had followed. */
  takenOver = 0
  /** Inputs that a server took that had lost the space to another. */
  takenByOthers = 0
  readonly #chance: Chance
  readonly #odds: Odds
  #now = 0
  #process: Process | undefined
  #coming: Promise<Process> | undefined
  /** The server that another has taken over from, which does not know that yet. */
  #rival: Process | undefined
  #follower: Follower | undefined

  constructor(chance: Chance, odds: Odds) {
    this.#chance = chance
    this.#odds = odds
  }

  /** Ends in order, however many servers that needs: resolves with the last, at a Redis that answers. */
  async finish(): Promise<Pipeline> {
    for (;;) {
      const { pipeline, fate } = await this.#running()
      await Promise.race([pipeline!.stop(), fate.death])
      if (!fate.isDead) {
        this.#follower?.fate.die()
        fate.relent()
        return pipeline!
      }
    }
  }

  /** Resolves when inputs that come at once are taken for good, however many servers that needs. */
  async take(burst: readonly Asked[]): Promise<void> {
    await this.#moveTo(Math.max(this.#now, ...burst.map(({ receivedAt }) => receivedAt)))
    await Promise.all(burst.map((asked) => this.#sendUntilTaken(asked)))
    const call = burst.find(({ kind }) => kind === 'call')
    // A client that has not heard the answer sends again what was taken.
    if (call && this.#chance.is(0.1)) await this.#sendUntilTaken(call)
    if (this.#chance.is(0.02)) await this.#stop()
    if (this.#chance.is(0.03)) this.#replace()
    if (this.#rival && call && this.#chance.is(0.3)) await this.#trust(this.#rival, call)
  }

  async #moveTo(instant: number): Promise<void> {
    await this.#running()
    this.#now = instant
    for (const process of [this.#process, this.#rival]) process?.time.moveTo(this.#timeOf(process))
  }

  async #sendUntilTaken(asked: Asked): Promise<void> {
    for (let attempt = 0; !(await this.#send(await this.#running(), asked)); attempt++) {
      if (attempt === ATTEMPTS_MAX) throw new Error(`it is not taken within ${ATTEMPTS_MAX} attempts`)
      await this.#pass(RETRY_TURNS)
    }
  }

  /** False where the server has died, or did not take it. */
  async #send(process: Process, asked: Asked): Promise<boolean> {
    const { pipeline, fate } = process
    if (asked.kind === 'call' && this.#chance.is(0.2)) lookAt(pipeline!, asked.call['userId'])
    const taken = submit(pipeline!, asked).then(
      () => true,
      // What breaks a rule is answered with that.
      (error: unknown) => error instanceof EngineError && error.code !== 'unavailable',
    )
    const isTaken = await this.#untilAnswered(process, Promise.race([taken, fate.death.then(() => false)]))
    if (!isTaken && !pipeline!.isOpen) fate.die()
    return isTaken
  }

  /** Time goes on while somebody waits: a change of definitions is answered when it is live, or after a moment. */
  async #untilAnswered({ time }: Process, answer: Promise<boolean>): Promise<boolean> {
    for (;;) {
      const isTaken = await Promise.race([answer, this.#pass(PATIENCE_TURNS)])
      if (isTaken !== undefined) return isTaken
      time.moveTo(time.now + PATIENCE_MS)
    }
  }

  /** Another server takes the space over, while the first still runs. */
  #replace(): void {
    this.#rival?.fate.die()
    this.#rival = this.#process
    this.#process = undefined
  }

  /** A client that has not heard of it asks the server that has lost the space; until that finds out. */
  async #trust(rival: Process, asked: Asked): Promise<void> {
    await this.#running()
    if (await this.#send(rival, asked)) this.takenByOthers++
    if (rival.fate.isDead) this.#rival = undefined
  }

  async #stop(): Promise<void> {
    const { pipeline, fate } = await this.#running()
    await Promise.race([pipeline!.stop(), fate.death])
    fate.die()
  }

  async #pass(turns: number): Promise<undefined> {
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
  }

  /** However many ask for it, one server comes up. */
  #running(): Promise<Process> {
    this.#coming ??= this.#bringUp().finally(() => {
      this.#coming = undefined
    })
    return this.#coming
  }

  async #bringUp(): Promise<Process> {
    while (!this.#process?.pipeline || this.#process.fate.isDead) {
      if (++this.starts > STARTS_MAX) throw new Error(`it does not come up within ${STARTS_MAX} starts`)
      if (this.#chance.is(0.1)) this.#damage()
      await this.#start()
    }
    return this.#process
  }

  /**
   * The newest checkpoint; or all, where the journal can do without. Not while a server runs that may commit another, and
   * trim the journal, without knowing of it, nor while a commit is on its way: two damaged ones are more than a space
   * need survive.
   */
  #damage(): void {
    if ((this.#rival && !this.#rival.fate.isDead) || this.redis.isCommitting(SPACE)) return
    const committed = this.redis.committed(SPACE)
    if (this.redis.isWhole && this.#chance.is(0.5))
      for (const checkpoint of committed) this.redis.lose(SPACE, checkpoint)
    else if (committed[0] !== undefined) this.redis.damage(SPACE, committed[0], this.#chance)
  }

  async #start(): Promise<void> {
    const chance = this.#chance
    const follower = this.#follower?.fate.isDead ? undefined : this.#follower
    this.#follower = undefined
    const fate = follower?.fate ?? new Fate(chance, this.#odds)
    const skewMs = chance.of([0, 0, 0, 5_000, -5_000])
    const time = new VirtualTime(this.#now + skewMs)
    const process: Process = { fate, time, skewMs, pipeline: undefined }
    this.#process = process
    const address = follower?.address ?? `server ${this.starts}`
    this.redis.admit(address, fate)
    const opening = this.#open(address, process, follower)
    const opened = await Promise.race([opening.catch((cause: unknown) => refused(cause)), fate.death])
    if (!opened || fate.isDead) {
      fate.die()
      return
    }
    const live: Transition[] = []
    this.live.push(live)
    opened.changes$.subscribe({
      next: (transition) => fate.isDead || live.push(transition),
      error: () => undefined,
    })
    const { shard, registry, recent, applied$ } = opened
    this.client.cut()
    // Months go by: heartbeats would be millions.
    const segmentIds = new SegmentIds(SPACE)
    const feed = new TransitionFeed({ shard, registry, segmentIds, recent, applied$, timer: () => () => undefined })
    this.client.connect(feed, { kind: 'space' }, () => !fate.isDead)
    process.pipeline = opened
    if (chance.is(0.5)) this.#follow()
    time.moveTo(this.#timeOf(process))
  }

  /** A further server follows the space, until it has it or dies. */
  #follow(): void {
    const fate = new Fate(this.#chance, this.#odds)
    const address = `follower ${this.starts}`
    this.redis.admit(address, fate)
    const options = this.#spaceOptions()
    let elapsed = 0
    const opening = Standby.open({
      ...recoveryOptionsOf(options),
      tail: new RedisJournalTail<SpaceCommand>({ address, key: journalKey(SPACE) }),
      checkpoints: new RedisCheckpoints({ address, spaceId: SPACE, epoch: 0 }),
      elapsedMs: () => (elapsed += 100),
      breathe: () => Promise.resolve(),
    })
    const standby = opening.then(
      (opened) => {
        opened.follow().catch(() => undefined)
        return opened
      },
      () => undefined,
    )
    this.#follower = { fate, address, options, standby }
  }

  async #open(address: string, { fate, time }: Process, follower: Follower | undefined): Promise<Pipeline> {
    const journal = await RedisJournal.open<SpaceCommand>({ address, key: journalKey(SPACE) })
    const standby = await follower?.standby
    const { options = this.#spaceOptions() } = follower ?? {}
    let isTaken = standby !== undefined
    const pipeline = await Pipeline.open({
      ...options,
      ...(standby && { standby }),
      onStandbyLost: () => (isTaken = false),
      journal,
      checkpoints: new RedisCheckpoints({ address, spaceId: SPACE, epoch: journal.epoch }),
      clock: time.clock,
      timer: (callback, delayMs) => time.timer(() => fate.isDead || callback(), delayMs),
      onFailure: () => fate.die(),
    })
    if (isTaken) this.takenOver++
    return pipeline
  }

  #spaceOptions(): SpaceOptions {
    const chance = this.#chance
    return {
      memory: SMALL_MEMORY,
      residentBytesMax: chance.of([0, 20_000, Infinity]),
      ...retentionOf(chance),
      sliceOf: () => ({ actors: chance.of([1, 3, 200]), rows: chance.of([1, 5, 50, 500]), events: 1_000 }),
      elapsedMs: () => 0,
      deduplication: DEDUPLICATION,
      checkpointLimits: {
        intervalMs: chance.of([1, 1_000, 3_600_000]),
        bytesMax: chance.of([1, 500, 5_000, 1_000_000]),
      },
      onCheckpoint: () => this.checkpoints++,
    }
  }

  #timeOf({ time, skewMs }: Process): number {
    return Math.max(time.now, this.#now + skewMs)
  }
}

/** A start that fails is the end of the process; that it finds less than was acknowledged is a fault of ours. */
function refused(cause: unknown): undefined {
  const message = cause instanceof Error ? cause.message : ''
  if (/^(WRONGTYPE|another server|The server has stopped|The journal cannot be reached)/.test(message)) return undefined
  throw new Error('the space cannot be recovered', { cause })
}

/** Mostly what it was before. */
function retentionOf(chance: Chance): { retention?: Retention } {
  if (!chance.is(0.1)) return {}
  return { retention: { ...KEEP_ALL, anonymousMs: chance.of([Infinity, 3_600_000, 30 * 86_400_000]) } }
}

/** A read may bring a user back into memory; what it shows is of no interest here, nor whether it shows anything. */
function lookAt(pipeline: Pipeline, userId: unknown): void {
  if (typeof userId !== 'string') return
  Promise.resolve(pipeline.reads.find('users', { type: 'user_id', value: userId })).catch(() => undefined)
}

async function ingest(pipeline: Pipeline, batch: readonly unknown[], sourceId = ''): Promise<void> {
  const body = Buffer.from(JSON.stringify({ batch }))
  const { calls } = readRequest('batch', parseBody(body))
  await pipeline.ingest({ endpoint: 'batch', sourceId, body, calls })
}

async function submit(pipeline: Pipeline, asked: Asked): Promise<void> {
  switch (asked.kind) {
    case 'call':
      return ingest(pipeline, [asked.call], asked.sourceId)
    case 'crowd':
      return ingest(pipeline, asked.calls)
    case 'command':
      return pipeline.command(asked.command)
    case 'pause':
      return Promise.resolve()
  }
}
