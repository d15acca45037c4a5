/** `rollcall serve` as a child process, in a data directory of the test's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

export interface ServeProcess {
  readonly child: ChildProcess
  /** Where it listens; rejects with its output where it ends before it is ready. */
  readonly ready: Promise<string>
  /** Its output so far. */
  readonly output: () => string
  /** Sends a signal and resolves with the exit code, or the signal that ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>
}

/** Resources that the process is given less of. */
export interface ServeLaunch {
  /** MiB of heap. */
  readonly heapMax?: number
  /** Open files, sockets among them. */
  readonly filesMax?: number
}

/** A program in place of the server's, which it runs in the end; the processes of the workers run it too. */
export interface ServeProgram {
  readonly program?: string
}

export function runServe(
  dataDirectory: string,
  environment: Record<string, string> = {},
  { heapMax, filesMax, program = MAIN }: ServeLaunch & ServeProgram = {},
): ServeProcess {
  const { PATH = '' } = process.env
  const env = { PATH, PORT: '0', DATA_DIR: dataDirectory, ...environment }
  const flags = heapMax === undefined ? [] : [`--max-old-space-size=${heapMax}`]
  const limit = filesMax === undefined ? '' : `ulimit -n ${filesMax}; `
  const parameters = ['-c', `${limit}exec "$0" "$@"`, process.execPath, ...flags, program, 'serve']
  const child = spawn('/bin/sh', parameters, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals)
  const ready = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const url = /"url":"([^"]+)"/.exec(output)?.[1]
      if (url !== undefined) resolve(url)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    void ended.then((how) => reject(new Error(`serve has ended with ${how}: ${output}`)))
  })
  ready.catch(() => undefined)
  return {
    child,
    ready,
    output: () => output,
    end: (signal) => {
      child.kill(signal)
      return ended
    },
  }
}
