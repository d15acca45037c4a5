/**
 * The command line as its user meets it: built, as a process of its own (`pretest` builds it); or in this process, which
 * takes a hundredth of the time, for what no process is needed to see.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { onTestFinished, vi } from 'vitest'

const MAIN = join(import.meta.dirname, '../../dist/src/main.js')
const SOURCE = join(import.meta.dirname, '../../src/main.ts')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `rollcall replay` with these arguments until it ends. */
export async function runReplay(args: readonly string[], stdin: Readable | string = ''): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, 'replay', ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  const input = typeof stdin === 'string' ? Readable.from([stdin]) : stdin
  // A process that ends before it has read everything closes the pipe: what it says of that is in its code.
  const fed = pipeline(input, child.stdin).catch(() => undefined)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  await fed
  return { code: child.exitCode, stdout, stderr }
}

let runs = 0

/** Runs `rollcall replay` here. It reads no standard input, and what commander itself refuses ends this process. */
export async function replayHere(args: readonly string[]): Promise<Finished> {
  const [stdout, stderr] = [new Written(process.stdout), new Written(process.stderr)]
  const { argv, exitCode } = process
  const listeners = process.stdout.listeners('error')
  // A file that a refused run before has left open is closed by now, of which Node warns; a process of its own is gone.
  const warners = process.listeners('warning')
  process.removeAllListeners('warning')
  Object.assign(process, { argv: [process.execPath, SOURCE, 'replay', ...args], exitCode: 0 })
  try {
    // By another name each time, it is run each time.
    const main = `${SOURCE}?run=${++runs}`
    await import(/* @vite-ignore */ main)
    return { code: Number(process.exitCode), stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    Object.assign(process, { argv, exitCode })
    for (const listener of process.stdout.listeners('error'))
      if (!listeners.includes(listener)) process.stdout.off('error', listener as () => void)
    for (const warner of warners) process.on('warning', warner)
    for (const written of [stdout, stderr]) written.end()
  }
}

/** Captures what is written to a stream of this process, which does not get it, until the end. */
class Written {
  readonly #chunks: Buffer[] = []
  readonly #write

  constructor(stream: NodeJS.WriteStream) {
    this.#write = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      this.#chunks.push(Buffer.from(chunk))
      return true
    })
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString()
  }

  end(): void {
    this.#write.mockRestore()
  }
}
