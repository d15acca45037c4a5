/** The Control API, in the shapes of Segment's Public API: audiences and computed traits. */
import { type Request, type RequestHandler, type Response, Router } from 'express'
import { QueryError } from '../language/query-error.ts'
import { EngineError } from '../model/errors.ts'
import { activationRouter } from './activation-router.ts'
import { type AuditApiOptions, auditRouter } from './audit-router.ts'
import { type BackupApiOptions, backupRouter } from './backup-router.ts'
import { readJson } from './body.ts'
import { connectionRouter } from './connection-router.ts'
import { destinationRouter } from './destination-router.ts'
import { readInstant } from './fields.ts'
import { readDryRun } from './dry-run.ts'
import { type ExportApiOptions, exportRouter } from './export-router.ts'
import { type ImportApiOptions, importRouter } from './import-router.ts'
import { newId } from '../model/new-id.ts'
import type { PresentSize } from '../model/audience-size.ts'
import type { PreviewRequest } from '../model/preview.ts'
import type { DefinitionKind, DefinitionProgress, DefinitionRecord } from '../model/space-command.ts'
import type { ListedRecord } from '../model/space-command.ts'
import {
  changeAudience,
  changeComputedTrait,
  cursorOf,
  readAudience,
  readComputedTrait,
  readPagination,
} from './requests.ts'
import { type ObservedApiOptions, observedRouter } from './observed-router.ts'
import { type PreviewApiOptions, previewRouter } from './preview-router.ts'
import { type QuestionApiOptions, questionRouter } from './question-router.ts'
import { type ReferenceApiOptions, referenceRouter } from './reference-router.ts'
import { readSearch } from './search.ts'
import { type SettingsApiOptions, settingsRouter } from './settings-router.ts'
import { type SizeApiOptions, sizeRouter } from './size-router.ts'
import { type SourceApiOptions, sourceRouter } from './source-router.ts'
import { type TokenApiOptions, tokenRouter } from './token-router.ts'
import { type TransitionApiOptions, transitionRouter } from './transition-router.ts'
import { typeRouter } from './type-router.ts'
import { audienceView, computedTraitView, type ShownDefinition } from './views.ts'

export interface ControlApiOptions
  extends
    TokenApiOptions,
    QuestionApiOptions,
    PreviewApiOptions,
    ExportApiOptions,
    TransitionApiOptions,
    SizeApiOptions,
    ObservedApiOptions,
    SourceApiOptions,
    AuditApiOptions,
    BackupApiOptions,
    SettingsApiOptions,
    ImportApiOptions,
    Pick<ReferenceApiOptions, 'readersOf'> {
  /** The space that a request may change, by its `Authorization` header. */
  readonly spaceOf: (authorization: string | undefined) => string | undefined
  readonly find: (id: string, kind: DefinitionKind) => DefinitionRecord | undefined
  readonly list: (kind: DefinitionKind) => readonly ListedRecord[]
  /** Returns the size of an audience; undefined for what is none, or not live. */
  readonly sizeOf: (record: DefinitionRecord) => PresentSize | undefined
  /** Progress of a definition that is not live yet. */
  readonly progressOf: (record: DefinitionRecord) => DefinitionProgress | undefined
}

interface Resource {
  readonly kind: DefinitionKind
  readonly path: string
  readonly one: string
  readonly many: string
  readonly pageMax: number
  readonly read: (body: unknown, now: number) => DefinitionRecord
  readonly change: (record: DefinitionRecord, body: unknown, now: number) => DefinitionRecord
  readonly view: (shown: ShownDefinition, spaceId: string) => object
}

const RESOURCES: readonly Resource[] = [
  {
    kind: 'audience',
    path: 'audiences',
    one: 'audience',
    many: 'audiences',
    pageMax: 200,
    read: readAudience,
    change: changeAudience,
    view: audienceView,
  },
  {
    kind: 'computed_trait',
    path: 'computed-traits',
    one: 'computedTrait',
    many: 'computedTraits',
    pageMax: 1000,
    read: readComputedTrait,
    change: changeComputedTrait,
    view: computedTraitView,
  },
]

export function controlRouter(options: ControlApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const json = readJson()
  router.use('/spaces/:spaceId', authenticate(options))
  // Before the resources, one of which might have the id `previews`.
  router.use(previewRouter(options))
  for (const resource of RESOURCES) {
    const path = `/spaces/:spaceId/${resource.path}`
    router.post(path, json, create(resource, options))
    router.get(path, list(resource, options))
    router.get(`${path}/:id`, get(resource, options))
    router.patch(`${path}/:id`, json, update(resource, options))
    router.delete(`${path}/:id`, remove(resource, options))
  }
  router.use(exportRouter(options), transitionRouter(options), sizeRouter(options))
  router.use(observedRouter(options), tokenRouter(options), sourceRouter(options), auditRouter(options))
  router.use(typeRouter(options), questionRouter(options), destinationRouter(options))
  router.use(connectionRouter(options), activationRouter(options))
  router.use(referenceRouter(options), backupRouter(options), settingsRouter(options), importRouter(options))
  return router
}

/** The body of an error, in the form of Segment's Public API; a fault in a query says where it is. */
export function controlErrorBody(error: EngineError): object {
  const { code, message, field } = error
  if (error instanceof QueryError)
    return {
      errors: [{ type: code, message, field: 'definition.query', data: { line: error.line, column: error.column } }],
    }
  return { errors: [{ type: code, message, ...(field === undefined ? {} : { field }) }] }
}

