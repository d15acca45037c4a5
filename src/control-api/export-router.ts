/** Exports of audiences and of computed traits as files, and the members of an audience by pages. */
import { type Request, type Response, Router } from 'express'
import { EngineError } from '../model/errors.ts'
import type { ExportFile, ExportRequest, ListedMember, MemberPage } from '../model/export.ts'
import { newId } from '../model/new-id.ts'
import type { DefinitionKind, DefinitionRecord } from '../model/space-command.ts'
import { formatInstant } from '../model/time.ts'
import { type Ending, ENDINGS, readExport, readMembers } from './export-requests.ts'
import { cursorOf } from './requests.ts'

export interface ExportApi {
  /** Resolves with an export of this instant. Rejects with an EngineError, or with the reason of the signal. */
  make(id: string, request: ExportRequest, signal: AbortSignal): Promise<ExportFile>
  /** Returns an export that is complete and still there. */
  find(id: string): ExportFile | undefined
  /** Keeps the file of an export until the returned function is called, with true if it was read to its end. */
  read(id: string, reader: { takenBytes: () => number; cut: () => void }): (isToEnd: boolean) => void
}

export interface MemberApi {
  page(query: {
    readonly source: DefinitionRecord['source']
    readonly traits: readonly string[]
    readonly limit: number
    readonly from: number
  }): Promise<MemberPage>
}

export interface ExportApiOptions {
  readonly clock: () => number
  readonly find: (id: string, kind: DefinitionKind) => DefinitionRecord | undefined
  readonly exports: ExportApi
  readonly members: MemberApi
}

const KINDS = [
  { kind: 'audience', path: 'audiences' },
  { kind: 'computed_trait', path: 'computed-traits' },
] as const

const CONTENT_TYPES: Readonly<Record<Ending, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
}

type Asked = Request<{ spaceId: string; id: string }>

export function exportRouter(options: ExportApiOptions): Router {
  const router = Router({ caseSensitive: true })
  for (const { kind, path } of KINDS)
    for (const ending of ENDINGS)
      router.get(`/spaces/:spaceId/${path}/:id/export.${ending}`, async (request: Asked, response: Response) => {
        const { source } = present(kind, request.params.id, options)
        const file = await fileFor(source, ending, options, request, response)
        if (file) await send(file, ending, options, response)
      })
  router.get('/spaces/:spaceId/audiences/:id/members', async (request: Asked, response: Response) => {
    const { source } = present('audience', request.params.id, options)
    const { members, next } = await options.members.page({ source, ...readMembers(request.query) })
    const pagination = next === undefined ? {} : { next: cursorOf(next) }
    response.json({ data: { members: members.map(memberView), pagination } })
  })
  return router
}

function present(kind: DefinitionKind, id: string, { find }: ExportApiOptions): DefinitionRecord {
  const record = find(id, kind)
  if (record) return record
  throw new EngineError('not_found', `id: there is no such ${kind === 'audience' ? 'audience' : 'computedTrait'}`, 'id')
}

/** Returns the export that is gone on with, or a new one; undefined if nobody waits for it any more. */
async function fileFor(
  source: DefinitionRecord['source'],
  ending: Ending,
  { exports, clock }: ExportApiOptions,
  request: Asked,
  response: Response,
): Promise<ExportFile | undefined> {
  const { export: named, ...parameters } = request.query
  if (named !== undefined) {
    const file = typeof named === 'string' ? exports.find(named) : undefined
    if (file && isOf(file, source, ending)) return file
    throw new EngineError('not_found', 'export: there is no such export of it; one is gone after an hour', 'export')
  }
  const asked = readExport(source, ending, parameters)
  const begun = exports.find(/^"(exp_\w+)"$/.exec(request.get('if-range') ?? '')?.[1] ?? '')
  if (begun && isSame(begun.request, asked)) return begun
  // Bytes of a new export do not fit to those of another.
  delete request.headers.range
  const leaving = new AbortController()
  const leave = (): void => leaving.abort()
  response.on('close', leave)
  try {
    return await exports.make(newId('exp', clock()), asked, leaving.signal)
  } catch (cause) {
    if (leaving.signal.aborted) return undefined
    throw cause
  } finally {
    response.off('close', leave)
  }
}

function isOf(
  { request: { source, format } }: ExportFile,
  { kind, type, key }: DefinitionRecord['source'],
  ending: Ending,
) {
  const isOfEnding = ending === 'csv' ? !ENDINGS.some((other) => other === format) : format === ending
  return isOfEnding && source.kind === kind && source.type === type && source.key === key
}

/** True if two requests are for the same bytes at one instant, whatever the query is by now. */
function isSame(a: ExportRequest, b: ExportRequest): boolean {
  const [ofA, ofB] = [a, b].map(({ source: { kind, type, key }, ...rest }) =>
    JSON.stringify({ kind, type, key, ...rest }),
  )
  return ofA === ofB
}

/** Sends the file, or the range of it that is asked for; resolves when that is done, or the reader has left. */
async function send(
  file: ExportFile,
  ending: Ending,
  { exports }: ExportApiOptions,
  response: Response,
): Promise<void> {
  const asOf = formatInstant(file.asOf)
  response.attachment(`${file.request.source.key}-${asOf.replaceAll(':', '-')}.${ending}`)
  response.set({
    'Content-Type': CONTENT_TYPES[ending],
    ETag: `"${file.id}"`,
    'X-Export-Id': file.id,
    'X-As-Of': asOf,
    'X-Members': String(file.members),
  })
  // Whoever takes a file may pause for longer than for an answer that waits in memory.
  response.setTimeout(0)
  const { socket } = response
  const done = exports.read(file.id, {
    takenBytes: () => socket?.bytesWritten ?? 0,
    cut: () => response.destroy(),
  })
  const failure = await new Promise<Error | undefined>((resolve) =>
    response.sendFile(file.name, { root: file.directory, lastModified: false, cacheControl: false }, resolve),
  )
  const [, end, size] = /(\d+)\/(\d+)$/.exec(response.get('Content-Range') ?? '') ?? []
  done(!failure && (end === undefined || Number(end) + 1 === Number(size)))
  if (failure && !response.destroyed && !response.headersSent) throw refusal(failure)
}

function refusal(failure: Error & { status?: number }): Error {
  return failure.status === 416
    ? new EngineError('range_not_satisfiable', 'Range: expected bytes that the export has', 'Range')
    : failure
}

function memberView({ id, segmentId, externalIds, traits, until }: ListedMember): object {
  return { id, segmentId, externalIds, traits, ...(until !== undefined && { until: formatInstant(until) }) }
}
