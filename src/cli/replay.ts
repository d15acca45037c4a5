/**
 * `rollcall replay`: runs the engine over a file of tracking calls, in virtual time. What-if, backtest and conformance
 * use this same command: no server, no Redis, no clock.
 */
import { statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { SingleBar } from 'cli-progress'
import { Shard } from '../../actors/engine/shard.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { DefinitionSource } from '../model/definition.ts'
import { PREVIEW_KEY } from '../model/preview.ts'
import { EngineError, kindOf } from '../model/errors.ts'
import { formatInstant, parseInstant } from '../model/time.ts'
import type { Transition } from '../model/transition.ts'
import { readDefinitionsFile } from './definitions-file.ts'
import { readCommand } from './replay-command.ts'
import { InputError } from './input-error.ts'

export interface ReplayOptions {
  readonly definitions: string
  /** A file of calls, one a line; `-` for standard input. */
  readonly events: string
  /** ISO 8601: the clock stops there, inclusively, after the last call. */
  readonly until?: string
  /** The file for transitions; absent: standard output. */
  readonly out?: string
  /** The query of an audience of users: its members at the end are written to standard output. */
  readonly preview?: string
}

/** Lines handed to the output at once. */
const FLUSH_LINES = 4096

export async function replay(options: ReplayOptions): Promise<void> {
  const until = readUntil(options.until)
  const shard = new Shard({ definitions: readDefinitionsFile(options.definitions), memory: LARGE_MEMORY })
  const input = options.events === '-' ? process.stdin : (await open(options.events)).createReadStream()
  const draft = options.preview === undefined ? undefined : draftOf(options.preview)
  // A query that does not compile is refused before anything is read.
  if (draft) shard.drafts.draft(draft)
  // A preview on standard output is by itself.
  const out = draft && options.out === undefined ? undefined : await LineWriter.open(options.out)
  const progress = startProgress(options.events)
  try {
    let line = 0
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      line++
      progress?.update(Math.min((input as { bytesRead?: number }).bytesRead ?? 0, progress.getTotal()))
      if (text.trim() === '') continue
      const transitions = applyLine(shard, text, { file: options.events, line })
      out?.add(transitions)
      if (out?.isFull) await out.flush()
    }
    if (until !== undefined) {
      const { transitions } = shard.apply({ kind: 'tick', receivedAt: until + 1 })
      out?.add(transitions)
    }
    await out?.close()
    if (draft) process.stdout.write(previewLine(shard, draft, until ?? shard.clock))
  } finally {
    progress?.stop()
  }
}

/** A line of the events. */
interface Place {
  readonly file: string
  readonly line: number
}

function draftOf(query: string): DefinitionSource {
  return { kind: 'audience', key: PREVIEW_KEY, type: 'USERS', query }
}

/** Writes the members of a draft at an instant as one line of JSON, each with when it would leave by itself. */
function previewLine(shard: Shard, source: DefinitionSource, now: number): string {
  const draft = shard.drafts.draft(source)
  const members = shard
    .actors()
    .filter((actor) => actor.kind === draft.kind && draft.evaluate(actor, now).value === true)
    .map((actor) => ({ id: actor.label, until: draft.until(actor, now) }))
  const listed = members.map(({ id, until }) => ({ id, ...(until !== undefined && { until: formatInstant(until) }) }))
  return `${JSON.stringify({ query: source.query, asOf: formatInstant(now), size: members.length, members: listed })}\n`
}

function applyLine(shard: Shard, text: string, place: Place): readonly Transition[] {
  const body = parseLine(text, place)
  if ('command' in body) return applyCommand(shard, body, place)
  const receivedAt = receiveTime(body, shard.clock, place)
  const { transitions, outcomes } = shard.apply({
    kind: 'calls',
    receivedAt,
    calls: [{ body, sourceId: typeof body['sourceId'] === 'string' ? body['sourceId'] : '' }],
  })
  const outcome = outcomes[0]!
  if (outcome.kind === 'failed') throw outcome.cause
  if (outcome.kind !== 'refused') return transitions
  const { code, message } = outcome.error
  if (code !== 'no_user_anon_id' && code !== 'id_required')
    throw new InputError(place.file, place.line, `${message} (${code})`)
  skip(outcome.error, place)
  return transitions
}

