/** `rollcall export`: writes the members of an audience of a running server, or who has a computed trait, to a file. */
import { createWriteStream } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { pipeline } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { SingleBar } from 'cli-progress'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import type { ExportFormat } from '../model/export.ts'
import type { ClientOptions } from '../server/settings.ts'
import { askFile, askPages } from './client.ts'

export interface ExportOptions {
  /** The key of an audience, or else of a computed trait. */
  readonly audience?: string
  readonly computedTrait?: string
  readonly format: ExportFormat
  /** Types of id, between commas. */
  readonly ids?: string
  /** Names of traits, between commas. */
  readonly traits?: string
  /** The users of the accounts of an audience. */
  readonly users?: true
  readonly bom?: true
  /** True if values of the format `single` are written as they are, in place of their SHA-256. */
  readonly plain?: true
  /** The file; absent: standard output. */
  readonly out?: string
}

const Found = z.object({ id: z.string(), key: z.string(), audienceType: z.string().optional() })
const Page = z.union([
  z.object({ audiences: z.array(Found) }).transform(({ audiences }) => audiences),
  z.object({ computedTraits: z.array(Found) }).transform(({ computedTraits }) => computedTraits),
])

const PAGE = 200
/** A download that breaks goes on so often, unless some of it has come since. */
const TRIES = 5
const PAUSE_MS = 500

/** Resolves when all is written. Throws an EngineError if there is no such definition, or the server refuses. */
export async function exportMembers(options: ExportOptions, client: ClientOptions, stdout: Writable): Promise<void> {
  const path = await pathOf(options, client)
  const bar = startBar()
  try {
    const first = await askFile(client, path)
    const output = options.out === undefined ? stdout : createWriteStream(options.out)
    await pipeline(download(first, path, client, bar), output, { end: output !== stdout })
  } finally {
    bar?.stop()
  }
}

/** Yields the bytes of a file. One that breaks off goes on where it was. */
async function* download(
  first: Response,
  path: string,
  client: ClientOptions,
  bar: SingleBar | undefined,
): AsyncGenerator<Uint8Array> {
  let response = first
  const [etag, size] = [response.headers.get('etag'), Number(response.headers.get('content-length'))]
  bar?.setTotal(size)
  let came = 0
  for (let tries = TRIES; ; tries--) {
    try {
      for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
        yield bytes
        came += bytes.byteLength
        tries = TRIES
        bar?.update(came)
      }
      return
    } catch (cause) {
      if (tries === 1 || etag === null)
        throw new EngineError('unavailable', `the server has broken off: ${String(cause)}`)
    }
    await delay(PAUSE_MS)
    response = await askFile(client, path, { range: `bytes=${came}-`, 'if-range': etag })
    if (response.status !== 206)
      throw new EngineError('not_found', 'the server has broken off, and has the export no more')
  }
}

async function pathOf(options: ExportOptions, client: ClientOptions): Promise<string> {
  const { audience, computedTrait, format, ids, traits, users, bom, plain } = options
  const isCsv = format !== 'ndjson' && format !== 'parquet'
  const parameters = new URLSearchParams({
    ...(isCsv && { format }),
    ...(ids !== undefined && { ids }),
    ...(traits !== undefined && { traits }),
    ...(users && { collection: 'users' }),
    ...(bom && { bom: 'true' }),
    ...(plain && { hashed: 'false' }),
  })
  if ((audience === undefined) === (computedTrait === undefined))
    throw new EngineError('validation_error', 'expected --audience or --computed-trait', 'audience')
  const list = audience === undefined ? 'computed-traits' : 'audiences'
  const id = await idOf(list, audience ?? computedTrait!, users ? 'ACCOUNTS' : undefined, client)
  return `${list}/${id}/export.${isCsv ? 'csv' : format}?${parameters.toString()}`
}

/** Finds a definition by its key; one of users comes before one of accounts. */
async function idOf(list: string, key: string, type: string | undefined, client: ClientOptions): Promise<string> {
  const search = new URLSearchParams({ 'search[type]': 'KEY', 'search[query]': key })
  const found: z.infer<typeof Found>[] = []
  for await (const page of askPages(client, list, PAGE, search)) found.push(...Page.parse(page))
  const fitting = found.filter((one) => one.key === key && (type === undefined || one.audienceType === type))
  const [first] = fitting.sort((a, b) => Number(a.audienceType === 'ACCOUNTS') - Number(b.audienceType === 'ACCOUNTS'))
  if (first) return first.id
  throw new EngineError('not_found', `there is no ${list === 'audiences' ? 'audience' : 'computed trait'} '${key}'`)
}

function startBar(): SingleBar | undefined {
  if (!process.stderr.isTTY) return undefined
  const bar = new SingleBar({ format: 'export [{bar}] {percentage}% | {duration_formatted}', hideCursor: true })
  bar.start(1, 0)
  return bar
}
