/** A server as a child process: where it listens, and how much CPU it has used. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** Ticks a second in `/proc/PID/stat`. */
const TICKS = 100
const UTIME = 13

export class ServerProcess {
  readonly url: string
  readonly #child: ChildProcess

  /** Resolves when it has said where it listens. */
  static async start(file: URL, parameters: readonly string[], env: Record<string, string>): Promise<ServerProcess> {
    const child = spawn(process.execPath, [file.pathname, ...parameters], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const chunk of child.stdout) {
      const url = /"url":"([^"]+)"/.exec(String(chunk))?.[1]
      if (url === undefined) continue
      child.stdout.resume()
      return new ServerProcess(child, url)
    }
    throw new Error(`${file.pathname} has ended before it listened`)
  }

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  /** Seconds of CPU so far, all threads. */
  cpuSeconds(): number {
    const text = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[UTIME - 2]) + Number(fields[UTIME - 1])) / TICKS
  }

  /** Memory that the process holds now. */
  residentBytes(): number {
    const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))!
    return Number(kib) * 1024
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  /** As a crash would. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    await ended
  }
}
