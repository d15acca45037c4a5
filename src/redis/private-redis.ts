/**
 * A `redis-server` of the process's own: a child on a unix socket in the data directory, restarted when it exits and
 * ended with the parent. One that an earlier parent left behind, when it was killed, is ended first.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EngineError } from '../model/errors.ts'
import { SupervisedProcess } from '../process/supervised-process.ts'
import { createRedis } from './client.ts'

export interface PrivateRedisOptions {
  /** Created if it is missing. */
  readonly directory: string
  readonly appendfsync: 'always' | 'everysec'
  /** Called when the server has exited by itself. */
  readonly onDeath?: (how: string) => void
}

const STARTED_WITHIN_MS = 120_000
const LEFT_OVER_ENDED_WITHIN_MS = 10_000
const REDIS_RESTART_MS = { min: 50, max: 2_000 }
const REDIS_STEADY_MS = 1_000
/** The kernel's bound of the path of a unix socket. */
const PATH_BYTES_MAX = 107

export class PrivateRedis {
  /** Path of the unix socket. */
  readonly address: string
  readonly #options: PrivateRedisOptions
  readonly #process: SupervisedProcess
  #cannotStart = false

  /**
   * Resolves when it answers. If it exits before, it is not restarted, and the promise rejects; one that is killed from
   * outside is restarted, as at any time.
   */
  static async start(options: PrivateRedisOptions): Promise<PrivateRedis> {
    const directory = resolve(options.directory)
    const address = join(directory, 'redis.sock')
    if (Buffer.byteLength(address) > PATH_BYTES_MAX)
      throw new EngineError(
        'validation_error',
        `DATA_DIR: expected a shorter path: ${address} has more than ${PATH_BYTES_MAX} bytes`,
        'DATA_DIR',
      )
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await endLeftOver(address)
    const redis = new PrivateRedis({ ...options, directory }, address)
    try {
      await redis.#answers()
    } catch (error) {
      await redis.stop()
      throw error
    }
    return redis
  }

  private constructor(options: PrivateRedisOptions, address: string) {
    this.#options = options
    this.address = address
    this.#process = new SupervisedProcess({
      start: () => this.#spawn(),
      askToEnd: (child) => child.kill('SIGTERM'),
      onDeath: (how) => {
        if (how !== 'SIGKILL') this.#cannotStart = true
        options.onDeath?.(how)
      },
      restartMs: REDIS_RESTART_MS,
      steadyMs: REDIS_STEADY_MS,
    })
  }

  get pid(): number | undefined {
    return this.#process.child.pid
  }

  /** Lets it write its file anew, beside its work: then no byte is in it of what was removed before. */
  async rewrite(): Promise<void> {
    const redis = createRedis(this.address)
    try {
      await redis.connect()
      await redis.call('BGREWRITEAOF')
    } finally {
      redis.disconnect()
    }
  }

  /** Ends it once it has written everything. */
  stop(): Promise<void> {
    return this.#process.stop()
  }

  #spawn(): ChildProcess {
    const { directory, appendfsync } = this.#options
    const settings = {
      port: '0',
      unixsocket: this.address,
      unixsocketperm: '700',
      dir: directory,
      save: '',
      appendonly: 'yes',
      appendfsync,
      'maxmemory-policy': 'noeviction',
      'auto-aof-rewrite-min-size': '256mb',
      // The bytes of a trimmed entry would stay until all that share a node with it are trimmed.
      'stream-node-max-entries': '1',
      daemonize: 'no',
      loglevel: 'warning',
    }
    const settingsAsArguments = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    // In a group of its own: an interrupt from the terminal is for the parent, which ends it in order.
    return spawn('redis-server', settingsAsArguments, { stdio: 'ignore', detached: true })
  }

  /** Resolves when it has read its file and answers. */
  async #answers(): Promise<void> {
    const until = performance.now() + STARTED_WITHIN_MS
    while (!(await ping(this.address))) {
      if (this.#cannotStart)
        throw new Error(`redis-server cannot start in ${this.#options.directory}: see \`redis-server --dir\` there`)
      if (performance.now() > until) throw new Error(`redis-server does not answer on ${this.address}`)
      await delay(20)
    }
  }
}

async function ping(address: string): Promise<boolean> {
  const redis = createRedis(address)
  try {
    await redis.connect()
    await redis.ping()
    return true
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}

/** Ends the child of a parent that was killed: it still holds the file. */
async function endLeftOver(address: string): Promise<void> {
  const redis = createRedis(address)
  try {
    await redis.connect()
  } catch {
    redis.disconnect()
    await rm(address, { force: true })
    return
  }
  // It answers by closing the connection, or by saying why it does not end.
  await Promise.race([once(redis, 'close'), redis.call('SHUTDOWN').catch(() => undefined)])
  redis.disconnect()
  const until = performance.now() + LEFT_OVER_ENDED_WITHIN_MS
  while (await ping(address)) {
    if (performance.now() > until) throw new Error(`a redis-server that was left behind on ${address} does not end`)
    await delay(20)
  }
}
