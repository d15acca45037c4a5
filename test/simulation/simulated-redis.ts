/**
 * A Redis as far as the product uses one: a stream and hashes that survive every process, and connections on which
 * every command meets the fate of its process. What the scripts do is said here once more, in other words.
 */
import type { JournalRecord } from '../../src/journal/journal.ts'
import { decodeEntry } from '../../src/journal/journal-codec.ts'
import { APPEND, OWN, TRIM } from '../../src/journal/journal-scripts.ts'
import { BEGIN, COMMIT, REMOVE, WRITE } from '../../src/checkpoints/checkpoint-scripts.ts'
import { checkpointIndexKey, checkpointKey } from '../../src/redis/keys.ts'
import type { Chance, Fate } from './fate.ts'

type Value = Buffer | string

/** Beside the parts of a checkpoint. */
const BEGUN = 'begun'

interface StreamEntry {
  readonly epoch: number
  readonly sequence: number
  readonly field: string
  readonly value: Value
}

/** A process at its Redis. */
interface Peer {
  readonly redis: SimulatedRedis
  readonly fate: Fate
}

const BLOCK_TURNS = 60

const peers = new Map<string, Peer>()

/** Stands in for that of `redis-client.ts`. */
export function createRedis(address: string): SimulatedConnection {
  const { redis, fate } = peers.get(address)!
  return new SimulatedConnection(redis, fate)
}

export class SimulatedRedis {
  /** Every entry that was ever stored, trimmed or not. */
  readonly records: JournalRecord<unknown>[] = []
  readonly #hashes = new Map<string, Map<string, Value>>()
  #stream: StreamEntry[] = []
  #isTrimmed = false
  /** The greatest number of a checkpoint that was asked to be committed. */
  #toBeCommitted = 0

  /** Nothing of the journal has been forgotten, or will be by what has been asked. */
  get isWhole(): boolean {
    return !this.#isTrimmed
  }

  /** Numbers of the committed checkpoints, the newest first. */
  committed(spaceId: string): number[] {
    const index = this.#hash(checkpointIndexKey(spaceId))
    return [index.get('newest'), index.get('before')].flatMap((text) => (text ? [Number(text)] : []))
  }

  /** A checkpoint that was asked to be committed is not, and may be at any time. */
  isCommitting(spaceId: string): boolean {
    return this.#toBeCommitted > Math.max(0, ...this.committed(spaceId))
  }

  toBeCommitted(checkpoint: number): void {
    this.#toBeCommitted = Math.max(this.#toBeCommitted, checkpoint)
  }

  /** Damages, or loses, a part that a checkpoint wrote. A later format is refused: its version alone stays. */
  damage(spaceId: string, checkpoint: number, chance: Chance): void {
    const parts = this.#hash(checkpointKey(spaceId, checkpoint))
    const name = chance.of([...parts.keys()].filter((part) => part !== BEGUN).sort())
    const bytes = parts.get(name) as Buffer | undefined
    // There is nothing left to damage.
    if (!bytes) return
    switch (chance.below(3)) {
      case 0:
        bytes[1 + chance.below(bytes.length - 1)]! ^= 1 << chance.below(8)
        return
      case 1:
        bytes.fill(0, chance.below(bytes.length - 1))
        return
      default:
        parts.delete(name)
    }
  }

  /** Nothing that a checkpoint wrote is there any more. */
  lose(spaceId: string, checkpoint: number): void {
    this.#hashes.delete(checkpointKey(spaceId, checkpoint))
  }

  /** A process finds it at this address from now on. */
  admit(address: string, fate: Fate): void {
    peers.set(address, { redis: this, fate })
  }

  run(script: string, [key, second = '']: readonly string[], given: readonly Value[]): Value | number {
    const texts = given.map(String)
    switch (script) {
      case OWN:
        return this.#own(texts[0]!)
      case TRIM:
        if (this.#stream.some((entry) => idOf(entry) === texts[0])) this.trim(texts[0]!)
        return 0
      case APPEND:
        return this.#append(texts[0]!, texts[1]!, given[2] as Buffer)
      case BEGIN:
      case WRITE:
      case COMMIT:
      case REMOVE: {
        const epoch = this.#stream.at(-1)?.epoch ?? 0
        if (epoch !== Number(texts[0])) return epoch
        this.#change(script, second, given)
        return 0
      }
      default:
        throw new Error(`a script that the simulation does not know, on ${key}`)
    }
  }

  /** The entries after one, or before one, in their order or the other way round. */
  entries(from: string, count: number, isBackwards = false): [Buffer, [Buffer, Buffer]][] {
    const bound = from.startsWith('(') ? from.slice(1) : undefined
    const found = this.#stream.filter(
      (entry) => bound === undefined || (isBackwards ? isBefore(idOf(entry), bound) : isBefore(bound, idOf(entry))),
    )
    const page = isBackwards ? found.reverse().slice(0, count) : found.slice(0, count)
    return page.map((entry) => [Buffer.from(idOf(entry)), [Buffer.from(entry.field), Buffer.from(entry.value)]])
  }

  /** The journal has been asked to forget what is before an entry: it does so now, or may do so at any time. */
  toBeTrimmed(id: string): void {
    this.#isTrimmed ||= this.#stream.some((entry) => isBefore(idOf(entry), id))
  }

