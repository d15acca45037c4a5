/**
 * `rollcall import`: sends a file of tracking calls to a running server, in the order of the file. Files are NDJSON,
 * plain or gzipped: one call a line as the HTTP API takes them, or as Segment's raw logs have them.
 *
 * I1. Each call has a `messageId`, if need be one that follows from its line: what is sent once more counts once.
 * I2. A call that is refused is reported with its line, and the others go on.
 */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { SingleBar } from 'cli-progress'
import { z } from 'zod'
import { EngineError, kindOf } from '../model/errors.ts'
import { BATCH_BYTES_MAX, BATCH_CALLS_MAX } from '../model/read-request.ts'
import { parseInstant } from '../model/time.ts'
import type { ClientOptions } from '../server/settings.ts'
import { askServer } from './client.ts'
import { InputError } from './input-error.ts'
import { reach } from './reach.ts'

export interface ImportOptions {
  /** A file of calls, one a line; `-` for standard input. */
  readonly events: string
  /** The id of the source that they come from; without it, the first. */
  readonly source?: string
  /** True if destinations are told nothing of what the calls change. */
  readonly quiet?: true
}

export interface ImportSummary {
  readonly sent: number
  readonly rejected: number
}

/** Room for the rest of the body beside the calls. */
const BODY_BYTES_MAX = BATCH_BYTES_MAX - 1024
/** A batch that is not taken is sent again so often, each time after a longer pause. */
const TRIES = 10
const PAUSE_MS = { min: 200, max: 5_000 }
const GZIP = [0x1f, 0x8b] as const

const Source = z.object({ id: z.string(), writeKeys: z.array(z.object({ key: z.string() })).min(1) })
const Made = z.object({ source: Source })
const Taken = z.object({
  rejected: z.array(z.object({ index: z.number(), code: z.string(), message: z.string() })).default([]),
})

interface Line {
  readonly number: number
  readonly text: string
}

/** Resolves when all calls are sent. Throws an InputError for a line that is no JSON object. */
export async function importEvents(
  { events, source, quiet }: ImportOptions,
  client: ClientOptions,
  { input, warn }: { readonly input: Readable; readonly warn: (line: string) => void },
): Promise<ImportSummary> {
  const { id, writeKeys } = await sourceOf(client, source, quiet)
  const bar = startBar(events)
  try {
    const sender = new Sender({ client, writeKey: writeKeys[0]!.key, file: events, warn })
    const [stream, readBytes] = await openEvents(events, input)
    for await (const { number, text } of linesOf(stream, events)) {
      await sender.add({ number, text: callText(text, { file: events, line: number }) })
      bar?.update(readBytes(), { calls: sender.sent })
    }
    await sender.flush()
    return { sent: sender.sent, rejected: sender.rejected }
  } finally {
    bar?.stop()
    if (quiet) await askServer(client, 'PATCH', `sources/${id}`, { enabled: false })
  }
}

/** A quiet import has a source of its own, which is disabled when it is done. */
async function sourceOf(
  client: ClientOptions,
  source = 'default',
  quiet: true | undefined,
): Promise<z.output<typeof Source>> {
  const answer = quiet
    ? await askServer(client, 'POST', 'sources', { name: 'Import', quiet })
    : await askServer(client, 'GET', `sources/${source}`)
  return Made.parse(answer).source
}

interface SenderOptions {
  readonly client: ClientOptions
  readonly writeKey: string
  readonly file: string
  readonly warn: (line: string) => void
}

/** Sends calls in batches, one after the other: those of a profile stay in order. */
class Sender {
  sent = 0
  rejected = 0
  readonly #options: SenderOptions
  #lines: Line[] = []
  #bytes = 0

  constructor(options: SenderOptions) {
    this.#options = options
  }

