/** Nodes of a cluster as processes: spaces are made, calls are sent to any node, and counted. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { type ServeProcess, runServe } from './run-serve.ts'
import { TcpRedis } from './tcp-redis.ts'

export const ADMIN = 'administrator-of-the-cluster'
const KEYS = {
  WRITE_KEY: 'write-key',
  ACCESS_TOKEN: 'access-token',
  ADMIN_TOKEN: ADMIN,
  SECRETS_KEY: Buffer.alloc(32).toString('base64'),
}

/** A node as `GET /nodes` shows it. */
export interface SeenNode {
  readonly id: string
  readonly url: string
  readonly status: string
  readonly load: number
  readonly spaces: readonly string[]
}

/** A space with what opens it, and the calls that were acknowledged for it. */
export interface MadeSpace {
  readonly id: string
  readonly writeKey: string
  readonly accessToken: string
  acknowledged: number
}

export interface ClusterNode {
  readonly process: ServeProcess
  readonly url: string
}

export class Cluster {
  /** Undefined if they are at a Redis that the test has. */
  readonly #redis: TcpRedis | undefined
  readonly #redisUrl: string
  readonly nodes: ClusterNode[] = []
  readonly spaces: MadeSpace[] = []
  readonly #directory: string
  readonly #environment: Readonly<Record<string, string>>
  #started = 0
  #sent = 0

  /** Resolves when so many nodes are ready. @param redisUrl undefined: a Redis is started for them */
  static async start(
    count: number,
    environment: Readonly<Record<string, string>> = {},
    redisUrl?: string,
  ): Promise<Cluster> {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-cluster-'))
    const redis = redisUrl === undefined ? await TcpRedis.start() : undefined
    const cluster = new Cluster({ redis, redisUrl: redisUrl ?? redis!.url, directory, environment })
    await Promise.all(Array.from({ length: count }, () => cluster.join()))
    return cluster
  }

  private constructor({
    redis,
    redisUrl,
    directory,
    environment,
  }: {
    readonly redis: TcpRedis | undefined
    readonly redisUrl: string
    readonly directory: string
    readonly environment: Readonly<Record<string, string>>
  }) {
    this.#redis = redis
    this.#redisUrl = redisUrl
    this.#directory = directory
    this.#environment = environment
  }

  /** The Redis that was started for them. */
  get redis(): TcpRedis {
    if (!this.#redis) throw new Error('the test has a Redis of its own')
    return this.#redis
  }

  /** Starts a node; resolves when it is ready. */
  async join(environment: Readonly<Record<string, string>> = {}): Promise<ClusterNode> {
    const process = runServe(join(this.#directory, String(++this.#started)), {
      ...KEYS,
      OWNERSHIP: 'bullmq',
      LOCK_SECONDS: '2',
      REDIS_URL: this.#redisUrl,
      QUEUE_REDIS_URL: this.#redisUrl,
      ...this.#environment,
      ...environment,
    })
    const node = { process, url: await process.ready }
    this.nodes.push(node)
    return node
  }

  /** Resolves when the process of a node has ended. */
  async end(node: ClusterNode, how: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    this.nodes.splice(this.nodes.indexOf(node), 1)
    return node.process.end(how)
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.splice(0).map(({ process }) => process.end('SIGKILL')))
    await this.#redis?.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** Asks a node, as the administrator. Resolves with the `data` of a 200. */
  async ask(node: ClusterNode, method: string, path: string, body?: object, token = ADMIN): Promise<unknown> {
    const answer = await fetch(`${node.url}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (JSON.parse(text) as { data: unknown }).data
  }

  /** Makes a space that counts the orders of each user. */
  async make(id: string, node = this.nodes[0]!): Promise<MadeSpace> {
    const { space } = (await this.ask(node, 'POST', 'spaces', { name: id, id })) as { space: MadeSpace }
    const made = { id, writeKey: space.writeKey, accessToken: space.accessToken, acknowledged: 0 }
    const trait = { name: 'Orders', definition: { query: "event('Order').count()" } }
    await this.ask(node, 'POST', `spaces/${id}/computed-traits`, trait, made.accessToken)
    this.spaces.push(made)
    return made
  }

  /** Sends one call to a node, again until it is acknowledged. Returns how often it was refused, or not answered. */
  async order(space: MadeSpace, nodeOf: () => ClusterNode): Promise<number> {
    const body = { userId: 'u1', event: 'Order', messageId: `m${++this.#sent}`, timestamp: new Date().toISOString() }
    let failures = -1
    await eventually(async () => {
      failures++
      const answer = await fetch(`${nodeOf().url}/v1/track`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${space.writeKey}:`).toString('base64')}` },
        body: JSON.stringify(body),
      })
      if (answer.status !== 200) throw new Error(`a call to ${space.id} was answered with ${answer.status}`)
    })
    space.acknowledged++
    return failures
  }

  /** Returns the orders that a space has counted, as any node says. */
  async counted(space: MadeSpace, node = this.nodes[0]!): Promise<number> {
    const answer = await fetch(`${node.url}/v1/spaces/${space.id}/collections/users/profiles/user_id:u1/traits`, {
      headers: { authorization: `Basic ${Buffer.from(`${space.accessToken}:`).toString('base64')}` },
    })
    if (answer.status !== 200) throw new Error(`a lookup in ${space.id} was answered with ${answer.status}`)
    return ((await answer.json()) as { traits: { orders?: number } }).traits.orders ?? 0
  }

  async seen(node = this.nodes[0]!): Promise<readonly SeenNode[]> {
    return ((await this.ask(node, 'GET', 'nodes')) as { nodes: SeenNode[] }).nodes
  }

  /** Resolves when every space is at a live node. */
  async settles(): Promise<readonly SeenNode[]> {
    let nodes: readonly SeenNode[] = []
    await eventually(async () => {
      nodes = await this.seen()
      const held = nodes.flatMap(({ spaces }) => spaces)
      const missed = this.spaces.filter(({ id }) => !held.includes(id)).map(({ id }) => id)
      if (nodes.length !== this.nodes.length || missed.length > 0)
        throw new Error(`${nodes.length} nodes; nobody has ${missed.join(', ')}`)
    })
    return nodes
  }
}
