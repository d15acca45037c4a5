/** Deletion and suppression of many people, in the shapes of Segment's Public API. */
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import type { CommandAs } from '../http/acting-token.ts'
import { EngineError } from '../model/errors.ts'
import type { ExternalId } from '../model/external-id.ts'
import { newId } from '../model/new-id.ts'
import { REGULATION_TYPES, type RegulationRecord, type SpaceCommand } from '../model/space-command.ts'
import { formatInstant } from '../model/time.ts'
import { readJson } from './body.ts'
import { fields, invalid, parsed } from './fields.ts'
import { cursorOf, readPagination } from './requests.ts'

export interface RegulationApiOptions {
  /** The space that a request may change, by its `Authorization` header. */
  readonly spaceOf: (authorization: string | undefined) => string | undefined
  /** Epoch ms. */
  readonly clock: () => number
  readonly command: CommandAs<SpaceCommand>
  readonly regulations: {
    /** Users that are still to be deleted. */
    readonly openCount: number
    list(): readonly RegulationRecord[]
    find(id: string): RegulationRecord | undefined
  }
  readonly suppressions: {
    readonly size: number
    list(limit: number, after?: ExternalId): readonly ExternalId[]
  }
}

/** As Segment takes at a time. */
const SUBJECTS_MAX = 5_000
/** Users that wait for their deletion, of all regulations together. */
const OPEN_MAX = 100_000
const BODY_BYTES_MAX = 2 * 1024 * 1024
const PAGE_MAX = 200
const SUPPRESSIONS_PAGE_MAX = 1_000

export const NewRegulation = fields({
  regulationType: z.enum(REGULATION_TYPES),
  subjectType: z.literal('USER_ID', 'expected USER_ID'),
  subjectIds: z.array(z.string().min(1).max(255)).min(1).max(SUBJECTS_MAX),
})

/** Makes the routes; they are about the space of the token. */
export function regulationRouter(options: RegulationApiOptions): Router {
  const { clock, command, regulations } = options
  const router = Router({ caseSensitive: true })
  router.use(['/regulations', '/suppressions'], (request, _response, next) => {
    if (options.spaceOf(request.get('authorization')) === undefined)
      throw new EngineError('authentication_error', 'Authorization: expected Bearer with an access token')
    next()
  })
  router.post('/regulations', readJson(BODY_BYTES_MAX), async (request: Request, response: Response) => {
    const { regulationType: type, subjectIds: userIds } = parsed(NewRegulation, request.body)
    if (regulations.openCount + userIds.length > OPEN_MAX)
      throw new EngineError(
        'rate_limit_error',
        `${regulations.openCount} users are still to be deleted; try again later`,
      )
    const now = clock()
    const regulation = { id: newId('reg', now), type, subjects: userIds.length, createdAt: now }
    await command({ kind: 'regulate', regulation, userIds }, response)
    response.json({ data: { regulateId: regulation.id } })
  })
  router.get('/regulations', (request, response) => {
    const { count, from } = readPagination(request.query, PAGE_MAX)
    const { status, types } = readFilter(request.query)
    const all = regulations
      .list()
      .filter((one) => (!status || statusOf(one) === status) && (types.length === 0 || types.includes(one.type)))
    const page = all.slice(from, from + count)
    const pagination = {
      current: cursorOf(from),
      ...(from + count < all.length && { next: cursorOf(from + count) }),
      ...(from > 0 && { previous: cursorOf(Math.max(0, from - count)) }),
      totalEntries: all.length,
    }
    response.json({ data: { regulations: page.map(listedView), pagination } })
  })
  router.get('/regulations/:id', (request: Request<{ id: string }>, response: Response) => {
    const regulation = present(options, request.params.id)
    response.json({ data: { regulation: regulationView(regulation, options.spaceOf(request.get('authorization'))!) } })
  })
  router.delete('/regulations/:id', async ({ params }: Request<{ id: string }>, response: Response) => {
    const { id } = present(options, params.id)
    await command({ kind: 'end regulation', id }, response)
    response.json({ data: { status: 'SUCCESS' } })
  })
  router.get('/suppressions', answerSuppressions(options))
  return router
}

