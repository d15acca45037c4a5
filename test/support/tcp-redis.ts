/** A `redis-server` on a port of 127.0.0.1, in the test's hands: it is not started again unless the test does it. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRedis } from '../../src/redis/client.ts'
import { RedisChild } from './redis-child.ts'
import { eventually } from './eventually.ts'
import { freePort } from './processes.ts'

export class TcpRedis {
  readonly port: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'rollcall-redis-'))
  readonly #child = new RedisChild()

  /** Resolves when it answers. */
  static async start(): Promise<TcpRedis> {
    const redis = new TcpRedis(await freePort())
    await redis.start()
    return redis
  }

  private constructor(port: number) {
    this.port = port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Resolves when it answers, with all that it had. */
  async start(): Promise<void> {
    const settings = { bind: '127.0.0.1', port: String(this.port), dir: this.#directory, save: '', appendonly: 'yes' }
    this.#child.spawn(settings)
    await eventually(() => this.ask('PING'))
  }

  signal(name: NodeJS.Signals): void {
    this.#child.signal(name)
  }

  kill(): Promise<void> {
    return this.#child.kill()
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
}
