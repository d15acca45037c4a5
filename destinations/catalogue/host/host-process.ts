/**
 * A process that runs definitions, as its parent sees it.
 *
 * P1. A process that answers no ping for ten seconds is killed: a definition holds it up.
 * P2. One that has grown too large gets no more questions, and ends once it has answered those that it has.
 * P3. Whatever it was asked when it dies is rejected with a HostDiedError.
 */
import type { ChildProcess } from 'node:child_process'
import type { JsonValue } from '../../../src/model/json.ts'
import type { SetTimer } from '../../../src/model/timer.ts'
import type {
  ConfiguredDefinition,
  DefinitionFailure,
  DefinitionQuestion,
  OauthTokens,
} from '../../contract/definition-runner.ts'
import { type DeliveryError, RetryableError, SkippedError, TerminalError } from '../../contract/destination.ts'
import { timedOut } from '../../contract/transport-error.ts'
import type { FromHost, HostConfig, ToHost } from './messages.ts'

export interface HostProcessOptions {
  readonly start: () => ChildProcess
  readonly config: HostConfig
  readonly timer: SetTimer
}

export interface DefinitionAskOptions {
  readonly signal: AbortSignal
  readonly onTokens?: ((tokens: OauthTokens) => void) | undefined
}

/** The process has ended with the question unanswered. */
export class HostDiedError extends Error {
  override readonly name = 'HostDiedError'
  /** True if the process had been asked nothing else. */
  readonly wasAlone: boolean

  constructor(wasAlone: boolean) {
    super('the process of the definition has ended')
    this.wasAlone = wasAlone
  }
}

interface Asked {
  readonly destinationId: string
  readonly answer: (value: JsonValue) => void
  readonly fail: (error: Error) => void
  readonly onTokens: DefinitionAskOptions['onTokens']
}

const PING_MS = 1_000
const SILENT_PINGS_MAX = 10
const RESIDENT_BYTES_MAX = 768 * 1024 * 1024

export class HostProcess {
  readonly #child: ChildProcess
  readonly #timer: SetTimer
  readonly #asked = new Map<number, Asked>()
  #cancelPing: () => void = () => undefined
  #silentPings = 0
  #lastId = 0
  #isOver = false
  #isRetiring = false

  constructor({ start, config, timer }: HostProcessOptions) {
    this.#timer = timer
    this.#child = start()
    this.#child.on('message', (message) => this.#hear(message as FromHost))
    this.#child.on('error', () => this.#died())
    this.#child.on('exit', () => this.#died())
    this.#tell({ kind: 'config', config })
    this.#ping()
  }

  /** False once it takes no more questions. */
  get isOpen(): boolean {
    return !this.#isOver && !this.#isRetiring
  }

  get isIdle(): boolean {
    return this.#asked.size === 0
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  ask(
    definition: ConfiguredDefinition,
    question: DefinitionQuestion,
    { signal, onTokens }: DefinitionAskOptions,
  ): Promise<JsonValue> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(timedOut(signal))
        return
      }
      if (this.#isOver) {
        reject(new HostDiedError(false))
        return
      }
      const id = ++this.#lastId
      const onAbort = (): void => {
        this.#tell({ kind: 'abort', id })
        fail(timedOut(signal))
      }
      const settle = (act: () => void): void => {
        this.#asked.delete(id)
        signal.removeEventListener('abort', onAbort)
        act()
        if (this.#isRetiring && this.isIdle) this.end()
      }
      const fail = (error: Error): void => settle(() => reject(error))
      const { destinationId } = definition
      this.#asked.set(id, { destinationId, answer: (value) => settle(() => resolve(value)), fail, onTokens })
      signal.addEventListener('abort', onAbort)
      this.#tell({ kind: 'ask', id, definition, question })
    })
  }

  /** Ends the process; what it was asked is rejected. */
  end(): void {
    this.#child.kill('SIGKILL')
    this.#died()
  }

  #hear(message: FromHost): void {
    switch (message.kind) {
      case 'pong':
        this.#silentPings = 0
        if (message.residentBytes > RESIDENT_BYTES_MAX) this.#retire()
        return
      case 'answer':
        this.#asked.get(message.id)?.answer(message.value)
        return
      case 'failure':
        this.#asked.get(message.id)?.fail(errorOf(message.failure))
        return
      case 'tokens':
        this.#asked.get(message.id)?.onTokens?.(message.tokens)
    }
  }

  /** Keeps P1. */
  #ping(): void {
    if (this.#silentPings >= SILENT_PINGS_MAX) {
      this.end()
      return
    }
    this.#silentPings++
    this.#tell({ kind: 'ping' })
    this.#cancelPing = this.#timer(() => this.#ping(), PING_MS)
  }

  /** Keeps P2. */
  #retire(): void {
    this.#isRetiring = true
    if (this.isIdle) this.end()
  }

  /** Keeps P3. */
  #died(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelPing()
    const wasAlone = new Set(Array.from(this.#asked.values(), ({ destinationId }) => destinationId)).size === 1
    for (const { fail } of [...this.#asked.values()]) fail(new HostDiedError(wasAlone))
  }

  #tell(message: ToHost): void {
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }
}

/** Makes the error of a failure that came as a message. */
export function errorOf({ kind, reason, message, retryAfterMs }: DefinitionFailure): DeliveryError {
  switch (kind) {
    case 'retryable':
      return new RetryableError(reason, message, retryAfterMs === undefined ? {} : { retryAfterMs })
    case 'terminal':
      return new TerminalError(reason, message)
    case 'skipped':
      return new SkippedError(reason, message)
  }
}
