/**
 * Brokers of a made-up cluster within the process. They keep what they are sent as a real one does: by producer id and
 * sequence, so that a batch that comes again is stored once. A script says otherwise where a test wants a failure.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { ByteReader, ByteWriter } from '../../../destinations/kafka/client/bytes.ts'
import { listen } from '../contract/loopback.ts'
import { decodeBatch, type StoredMessage } from './decode-batch.ts'

/** An error code in place of storing; `hang`: no answer; the others close the connection, and may have stored. */
export type Reaction = number | 'store' | 'hang' | 'close' | 'store and close'

export interface ProduceSeen {
  readonly broker: number
  readonly topic: string
  readonly partition: number
  readonly producerId: bigint
  readonly sequence: number
  readonly messages: readonly StoredMessage[]
}

export interface FakeClusterOptions {
  /** By topic, how many partitions. */
  readonly topics?: Record<string, number>
  readonly brokers?: number
  /** Says what is to become of a batch; stores it by default. */
  readonly onProduce?: (seen: ProduceSeen) => Reaction | Promise<Reaction>
  /** Answers about topics, by name. */
  readonly topicErrors?: Record<string, number>
  /** Answers to the next questions for a producer id. */
  readonly initErrors?: number[]
  readonly tls?: TlsOptions
  readonly users?: Record<string, string>
  readonly mechanisms?: readonly string[]
  /** The broker does not know the password, and pretends to. */
  readonly isImpostor?: boolean
  readonly loginLifetimeMs?: number
  /** As brokers are named to clients; the address that they listen at by default. */
  readonly advertisedHost?: string
  /** Without these requests. */
  readonly lacks?: readonly number[]
}

interface Partition {
  leader: number
  readonly stored: StoredMessage[]
  /** By producer id: where its last batch began and how many it had. */
  readonly last: Map<bigint, { sequence: number; count: number }>
}

type Answer = (writer: ByteWriter) => void

const APIS: readonly (readonly [api: number, min: number, max: number])[] = [
  [0, 3, 11],
  [3, 0, 12],
  [17, 0, 1],
  [18, 0, 3],
  [22, 0, 4],
  [36, 0, 2],
]
const ITERATIONS = 4_096

export class FakeCluster {
  readonly options: FakeClusterOptions
  readonly addresses: string[] = []
  /** Batches, in the order in which they came. */
  readonly seen: ProduceSeen[] = []
  /** Sockets that were ever accepted. */
  readonly sockets: Socket[] = []
  /** Numbers of requests, in the order in which they came. */
  readonly requests: number[] = []
  readonly #ports: number[] = []
  readonly #topics = new Map<string, Partition[]>()
  #producers = 1_000n

  static async start(options: FakeClusterOptions = {}): Promise<FakeCluster> {
    const cluster = new FakeCluster(options)
    for (let id = 0; id < (options.brokers ?? 1); id++) await cluster.#listen(id)
    return cluster
  }

  private constructor(options: FakeClusterOptions) {
    this.options = options
    for (const [name, partitions] of Object.entries(options.topics ?? { calls: 1 })) this.addTopic(name, partitions)
  }

  get liveSockets(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length
  }

  addTopic(name: string, partitions: number): void {
    const brokers = this.options.brokers ?? 1
    const made = Array.from({ length: partitions }, (_, index) => {
      return { leader: index % brokers, stored: [], last: new Map() }
    })
    this.#topics.set(name, made)
  }

  moveLeader(topic: string, partition: number, leader: number): void {
    this.#topics.get(topic)![partition]!.leader = leader
  }

  stored(topic = 'calls', partition = 0): readonly StoredMessage[] {
    return this.#topics.get(topic)?.[partition]?.stored ?? []
  }

  ids(topic = 'calls', partition = 0): (string | undefined)[] {
    return this.stored(topic, partition).map(({ headers }) => headers['messageId'])
  }

