/**
 * The edge's end of a link to an engine: one connection for all requests, opened when the first one comes.
 *
 * L1. Requests in flight, and their bytes, are bounded; beyond that the next one is refused at once.
 * L2. Whoever sends learns if the request may have been taken: `not sent` if not a byte of it was, `lost` otherwise.
 * L3. Requests of one turn of the loop leave together.
 */
import type { Duplex } from 'node:stream'
import { EngineError } from '../model/errors.ts'
import { FRAME, type Frame, FrameReader } from './frames.ts'
import { type CallsAnswer, type CallsToTake, readAnswerFrame, requestFrame } from './messages.ts'

/** A connection to an engine, after each end has proved itself to the other. */
export interface Tunnel {
  readonly socket: Duplex
  /** False for an engine of another version, which would read calls otherwise: it has to read them itself. */
  readonly readsAlike: boolean
}

export interface LinkLimits {
  /** Requests in flight. */
  readonly requestsMax: number
  readonly bytesMax: number
}

export const LINK_LIMITS: LinkLimits = { requestsMax: 2_000, bytesMax: 32 * 1024 * 1024 }

export interface LinkOptions {
  readonly open: () => Promise<Tunnel>
  /** Calls back when the present turn of the loop is over. */
  readonly afterTurn: (act: () => void) => void
  readonly limits?: LinkLimits
  /** Told why the engine cannot be reached, or no more; undefined: it can. */
  readonly onTrouble?: (cause: unknown) => void
}

export type LinkOutcome = CallsAnswer | { readonly kind: 'not sent' | 'lost' }

interface Sending {
  /** Resolves with the engine's answer, or with what became of the calls without one. */
  readonly sent: Promise<LinkOutcome>
  /** Waits for the answer no more: the calls are lost. */
  readonly abandon: () => void
}

/** An answer is small: it names calls that were rejected. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024

interface InFlight {
  readonly bytes: number
  readonly answer: (sent: LinkOutcome) => void
}

export class Link {
  readonly #options: LinkOptions
  readonly #limits: LinkLimits
  readonly #inFlight = new Map<number, InFlight>()
  #bytes = 0
  #lastId = 0
  #opening: Promise<Tunnel | undefined> | undefined
  #tunnel: Tunnel | undefined
  #isCorked = false
  #isClosed = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#limits = options.limits ?? LINK_LIMITS
  }

  /** Returns why a request of so many bytes would be refused at present. Keeps L1. */
  refusal(bytes: number): EngineError | undefined {
    const { requestsMax, bytesMax } = this.#limits
    if (this.#inFlight.size < requestsMax && this.#bytes + bytes <= bytesMax) return undefined
    return new EngineError('rate_limit_error', 'Too many requests are under way to the engine; try again later')
  }

  /** Sends calls. Throws an EngineError if too many are in flight. Keeps L2. */
  send(calls: CallsToTake): Sending {
    const bytes = calls.body.byteLength + (calls.packed?.byteLength ?? 0)
    const refused = this.refusal(bytes)
    if (refused) throw refused
    const id = (this.#lastId = (this.#lastId + 1) >>> 0)
    const sent = new Promise<LinkOutcome>((answer) => this.#inFlight.set(id, { bytes, answer }))
    this.#bytes += bytes
    if (this.#tunnel) this.#write(id, calls, this.#tunnel)
    else void this.#sendLater(id, calls)
    return { sent, abandon: () => this.#end(id, { kind: 'lost' }) }
  }

  /** Ends the connection; what is in flight is lost. */
  close(): void {
    this.#isClosed = true
    this.#tunnel?.socket.destroy()
  }

  async #sendLater(id: number, calls: CallsToTake): Promise<void> {
    const tunnel = await (this.#opening ??= this.#open())
    if (!tunnel || tunnel !== this.#tunnel) this.#end(id, { kind: 'not sent' })
    // It may have been abandoned.
    else if (this.#inFlight.has(id)) this.#write(id, calls, tunnel)
  }

  async #open(): Promise<Tunnel | undefined> {
    try {
      const tunnel = await this.#options.open()
      if (this.#isClosed) {
        tunnel.socket.destroy()
        throw new Error('link: it was closed meanwhile')
      }
      this.#tunnel = tunnel
      this.#follow(tunnel.socket)
      this.#options.onTrouble?.(undefined)
      return tunnel
    } catch (cause) {
      this.#options.onTrouble?.(cause)
      return undefined
    } finally {
      this.#opening = undefined
    }
  }

  #follow(socket: Duplex): void {
    const reader = new FrameReader(ANSWER_BYTES_MAX)
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.read(chunk)) this.#hear(frame, socket)
      } catch (cause) {
        socket.destroy(cause as Error)
      }
    })
    let cause: Error = new Error('link: the engine has ended the connection')
    socket.on('error', (error) => (cause = error))
    // An engine that writes no more answers no more.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      this.#tunnel = undefined
      for (const id of [...this.#inFlight.keys()]) this.#end(id, { kind: 'lost' })
      if (!this.#isClosed) this.#options.onTrouble?.(cause)
    })
  }

  /** An engine that is about to end is sent nothing more, and answers what it has. */
  #hear(frame: Frame, socket: Duplex): void {
    if (frame.kind === FRAME.closing) this.#tunnel = undefined
    else this.#end(frame.id, readAnswerFrame(frame))
    if (!this.#tunnel && this.#inFlight.size === 0) socket.destroy()
  }

  #end(id: number, sent: LinkOutcome): void {
    const waiting = this.#inFlight.get(id)
    // It may have been abandoned.
    if (!waiting) return
    this.#inFlight.delete(id)
    this.#bytes -= waiting.bytes
    waiting.answer(sent)
  }

  /** Keeps L3. */
  #write(id: number, calls: CallsToTake, { socket, readsAlike }: Tunnel): void {
    if (!this.#isCorked) {
      this.#isCorked = true
      socket.cork()
      this.#options.afterTurn(() => {
        this.#isCorked = false
        socket.uncork()
      })
    }
    const carried = readsAlike ? calls : { ...calls, packed: undefined }
    for (const part of requestFrame(id, carried)) socket.write(part)
  }
}
