/** Previews of audiences and of computed traits: started, read, followed and cancelled. */
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { answersHead, EventStream } from '../http/event-stream.ts'
import { EngineError } from '../model/errors.ts'
import { newId } from '../model/new-id.ts'
import {
  PREVIEW_KEY,
  PREVIEW_OTHERS_MAX,
  type ChangeKind,
  type ChangeQuery,
  type PreviewCost,
  type PreviewFindings,
  type PreviewMember,
  type PreviewPage,
  type PreviewRequest,
} from '../model/preview.ts'
import type { DefinitionKind } from '../model/space-command.ts'
import { formatInstant } from '../model/time.ts'
import { readJson } from './body.ts'
import { parsed } from './fields.ts'
import { readMembers } from './export-requests.ts'
import { cursorOf, readAudience, readComputedTrait } from './requests.ts'

export interface PreviewApi {
  /** Throws an EngineError if it cannot be started. @param replaces the id of one that nobody needs any more */
  start(id: string, request: PreviewRequest, replaces: string | undefined): void
  find(id: string): { readonly request: PreviewRequest; readonly findings: PreviewFindings } | undefined
  /** Lists who would enter or leave the audience that it is compared with; undefined without one. */
  page(id: string, kind: ChangeKind, query: ChangeQuery): Promise<PreviewPage | undefined>
  /** Returns false if there is none. */
  cancel(id: string): boolean
  /** Calls back when it may have found more, or is gone, until the returned function is called. */
  follow(id: string, changed: () => void): () => void
}

export interface PreviewApiOptions {
  readonly clock: () => number
  readonly previews: PreviewApi
}

/** Fields beside those of a definition. */
const Beside = z.object({
  compareWith: z.string().optional(),
  changeOf: z.string().optional(),
  overlapWith: z
    .array(z.string())
    .max(PREVIEW_OTHERS_MAX - 1)
    .default([]),
  traits: z.array(z.string().min(1)).max(50).default([]),
  replaces: z.string().optional(),
})

/** The body of a preview, for the description of the API. */
export const PreviewBody = Beside.loose()

/** The name under which a preview's definition is read; nobody sees it. */
const NAME = 'preview'

const KINDS = [
  { kind: 'audience', path: 'audiences', one: 'audiencePreview' },
  { kind: 'computed_trait', path: 'computed-traits', one: 'computedTraitPreview' },
] as const

export function previewRouter(options: PreviewApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const json = readJson()
  for (const { kind, path, one } of KINDS) {
    const previews = `/spaces/:spaceId/${path}/previews`
    router.post(previews, json, (request: Request, response: Response): void => {
      const id = newId('pre', options.clock())
      const { preview, replaces } = readPreview(kind, request.body, options.clock())
      options.previews.start(id, preview, replaces)
      response.json({ data: { [one]: { id } } })
    })
    router.get(`${previews}/:id`, ({ params }: Request<{ id: string }>, response: Response): void => {
      response.json({ data: { [one]: previewView(kind, params.id, options) } })
    })
    for (const change of ['entering', 'leaving'] as const)
      router.get(`${previews}/:id/${change}`, async (request: Request<{ id: string }>, response: Response) => {
        const { params, query } = request
        present(kind, params.id, options)
        const page = await options.previews.page(params.id, change, readMembers(query))
        if (!page) throw new EngineError('not_found', 'id: the preview is not compared with an audience', 'id')
        const pagination = page.next === undefined ? {} : { next: cursorOf(page.next) }
        response.json({ data: { members: page.members, pagination } })
      })
    router.get(`${previews}/:id/stream`, ({ params }: Request<{ id: string }>, response: Response): void =>
      stream(kind, params.id, options, response),
    )
    router.delete(`${previews}/:id`, ({ params }: Request<{ id: string }>, response: Response): void => {
      present(kind, params.id, options)
      options.previews.cancel(params.id)
      response.json({ data: { status: 'SUCCESS' } })
    })
  }
  return router
}

function readPreview(
  kind: DefinitionKind,
  body: unknown,
  now: number,
): { readonly preview: PreviewRequest; readonly replaces: string | undefined } {
  const { compareWith: compared, changeOf, overlapWith, traits, replaces, ...rest } = parsed(PreviewBody, body)
  const { source, options } = (kind === 'audience' ? readAudience : readComputedTrait)({ ...rest, name: NAME }, now)
  // A change of an audience is held against what it is now; a computed trait's values are, by themselves.
  const compareWith = compared ?? (kind === 'audience' ? changeOf : undefined)
  const asked = { options, compareWith, overlapWith, traits, changeOf }
  const preview = { ...asked, source: { ...source, key: PREVIEW_KEY } }
  return { preview, replaces }
}

function present(kind: DefinitionKind, id: string, { previews }: PreviewApiOptions) {
  const found = previews.find(id)
  if (found?.request.source.kind === kind) return found
  throw new EngineError('not_found', 'id: there is no such preview; one is gone after an hour', 'id')
}

/** Sends what a preview has found as server-sent events, for as long as somebody listens and it is there. */
function stream(kind: DefinitionKind, id: string, options: PreviewApiOptions, response: Response): void {
  present(kind, id, options)
  if (answersHead(response)) return
  const events = new EventStream(response)
  let sent = ''
  const send = (): void => {
    if (!options.previews.find(id)) {
      events.end()
      return
    }
    const data = JSON.stringify(previewView(kind, id, options))
    if (data === sent || !events.isIdle) return
    sent = data
    events.send({ event: 'preview', data })
  }
  const unfollow = options.previews.follow(id, send)
  events.onClosed(unfollow)
  send()
}

/** Writes a preview in the shape of Segment's Public API, with ours beside its fields. */
function previewView(kind: DefinitionKind, id: string, options: PreviewApiOptions): object {
  const { request, findings } = present(kind, id, options)
  const { type, query } = request.source
  const { status, failureReason, exact, progress, estimate, sample, identifiers, overlap, difference } = findings
  const definition =
    kind === 'audience' ? { audienceType: type, definition: { query } } : { definition: { type, query } }
  const size = exact && kind === 'audience' ? { size: { count: exact.size, type } } : {}
  return {
    id,
    ...definition,
    options: request.options,
    status,
    ...(failureReason !== undefined && { failureReason }),
    ...(exact && { results: sample.map((member) => ({ id: member.id })) }),
    ...size,
    ...(exact && { asOf: formatInstant(exact.asOf) }),
    progress,
    ...(estimate && { estimate }),
    sample: sample.map(memberView),
    identifiers,
    overlap,
    ...(difference && { difference }),
    ...(findings.changing !== undefined && { changing: findings.changing }),
    ...(findings.deliveries && { deliveries: findings.deliveries }),
    ...(exact && kind === 'audience' && { conditions: findings.conditions }),
    ...(exact && recentView(findings)),
    ...(findings.values && { values: findings.values }),
    ...(findings.cost && { cost: costView(findings.cost) }),
  }
}

function memberView({ id, externalIds, traits, until, because }: PreviewMember): object {
  return {
    id,
    externalIds,
    traits,
    ...(until !== undefined && { until: formatInstant(until) }),
    because: because.map(({ messageId, ts }) => ({ messageId, ts: formatInstant(ts) })),
  }
}

function recentView({ recent }: PreviewFindings): object {
  return recent ? { recent: recent.map((step) => ({ ...step, at: formatInstant(step.at) })) } : {}
}

/** An age without an end is null. */
function costView({ historyDays, ...cost }: PreviewCost): object {
  return { ...cost, historyDays: Number.isFinite(historyDays) ? historyDays : null }
}