  async #listen(id: number): Promise<void> {
    const { tls } = this.options
    const serve = (socket: Socket): void => this.#serve(id, socket)
    const { port } = await listen(tls ? createTlsServer({ ...tls }, serve) : createServer(serve))
    this.#ports[id] = port
    this.addresses[id] = `127.0.0.1:${port}`
  }

  #serve(id: number, socket: Socket): void {
    this.sockets.push(socket)
    socket.on('error', () => undefined)
    const session: Session = { isIn: this.options.users === undefined, mechanism: '', spoken: [] }
    let received = Buffer.alloc(0)
    let turn = Promise.resolve()
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE()) {
        const end = 4 + received.readInt32BE()
        const arrived = this.#read(id, new ByteReader(received.subarray(4, end)))
        received = received.subarray(end)
        turn = turn.then(() => this.#handle(socket, arrived, session))
      }
    })
  }

  /** A broker reads requests as they come, and answers one after the other. */
  #read(broker: number, request: ByteReader): Arrived {
    const [api, version, number] = [request.int16(), request.int16(), request.int32()]
    request.string()
    this.requests.push(api)
    const produced = api === 0 ? readProduced(broker, request) : undefined
    if (produced) this.seen.push(produced)
    return { api, version, number, request, produced }
  }

  async #handle(socket: Socket, arrived: Arrived, session: Session): Promise<void> {
    const answer = await this.#answer(arrived, session)
    if (answer === 'hang') return
    if (answer === 'close') {
      socket.destroy()
      return
    }
    const body = new ByteWriter().int32(arrived.number)
    answer(body)
    const bytes = body.finish()
    socket.write(new ByteWriter().int32(bytes.length).raw(bytes).finish())
  }

  #answer(
    { api, version, request, produced }: Arrived,
    session: Session,
  ): Answer | 'hang' | 'close' | Promise<Answer | 'hang' | 'close'> {
    if (![17, 18, 36].includes(api) && !session.isIn) return 'close'
    switch (api) {
      case 0:
        return this.#produce(produced!)
      case 3:
        return this.#metadata(request, version)
      case 17:
        session.mechanism = request.string() ?? ''
        return this.#handshake(session)
      case 18:
        return this.#versions()
      case 22:
        return this.#producerId()
      case 36:
        return this.#authenticate(request.bytes().toString(), session)
      default:
        return 'close'
    }
  }

  #versions(): Answer {
    const apis = APIS.filter(([api]) => !this.options.lacks?.includes(api))
    return (writer) => writer.int16(0).array(apis, ([api, min, max], to) => to.int16(api).int16(min).int16(max))
  }

  #metadata(request: ByteReader, version: number): Answer {
    const names = request.array((reader) => reader.string()!)
    if (version !== 4 || request.int8() !== 0) throw new Error('expected metadata that create nothing')
    return (writer) =>
      writer
        .int32(0)
        .array([...this.#ports.entries()], ([id, port], to) =>
          to
            .int32(id)
            .string(this.options.advertisedHost ?? '127.0.0.1')
            .int32(port)
            .string(null),
        )
        .string('fake')
        .int32(0)
        .array(names, (name, to) => {
          const partitions = this.#topics.get(name)
          const error = this.options.topicErrors?.[name] ?? (partitions ? 0 : 3)
          to.int16(error).string(name).int8(0)
          to.array([...(partitions ?? []).entries()], ([index, { leader }], each) =>
            each
              .int16(leader < 0 ? 5 : 0)
              .int32(index)
              .int32(leader)
              .array([], noItem)
              .array([], noItem),
          )
        })
  }

  #producerId(): Answer {
    const initError = this.options.initErrors?.shift() ?? 0
    return (writer) => writer.int32(0).int16(initError).int64(this.#producers++).int16(0)
  }

  async #produce(seen: ProduceSeen): Promise<Answer | 'hang' | 'close'> {
    const { topic, partition } = seen
    const reaction = (await this.options.onProduce?.(seen)) ?? 'store'
    if (reaction === 'hang' || reaction === 'close') return reaction
    const code = typeof reaction === 'number' ? reaction : this.#store(seen)
    if (reaction === 'store and close') return 'close'
    return (writer) =>
      writer
        .array([topic], (name, topics) =>
          topics.string(name).array([partition], (index, to) => to.int32(index).int16(code).int64(0n).int64(-1n)),
        )
        .int32(0)
  }

  #store({ broker, topic, partition, producerId, sequence, messages }: ProduceSeen): number {
    const place = this.#topics.get(topic)?.[partition]
    if (!place) return 3
    if (place.leader !== broker) return 6
    const last = place.last.get(producerId)
    if (last?.sequence === sequence && last.count === messages.length) return 0
    if (sequence !== (last ? last.sequence + last.count : 0)) return 45
    place.last.set(producerId, { sequence, count: messages.length })
    place.stored.push(...messages)
    return 0
  }

  #handshake({ mechanism }: Session): Answer {
    const mechanisms = this.options.mechanisms ?? ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
    const error = mechanisms.includes(mechanism) ? 0 : 33
    return (writer) => writer.int16(error).array(mechanisms, (name, to) => to.string(name))
  }

  #authenticate(message: string, session: Session): Answer {
    const said = session.mechanism === 'PLAIN' ? this.#plain(message, session) : this.#scram(message, session)
    const lifetimeMs = session.isIn ? (this.options.loginLifetimeMs ?? 0) : 0
    return (writer) =>
      writer
        .int16(said === undefined ? 58 : 0)
        .string(said === undefined ? `no login for ${message}` : null)
        .bytes(Buffer.from(said ?? ''))
        .int64(BigInt(lifetimeMs))
  }

  #plain(message: string, session: Session): string | undefined {
    const [, user = '', password] = message.split('\0')
    session.isIn = this.options.users?.[user] === password
    return session.isIn ? '' : undefined
  }

  /** The server's side of RFC 5802. */
  #scram(message: string, session: Session): string | undefined {
    if (session.spoken.length === 0) {
      const bare = message.slice('n,,'.length)
      session.spoken = [bare, `r=${bare.split(',r=')[1]}server,s=${SALT.toString('base64')},i=${ITERATIONS}`]
      return session.spoken[1]
    }
    const hash = session.mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512'
    const user = session.spoken[0]!.slice('n='.length).split(',r=')[0]!.replaceAll('=2C', ',').replaceAll('=3D', '=')
    const salted = pbkdf2Sync(
      this.options.users?.[user] ?? 'nobody',
      SALT,
      ITERATIONS,
      hash === 'sha256' ? 32 : 64,
      hash,
    )
    const [withoutProof, proof = ''] = message.split(',p=')
    const spoken = [...session.spoken, withoutProof].join(',')
    const clientKey = createHmac(hash, salted).update('Client Key').digest()
    const signature = createHmac(hash, createHash(hash).update(clientKey).digest()).update(spoken).digest()
    const expected = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString('base64')
    session.isIn = this.options.isImpostor === true || proof === expected
    if (!session.isIn) return undefined
    const serverKey = createHmac(hash, this.options.isImpostor ? 'guess' : salted)
      .update('Server Key')
      .digest()
    return `v=${createHmac(hash, serverKey).update(spoken).digest('base64')}`
  }
}

const SALT = Buffer.from('salt of a made-up user')

interface Arrived {
  readonly api: number
  readonly version: number
  readonly number: number
  readonly request: ByteReader
  readonly produced: ProduceSeen | undefined
}

interface Session {
  isIn: boolean
  mechanism: string
  spoken: string[]
}

function readProduced(broker: number, request: ByteReader): ProduceSeen {
  request.string()
  if (request.int16() !== -1) throw new Error('expected acks of all')
  request.int32()
  const [batch] = request
    .array(() => {
      const topic = request.string()!
      return request.array(() => ({ topic, partition: request.int32(), bytes: request.bytes() }))
    })
    .flat()
  const { topic, partition, bytes } = batch!
  const { producerId, sequence, messages } = decodeBatch(bytes)
  return { broker, topic, partition, producerId, sequence, messages }
}

function noItem(): void {
  throw new Error('expected no item')
}
