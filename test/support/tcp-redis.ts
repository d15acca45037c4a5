/** A `redis-server` on a port of 127.0.0.1, in the test's hands: it is not started again unless the test does it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRedis } from '../../src/redis/client.ts'
import { eventually } from './eventually.ts'
import { freePort } from './processes.ts'

export class TcpRedis {
  readonly port: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'rollcall-redis-'))
  #child: ChildProcess | undefined

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
    const settingsAsArguments = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    this.#child = spawn('redis-server', settingsAsArguments, { stdio: 'ignore' })
    await eventually(() => this.ask('PING'))
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
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
