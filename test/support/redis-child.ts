/** The process of a `redis-server` in the test's hands: it is not started again unless the test does it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export class RedisChild {
  #child: ChildProcess | undefined

  get pid(): number {
    return this.#child!.pid!
  }

  /** Starts one; it may take a moment until it answers. */
  spawn(settings: Readonly<Record<string, string>>): void {
    const settingsAsArguments = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    this.#child = spawn('redis-server', settingsAsArguments, { stdio: 'ignore' })
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  /** Resolves when it has ended, if it runs. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}
