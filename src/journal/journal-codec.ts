/**
 * An entry of the journal as bytes: version · CRC-32 of all that follows it · length of the head · head · bodies.
 * The head is JSON; bodies stand as they were received. Each entry can be read by itself.
 */
import { crc32 } from 'node:zlib'
import type { Endpoint } from '../model/call.ts'
import type { JournalEntry, JournalRecord } from './journal.ts'

const VERSION = 1
const HEAD_AT = 9

type Head<Command> = { readonly position: number; readonly receivedAt: number } & (
  | { readonly kind: 'requests'; readonly requests: readonly (readonly [Endpoint, sourceId: string, bytes: number])[] }
  | { readonly kind: 'command'; readonly command: Command; readonly by?: string }
  | { readonly kind: 'tick' }
)

export function encodeEntry<Command>(position: number, entry: JournalEntry<Command>): Buffer {
  const bodies = entry.kind === 'requests' ? entry.requests.map(({ body }) => body) : []
  const head = headOf(position, entry)
  const text = Buffer.from(JSON.stringify(head))
  const start = Buffer.alloc(HEAD_AT)
  start.writeUInt8(VERSION, 0)
  start.writeUInt32LE(text.length, 5)
  const bytes = Buffer.concat([start, text, ...bodies])
  bytes.writeUInt32LE(crc32(bytes.subarray(5)), 1)
  return bytes
}

function headOf<Command>(position: number, entry: JournalEntry<Command>): Head<Command> {
  if (entry.kind !== 'requests') return { position, ...entry }
  const { kind, receivedAt } = entry
  const requests = entry.requests.map(({ endpoint, sourceId, body }) => [endpoint, sourceId, body.byteLength] as const)
  return { position, kind, receivedAt, requests }
}

/** Decodes an entry. Throws an Error if it is of another version, or is damaged. */
export function decodeEntry<Command>(bytes: Buffer): JournalRecord<Command> {
  const version = bytes[0]
  if (version !== VERSION) throw new Error(`journal: an entry of version ${version ?? 'none'}, expected ${VERSION}`)
  if (bytes.length < HEAD_AT || crc32(bytes.subarray(5)) !== bytes.readUInt32LE(1))
    throw new Error('journal: an entry is damaged: its checksum does not match')
  let at = HEAD_AT + bytes.readUInt32LE(5)
  const { position, ...head } = JSON.parse(bytes.toString('utf8', HEAD_AT, at)) as Head<Command>
  if (head.kind !== 'requests') return { position, entry: head }
  const requests = head.requests.map(([endpoint, sourceId, length]) => {
    const body = bytes.subarray(at, at + length)
    at += length
    return { endpoint, sourceId, body }
  })
  return { position, entry: { kind: 'requests', receivedAt: head.receivedAt, requests } }
}
