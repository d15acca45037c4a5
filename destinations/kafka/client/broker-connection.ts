/**
 * A connection to one broker: requests go out at once, and answers come back by their numbers.
 *
 * C1. Every failure rejects with a DeliveryError, and ends the connection; all that waits on it fails likewise.
 * C2. A request that is not answered in time ends the connection: answers of later ones would be as late.
 * C3. The address that is checked is the one that is connected to, whoever has named it.
 */
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectByTls } from 'node:tls'
import { BlockedAddressError, type Addresses } from '../../contract/address-guard.ts'
import { RetryableError, TerminalError } from '../../contract/destination.ts'
import { transportError } from '../../contract/transport-error.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { assertNoError } from './protocol-error.ts'
import {
  API,
  apiVersions,
  type BrokerAddress,
  type KafkaRequest,
  saslAuthenticate,
  saslHandshake,
  type VersionRange,
} from './requests.ts'
import { type Credentials, login } from './sasl.ts'

/** More is no answer of a broker, but what some other server says. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024
/** A share of the time that a login holds: later requests might not be answered in time. */
const LIFETIME_SHARE = 0.8

export interface BrokerConnectionOptions {
  readonly addresses: Addresses
  readonly clientId: string
  /** Undefined: no TLS. */
  readonly tls: { readonly ca: string | undefined } | undefined
  readonly credentials: Credentials | undefined
  /** Until it is ready for requests. */
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  /** Epoch ms. */
  readonly clock: () => number
}

interface Waiting {
  readonly answered: (reader: ByteReader) => void
  readonly failed: (error: Error) => void
}

export class BrokerConnection {
  readonly #socket: Socket
  readonly #options: BrokerConnectionOptions
  readonly #waiting = new Map<number, Waiting>()
  #ranges: ReadonlyMap<number, VersionRange> = new Map()
  #received = Buffer.alloc(0)
  #lastNumber = 0
  #failure: Error | undefined
  #expiresAt = Infinity
  #isRetired = false

  /** Resolves with a connection that is logged in; an aborted signal ends that. */
  static async open(
    address: BrokerAddress,
    options: BrokerConnectionOptions,
    signal: AbortSignal,
  ): Promise<BrokerConnection> {
    if (signal.aborted) throw closed()
    const connection = new BrokerConnection(openSocket(address, options), options)
    const timer = setTimeout(() => connection.#end(timedOut()), options.connectTimeoutMs)
    const close = (): void => connection.close()
    signal.addEventListener('abort', close)
    try {
      await connection.#greet()
      return connection
    } catch (error) {
      connection.#end(error as Error)
      throw error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', close)
    }
  }

  private constructor(socket: Socket, options: BrokerConnectionOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.#end(transportError(error)))
    socket.on('close', () => this.#end(new RetryableError('connection_reset', 'The broker has closed the connection.')))
  }

  /** False if it has ended, or its login is about to. */
  get isUsable(): boolean {
    return !this.#failure && !this.#isRetired && this.#options.clock() < this.#expiresAt
  }

  /** Returns the versions of a request that the broker takes; throws a TerminalError if it takes none. */
  range(api: number): VersionRange {
    const range = this.#ranges.get(api)
    if (!range) throw unsupported(api)
    return range
  }

  /** Resolves with the answer. After a rejection nobody knows if the request was carried out. */
  request<Answer>({ api, version, body, read }: KafkaRequest<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const refusal = this.#failure ?? (this.#takes(api, version) ? undefined : unsupported(api))
      if (refusal) {
        reject(refusal)
        return
      }
      const number = (this.#lastNumber = (this.#lastNumber + 1) & 0x7fffffff)
      const timer = setTimeout(() => this.#end(timedOut()), this.#options.requestTimeoutMs)
      this.#waiting.set(number, {
        answered: (reader) => {
          clearTimeout(timer)
          resolve(read(reader))
        },
        failed: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      const header = new ByteWriter().int16(api).int16(version).int32(number).string(this.#options.clientId).finish()
      this.#socket.write(
        new ByteWriter()
          .int32(header.length + body.length)
          .raw(header)
          .raw(body)
          .finish(),
      )
    })
  }

  /** Ends it once what waits is answered. */
  retire(): void {
    this.#isRetired = true
    if (this.#waiting.size === 0) this.close()
  }

  close(): void {
    this.#end(closed())
  }

  async #greet(): Promise<void> {
    const { error, ranges } = await this.request(apiVersions())
    assertNoError(error)
    this.#ranges = ranges
    const { credentials, clock } = this.#options
    if (!credentials) return
    assertNoError((await this.request(saslHandshake(credentials.mechanism.toUpperCase()))).error)
    let lifetimeMs = 0
    await login(credentials, async (message) => {
      const answer = await this.request(saslAuthenticate(message, this.range(API.saslAuthenticate)))
      assertNoError(answer.error)
      lifetimeMs = answer.lifetimeMs
      return answer.bytes
    })
    if (lifetimeMs > 0) this.#expiresAt = clock() + lifetimeMs * LIFETIME_SHARE
  }

  #takes(api: number, version: number): boolean {
    if (api === API.apiVersions) return true
    const range = this.#ranges.get(api)
    return range !== undefined && range.min <= version && version <= range.max
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 4 && !this.#failure) {
      const length = this.#received.readInt32BE()
      if (length < 4 || length > ANSWER_BYTES_MAX) {
        this.#end(notKafka())
        return
      }
      if (this.#received.length < 4 + length) return
      const answer = this.#received.subarray(4, 4 + length)
      this.#received = this.#received.subarray(4 + length)
      this.#answer(new ByteReader(answer))
    }
  }

  #answer(reader: ByteReader): void {
    const number = reader.int32()
    const waiting = this.#waiting.get(number)
    try {
      if (!waiting) throw new RangeError('nothing was asked under this number')
      waiting.answered(reader)
      this.#waiting.delete(number)
    } catch (error) {
      this.#end(notKafka(error))
      return
    }
    if (this.#isRetired && this.#waiting.size === 0) this.close()
  }

  /** Fails all that waits. Keeps C1; only the first failure counts. */
  #end(failure: Error): void {
    this.#failure ??= failure
    this.#socket.destroy()
    for (const waiting of this.#waiting.values()) waiting.failed(this.#failure)
    this.#waiting.clear()
  }
}

/** An address is checked here, as no lookup will see it. Keeps C3. */
function openSocket({ host, port }: BrokerAddress, { addresses, tls }: BrokerConnectionOptions): Socket {
  if (port < 1 || port > 65_535) throw notKafka()
  const isAddress = isIP(host) !== 0
  if (isAddress && !addresses.isAllowed(host)) throw transportError(new BlockedAddressError())
  const peer = { host, port, lookup: addresses.lookup, noDelay: true }
  if (!tls) return connect(peer)
  return connectByTls({ ...peer, ...(!isAddress && { servername: host }), ...(tls.ca !== undefined && { ca: tls.ca }) })
}

function unsupported(api: number): TerminalError {
  return new TerminalError('unsupported_version', `The broker does not take our version of the request ${api}.`)
}

function closed(): RetryableError {
  return new RetryableError('connection_closed', 'The destination was closed.')
}

function timedOut(): RetryableError {
  return new RetryableError('timeout', 'The broker has not answered in time.')
}

function notKafka(cause?: unknown): RetryableError {
  return new RetryableError('invalid_answer', 'What came back is not the protocol of Kafka.', { cause })
}
