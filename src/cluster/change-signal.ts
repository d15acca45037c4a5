/** Tells the other nodes at once that a space can be claimed. With their next beats they would find that themselves. */
import type { Redis } from 'ioredis'
import { connectionFor, type KeyConnection } from '../redis/key-connection.ts'
import { NODES_CHANNEL } from '../redis/keys.ts'
import type { SetTimer } from '../model/timer.ts'

/** A listener makes sure so often that it is heard: the Redis that it listened to may be there no more. */
const LISTEN_MS = 1_000

export class ChangeSignal {
  readonly #sender: KeyConnection
  readonly #listener: KeyConnection
  readonly #timer: SetTimer
  readonly #heard = new WeakSet<Redis>()
  #isClosed = false
  #cancel: () => void = () => undefined

  /** @param address `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket */
  constructor(address: string, timer: SetTimer) {
    this.#sender = connectionFor(address, NODES_CHANNEL)
    this.#listener = connectionFor(address, NODES_CHANNEL)
    this.#timer = timer
  }

  /** Calls back whenever some node signals, until it is closed; resolves once it listens, or cannot yet. */
  async listen(signalled: () => void): Promise<void> {
    try {
      await this.#listener.ask((redis) => {
        // One that is being connected would be asked for its state as a subscriber, which may not answer that.
        if (redis.status !== 'ready') throw new Error('signals: there is no connection')
        if (!this.#heard.has(redis)) redis.on('message', signalled)
        this.#heard.add(redis)
        return redis.subscribe(NODES_CHANNEL)
      })
    } catch {
      // It is tried again; meanwhile beats find what signals would tell.
    }
    if (!this.#isClosed) this.#cancel = this.#timer(() => void this.listen(signalled), LISTEN_MS)
  }

  async send(): Promise<void> {
    await this.#sender.ask((redis) => redis.publish(NODES_CHANNEL, ''))
  }

  close(): void {
    this.#isClosed = true
    this.#cancel()
    this.#sender.disconnect()
    this.#listener.disconnect()
  }
}
