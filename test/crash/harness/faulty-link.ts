/**
 * The way between a server and its Redis, in the test's hands: it reads the commands that pass, by name, and can stop,
 * delay or lose them. Scripts go by the names of what they do: append, own, trim, begin, write,
 * commit, remove.
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { BEGIN, COMMIT, REMOVE, WRITE } from '../../../src/checkpoints/checkpoint-scripts.ts'
import { APPEND, OWN, TRIM } from '../../../src/journal/journal-scripts.ts'
import { DEADLINE_MS } from '../../support/eventually.ts'
import { ValueReader, wordsOf } from './resp.ts'

const SCRIPTS: ReadonlyMap<string, string> = new Map([
  [APPEND, 'append'],
  [OWN, 'own'],
  [TRIM, 'trim'],
  [BEGIN, 'begin'],
  [WRITE, 'write'],
  [COMMIT, 'commit'],
  [REMOVE, 'remove'],
])

/** Selects, of the commands with a name, the `nth` from now. */
export interface Which {
  readonly command: string
  readonly nth: number
}

/** Where a command, or its answer, ends early. */
export interface Cut extends Which {
  readonly of: 'request' | 'reply'
  readonly bytes: number
}

type Fault =
  | ({ readonly kind: 'trap'; readonly moment: 'before' | 'after'; readonly spring: () => void; left: number } & Which)
  | ({ readonly kind: 'cut'; readonly spring: () => void; left: number } & Cut)

export class FaultyLink {
  readonly address: string
  /** By which everything is late, both ways. */
  delayMs = 0
  readonly #server: Server
  readonly #redisAddress: string
  readonly #connections = new Set<LinkConnection>()
  #fault: Fault | undefined

  static async open(address: string, redisAddress: string): Promise<FaultyLink> {
    const link = new FaultyLink(address, redisAddress)
    link.#server.listen(address)
    await once(link.#server, 'listening')
    return link
  }

  private constructor(address: string, redisAddress: string) {
    this.address = address
    this.#redisAddress = redisAddress
    this.#server = createServer((client) => this.#accept(client))
  }

  /** Resolves when the command has come: held back before Redis has it, or else once Redis has answered it. */
  trap(which: Which, moment: 'before' | 'after', caught: () => void): Promise<void> {
    const { promise, resolve } = deadlined(`no ${which.command} has come`)
    const spring = (): void => {
      caught()
      resolve()
    }
    this.#fault = { kind: 'trap', ...which, left: which.nth, moment, spring }
    return promise
  }

  /** Resolves when the connection has been cut. */
  cut(cut: Cut): Promise<void> {
    const { promise, resolve } = deadlined(`no ${cut.command} has come`)
    this.#fault = { kind: 'cut', ...cut, left: cut.nth, spring: resolve }
    return promise
  }

  /** From now on no answer comes back on the connections that there are; new ones are as they should be. */
  swallowReplies(): void {
    for (const connection of this.#connections) connection.isDeaf = true
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const connection of this.#connections) connection.sever()
    await closed
  }

  #accept(client: Socket): void {
    const connection = new LinkConnection(client, connect(this.#redisAddress), {
      delayMs: () => this.delayMs,
      faultFor: (name) => this.#faultFor(name),
      onClosed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
  }

  #faultFor(name: string): Fault | undefined {
    const fault = this.#fault
    if (fault?.command !== name || --fault.left > 0) return undefined
    this.#fault = undefined
    return fault
  }
}

function deadlined(otherwise: string): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((settle, reject) => {
    const timer = setTimeout(() => reject(new Error(otherwise)), DEADLINE_MS)
    resolve = () => {
      clearTimeout(timer)
      settle()
    }
  })
  return { promise, resolve }
}

interface LinkWays {
  readonly delayMs: () => number
  readonly faultFor: (command: string) => Fault | undefined
  readonly onClosed: () => void
}

class LinkConnection {
  isDeaf = false
  readonly #client: Socket
  readonly #redis: Socket
  readonly #ways: LinkWays
  /** The fates of the replies that are still to come, in the order of their commands. */
  readonly #replyFaults: (Fault | undefined)[] = []

  constructor(client: Socket, redis: Socket, ways: LinkWays) {
    this.#client = client
    this.#redis = redis
    this.#ways = ways
    const commands = new ValueReader((bytes) => this.#command(bytes))
    const replies = new ValueReader((bytes) => this.#reply(bytes))
    client.on('data', (chunk: Buffer) => this.#later(() => commands.read(chunk)))
    redis.on('data', (chunk: Buffer) => this.#later(() => replies.read(chunk)))
    for (const socket of [client, redis]) {
      socket.on('error', () => undefined)
      socket.once('close', () => {
        this.sever()
        ways.onClosed()
      })
    }
  }

  sever(): void {
    this.#client.destroy()
    this.#redis.destroy()
  }

  #later(act: () => void): void {
    const delayMs = this.#ways.delayMs()
    if (delayMs === 0) act()
    else setTimeout(act, delayMs)
  }

  #command(bytes: Buffer): void {
    const [word = '', script = ''] = wordsOf(bytes)
    const name = word === 'eval' ? (SCRIPTS.get(script) ?? word) : word
    const fault = this.#ways.faultFor(name)
    if (fault?.kind === 'trap' && fault.moment === 'before') {
      this.isDeaf = true
      fault.spring()
    } else if (fault?.kind === 'cut' && fault.of === 'request') {
      this.#redis.end(bytes.subarray(0, fault.bytes))
      this.#client.destroy()
      fault.spring()
    } else {
      this.#replyFaults.push(fault)
      if (!this.#redis.destroyed) this.#redis.write(bytes)
    }
  }

  #reply(bytes: Buffer): void {
    const fault = this.#replyFaults.shift()
    if (fault?.kind === 'trap') {
      this.isDeaf = true
      fault.spring()
    }
    if (this.isDeaf || this.#client.destroyed) return
    if (fault?.kind !== 'cut') {
      this.#client.write(bytes)
      return
    }
    this.#client.end(bytes.subarray(0, fault.bytes))
    this.#redis.destroy()
    fault.spring()
  }
}
