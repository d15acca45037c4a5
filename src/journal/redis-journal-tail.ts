/**
 * The end of a journal in a Redis stream, read without owning it.
 *
 * An epoch begins with the entry that names its owner. One that is read without it was trimmed at its front, and what
 * went before may have been lost with a Redis: nobody can tell whether it goes on from where the reader was.
 */
import { askUntilAnswered } from '../redis/ask-until-answered.ts'
import { connectionFor, type KeyConnection } from '../redis/key-connection.ts'
import { decodeEntry } from './journal-codec.ts'
import { JournalLostError } from './journal-lost-error.ts'
import { type JournalPage, type JournalTail, NOTHING } from './journal-tail.ts'

export interface RedisJournalTailOptions {
  /** `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket. */
  readonly address: string
  readonly key: string
  /** Called with the cause whenever an attempt fails, and with undefined when one succeeds after that. */
  readonly onTrouble?: (cause: unknown) => void
}

/** Entries asked for at once; an entry is at most a few MB. */
const PAGE_ENTRIES = 50
/** Less than the time limit of a command. */
const BLOCK_MS = 1_000

type StreamPage = readonly [id: Buffer, fields: Buffer[]][]

export class RedisJournalTail<Command> implements JournalTail<Command> {
  #redis: KeyConnection
  #isAwake = false
  readonly #options: RedisJournalTailOptions
  readonly #closing = new AbortController()

  constructor(options: RedisJournalTailOptions) {
    this.#options = options
    this.#redis = connectionFor(options.address, options.key)
  }

  async after(id: string, waits: boolean): Promise<JournalPage<Command>> {
    const { onTrouble = () => undefined } = this.#options
    const page = await askUntilAnswered(() => this.#read(id, waits), { signal: this.#closing.signal, onTrouble })
    const records = []
    let last = id
    for (const [given, [field, bytes]] of page) {
      const next = given.toString()
      if (epochOf(next) !== epochOf(last) && !next.endsWith('-0') && id !== NOTHING)
        throw new JournalLostError(`the journal goes on at ${next}, and what was before it has been trimmed`)
      last = next
      if (field?.toString() === 'entry' && bytes) records.push(decodeEntry<Command>(bytes))
    }
    return { records, last, isEnd: page.length < PAGE_ENTRIES }
  }

  wake(): void {
    if (this.#isAwake || this.#closing.signal.aborted) return
    this.#isAwake = true
    const { address, key } = this.#options
    // Redis ends no wait but with its connection.
    this.#redis.disconnect()
    this.#redis = connectionFor(address, key)
  }

  close(): void {
    this.#closing.abort(new Error('follow: the journal is closed'))
    this.#redis.disconnect()
  }

  async #read(id: string, waits: boolean): Promise<StreamPage> {
    const { key } = this.#options
    const found = await this.#redis.ask((redis) =>
      waits && !this.#isAwake
        ? redis.xreadBuffer('COUNT', PAGE_ENTRIES, 'BLOCK', BLOCK_MS, 'STREAMS', key, id)
        : redis.xreadBuffer('COUNT', PAGE_ENTRIES, 'STREAMS', key, id),
    )
    return found?.[0]?.[1] ?? []
  }
}

function epochOf(id: string): string {
  return id.slice(0, id.indexOf('-'))
}
