/**
 * The journal in a Redis stream.
 *
 * K1. One owner at a time: whoever opens a journal begins a new epoch, and an older owner can append no more.
 * K2. The writer chooses the id of an entry, `epoch-seq`, and says which entry it knows as the last. So an attempt
 *     whose answer was lost is made again, until it is answered, and stores its entry once.
 * K3. Only what cannot be mended ends an append: another owner, or entries that have been lost.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Journal, JournalEntry, JournalRecord } from './journal.ts'
import { decodeEntry, encodeEntry } from './journal-codec.ts'
import { APPEND, OWN } from './journal-scripts.ts'
import { createRedis } from './redis-client.ts'

/** The journal has another owner now, or has lost entries that were durable: this process must not go on. */
export class JournalLostError extends Error {
  override readonly name = 'JournalLostError'
}

export interface RedisJournalOptions {
  /** `redis://…`, `rediss://…`, or the path of a unix socket. */
  readonly address: string
  readonly key: string
  /** Told whenever an attempt fails, with the cause; and with undefined when one succeeds after that. */
  readonly onTrouble?: (cause: unknown) => void
}

const RETRY_MS_MIN = 20
const RETRY_MS_MAX = 500
/** Entries asked for at once; an entry is at most a few MB. */
const PAGE_ENTRIES = 200
const OWNER_ENTRIES_AT_ONCE = 16

export class RedisJournal<Command> implements Journal<Command> {
  readonly #redis: Redis
  readonly #options: RedisJournalOptions
  readonly #epoch: number
  /** Id of the last entry. */
  #tail: string
  #sequence = 0
  #nextPosition: number
  #last: Promise<unknown> = Promise.resolve()
  #isReachable = true
  readonly #closing = new AbortController()

  /** Takes the journal over from whoever owned it; waits for Redis as long as `signal` lets it. */
  static async open<Command>(
    options: RedisJournalOptions,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<RedisJournal<Command>> {
    const redis = createRedis(options.address)
    const token = randomUUID()
    try {
      for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(RETRY_MS_MAX, retryMs * 2))
        try {
          if (redis.status === 'wait') await redis.connect()
          const tail = (await redis.eval(OWN, 1, options.key, token)) as string
          const nextPosition = await nextPositionOf(redis, options.key)
          return new RedisJournal<Command>(redis, options, { tail, nextPosition })
        } catch (cause) {
          if (isFinal(cause)) throw cause
          options.onTrouble?.(cause)
          await delay(retryMs, undefined, { signal })
        }
    } catch (error) {
      redis.disconnect()
      throw error
    }
  }

  private constructor(redis: Redis, options: RedisJournalOptions, start: { tail: string; nextPosition: number }) {
    this.#redis = redis
    this.#options = options
    this.#tail = start.tail
    this.#epoch = epochOf(start.tail)
    this.#nextPosition = start.nextPosition
  }

  get isReachable(): boolean {
    return this.#isReachable
  }

  append(entry: JournalEntry<Command>): Promise<number> {
    const position = this.#nextPosition++
    const bytes = encodeEntry(position, entry)
    const appended = this.#last.then(() => this.#append(bytes)).then(() => position)
    this.#last = appended
    appended.catch(() => undefined)
    return appended
  }

  async *read(from: number): AsyncGenerator<JournalRecord<Command>> {
    for (let start = '-'; ;) {
      if (this.#closing.signal.aborted) throw new Error('read: the journal is closed')
      const page = await this.#retrying(() =>
        this.#redis.xrangeBuffer(this.#options.key, start, '+', 'COUNT', PAGE_ENTRIES),
      )
      for (const [, [field, bytes]] of page) {
        if (field?.toString() !== 'entry' || !bytes) continue
        const record = decodeEntry<Command>(bytes)
        if (record.position >= from) yield record
      }
      const last = page.at(-1)
      if (!last) return
      start = `(${last[0].toString()}`
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('append: the journal is closed'))
    await this.#last.catch(() => undefined)
    this.#redis.disconnect()
  }

  async #append(bytes: Buffer): Promise<void> {
    const id = `${this.#epoch}-${++this.#sequence}`
    const answer = await this.#retrying(() => this.#redis.eval(APPEND, 1, this.#options.key, this.#tail, id, bytes))
    if (answer !== 'stored' && answer !== 'already') throw this.#lost(String(answer))
    this.#tail = id
  }

  /** Keeps K2 and K3. */
  async #retrying<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const { signal } = this.#closing
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)) {
      signal.throwIfAborted()
      try {
        const answer = await ask()
        if (!this.#isReachable) this.#options.onTrouble?.(undefined)
        this.#isReachable = true
        return answer
      } catch (cause) {
        if (isFinal(cause)) throw cause
        this.#isReachable = false
        this.#options.onTrouble?.(cause)
        await delay(retryMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  #lost(tail: string): JournalLostError {
    if (epochOf(tail) > this.#epoch) return new JournalLostError('another server has taken over the journal')
    return new JournalLostError(`the journal ends at ${tail}, before its last durable entry ${this.#tail}`)
  }
}

/** Entries count on from the last one that is kept. */
async function nextPositionOf(redis: Redis, key: string): Promise<number> {
  for (let end = '+'; ;) {
    const page = await redis.xrevrangeBuffer(key, end, '-', 'COUNT', OWNER_ENTRIES_AT_ONCE)
    for (const [, [field, bytes]] of page)
      if (field?.toString() === 'entry' && bytes) return decodeEntry(bytes).position + 1
    const last = page.at(-1)
    if (!last) return 0
    end = `(${last[0].toString()}`
  }
}

/** What no further attempt can mend: the key is no stream, the credentials are wrong, an entry is damaged. */
function isFinal(cause: unknown): boolean {
  return cause instanceof Error && /^(WRONGTYPE|WRONGPASS|NOAUTH|NOPERM|journal:)/.test(cause.message)
}

function epochOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')))
}
