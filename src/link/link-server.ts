/**
 * The engine's ends of its links: takes up requests, and answers each when it is done.
 *
 * S1. A link is heard once it has proved that it knows the secret; until then it may send its proof and no more.
 * S2. What a link has in flight is bounded: beyond that its connection is not read, so that the edge has to wait.
 * S3. Answers of one turn of the loop leave together.
 */
import type { Duplex } from 'node:stream'
import { BATCH_BYTES_MAX } from '../model/read-request.ts'
import type { SetTimer } from '../model/timer.ts'
import { FRAME, type Frame, frameOf, FrameReader } from './frames.ts'
import { LINK_LIMITS, type LinkLimits } from './link.ts'
import { answerFrame, type LinkCalls, type CallsAnswer, readRequestFrame } from './messages.ts'
import { isProof, type Nonces } from './secret.ts'

export interface LinkServerOptions {
  readonly secret: string
  /** Resolves with the answer to calls, whatever becomes of them. */
  readonly take: (calls: LinkCalls) => Promise<CallsAnswer>
  /** Calls back when the present turn of the loop is over. */
  readonly afterTurn: (act: () => void) => void
  readonly timer: SetTimer
  readonly limits?: LinkLimits
  /** Told of a link that was refused, or cut. */
  readonly onTrouble?: (cause: unknown) => void
}

/** A body with its calls, which take no more than twice its room, and a head: more is not sent. */
const REQUEST_BYTES_MAX = 4 * BATCH_BYTES_MAX
/** Time in which a link must prove itself. */
const PROVED_WITHIN_MS = 5_000
/** At the end, edges are waited for so long. */
const ENDED_WITHIN_MS = 2_000

export class LinkServer {
  readonly #options: LinkServerOptions
  readonly #sockets = new Set<Duplex>()

  constructor(options: LinkServerOptions) {
    this.#options = options
  }

  /** Takes over a connection whose ends have chosen their numbers. */
  accept(socket: Duplex, nonces: Nonces): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    new EngineEnd(socket, nonces, this.#options)
  }

  /** Asks the edges to end their links when they have their answers; resolves when that is done. */
  async stop(): Promise<void> {
    const ended = Array.from(this.#sockets, (socket) => new Promise((resolve) => socket.once('close', resolve)))
    for (const socket of this.#sockets) socket.write(frameOf(FRAME.closing, 0))
    const cancel = this.#options.timer(() => this.#cut(), ENDED_WITHIN_MS)
    await Promise.all(ended)
    cancel()
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** The engine's end of one link. */
class EngineEnd {
  readonly #socket: Duplex
  readonly #options: LinkServerOptions
  readonly #nonces: Nonces
  readonly #cancelProof: () => void
  #isProved = false
  #requests = 0
  #bytes = 0
  #answers: Buffer[] = []

  constructor(socket: Duplex, nonces: Nonces, options: LinkServerOptions) {
    this.#socket = socket
    this.#nonces = nonces
    this.#options = options
    this.#cancelProof = options.timer(() => socket.destroy(), PROVED_WITHIN_MS)
    const reader = new FrameReader(REQUEST_BYTES_MAX)
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.read(chunk)) this.#take(frame)
      } catch (cause) {
        options.onTrouble?.(cause)
        socket.destroy()
      }
    })
    socket.on('end', () => socket.destroy())
    socket.on('error', (cause) => options.onTrouble?.(cause))
    socket.once('close', this.#cancelProof)
  }

  /** Keeps S1. */
  #take(frame: Frame): void {
    if (this.#isProved) {
      if (frame.kind !== FRAME.request) throw new Error(`link: expected a request, got a frame of kind ${frame.kind}`)
      void this.#answer(frame, readRequestFrame(frame))
      return
    }
    const { secret } = this.#options
    if (frame.kind !== FRAME.proof || !isProof(frame.payload, 'edge', secret, this.#nonces))
      throw new Error('link: an edge does not know the secret')
    this.#isProved = true
    this.#cancelProof()
  }

  async #answer({ id, payload }: Frame, calls: LinkCalls): Promise<void> {
    const bytes = payload.byteLength
    this.#count(1, bytes)
    const answer = await this.#options.take(calls)
    this.#count(-1, -bytes)
    this.#send(answerFrame(id, answer))
  }

  /** Keeps S2. */
  #count(requests: number, bytes: number): void {
    const { requestsMax, bytesMax } = this.#options.limits ?? LINK_LIMITS
    this.#requests += requests
    this.#bytes += bytes
    const isFull = this.#requests >= requestsMax || this.#bytes >= bytesMax
    if (isFull && !this.#socket.isPaused()) this.#socket.pause()
    else if (!isFull && this.#socket.isPaused()) this.#socket.resume()
  }

  /** Keeps S3. */
  #send(answer: Buffer): void {
    this.#answers.push(answer)
    if (this.#answers.length > 1) return
    this.#options.afterTurn(() => {
      const answers = this.#answers
      this.#answers = []
      if (!this.#socket.destroyed) this.#socket.write(answers.length === 1 ? answers[0]! : Buffer.concat(answers))
    })
  }
}