/** Applies a command; one that is refused is reported, and does not move the clock. */
function applyCommand(shard: Shard, body: Record<string, unknown>, place: Place): readonly Transition[] {
  try {
    const receivedAt = commandTime(body, shard.clock)
    const command = readCommand(body, shard.definitions)
    const compiled = shard.compile(command, receivedAt)
    return shard.apply({ kind: 'command', receivedAt, command, compiled }).transitions
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    skip(error, place)
    return []
  }
}

/** Returns the receive time of a command, or else the clock. */
function commandTime({ receivedAt }: Record<string, unknown>, clock: number): number {
  if (receivedAt === undefined || receivedAt === null) return clock
  const instant = typeof receivedAt === 'string' ? parseInstant(receivedAt) : undefined
  if (instant !== undefined) return instant
  const message = `receivedAt: expected an ISO 8601 instant, got ${kindOf(receivedAt)}`
  throw new EngineError('validation_error', message, 'receivedAt')
}

function skip({ code, message }: EngineError, { file, line }: Place): void {
  process.stderr.write(`${file}:${line}: skipped: ${message} (${code})\n`)
}

function parseLine(text: string, { file, line }: { file: string; line: number }): Record<string, unknown> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw new InputError(file, line, `expected one JSON object: ${(error as SyntaxError).message}`)
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InputError(file, line, `expected a JSON object, got ${kindOf(body)}`)
  return body as Record<string, unknown>
}

/** Returns `receivedAt`, or else `timestamp`, or else the clock: virtual time has no other. */
function receiveTime(
  body: Record<string, unknown>,
  clock: number,
  { file, line }: { file: string; line: number },
): number {
  const { receivedAt, timestamp } = body
  if (receivedAt !== undefined && receivedAt !== null) {
    const instant = typeof receivedAt === 'string' ? parseInstant(receivedAt) : undefined
    if (instant === undefined)
      throw new InputError(file, line, `receivedAt: expected an ISO 8601 instant, got ${kindOf(receivedAt)}`)
    return instant
  }
  return (typeof timestamp === 'string' ? parseInstant(timestamp) : undefined) ?? clock
}

function readUntil(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const until = parseInstant(text)
  if (until === undefined)
    throw new EngineError(
      'validation_error',
      `--until: expected an ISO 8601 instant, got '${text.slice(0, 40)}'`,
      'until',
    )
  return until
}

function startProgress(events: string): SingleBar | undefined {
  if (!process.stderr.isTTY || events === '-') return undefined
  const bar = new SingleBar({ format: 'replay [{bar}] {percentage}% | {duration_formatted}', hideCursor: true })
  bar.start(Math.max(1, statSync(events).size), 0)
  return bar
}

class LineWriter {
  readonly #stream: NodeJS.WritableStream
  #lines: string[] = []

  private constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream
  }

  static async open(file: string | undefined): Promise<LineWriter> {
    return new LineWriter(file === undefined ? process.stdout : (await open(file, 'w')).createWriteStream())
  }

  get isFull(): boolean {
    return this.#lines.length >= FLUSH_LINES
  }

  add(transitions: readonly Transition[]): void {
    for (const transition of transitions) this.#lines.push(formatTransition(transition))
  }

  async flush(): Promise<void> {
    if (this.#lines.length === 0) return
    const text = this.#lines.join('')
    this.#lines = []
    if (!this.#stream.write(text)) await once(this.#stream, 'drain')
  }

  async close(): Promise<void> {
    await this.flush()
    if (this.#stream === process.stdout) return
    this.#stream.end()
    await once(this.#stream, 'finish')
  }
}

function formatTransition({ at, type, key, profile, value }: Transition): string {
  const line = { at: formatInstant(at), type, key, profile, ...(value === undefined ? {} : { value }) }
  return `${JSON.stringify(line)}\n`
}
