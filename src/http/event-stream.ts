/** An answer that is a stream of server-sent events, in the form of the WHATWG's HTML standard. */
import type { Response } from 'express'

/** With so many bytes on their way, the reader is full. */
const WAITING_BYTES_MAX = 64 * 1024

interface SentEvent {
  readonly event?: string
  readonly id?: string
  /** One line; without it, an event only sets the id that a client comes back with. */
  readonly data?: string
}

// A proxy such as nginx would gather events otherwise.
const HEADERS = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' }

/** Answers a request for the head of a stream alone; returns false for any other. */
export function answersHead(response: Response): boolean {
  if (response.req.method !== 'HEAD') return false
  response.writeHead(200, HEADERS).end()
  return true
}

export class EventStream {
  readonly #response: Response

  constructor(response: Response) {
    this.#response = response
  }

  /** True if everything has been taken. */
  get isIdle(): boolean {
    return this.#response.writableLength === 0
  }

  get isFull(): boolean {
    return this.#response.writableLength > WAITING_BYTES_MAX
  }

  /** Sends an event; the first one begins the answer. */
  send({ event, id, data }: SentEvent): void {
    if (!this.#response.headersSent) this.#begin()
    const lines = [
      // A comment, so that something comes even if the client makes nothing of it.
      data === undefined ? ':' : '',
      id === undefined ? '' : `id: ${id}`,
      event === undefined ? '' : `event: ${event}`,
      data === undefined ? '' : `data: ${data}`,
    ]
    this.#response.write(`${lines.filter((line) => line !== '').join('\n')}\n\n`)
  }

  end(): void {
    this.#response.end()
  }

  cut(): void {
    this.#response.destroy()
  }

  /** Calls back when everything has been taken after it was full. */
  onDrained(drained: () => void): void {
    this.#response.on('drain', drained)
  }

  /** Calls back when nobody listens any more. */
  onClosed(closed: () => void): void {
    this.#response.on('close', closed)
  }

  #begin(): void {
    this.#response.writeHead(200, HEADERS)
  }
}
