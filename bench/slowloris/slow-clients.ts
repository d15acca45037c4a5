/**
 * Clients that hold connections for as long as they can, in a process of their own: of ten, five send headers a byte at
 * a time, four a body, and one reads no answer. Each comes back when it has been cut; readers at first one after
 * another and later after a while, as what they ask for, more than sockets hold, would be a flood by itself. On any
 * message the process says how often, and after how long at most, each kind has been cut.
 */
import { connect } from 'node:net'
import { setPriority } from 'node:os'
import { KEYS } from '../harness/keys.ts'

/** By kind of client. */
export type Cuts = Readonly<Record<Kind, { count: number; longestMs: number }>>
export type Kind = 'headers' | 'body' | 'reader'

const KINDS = ['headers', 'body', 'reader'] as const
const PER_TEN: Readonly<Record<Kind, number>> = { headers: 5, body: 4, reader: 1 }
const BYTE_EVERY_MS = 10_000
/** Whoever does not read learns by writing alone that the connection is gone. */
const READER_ASKS_EVERY_MS = 500
const READER_RETURNS_AFTER_MS = 10_000
/** 200 a second, which is what slowhttptest is run with. */
const OPENED_AT_A_TIME = 4
const OPENED_EVERY_MS = 20
/** Together more than the buffers of two sockets take. */
const REQUESTS_OF_READER = 40

const SCRIPT = `GET /analytics.js/v1/${KEYS.WRITE_KEY}/analytics.min.js HTTP/1.1\r\nHost: a\r\n\r\n`
const FIRST: Readonly<Record<Kind, string>> = {
  headers: 'GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ',
  body: 'POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n{',
  reader: SCRIPT.repeat(REQUESTS_OF_READER),
}

const [port, sockets] = process.argv.slice(2).map(Number) as [number, number]
const cuts = Object.fromEntries(KINDS.map((kind) => [kind, { count: 0, longestMs: 0 }])) as Cuts

function open(kind: Kind): void {
  const start = performance.now()
  const client = connect(port, '127.0.0.1', () => client.write(FIRST[kind]))
  const [more, everyMs] = kind === 'reader' ? [SCRIPT, READER_ASKS_EVERY_MS] : ['a', BYTE_EVERY_MS]
  const slowly = setInterval(() => client.write(more), everyMs)
  if (kind === 'reader') client.pause()
  else client.resume()
  client.on('error', () => undefined)
  client.on('close', () => {
    clearInterval(slowly)
    cuts[kind].count++
    cuts[kind].longestMs = Math.max(cuts[kind].longestMs, performance.now() - start)
    setTimeout(() => open(kind), kind === 'reader' ? READER_RETURNS_AFTER_MS : OPENED_EVERY_MS)
  })
}

setPriority(10)
const tenth = KINDS.flatMap((kind) => Array.from({ length: PER_TEN[kind] }, () => kind))
let opened = 0
const opening = setInterval(() => {
  for (let more = 0; more < OPENED_AT_A_TIME && opened < sockets; more++) {
    const kind = tenth[opened % tenth.length]!
    if (kind === 'reader') setTimeout(() => open(kind), (opened / sockets) * READER_RETURNS_AFTER_MS)
    else open(kind)
    opened++
  }
  if (opened < sockets) return
  clearInterval(opening)
  process.send!('open')
}, OPENED_EVERY_MS)
process.on('message', () => process.send!(cuts))
process.on('disconnect', () => process.exit())
