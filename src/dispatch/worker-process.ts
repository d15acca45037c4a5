/**
 * The process that the workers run in: a child, started anew when it dies, and ended with its parent. Nothing that a
 * destination does reaches the engine's loop.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { RetryableError } from '../../destinations/contract/destination.ts'
import type { JsonObject } from '../model/json.ts'
import type { DeliveryWorkers } from './service.ts'
import type { WorkerDestination } from '../worker/delivery-worker.ts'
import type { FromWorker, ToWorker, WorkerConfig } from '../worker/worker-messages.ts'

export interface WorkerProcessOptions {
  /** Of the program that speaks `worker-messages.ts` when it is told to `deliver`. */
  readonly program: string
  readonly config: WorkerConfig
  readonly onPrint: (line: string) => void
  readonly onFault: (message: string, destinationId: string) => void
  readonly onDeath: (how: string) => void
}

const RESTART_MS_MIN = 100
const RESTART_MS_MAX = 5_000
/** One that has lived for so long has not died of its start. */
const SETTLED_MS = 60_000
const STOPPED_WITHIN_MS = 10_000

type Tested = Extract<FromWorker, { kind: 'tested' }>

export class WorkerProcess implements DeliveryWorkers {
  readonly #options: WorkerProcessOptions
  readonly #tests = new Map<number, (tested: Tested) => void>()
  #child: ChildProcess
  #destinations: readonly WorkerDestination[] = []
  #isStopping = false
  #restartMs = RESTART_MS_MIN
  #requests = 0

  constructor(options: WorkerProcessOptions) {
    this.#options = options
    this.#child = this.#start()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  open(destinations: readonly WorkerDestination[]): void {
    this.#destinations = destinations
    this.#tell({ kind: 'destinations', destinations })
  }

  /** Rejects with a DeliveryError-like failure where the settings do not work. */
  async test(type: string, settings: JsonObject): Promise<{ reason: string; message: string } | undefined> {
    const request = ++this.#requests
    const tested = new Promise<Tested>((resolve) => this.#tests.set(request, resolve))
    this.#tell({ kind: 'test', request, type, settings })
    const { failure } = await tested
    return failure
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOPPED_WITHIN_MS)
    await ended
    clearTimeout(timer)
  }

  #start(): ChildProcess {
    const startedAt = performance.now()
    // In a group of its own: an interrupt from the terminal is for the parent, which ends it in order.
    const child = fork(this.#options.program, ['deliver'], {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.on('message', (message) => this.#hear(message as FromWorker))
    child.on('error', (cause) => this.#options.onDeath(cause.message))
    child.on('exit', (code, signal) => this.#exited(signal ?? `exit code ${code ?? 'unknown'}`, startedAt))
    child.send({ kind: 'open', config: this.#options.config } satisfies ToWorker, () => undefined)
    child.send({ kind: 'destinations', destinations: this.#destinations } satisfies ToWorker, () => undefined)
    return child
  }

  #exited(how: string, startedAt: number): void {
    for (const [request, answer] of this.#tests) {
      const { reason, message } = new RetryableError('worker_died', 'The worker has died; try again')
      answer({ kind: 'tested', request, failure: { reason, message } })
    }
    this.#tests.clear()
    if (this.#isStopping) return
    this.#options.onDeath(how)
    if (performance.now() - startedAt > SETTLED_MS) this.#restartMs = RESTART_MS_MIN
    const restartMs = this.#restartMs
    this.#restartMs = Math.min(RESTART_MS_MAX, restartMs * 2)
    setTimeout(() => {
      if (!this.#isStopping) this.#child = this.#start()
    }, restartMs)
  }

  #tell(message: ToWorker): void {
    // Whoever is not there is told all of it when it is started anew.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case 'print':
        this.#options.onPrint(message.line)
        return
      case 'fault':
        this.#options.onFault(message.message, message.destinationId)
        return
      case 'tested':
        this.#tests.get(message.request)?.(message)
        this.#tests.delete(message.request)
    }
  }
}
