/**
 * A child process that is restarted when it exits, and ended with its parent.
 *
 * S1. One child at a time: the next one starts after the one before has ended.
 * S2. Each exit in a row doubles the wait before the next start, up to a bound. Once a child has lived for `steadyMs`,
 *     the wait begins anew.
 * S3. Once it is being stopped, nothing starts.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimer, type SetTimer } from '../model/timer.ts'

export interface Supervision {
  /** Starts the process. Called at once, and after each exit. */
  readonly start: () => ChildProcess
  /** Asks a process that runs to end in order. One that has not ended ten seconds later is killed. */
  readonly askToEnd: (child: ChildProcess) => void
  /** Called for each exit that nobody asked for, with the signal, the exit code, or why it could not be started. */
  readonly onDeath: (how: string) => void
  /** The wait after the first exit in a row, and the longest. */
  readonly restartMs: { readonly min: number; readonly max: number }
  readonly steadyMs: number
  /** Virtual time for tests; ms. */
  readonly clock?: () => number
  readonly timer?: SetTimer
}

const KILLED_AFTER_MS = 10_000

export class SupervisedProcess {
  readonly #options: Supervision
  readonly #clock: () => number
  readonly #timer: SetTimer
  #child: ChildProcess
  #startedAt = 0
  #restartMs: number
  #cancelRestart: (() => void) | undefined
  #isStopping = false

  constructor(options: Supervision) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
    this.#timer = options.timer ?? setTimer
    this.#restartMs = options.restartMs.min
    this.#child = this.#start()
  }

  /** The child that was started last; it may have ended. */
  get child(): ChildProcess {
    return this.#child
  }

  /** Resolves when the child has ended; none is started any more. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#cancelRestart?.()
    const child = this.#child
    if (!isRunning(child)) return
    const ended = once(child, 'exit')
    this.#options.askToEnd(child)
    const cancelKill = this.#timer(() => child.kill('SIGKILL'), KILLED_AFTER_MS)
    await ended
    cancelKill()
  }

  #start(): ChildProcess {
    this.#startedAt = this.#clock()
    const child = this.#options.start()
    child.once('exit', (code, signal) => this.#died(signal ?? `exit code ${code ?? 'unknown'}`))
    // A process that could not be started has no exit; one that runs can have other errors.
    child.on('error', (cause) => {
      if (child.pid === undefined) this.#died(cause.message)
    })
    return child
  }

  /** Keeps S2 and S3. */
  #died(how: string): void {
    if (this.#isStopping) return
    this.#options.onDeath(how)
    const { min, max } = this.#options.restartMs
    if (this.#clock() - this.#startedAt >= this.#options.steadyMs) this.#restartMs = min
    this.#cancelRestart = this.#timer(() => {
      this.#child = this.#start()
    }, this.#restartMs)
    this.#restartMs = Math.min(max, this.#restartMs * 2)
  }
}

function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null
}