/** Reads which regulations are listed; no type stands for all. A list is written `name[0]=…`, or once more. */
function readFilter(query: Request['query']): {
  readonly status: string | undefined
  readonly types: readonly string[]
} {
  const { status } = query
  if (status !== undefined && typeof status !== 'string') throw invalid('status', 'expected one')
  const types = Object.entries(query).flatMap(([name, value]) =>
    /^regulationTypes(\[\d*\])?$/.test(name) ? [value].flat().map(String) : [],
  )
  const unknown = types.find((type) => !(REGULATION_TYPES as readonly string[]).includes(type))
  if (unknown === undefined) return { status, types }
  throw invalid('regulationTypes', `expected ${REGULATION_TYPES.join(', ')}, got '${unknown.slice(0, 40)}'`)
}

function present({ regulations }: RegulationApiOptions, id: string): RegulationRecord {
  const regulation = regulations.find(id)
  if (!regulation) throw new EngineError('not_found', 'id: there is no such regulation', 'id')
  return regulation
}

function answerSuppressions({ suppressions }: RegulationApiOptions) {
  return ({ query }: Request, response: Response): void => {
    const { count } = readPagination({ 'pagination[count]': query['pagination[count]'] }, SUPPRESSIONS_PAGE_MAX)
    const after = readPlace(query['pagination[cursor]'])
    const page = suppressions.list(count + 1, after)
    const shown = page.slice(0, count)
    const pagination = {
      current: after ? placeOf(after) : '',
      ...(page.length > count && { next: placeOf(shown.at(-1)!) }),
      totalEntries: suppressions.size,
    }
    response.json({ data: { suppressed: suppressedView(shown), pagination } })
  }
}

/** Lists ids as Segment does: those of one type that follow each other together. */
function suppressedView(ids: readonly ExternalId[]): object[] {
  const groups: { subjectType: string; subjectIds: string[] }[] = []
  for (const { type, value } of ids) {
    const subjectType = type.toUpperCase()
    const last = groups.at(-1)
    if (last?.subjectType === subjectType) last.subjectIds.push(value)
    else groups.push({ subjectType, subjectIds: [value] })
  }
  return groups
}

/** A cursor of suppressions: the last id of the page before, which is no number, as ids come and go. */
function placeOf({ type, value }: ExternalId): string {
  return Buffer.from(JSON.stringify([type, value])).toString('base64url')
}

function readPlace(cursor: unknown): ExternalId | undefined {
  if (cursor === undefined || cursor === '') return undefined
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor as string, 'base64url').toString())
    const [type, value] = z.tuple([z.string(), z.string()]).parse(place)
    return { type, value }
  } catch {
    throw new EngineError(
      'validation_error',
      'pagination[cursor]: expected a cursor that a page has given',
      'pagination[cursor]',
    )
  }
}

function statusOf({ finishedAt }: RegulationRecord): string {
  return finishedAt === undefined ? 'RUNNING' : 'FINISHED'
}

function listedView(regulation: RegulationRecord): object {
  const { id, type, createdAt, finishedAt } = regulation
  return {
    id,
    regulationType: type,
    subjectType: 'USER_ID',
    // Of people who are deleted, no id is kept.
    subjects: [],
    status: statusOf(regulation),
    createdAt: formatInstant(createdAt),
    ...(finishedAt !== undefined && { finishedAt: formatInstant(finishedAt) }),
  }
}

function regulationView(regulation: RegulationRecord, spaceId: string): object {
  const { id, createdAt, finishedAt } = regulation
  return {
    id,
    workspaceId: spaceId,
    overallStatus: statusOf(regulation),
    createdAt: formatInstant(createdAt),
    ...(finishedAt !== undefined && { finishedAt: formatInstant(finishedAt) }),
    streamStatus: [],
  }
}