  trim(id: string): void {
    this.#stream = this.#stream.filter((entry) => !isBefore(idOf(entry), id))
  }

  fields(key: string, names: readonly string[]): (Value | null)[] {
    return names.map((name) => this.#hash(key).get(name) ?? null)
  }

  #own(token: string): string {
    const last = this.#stream.at(-1)
    if (last?.field === 'owner' && last.value === token) return idOf(last)
    const owner = { epoch: (last?.epoch ?? 0) + 1, sequence: 0, field: 'owner', value: token }
    this.#stream.push(owner)
    return idOf(owner)
  }

  #append(known: string, id: string, bytes: Buffer): string {
    const last = this.#stream.at(-1)
    const tail = last ? idOf(last) : '0-0'
    if (tail !== known) return tail === id ? 'already' : tail
    const [epoch, sequence] = partsOf(id)
    const value = Buffer.from(bytes)
    this.#stream.push({ epoch, sequence, field: 'entry', value })
    this.records.push(decodeEntry(value))
    return 'stored'
  }

  #change(script: string, key: string, given: readonly Value[]): void {
    const hash = this.#hash(key)
    const [epoch, ...rest] = given
    switch (script) {
      case BEGIN:
        if (hash.get(BEGUN) !== epoch) this.#hashes.set(key, new Map([[BEGUN, epoch!]]))
        return
      case WRITE:
        for (let at = 0; at < rest.length; at += 2) hash.set(String(rest[at]), Buffer.from(rest[at + 1]!))
        return
      case COMMIT:
        if (Number(hash.get('newest') ?? 0) <= Number(rest[0])) hash.set('newest', rest[0]!).set('before', rest[1]!)
        return
      case REMOVE:
        for (const name of rest) hash.delete(String(name))
        if (hash.size === 1) hash.delete(BEGUN)
    }
  }

  #hash(key: string): Map<string, Value> {
    const held = this.#hashes.get(key) ?? new Map<string, Value>()
    this.#hashes.set(key, held)
    return held
  }
}

/** The part of ioredis that the product uses. */
class SimulatedConnection {
  status: 'wait' | 'ready' | 'end' = 'wait'
  readonly #redis: SimulatedRedis
  readonly #fate: Fate

  constructor(redis: SimulatedRedis, fate: Fate) {
    this.#redis = redis
    this.#fate = fate
  }

  connect(): Promise<void> {
    return this.#fate.ask(() => {
      this.status = 'ready'
    })
  }

  disconnect(): void {
    this.status = 'end'
  }

  eval(script: string, keyCount: number, ...given: (Value | number)[]): Promise<Value | number> {
    const keys = given.slice(0, keyCount).map(String)
    const values = given.slice(keyCount).map((value) => (typeof value === 'number' ? String(value) : value))
    if (script === TRIM) this.#redis.toBeTrimmed(String(values[0]))
    if (script === COMMIT) this.#redis.toBeCommitted(Number(values[1]))
    return this.#fate.ask(
      () => this.#redis.run(script, keys, values),
      // Of many parts, some may be there when the process dies.
      script === WRITE ? (share) => this.#redis.run(script, keys, partOf(values, share)) : undefined,
    )
  }

  xrangeBuffer(_key: string, start: string, _end: string, _count: string, count: number) {
    return this.#fate.ask(() => this.#redis.entries(start, count))
  }

  xrevrangeBuffer(_key: string, end: string, _start: string, _count: string, count: number) {
    return this.#fate.ask(() => this.#redis.entries(end, count, true))
  }

  /** If there is nothing yet, it waits for some turns when it is to block. */
  async xreadBuffer(...given: readonly (string | number)[]): Promise<[Buffer, unknown][] | null> {
    const [count, id] = [Number(given[1]), String(given.at(-1))]
    const ask = () => this.#fate.ask(() => this.#redis.entries(`(${id}`, count))
    let found = await ask()
    if (found.length === 0 && given[2] === 'BLOCK') {
      for (let turn = 0; turn < BLOCK_TURNS; turn++) await Promise.resolve()
      found = await ask()
    }
    return found.length === 0 ? null : [[Buffer.from(String(given.at(-2))), found]]
  }

  hmget(key: string, ...names: string[]): Promise<(string | null)[]> {
    return this.#fate.ask(() => this.#redis.fields(key, names).map((value) => value && String(value)))
  }

  hmgetBuffer(key: string, ...names: string[]): Promise<(Buffer | null)[]> {
    return this.#fate.ask(() =>
      this.#redis.fields(key, names).map((value) => (value === null ? null : Buffer.from(value))),
    )
  }
}

function idOf({ epoch, sequence }: StreamEntry): string {
  return `${epoch}-${sequence}`
}

function partsOf(id: string): [epoch: number, sequence: number] {
  const [epoch, sequence] = id.split('-').map(Number)
  return [epoch!, sequence!]
}

function isBefore(id: string, other: string): boolean {
  const [[epoch, sequence], [otherEpoch, otherSequence]] = [partsOf(id), partsOf(other)]
  return epoch < otherEpoch || (epoch === otherEpoch && sequence < otherSequence)
}

/** The epoch, and as many pairs of a name and bytes as the share comes to. */
function partOf([epoch, ...pairs]: readonly Value[], share: number): Value[] {
  return [epoch!, ...pairs.slice(0, 2 * Math.floor((share * pairs.length) / 2))]
}