function authenticate({ spaceOf }: ControlApiOptions): RequestHandler {
  return (request, _response, next) => {
    const space = spaceOf(request.get('authorization'))
    if (space === undefined)
      throw new EngineError('authentication_error', 'Authorization: expected Bearer with an access token')
    if (request.params['spaceId'] !== space) throw new EngineError('not_found', 'spaceId: there is no such space')
    next()
  }
}

function create({ read, view, one }: Resource, options: ControlApiOptions) {
  const { command, clock } = options
  return async (request: Request<{ spaceId: string }>, response: Response): Promise<void> => {
    const record = read(request.body, clock())
    await command({ kind: 'define', record }, response)
    response.json({ data: { [one]: view(shownOf(record, options), request.params.spaceId) } })
  }
}

function update(resource: Resource, options: ControlApiOptions) {
  return async (
    { params, body, query }: Request<{ spaceId: string; id: string }>,
    response: Response,
  ): Promise<void> => {
    const ifUpdatedAt =
      query['ifUpdatedAt'] === undefined ? undefined : readInstant('ifUpdatedAt', query['ifUpdatedAt'])
    const change = (): Change => {
      const before = present(resource, options, params.id)
      if (ifUpdatedAt !== undefined && ifUpdatedAt !== before.updatedAt)
        throw new EngineError('outdated', 'ifUpdatedAt: it has been changed since then', 'ifUpdatedAt')
      return { before, record: resource.change(before, body, options.clock()) }
    }
    if (readDryRun(query['dryRun'])) {
      const id = newId('pre', options.clock())
      options.previews.start(id, previewOfChange(change().record), undefined)
      response.json({ data: { [`${resource.one}Preview`]: { id } } })
      return
    }
    const record = await commandChange(change, options, response)
    response.json({ data: { [resource.one]: resource.view(shownOf(record, options), params.spaceId) } })
  }
}

interface Change {
  readonly before: DefinitionRecord
  readonly record: DefinitionRecord
}

/** Makes a change of the record as it is when the change is applied: if another came before, it is made anew. */
async function commandChange(
  change: () => Change,
  { command }: ControlApiOptions,
  response: Response,
): Promise<DefinitionRecord> {
  for (;;) {
    const { before, record } = change()
    try {
      await command({ kind: 'define', record, ifUpdatedAt: before.updatedAt }, response)
      return record
    } catch (error) {
      if (!(error instanceof EngineError && error.code === 'outdated')) throw error
    }
  }
}

/** Makes the preview of a definition as a change would leave it: an audience is compared with what it is now. */
function previewOfChange({ id, source, options, enabled }: DefinitionRecord): PreviewRequest {
  const compareWith = source.kind === 'audience' && enabled ? id : undefined
  return { source, options, compareWith, overlapWith: [], traits: [], changeOf: enabled ? id : undefined }
}

function list({ kind, many, pageMax, view }: Resource, options: ControlApiOptions) {
  return (request: Request<{ spaceId: string }>, response: Response): void => {
    const { count, from } = readPagination(request.query, pageMax)
    const matches = readSearch(request.query)
    const all = options.list(kind).filter(({ record }) => matches(record))
    const start = all.findIndex(({ sequence }) => sequence >= from)
    const page = start < 0 ? [] : all.slice(start, start + count)
    const next = start < 0 ? undefined : all[start + count]
    const previous = start > 0 ? all[Math.max(0, start - count)] : undefined
    const pagination = {
      current: cursorOf(page[0]?.sequence ?? from),
      ...(next && { next: cursorOf(next.sequence) }),
      ...(previous && { previous: cursorOf(previous.sequence) }),
      totalEntries: all.length,
    }
    const views = page.map(({ record }) => ({
      ...view(listedOf(record, options), request.params.spaceId),
      computeCadence: { type: 'REALTIME' },
    }))
    response.json({ data: { [many]: views, pagination } })
  }
}

function get(resource: Resource, options: ControlApiOptions) {
  return ({ params }: Request<{ spaceId: string; id: string }>, response: Response): void => {
    const record = present(resource, options, params.id)
    response.json({ data: { [resource.one]: resource.view(shownOf(record, options), params.spaceId) } })
  }
}

function shownOf(record: DefinitionRecord, { progressOf }: ControlApiOptions): ShownDefinition {
  return { record, progress: progressOf(record), size: undefined }
}

/** As in Segment's lists, with its size. */
function listedOf(record: DefinitionRecord, options: ControlApiOptions): ShownDefinition {
  return { ...shownOf(record, options), size: options.sizeOf(record) }
}

function remove(resource: Resource, options: ControlApiOptions) {
  return async ({ params }: Request<{ id: string }>, response: Response): Promise<void> => {
    present(resource, options, params.id)
    await options.command({ kind: 'remove', id: params.id }, response)
    response.json({ data: { status: 'SUCCESS' } })
  }
}

function present({ kind, one }: Resource, { find }: ControlApiOptions, id: string): DefinitionRecord {
  const record = find(id, kind)
  if (!record) throw new EngineError('not_found', `id: there is no such ${one}`, 'id')
  return record
}
