/**
 * Sends the calls of the demonstration, from its past on, as long as its space is there.
 *
 * E1. They come in as anybody's do, and follow from the record of the space: nothing else is stored.
 * E2. The time of the space is its own until it has reached ours: it begins 90 days ago and runs as fast as the calls
 *     come in. So who entered, who left and when is as if it had all been watched.
 * E3. The present of the space tells what was reached: after a restart it goes on from there. The last span is sent
 *     again, which counts once.
 * E4. It lets others go first: it sends a little at a time, when it is its turn.
 */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import { readAudience, readComputedTrait } from '../control-api/requests.ts'
import { callsOfShop } from '../demonstration/calls.ts'
import { SHOP_AUDIENCES, SHOP_TRAITS } from '../demonstration/definitions.ts'
import type { ShopScale } from '../demonstration/people.ts'
import { PAST_MS } from '../demonstration/shop.ts'
import type { ShopCall } from '../demonstration/visit.ts'
import { type IngestOptions, callTaker } from '../ingest/calls.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import type { DefinitionRecord } from '../model/space-command.ts'
import type { SpaceRecord } from '../model/space-record.ts'
import { UNITS } from '../model/time.ts'
import type { SetTimer } from '../model/timer.ts'
import type { Pipeline } from '../space/pipeline.ts'
import { DEFAULT_SOURCE_ID } from '../space/sources.ts'
import type { HeldClock } from './held-clock.ts'
import type { Spaces } from './spaces.ts'

export interface DemonstrationSetup {
  readonly spaces: Spaces
  /** By which calls come in. */
  readonly targets: IngestOptions
  /** That of the space. */
  readonly heldClock: HeldClock
  /** Epoch ms. */
  readonly clock: () => number
  readonly timer: SetTimer
  readonly log: Logger
}

export interface DemonstrationShop extends ShopScale {
  readonly record: SpaceRecord
}

/** Kept events of a person: the shop lives without end. */
const EVENTS_MAX = 400
/** Once the present is reached, calls are sent so often, ms. */
const EVERY_MS = 500
/** Calls that would have come before, while the server was down, are left out, ms. */
const MISSED_MS_MAX = 2 * UNITS.hour
/** Calls of a batch. */
const CALLS_MAX = 400
/** Spans of time that are sent at once, by how long before the opening they begin, ms. */
const SPANS = [
  { before: 2 * UNITS.day, spanMs: 2 * UNITS.hour },
  { before: 3 * UNITS.hour, spanMs: 10 * UNITS.minute },
  { before: -Infinity, spanMs: UNITS.minute },
] as const

interface Sending {
  readonly calls: Generator<ShopCall, never>
  /** Taken from the calls, and not sent yet. */
  next: ShopCall
  /** All until then are sent; epoch ms. */
  until: number
}

export class DemonstrationCalls {
  readonly #setup: DemonstrationSetup
  readonly #shop: DemonstrationShop
  readonly #opensAt: number
  #sending: Sending | undefined
  #running: Promise<void> | undefined
  #cancelTimer: () => void = () => undefined
  #isStopped = false

  constructor(setup: DemonstrationSetup, shop: DemonstrationShop) {
    this.#setup = setup
    this.#shop = shop
    this.#opensAt = shop.record.createdAt
  }

  /** True once the time of the space is ours. */
  get isLive(): boolean {
    return this.#sending !== undefined && !this.#setup.heldClock.isHeld
  }

