/**
 * Passes on the messages of a server, each whole. It holds them to bounds that pg has not: a message that never ends
 * would fill the memory, and pg goes on for ever in a report whose end is missing.
 */
import { RetryableError, TerminalError } from '../contract/destination.ts'

/** Its kind, and four bytes that say how long the rest is, these included. */
const HEADER_BYTES = 5
const MESSAGE_BYTES_MAX = 256 * 1024
/** The most of one connection; what is asked here is answered with some hundred bytes. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
/** Errors and notices: fields, each with a zero behind it, and a zero behind all. */
const REPORTS: readonly number[] = ['E', 'N'].map((kind) => kind.charCodeAt(0))

/** Returns a function that takes what comes from a socket. It throws a DeliveryError for what is no Postgres. */
export function wholeMessages(take: (message: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  let bytes = 0
  return (chunk) => {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX)
      throw new TerminalError('answer_too_large', `The answers have more than ${ANSWER_BYTES_MAX} bytes.`)
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= HEADER_BYTES) {
      const end = 1 + pending.readUInt32BE(1)
      if (end < HEADER_BYTES || end > MESSAGE_BYTES_MAX) throw notPostgres()
      if (pending.length < end) return
      const message = pending.subarray(0, end)
      pending = pending.subarray(end)
      if (REPORTS.includes(message[0]!) && !isEnded(message.subarray(HEADER_BYTES))) throw notPostgres()
      take(message)
    }
  }
}

export function notPostgres(): RetryableError {
  return new RetryableError('invalid_answer', 'What came back is not Postgres.')
}

function isEnded(fields: Buffer): boolean {
  return fields.at(-1) === 0 && (fields.length === 1 || fields.at(-2) === 0)
}
