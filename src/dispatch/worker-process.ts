/**
 * The process that the workers run in: a child, started anew when it dies, and ended with its parent. Nothing that a
 * destination does reaches the engine's loop.
 */
import { type ChildProcess, fork } from 'node:child_process'
import type { TriedSettings } from '../model/destination-admin.ts'
import type { DestinationAnswer, DestinationQuestion } from '../model/destination-question.ts'
import type { JsonObject } from '../model/json.ts'
import { SupervisedProcess } from '../process/supervised-process.ts'
import type { DeliveryWorkers } from './service.ts'
import type { WorkerDestination } from '../worker/delivery-worker.ts'
import type { FromWorker, ToWorker, WorkerConfig } from '../worker/worker-messages.ts'

export interface WorkerProcessOptions {
  /** Path of the program, which speaks `worker-messages.ts` when it is told to `deliver`. */
  readonly program: string
  readonly config: WorkerConfig
  readonly onPrint: (line: string) => void
  readonly onSave: (destinationId: string, settings: JsonObject) => void
  readonly onFault: (message: string, destinationId: string) => void
  readonly onDeath: (how: string) => void
}

const WORKER_RESTART_MS = { min: 100, max: 5_000 }
const WORKER_STEADY_MS = 60_000

/** Questions that are being answered; a further one is refused. */
const QUESTIONS_MAX = 100

const WORKER_DIED = { failure: { reason: 'worker_died', message: 'The worker has died; try again' } }
const BUSY = { failure: { reason: 'busy', message: 'Too many questions are being answered; try again' } }

type Answer = DestinationAnswer<DestinationQuestion['kind']>

export class WorkerProcess implements DeliveryWorkers {
  readonly #options: WorkerProcessOptions
  readonly #asked = new Map<number, (answer: Answer) => void>()
  readonly #process: SupervisedProcess
  #destinations: readonly WorkerDestination[] = []
  #requests = 0

  constructor(options: WorkerProcessOptions) {
    this.#options = options
    this.#process = new SupervisedProcess({
      start: () => this.#start(),
      askToEnd: (child) => {
        if (child.connected) child.disconnect()
      },
      onDeath: options.onDeath,
      restartMs: WORKER_RESTART_MS,
      steadyMs: WORKER_STEADY_MS,
    })
  }

  get pid(): number | undefined {
    return this.#process.child.pid
  }

  open(destinations: readonly WorkerDestination[]): void {
    this.#destinations = destinations
    tell(this.#process.child, { kind: 'destinations', destinations })
  }

  /** Resolves with a failure, too, if the process dies meanwhile, or has too much to answer. */
  ask<Kind extends DestinationQuestion['kind']>(
    destination: TriedSettings,
    question: Extract<DestinationQuestion, { kind: Kind }>,
  ): Promise<DestinationAnswer<Kind>> {
    const { child } = this.#process
    if (!child.connected) return Promise.resolve(WORKER_DIED)
    if (this.#asked.size >= QUESTIONS_MAX) return Promise.resolve(BUSY)
    const request = ++this.#requests
    return new Promise((resolve) => {
      this.#asked.set(request, (answer) => resolve(answer as DestinationAnswer<Kind>))
      tell(child, { kind: 'ask', request, destination, question })
    })
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }

  #start(): ChildProcess {
    // In a group of its own: an interrupt from the terminal is for the parent, which ends it in order.
    const child = fork(this.#options.program, ['deliver'], {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.on('message', (message) => this.#hear(message as FromWorker))
    child.on('exit', () => this.#failAsked())
    tell(child, { kind: 'open', config: this.#options.config })
    tell(child, { kind: 'destinations', destinations: this.#destinations })
    return child
  }

  #failAsked(): void {
    for (const answer of this.#asked.values()) answer(WORKER_DIED)
    this.#asked.clear()
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case 'print':
        this.#options.onPrint(message.line)
        return
      case 'save':
        this.#options.onSave(message.destinationId, message.settings)
        return
      case 'fault':
        this.#options.onFault(message.message, message.destinationId)
        return
      case 'answered':
        this.#asked.get(message.request)?.(message.answer)
        this.#asked.delete(message.request)
    }
  }
}

/** Sends a message to a child that can be reached. One that cannot has ended, and its successor is told all of it. */
function tell(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => undefined)
}
