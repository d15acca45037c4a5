/** A Redis Cluster on ports of 127.0.0.1, in the test's hands: slots are moved, nodes are killed and paused. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRedis } from '../../src/redis/client.ts'
import { slotOf } from '../../src/redis/cluster-map.ts'
import { RedisChild } from './redis-child.ts'
import { eventually } from './eventually.ts'
import { freePort } from './processes.ts'

const SLOTS = 16_384
const NODE_TIMEOUT_MS = 3_000

export interface RedisClusterOptions {
  readonly masters: number
  /** Replicas of each master; undefined: none. */
  readonly replicas?: number
}

export class RedisNode {
  readonly url: string
  readonly port: number
  readonly #directory: string
  readonly #busPort: number
  readonly #child = new RedisChild()
  id = ''

  constructor(directory: string, port: number, busPort: number) {
    this.#directory = directory
    this.port = port
    this.#busPort = busPort
    this.url = `redis://127.0.0.1:${port}`
  }

  get busPort(): number {
    return this.#busPort
  }

  /** Resolves when it answers, with all that it had. */
  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    const settings = {
      bind: '127.0.0.1',
      port: String(this.port),
      dir: this.#directory,
      save: '',
      appendonly: 'yes',
      'cluster-enabled': 'yes',
      'cluster-port': String(this.#busPort),
      'cluster-node-timeout': String(NODE_TIMEOUT_MS),
      'repl-diskless-sync-delay': '0',
    }
    this.#child.spawn(settings)
    this.id = String(await eventually(() => this.ask('CLUSTER', 'MYID')))
  }

  /** Sends one command; resolves with its answer. */
  async ask(command: string, ...parameters: (string | number)[]): Promise<unknown> {
    const client = createRedis(this.url)
    try {
      await client.connect()
      return await client.call(command, parameters)
    } finally {
      client.disconnect()
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.signal(name)
  }

  kill(): Promise<void> {
    return this.#child.kill()
  }
}

export class RedisCluster {
  readonly nodes: readonly RedisNode[]
  readonly #directory: string
  readonly #replicas: number

  /** Resolves when all slots are served, and every replica follows its master. */
  static async start({ masters, replicas = 0 }: RedisClusterOptions): Promise<RedisCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-redis-cluster-'))
    const nodes: RedisNode[] = []
    for (let count = 0; count < masters * (1 + replicas); count++)
      nodes.push(new RedisNode(join(directory, String(count)), await freePort(), await freePort()))
    const cluster = new RedisCluster(directory, nodes, replicas)
    await Promise.all(nodes.map((node) => node.start()))
    await cluster.#join(masters)
    return cluster
  }

  private constructor(directory: string, nodes: readonly RedisNode[], replicas: number) {
    this.#directory = directory
    this.#replicas = replicas
    this.nodes = nodes
  }

  /** The address that the product takes. */
  get address(): string {
    return `redis+cluster://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  /** Returns the node that is the master of a key, as most of those that answer say. */
  async masterOf(key: string): Promise<RedisNode> {
    return (await this.#shardOf(key))[0]!
  }

  async replicasOf(key: string): Promise<readonly RedisNode[]> {
    return (await this.#shardOf(key)).slice(1)
  }

  /** Moves a slot to another master, as `redis-cli --cluster reshard` does. @param between called after each key */
  async move(slot: number, to: RedisNode, between: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const from = (await this.#shard(slot))[0]!
    await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
    await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
    for (;;) {
      const [key] = (await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, 1)) as string[]
      if (key === undefined) break
      await from.ask('MIGRATE', '127.0.0.1', to.port, key, 0, 5_000)
      await between()
    }
    for (const node of [to, from]) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.signal('SIGCONT')
    await Promise.all(this.nodes.map((node) => node.kill()))
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #join(masters: number): Promise<void> {
    const [first, ...others] = this.nodes as [RedisNode, ...RedisNode[]]
    for (let index = 0; index < masters; index++) {
      const [from, to] = [index, index + 1].map((edge) => Math.floor((edge * SLOTS) / masters)) as [number, number]
      await this.nodes[index]!.ask('CLUSTER', 'ADDSLOTSRANGE', from, to - 1)
      await this.nodes[index]!.ask('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    }
    for (const { port, busPort } of others) await first.ask('CLUSTER', 'MEET', '127.0.0.1', port, busPort)
    await eventually(async () => {
      for (const node of this.nodes) await expectKnown(node, this.nodes.length)
    })
    for (const [index, replica] of this.nodes.slice(masters).entries())
      await replica.ask('CLUSTER', 'REPLICATE', this.nodes[index % masters]!.id)
    await this.settles()
  }

  /** Resolves when every node is well and knows all others, and every replica follows its master. */
  async settles(): Promise<void> {
    await eventually(async () => {
      for (const node of this.nodes) {
        const ranges = (await node.ask('CLUSTER', 'SLOTS')) as readonly unknown[][]
        if (ranges.some((range) => range.length !== 3 + this.#replicas)) throw new Error(`${node.port} misses replicas`)
        const state = String(await node.ask('CLUSTER', 'INFO'))
        if (!state.includes('cluster_state:ok')) throw new Error(`${node.port} is not well`)
        const replication = String(await node.ask('INFO', 'replication'))
        if (replication.includes('role:slave') && !replication.includes('master_link_status:up'))
          throw new Error(`${node.port} does not follow its master`)
      }
    })
  }

  #shardOf(key: string): Promise<readonly RedisNode[]> {
    return this.#shard(slotOf(key))
  }

  async #shard(slot: number): Promise<readonly RedisNode[]> {
    for (const node of this.nodes) {
      const ranges = await node.ask('CLUSTER', 'SLOTS').catch(() => undefined)
      for (const [from, to, ...members] of (ranges ?? []) as [number, number, ...[string, number, string][]][])
        if (from <= slot && slot <= to) return members.map(([, , id]) => this.nodes.find((one) => one.id === id)!)
    }
    throw new Error(`nobody has the slot ${slot}`)
  }
}

async function expectKnown(node: RedisNode, count: number): Promise<void> {
  const info = String(await node.ask('CLUSTER', 'INFO'))
  if (!info.includes(`cluster_known_nodes:${count}\r`)) throw new Error(`${node.port} does not know all nodes yet`)
  if (!info.includes('cluster_state:ok')) throw new Error(`${node.port} is not well`)
}
