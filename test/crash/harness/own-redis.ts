/** A `redis-server` in the test's hands, on a unix socket: it is not started again unless the test does it. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { RedisChild } from '../../support/redis-child.ts'
import { eventually } from '../../support/eventually.ts'
import { createRedis } from '../../../src/redis/client.ts'

const SETTINGS = {
  port: '0',
  save: '',
  appendonly: 'yes',
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
  'auto-aof-rewrite-min-size': '256mb',
}

export class OwnRedis {
  readonly directory: string
  readonly address: string
  readonly #child = new RedisChild()

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true })
    this.directory = directory
    this.address = join(directory, 'redis.sock')
  }

  get pid(): number {
    return this.#child.pid
  }

  /** Resolves when it has read its file and answers. */
  async start(): Promise<this> {
    this.spawn()
    await this.answers()
    return this
  }

  async answers(): Promise<void> {
    await eventually(() => this.ask((redis) => redis.ping()))
  }

  spawn(): void {
    const settings = { ...SETTINGS, dir: this.directory, unixsocket: this.address }
    this.#child.spawn(settings)
  }

  signal(name: NodeJS.Signals): void {
    this.#child.signal(name)
  }

  kill(): Promise<void> {
    return this.#child.kill()
  }

  /** Returns its answer to a ping, while it reads its file too. */
  async pong(): Promise<string> {
    const socket = connect(this.address)
    socket.write('PING\r\n')
    const [reply] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return reply.toString()
  }

  async ask<Answer>(question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    const redis = createRedis(this.address)
    try {
      await redis.connect()
      return await question(redis)
    } finally {
      redis.disconnect()
    }
  }
}