  async add(line: Line): Promise<void> {
    const bytes = Buffer.byteLength(line.text) + 1
    if (this.#lines.length >= BATCH_CALLS_MAX || this.#bytes + bytes > BODY_BYTES_MAX) await this.flush()
    this.#lines.push(line)
    this.#bytes += bytes
  }

  async flush(): Promise<void> {
    const lines = this.#lines
    if (lines.length === 0) return
    this.#lines = []
    this.#bytes = 0
    const body = `{"batch":[${lines.map(({ text }) => text).join(',')}]}`
    const { rejected } = Taken.parse(await this.#post(body))
    for (const { index, code, message } of rejected)
      this.#options.warn(`${this.#options.file}:${lines[index]!.number}: rejected: ${message} (${code})\n`)
    this.sent += lines.length
    this.rejected += rejected.length
  }

  async #post(body: string): Promise<unknown> {
    const { client, writeKey } = this.#options
    const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`
    for (let tries = 1; ; tries++) {
      const sending = reach(client, 'v1/batch', { method: 'POST', headers: { authorization }, body })
      const response = await sending.catch(() => undefined)
      if (response?.ok) return response.json()
      const isPassing = response === undefined || response.status === 429 || response.status >= 500
      if (!isPassing || tries === TRIES)
        throw new EngineError('unavailable', `the server takes no calls: ${response?.status ?? 'no answer'}`)
      await delay(Math.min(PAUSE_MS.max, PAUSE_MS.min * 2 ** tries))
    }
  }
}

/**
 * Returns a line as a call that is sent now, though it happened then: its `timestamp` is the corrected one, and what it
 * was corrected by is left out. Keeps I1.
 */
function callText(text: string, { file, line }: { readonly file: string; readonly line: number }): string {
  const call = parsed(text, file, line)
  const { originalTimestamp, receivedAt, timestamp, messageId, ...rest } = call
  delete rest['sentAt']
  const happened = [timestamp, originalTimestamp, receivedAt].find(isInstant)
  const own = typeof messageId === 'string' && messageId !== '' ? messageId : `import-${digestOf(`${line} ${text}`)}`
  return JSON.stringify({ ...rest, messageId: own, ...(happened !== undefined && { timestamp: happened }) })
}

function parsed(text: string, file: string, line: number): Record<string, unknown> {
  let call: unknown
  try {
    call = JSON.parse(text)
  } catch (error) {
    throw new InputError(file, line, `expected one JSON object: ${(error as SyntaxError).message}`)
  }
  if (typeof call === 'object' && call !== null && !Array.isArray(call)) return call as Record<string, unknown>
  throw new InputError(file, line, `expected a JSON object, got ${kindOf(call)}`)
}

function isInstant(value: unknown): value is string {
  return typeof value === 'string' && parseInstant(value) !== undefined
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Opens a file, plain or gzipped, with a function that says how much of it has been read. */
async function openEvents(events: string, input: Readable): Promise<[stream: Readable, readBytes: () => number]> {
  if (events === '-') return [input, () => 0]
  const handle = await open(events)
  const { buffer: first } = await handle.read({ buffer: Buffer.alloc(GZIP.length), position: 0 })
  const file = handle.createReadStream({ start: 0 })
  const isGzip = GZIP.every((byte, index) => first[index] === byte)
  return [isGzip ? file.pipe(createGunzip()) : file, () => file.bytesRead]
}

/** Yields the lines of a file that are not empty. Throws an InputError where it cannot be read further. */
async function* linesOf(stream: Readable, file: string): AsyncGenerator<Line> {
  let number = 0
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
      number++
      if (text.trim() !== '') yield { number, text }
    }
  } catch (cause) {
    throw new InputError(file, number, `it cannot be read further: ${(cause as Error).message}`)
  }
}

function startBar(events: string): SingleBar | undefined {
  if (!process.stderr.isTTY || events === '-') return undefined
  const format = 'import [{bar}] {percentage}% | {calls} calls | {duration_formatted}'
  const bar = new SingleBar({ format, hideCursor: true })
  bar.start(Math.max(1, statSync(events).size), 0, { calls: 0 })
  return bar
}
