/** The built command line as a process of its own: `pretest` builds it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'

const MAIN = join(import.meta.dirname, '../../dist/src/main.js')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `rollcall replay` with these arguments until it ends; at the limit it is killed, and the code is null. */
export async function runReplay(
  args: readonly string[],
  stdin: Readable | string = '',
  limitMs = 60_000,
): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, 'replay', ...args], { timeout: limitMs, killSignal: 'SIGKILL' })
  const input = typeof stdin === 'string' ? Readable.from([stdin]) : stdin
  // A process that ends before it has read everything closes the pipe: what it says of that is in its code.
  const fed = pipeline(input, child.stdin).catch(() => undefined)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  await fed
  return { code: child.exitCode, stdout, stderr }
}

/** A folder of its own for the files of a test. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'rollcall-replay-'))

  file(name: string, content: string): string {
    const path = join(this.path, name)
    writeFileSync(path, content)
    return path
  }

  remove(): void {
    rmSync(this.path, { recursive: true })
  }
}
