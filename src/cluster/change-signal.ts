/** Tells the other nodes at once that a space can be claimed. With their next beats they would find that themselves. */
import type { Redis } from 'ioredis'
import { createRedis } from '../redis/client.ts'
import { NODES_CHANNEL } from '../redis/keys.ts'

export class ChangeSignal {
  readonly #sender: Redis
  readonly #listener: Redis

  /** @param address `redis://…`, `rediss://…`, or the path of a unix socket */
  constructor(address: string) {
    this.#sender = createRedis(address)
    this.#listener = createRedis(address)
  }

  /** Calls back whenever some node signals, until it is closed. Rejects if Redis does not answer. */
  async listen(signalled: () => void): Promise<void> {
    this.#listener.on('message', signalled)
    if (this.#listener.status === 'wait') await this.#listener.connect()
    await this.#listener.subscribe(NODES_CHANNEL)
  }

  async send(): Promise<void> {
    if (this.#sender.status === 'wait') await this.#sender.connect()
    await this.#sender.publish(NODES_CHANNEL, '')
  }

  close(): void {
    this.#sender.disconnect()
    this.#listener.disconnect()
  }
}
