/**
 * Runs definitions in processes of their own: one for all, and one for each destination whose definition has ended the
 * common one, or reads secrets from its environment.
 *
 * R1. A definition that ends its process ends none of another destination's calls: these are made again, by themselves.
 * R2. Nothing of our environment is a definition's to read.
 */
import { fork } from 'node:child_process'
import type { JsonValue } from '../../../src/model/json.ts'
import type { SetTimer } from '../../../src/model/timer.ts'
import type { ConfiguredDefinition, DefinitionQuestion, DefinitionRunner } from '../../contract/definition-runner.ts'
import { RetryableError } from '../../contract/destination.ts'
import { timedOut } from '../../contract/transport-error.ts'
import { type DefinitionAskOptions, HostDiedError, HostProcess } from './host-process.ts'
import type { HostConfig } from './messages.ts'

export interface ProcessRunnerOptions {
  readonly config: HostConfig
  /** Epoch ms. */
  readonly clock: () => number
  readonly timer: SetTimer
  /** Path of a program that speaks `messages.ts` when it is told to `run-definitions`. */
  readonly program: string
  /** Called when a definition has ended its process. */
  readonly onDeath: (destinationId: string) => void
}

const HEAP_MIB_MAX = 512
/** Processes of single destinations at once; more destinations wait for one of these to be idle. */
const OWN_PROCESSES_MAX = 8
/** For so long, a destination that has ended a process runs by itself. */
const SUSPECTED_MS = 600_000

export class ProcessRunner implements DefinitionRunner {
  readonly #options: ProcessRunnerOptions
  #common: HostProcess | undefined
  /** By id of the destination, the least recently used first. */
  readonly #own = new Map<string, HostProcess>()
  /** Until when a destination runs by itself, epoch ms. */
  readonly #suspectedUntil = new Map<string, number>()
  readonly #waiting: (() => void)[] = []
  #isClosed = false

  constructor(options: ProcessRunnerOptions) {
    this.#options = options
  }

  async ask(
    definition: ConfiguredDefinition,
    question: DefinitionQuestion,
    options: DefinitionAskOptions,
  ): Promise<JsonValue> {
    if (this.#isClosed) throw new RetryableError('closed', 'The process of the workers is ending.')
    if (this.#runsAlone(definition)) return this.#askAlone(definition, question, options)
    try {
      return await this.#commonHost().ask(definition, question, options)
    } catch (error) {
      if (!(error instanceof HostDiedError)) throw error
      if (error.wasAlone) throw this.#ended(definition)
      // Keeps R1.
      return this.#askAlone(definition, question, options)
    }
  }

  /** Ends all processes; what they were asked is rejected. */
  close(): void {
    this.#isClosed = true
    this.#common?.end()
    for (const host of this.#own.values()) host.end()
    this.#own.clear()
  }

  #runsAlone({ destinationId, environment = {} }: ConfiguredDefinition): boolean {
    const until = this.#suspectedUntil.get(destinationId)
    if (until !== undefined && until <= this.#options.clock()) {
      this.#suspectedUntil.delete(destinationId)
      const own = this.#own.get(destinationId)
      if (own?.isIdle === true) own.end()
    }
    return this.#suspectedUntil.has(destinationId) || Object.keys(environment).length > 0
  }

  async #askAlone(
    definition: ConfiguredDefinition,
    question: DefinitionQuestion,
    options: DefinitionAskOptions,
  ): Promise<JsonValue> {
    const host = await this.#ownHost(definition, options.signal)
    try {
      return await host.ask(definition, question, options)
    } catch (error) {
      if (error instanceof HostDiedError) throw this.#ended(definition)
      throw error
    } finally {
      this.#waiting.shift()?.()
    }
  }

  /** Records that a definition has ended its process. */
  #ended({ destinationId }: ConfiguredDefinition): RetryableError {
    const isKnown = this.#suspectedUntil.has(destinationId)
    this.#suspectedUntil.set(destinationId, this.#options.clock() + SUSPECTED_MS)
    if (!isKnown) this.#options.onDeath(destinationId)
    return new RetryableError('process_ended', 'The definition has ended its process, or held it up.')
  }

  #commonHost(): HostProcess {
    if (this.#common?.isOpen !== true) this.#common = this.#start({})
    return this.#common
  }

  async #ownHost({ destinationId, environment }: ConfiguredDefinition, signal: AbortSignal): Promise<HostProcess> {
    for (;;) {
      const held = this.#own.get(destinationId)
      this.#own.delete(destinationId)
      if (held?.isOpen) {
        this.#own.set(destinationId, held)
        return held
      }
      for (const [id, host] of this.#own) if (!host.isOpen) this.#own.delete(id)
      const idle = [...this.#own].find(([, { isIdle }]) => isIdle)
      if (this.#own.size < OWN_PROCESSES_MAX || idle) {
        if (this.#own.size >= OWN_PROCESSES_MAX && idle) {
          this.#own.delete(idle[0])
          idle[1].end()
        }
        const host = this.#start(environment ?? {})
        this.#own.set(destinationId, host)
        return host
      }
      await this.#turn(signal)
    }
  }

  /** Resolves when a process may be idle. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(give), 1)
        reject(timedOut(signal))
      }
      this.#waiting.push(give)
      signal.addEventListener('abort', onAbort)
    })
  }

  #start(environment: Readonly<Record<string, string>>): HostProcess {
    const { config, timer, program } = this.#options
    return new HostProcess({
      config,
      timer,
      // Keeps R2.
      start: () =>
        fork(program, ['run-definitions'], {
          env: { ...environment },
          execArgv: [`--max-old-space-size=${HEAP_MIB_MAX}`],
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        }),
    })
  }
}
