/**
 * The journal in a Redis stream.
 *
 * K1. One owner at a time: opening a journal begins a new epoch, and an older owner can append no more.
 * K2. The writer chooses the id of an entry, `epoch-seq`, and says which entry it knows as the last. So an attempt
 *     whose answer was lost is made again, until it is answered, and stores its entry once.
 * K3. Only what cannot be mended ends an append: another owner, or entries that have been lost.
 * K4. An entry is durable once so many replicas have it; so is the beginning of an epoch: a failover that took it back
 *     would let an older owner append again.
 * K5. An epoch that a failover took back is not begun once more: in a Redis Cluster it is no less than the time, in ms.
 *     Two owners of one epoch would take each other's entries for their own.
 */
import { randomUUID } from 'node:crypto'
import type { Journal, JournalEntry, JournalRecord } from './journal.ts'
import { JournalLostError } from './journal-lost-error.ts'
import { decodeEntry, encodeEntry } from './journal-codec.ts'
import { APPEND, OWN, TRIM } from './journal-scripts.ts'
import { clusterAddressOf } from '../redis/address.ts'
import { askUntilAnswered } from '../redis/ask-until-answered.ts'
import { connectionFor, type KeyConnection } from '../redis/key-connection.ts'

export interface RedisJournalOptions {
  /** `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket. */
  readonly address: string
  readonly key: string
  /** So many must have an entry before it is durable; undefined: none. */
  readonly replicas?: number
  /** Called with the cause whenever an attempt fails, and with undefined when one succeeds after that. */
  readonly onTrouble?: (cause: unknown) => void
}

/** Entries asked for at once; an entry is at most a few MB. */
const PAGE_ENTRIES = 200
const OWNER_ENTRIES_AT_ONCE = 16

export class RedisJournal<Command> implements Journal<Command> {
  readonly #redis: KeyConnection
  readonly #options: RedisJournalOptions
  readonly #epoch: number
  /** Id of the last entry. */
  #tail: string
  #sequence = 0
  #nextPosition: number
  /** Position of the first entry of this owner, and the id of the entry before it. */
  readonly #firstPosition: number
  readonly #before: string
  #last: Promise<unknown> = Promise.resolve()
  #isReachable = true
  #isProbing = false
  readonly #closing = new AbortController()

  /** Takes the journal over from its owner; waits for Redis as long as `signal` lets it. */
  static async open<Command>(
    options: RedisJournalOptions,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<RedisJournal<Command>> {
    const { address, key, replicas = 0 } = options
    const redis = connectionFor(address, key)
    const token = randomUUID()
    // Keeps K5.
    const epochMin = clusterAddressOf(address) ? Date.now() : 1
    const own = async (): Promise<RedisJournal<Command>> => {
      const tail = (await redis.write((at) => at.eval(OWN, 1, key, token, epochMin), replicas)) as string
      return new RedisJournal<Command>(redis, options, { tail, ...(await lastEntryOf(redis, key)) })
    }
    try {
      return await askUntilAnswered(own, { signal, onTrouble: (cause) => options.onTrouble?.(cause) })
    } catch (error) {
      redis.disconnect()
      throw error
    }
  }

  private constructor(
    redis: KeyConnection,
    options: RedisJournalOptions,
    start: { readonly tail: string; readonly nextPosition: number; readonly before: string },
  ) {
    this.#redis = redis
    this.#options = options
    this.#tail = start.tail
    this.#epoch = epochOf(start.tail)
    this.#nextPosition = this.#firstPosition = start.nextPosition
    this.#before = start.before
  }

  get isReachable(): boolean {
    return this.#isReachable
  }

  get nextPosition(): number {
    return this.#nextPosition
  }

  /** Counts the owners of the journal. */
  get epoch(): number {
    return this.#epoch
  }

  idOf(position: number): string {
    if (position === this.#firstPosition - 1) return this.#before
    if (position >= this.#firstPosition && position < this.#nextPosition)
      return `${this.#epoch}-${position - this.#firstPosition + 1}`
    throw new RangeError(`journal: the id of entry ${position} is not known`)
  }

  append(entry: JournalEntry<Command>): Promise<number> {
    const position = this.#nextPosition++
    const bytes = encodeEntry(position, entry)
    const appended = this.#last.then(() => this.#append(bytes)).then(() => position)
    this.#last = appended
    appended.catch(() => undefined)
    return appended
  }

  async *read(from: number, after?: string): AsyncGenerator<JournalRecord<Command>> {
    for (let start = after === undefined ? '-' : `(${after}`; ;) {
      if (this.#closing.signal.aborted) throw new Error('read: the journal is closed')
      const page = await this.#retrying(() =>
        this.#redis.ask((redis) => redis.xrangeBuffer(this.#options.key, start, '+', 'COUNT', PAGE_ENTRIES)),
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

  async trim(id: string): Promise<void> {
    await this.#retrying(() => this.#redis.ask((redis) => redis.eval(TRIM, 1, this.#options.key, id)))
  }

  /** Asks Redis for a sign of life: until one comes, the journal is not reachable. */
  probe(): void {
    if (this.#isProbing) return
    this.#isProbing = true
    const probing = this.#retrying(() => this.#redis.ask((redis) => redis.ping()))
    probing.catch(() => undefined).finally(() => (this.#isProbing = false))
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('append: the journal is closed'))
    await this.#last.catch(() => undefined)
    this.#redis.disconnect()
  }

  async #append(bytes: Buffer): Promise<void> {
    const id = `${this.#epoch}-${++this.#sequence}`
    const { key, replicas = 0 } = this.#options
    const answer = await this.#retrying(() =>
      this.#redis.write((redis) => redis.eval(APPEND, 1, key, this.#tail, id, bytes), replicas),
    )
    if (answer !== 'stored' && answer !== 'already') throw this.#lost(String(answer))
    this.#tail = id
  }

  /** Keeps K2 and K3. */
  #retrying<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const onTrouble = (cause: unknown): void => {
      this.#isReachable = cause === undefined
      this.#options.onTrouble?.(cause)
    }
    return askUntilAnswered(ask, { signal: this.#closing.signal, onTrouble })
  }

  #lost(tail: string): JournalLostError {
    if (epochOf(tail) > this.#epoch) return new JournalLostError('another server has taken over the journal')
    return new JournalLostError(`the journal ends at ${tail}, before its last durable entry ${this.#tail}`)
  }
}

/** Returns the id of the last entry that is kept (`0-0` if there is none), and the position after it. */
async function lastEntryOf(redis: KeyConnection, key: string): Promise<{ nextPosition: number; before: string }> {
  for (let end = '+'; ;) {
    const from = end
    const page = await redis.ask((at) => at.xrevrangeBuffer(key, from, '-', 'COUNT', OWNER_ENTRIES_AT_ONCE))
    for (const [id, [field, bytes]] of page)
      if (field?.toString() === 'entry' && bytes)
        return { nextPosition: decodeEntry(bytes).position + 1, before: id.toString() }
    const last = page.at(-1)
    if (!last) return { nextPosition: 0, before: '0-0' }
    end = `(${last[0].toString()}`
  }
}

function epochOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')))
}
