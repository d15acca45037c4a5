/** Sources over HTTP: made, changed, their write keys rotated; and what they have sent that was refused. */
import { randomBytes } from 'node:crypto'
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import type { CommandAs } from '../http/acting-token.ts'
import { answersHead, EventStream } from '../http/event-stream.ts'
import { EngineError } from '../model/errors.ts'
import { newId } from '../model/new-id.ts'
import type { SourceRecord, SpaceCommand } from '../model/space-command.ts'
import type { SourceTraffic } from '../model/source-traffic.ts'
import { formatInstant } from '../model/time.ts'
import { readJson } from './body.ts'
import { fields, invalid, parsed } from './fields.ts'

export interface SourceApiOptions {
  /** Epoch ms. */
  readonly clock: () => number
  readonly command: CommandAs<SpaceCommand>
  readonly sources: { list(): readonly SourceRecord[]; find(id: string): SourceRecord | undefined }
  readonly traffic: SourceTraffic
}

const SOURCES_MAX = 1_000
/** A key that is rotated out is taken so long, unless the request says otherwise. */
const OVERLAP_SECONDS = 86_400
const OVERLAP_SECONDS_MAX = 90 * 86_400
const REJECTIONS_PAGE_MAX = 1_000

const Name = z.string().trim().min(1).max(255)
const NewSource = fields({ name: Name, enabled: z.boolean().default(true), quiet: z.boolean().default(false) })
const SourceChange = fields(
  { name: Name.optional(), enabled: z.boolean().optional() },
  { forGood: ['id', 'quiet', 'createdAt'] },
)
const Rotation = fields({ overlapSeconds: z.int().min(0).max(OVERLAP_SECONDS_MAX).default(OVERLAP_SECONDS) })
/** The bodies of sources, for the description of the API. */
export const SOURCE_BODIES = { made: NewSource, changed: SourceChange, rotated: Rotation } as const

const RejectionsQuery = fields({
  code: z.string().optional(),
  count: z.coerce.number().int().min(1).max(REJECTIONS_PAGE_MAX).default(100),
})

type OfSource = Request<{ spaceId: string; id: string }>

export function sourceRouter(options: SourceApiOptions): Router {
  const { clock, command, sources, traffic } = options
  const router = Router({ caseSensitive: true })
  const json = readJson()
  const all = '/spaces/:spaceId/sources'
  const one = `${all}/:id`
  const answer = (response: Response, source: SourceRecord): void => {
    response.json({ data: { source: viewOf(source, clock()) } })
  }
  const put = async (response: Response, source: SourceRecord): Promise<void> => {
    await command({ kind: 'put source', source }, response)
    answer(response, source)
  }
  router.get(all, (_request, response) => {
    response.json({ data: { sources: sources.list().map((source) => viewOf(source, clock())) } })
  })
  router.post(all, json, async (request: Request, response: Response) => {
    const { name, enabled, quiet } = parsed(NewSource, request.body)
    if (sources.list().length >= SOURCES_MAX)
      throw new EngineError('validation_error', `sources: expected at most ${SOURCES_MAX}; remove one first`)
    const createdAt = clock()
    const writeKeys = [{ key: newKey(), createdAt }]
    await put(response, { id: newId('src', createdAt), name, enabled, ...(quiet && { quiet }), writeKeys, createdAt })
  })
  router.get(one, ({ params }: OfSource, response: Response) => answer(response, present(options, params.id)))
  router.patch(one, json, async ({ params, body }: OfSource, response: Response) => {
    const source = present(options, params.id)
    const { name = source.name, enabled = source.enabled } = parsed(SourceChange, body)
    await put(response, { ...source, name, enabled })
  })
  router.delete(one, async ({ params }: OfSource, response: Response) => {
    const { id } = present(options, params.id)
    if (id === 'default') throw new EngineError('in_use', 'id: the first source can be disabled, not removed', 'id')
    await command({ kind: 'remove source', id }, response)
    traffic.forget(id)
    response.json({ data: { status: 'SUCCESS' } })
  })
  router.post(`${one}/rotate-key`, json, async ({ params, body }: OfSource, response: Response) => {
    const source = present(options, params.id)
    const { overlapSeconds } = parsed(Rotation.prefault({}), body)
    const now = clock()
    const expiresAt = now + overlapSeconds * 1_000
    const older = source.writeKeys
      .filter((key) => (key.expiresAt ?? Infinity) > now)
      .map((key) => ({ ...key, expiresAt: Math.min(key.expiresAt ?? Infinity, expiresAt) }))
    await put(response, { ...source, writeKeys: [{ key: newKey(), createdAt: now }, ...older] })
  })
  router.get(`${one}/rejections`, ({ params, query }: OfSource, response: Response) => {
    const { id } = present(options, params.id)
    const { code, count } = parsed(RejectionsQuery, query)
    const rejections = traffic.rejectionsOf(id).filter((one) => code === undefined || one.code === code)
    const counts = Object.fromEntries(traffic.countsOf(id))
    const shown = rejections.slice(-count).reverse()
    response.json({ data: { rejections: shown.map((one) => ({ ...one, at: formatInstant(one.at) })), counts } })
  })
  router.get(`${one}/calls`, ({ params, query }: OfSource, response: Response) => {
    const { id } = present(options, params.id)
    if (Object.keys(query).length > 0) throw invalid(Object.keys(query)[0]!, 'expected no parameter')
    if (answersHead(response)) return
    const stream = new EventStream(response)
    const leave = traffic.follow(id, stream)
    stream.send({})
    stream.onClosed(leave)
  })
  return router
}

function present({ sources }: SourceApiOptions, id: string): SourceRecord {
  const source = sources.find(id)
  if (!source) throw new EngineError('not_found', 'id: there is no such source', 'id')
  return source
}

/** Shows the keys that are taken, the newest first. */
function viewOf({ id, name, enabled, quiet = false, writeKeys, createdAt }: SourceRecord, now: number): object {
  const taken = writeKeys.filter(({ expiresAt = Infinity }) => expiresAt > now)
  return {
    id,
    name,
    enabled,
    quiet,
    writeKeys: taken.map(({ key, expiresAt }) => ({
      key,
      ...(expiresAt !== undefined && { expiresAt: formatInstant(expiresAt) }),
    })),
    createdAt: formatInstant(createdAt),
  }
}

function newKey(): string {
  return randomBytes(24).toString('base64url')
}