  /** The share of the past that has come in, from 0 to 1. */
  get share(): number {
    const reached = this.#sending?.until ?? this.#pipeline()?.shard.clock ?? 0
    const passed = reached - (this.#opensAt - PAST_MS)
    return Math.max(0, Math.min(1, passed / PAST_MS))
  }

  /** Sends what there is to send, unless it does so already; and again in a while. */
  start(): void {
    if (this.#running || this.#isStopped) return
    this.#running = this.#send().finally(() => {
      this.#running = undefined
      if (this.#isStopped || !this.#isThere()) return
      this.#cancelTimer = this.#setup.timer(() => this.start(), EVERY_MS)
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelTimer()
    await this.#running
  }

  /** False once the space is removed; another one may be in its place. */
  #isThere(): boolean {
    const { record } = this.#shop
    return this.#setup.spaces.find(record.id)?.record === record
  }

  /** Resolves when the present is reached, or a call is refused: that is tried again. */
  async #send(): Promise<void> {
    const { clock, log } = this.#setup
    try {
      for (;;) {
        const pipeline = this.#pipeline()
        if (!pipeline || this.#isStopped) return
        const sending = await this.#takeUp(pipeline)
        if (clock() - sending.until < EVERY_MS) return
        await this.#sendSpan(sending, pipeline)
        // Keeps E4.
        await setImmediate()
      }
    } catch (cause) {
      this.#sending = undefined
      if (!(cause instanceof EngineError)) log.error({ err: cause }, 'the demonstration has failed; it is tried again')
    }
  }

  /** Returns undefined while the space is not open. */
  #pipeline(): Pipeline | undefined {
    const pipeline = this.#isThere() ? this.#setup.spaces.open(this.#shop.record.id)?.server.pipeline : undefined
    return pipeline?.isOpen ? pipeline : undefined
  }

  /** Goes on where it was, unless too much was missed. Keeps E3. */
  async #takeUp(pipeline: Pipeline): Promise<Sending> {
    const reached = this.#sending?.until ?? (await this.#reachedBy(pipeline))
    const from = reached < this.#opensAt ? reached : Math.max(reached, this.#setup.clock() - MISSED_MS_MAX)
    if (this.#sending?.until === from) return this.#sending
    const { seed, people } = this.#shop
    const calls = callsOfShop({ seed, people, opensAt: this.#opensAt }, from)
    this.#sending = { calls, next: calls.next().value, until: from }
    return this.#sending
  }

  async #reachedBy(pipeline: Pipeline): Promise<number> {
    const start = this.#opensAt - PAST_MS
    const { clock, profileCount } = pipeline.shard
    if (profileCount === 0) await this.#furnish(pipeline)
    return Math.max(start, clock - this.#spanAt(clock))
  }

  /** Gives an empty space its definitions, those that it does not have yet. */
  async #furnish(pipeline: Pipeline): Promise<void> {
    const now = this.#setup.heldClock.now()
    const define = async (record: DefinitionRecord): Promise<void> => {
      if (pipeline.registry.idOf(record.source) === '') await pipeline.command({ kind: 'define', record })
    }
    await pipeline.choose({ historyMs: PAST_MS, eventsMax: EVENTS_MAX })
    for (const { name, description, type, query } of SHOP_TRAITS)
      await define(readComputedTrait({ name, description, definition: { type, query } }, now))
    for (const { name, description, type, query } of SHOP_AUDIENCES)
      await define(readAudience({ name, description, audienceType: type, definition: { query } }, now))
  }

  #spanAt(instant: number): number {
    return SPANS.find(({ before }) => this.#opensAt - instant > before)!.spanMs
  }

  /** Sends the calls of a span, and moves the time of the space to its end. Keeps E2. */
  async #sendSpan(sending: Sending, pipeline: Pipeline): Promise<void> {
    const { clock, heldClock } = this.#setup
    const now = clock()
    const batch: JsonObject[] = []
    let until = Math.min(now, sending.until + this.#spanAt(sending.until))
    while (sending.next.at <= until && batch.length < CALLS_MAX) {
      batch.push(sending.next.call)
      sending.next = sending.calls.next().value
    }
    // The rest of the span is for the next time.
    if (sending.next.at <= until) until = sending.next.at - 1
    if (now > until) heldClock.hold(until)
    else heldClock.letGo()
    if (batch.length > 0) await this.#ingest(batch, pipeline)
    sending.until = until
  }

  /** Keeps E1. */
  async #ingest(batch: JsonObject[], { registry }: Pipeline): Promise<void> {
    const writeKey = registry.sources.find(DEFAULT_SOURCE_ID)?.writeKeys[0]?.key ?? ''
    const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`
    const body = Buffer.from(JSON.stringify({ batch }))
    await callTaker(this.#setup.targets)('batch', body, { authorization, spaceId: undefined })
  }
}
