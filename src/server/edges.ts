/**
 * The edge processes of a server: as many as were asked for, behind one port, each started anew when it dies.
 *
 * E1. Each accepts connections by itself: the engine does nothing for one.
 */
import type { ChildProcess } from 'node:child_process'
import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import type { OnAnswer } from '../http/app.ts'
import { SupervisedProcess } from '../process/supervised-process.ts'
import type { FromEdge } from './edge-messages.ts'

export interface EdgesOptions {
  readonly count: number
  /** Path of the program, which is an edge when it is told to `edge`. */
  readonly program: string
  readonly onDeath: (how: string) => void
}

const RESTART_MS = { min: 100, max: 5_000 }
const STEADY_MS = 60_000

export class Edges {
  /** Known to them and to the server, and to nobody else. */
  readonly secret = randomBytes(32).toString('hex')
  /** Resolves with the URL of their port; rejects if the first that is started cannot listen. */
  readonly listening: Promise<string>
  readonly #options: EdgesOptions
  #processes: readonly SupervisedProcess[] = []
  #heard: (url: string) => void = () => undefined
  #died: (cause: Error) => void = () => undefined

  constructor(options: EdgesOptions) {
    this.#options = options
    this.listening = new Promise((resolve, reject) => ([this.#heard, this.#died] = [resolve, reject]))
    this.listening.catch(() => undefined)
  }

  /** Starts them; the server's socket can be asked. @param onAnswer told of what they answer by themselves */
  start(onAnswer: OnAnswer): void {
    const { count, program, onDeath } = this.#options
    // Keeps E1.
    cluster.schedulingPolicy = cluster.SCHED_NONE
    cluster.setupPrimary({ exec: program, args: ['edge'] })
    const start = (): ChildProcess => {
      const worker = cluster.fork({ CLUSTER_SECRET: this.secret })
      worker.on('message', (message: FromEdge) => {
        if (message.kind === 'listening') this.#heard(message.url)
        else onAnswer(message.answer, message.context)
      })
      return worker.process
    }
    const supervision = {
      start,
      askToEnd: (child: ChildProcess) => void child.kill('SIGTERM'),
      onDeath: (how: string) => {
        this.#died(new Error(`an edge process exited before it listened: ${how}`))
        onDeath(how)
      },
      restartMs: RESTART_MS,
      steadyMs: STEADY_MS,
    }
    this.#processes = Array.from({ length: count }, () => new SupervisedProcess(supervision))
  }

  /** Has them read the certificate again. */
  reload(): void {
    for (const { child } of this.#processes) child.kill('SIGHUP')
  }

  /** Resolves when all have answered what they have taken, and have ended. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.stop()))
  }
}
