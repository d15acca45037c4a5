/** Destinations over HTTP: made, changed, imported, tried out; and what has become of what was sent to them. */
import { type Request, type Response, Router } from 'express'
import type { CommandAs } from '../http/acting-token.ts'
import type { ConnectionRecord, DestinationRecord } from '../model/destination.ts'
import type { DestinationAdmin } from '../model/destination-admin.ts'
import { EngineError } from '../model/errors.ts'
import { formatInstant } from '../model/time.ts'
import { bytesOf, readBytes, readJson } from './body.ts'
import {
  type AskedDestination,
  changeDestination,
  readDestination,
  readImport,
  readResend,
} from './destination-requests.ts'
import type { SpaceCommand } from '../model/space-command.ts'

export interface DestinationApiOptions {
  readonly clock: () => number
  readonly command: CommandAs<SpaceCommand>
  readonly destinations: DestinationAdmin & {
    list(): readonly DestinationRecord[]
    find(id: string): DestinationRecord | undefined
    connectionsTo(id: string): readonly ConnectionRecord[]
  }
}

type OfDestination = Request<{ spaceId: string; id: string }>

const IMPORT_BYTES_MAX = 1024 * 1024
const DRAIN_WITHIN_MS = 30_000

/** Makes the routes; they must be mounted behind the check of the access token. */
export function destinationRouter(options: DestinationApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const json = readJson()
  const all = '/spaces/:spaceId/destinations'
  const one = `${all}/:id`
  router.post(`${all}/import`, readBytes(IMPORT_BYTES_MAX), importAll(options))
  router.post(all, json, create(options))
  router.get(all, list(options))
  router.get(one, get(options))
  router.patch(one, json, update(options))
  router.delete(one, remove(options))
  router.post(`${one}/test`, tryOut(options))
  router.post(`${one}/pause`, switchTo(false, options))
  router.post(`${one}/resume`, switchTo(true, options))
  router.post(`${one}/drain`, drain(options))
  router.get(`${one}/overview`, overview(options))
  router.get(`${one}/failures`, listFailures(options))
  router.post(`${one}/failures/resend`, json, resend(options))
  return router
}

function importAll(options: DestinationApiOptions) {
  return async (request: Request, response: Response): Promise<void> => {
    const { asked, unmoved } = readImport(bytesOf(request.body).toString(), options.clock())
    // All are checked before the first is made.
    const records = asked.map((one) => destinationRecord(one, options, { isPartial: true }))
    for (const record of records) await putDestination(record, options, response)
    const refused = unmoved.map(({ destination, name, error: { code, message, field } }) => ({
      kind: 'mapping',
      name: `${destination}: ${name}`,
      code,
      message,
      field,
    }))
    const destinations = records.map((record) => destinationView(record, options))
    response.json({ data: { destinations, ...(refused.length > 0 && { refused }) } })
  }
}

function create(options: DestinationApiOptions) {
  return async (request: Request, response: Response): Promise<void> => {
    const record = destinationRecord(readDestination(request.body, options.clock()), options, {})
    await putDestination(record, options, response)
    answer(record, response, options)
  }
}

function list(options: DestinationApiOptions) {
  return (_request: Request, response: Response): void => {
    const destinations = options.destinations.list().map((record) => destinationView(record, options))
    response.json({ data: { destinations } })
  }
}

function get(options: DestinationApiOptions) {
  return ({ params }: OfDestination, response: Response): void => {
    answer(presentDestination(params.id, options), response, options)
  }
}

function update(options: DestinationApiOptions) {
  return async ({ params, body }: OfDestination, response: Response): Promise<void> => {
    const before = presentDestination(params.id, options)
    const record = destinationRecord(changeDestination(before, body), options, { before })
    await putDestination(record, options, response)
    answer(record, response, options)
  }
}

function remove(options: DestinationApiOptions) {
  return async ({ params }: OfDestination, response: Response): Promise<void> => {
    const { id } = presentDestination(params.id, options)
    await options.command({ kind: 'remove destination', id }, response)
    response.json({ data: { status: 'SUCCESS' } })
  }
}

function tryOut(options: DestinationApiOptions) {
  return async ({ params }: OfDestination, response: Response): Promise<void> => {
    const failure = await options.destinations.test(presentDestination(params.id, options))
    response.json({ data: failure ? { status: 'FAILED', ...failure } : { status: 'SUCCESS' } })
  }
}

function switchTo(enabled: boolean, options: DestinationApiOptions) {
  return async ({ params }: OfDestination, response: Response): Promise<void> => {
    const record = { ...presentDestination(params.id, options), enabled, updatedAt: options.clock() }
    checkWhole(record)
    await putDestination(record, options, response)
    answer(record, response, options)
  }
}

function drain(options: DestinationApiOptions) {
  return async ({ params }: OfDestination, response: Response): Promise<void> => {
    const waiting = await options.destinations.drain(presentDestination(params.id, options).id, DRAIN_WITHIN_MS)
    response.json({ data: { status: waiting === 0 ? 'DRAINED' : 'WAITING', waiting } })
  }
}

function overview(options: DestinationApiOptions) {
  const { destinations } = options
  return ({ params }: OfDestination, response: Response): void => {
    const { id } = presentDestination(params.id, options)
    const connections = destinations.connectionsTo(id).map(({ id: connectionId, definitionId, key }) => ({
      connectionId,
      definitionId,
      key,
      ...destinations.overviewOf(connectionId),
    }))
    response.json({ data: { overview: destinations.overview(id), connections } })
  }
}

function listFailures(options: DestinationApiOptions) {
  return ({ params, query: { reason } }: OfDestination, response: Response): void => {
    const all = options.destinations.failures(presentDestination(params.id, options).id)
    const failures = reason === undefined ? all : all.filter((failure) => failure.reason === reason)
    response.json({ data: { failures: failures.map((one) => ({ ...one, failedAt: formatInstant(one.failedAt) })) } })
  }
}

function resend(options: DestinationApiOptions) {
  return async ({ params, body }: OfDestination, response: Response): Promise<void> => {
    const { numbers, reason } = readResend(body)
    const { id } = presentDestination(params.id, options)
    const wanted = options.destinations
      .failures(id)
      .filter((failure) => (numbers?.includes(failure.number) ?? true) && failure.reason === (reason ?? failure.reason))
      .map(({ number }) => number)
    if (wanted.length > 0) await options.command({ kind: 'resend', destinationId: id, numbers: wanted }, response)
    response.json({ data: { resent: wanted.length } })
  }
}

/** Finds a destination. Throws an EngineError if there is none. */
export function presentDestination(
  id: string,
  { destinations }: Pick<DestinationApiOptions, 'destinations'>,
): DestinationRecord {
  const record = destinations.find(id)
  if (!record) throw new EngineError('not_found', 'id: there is no such destination', 'id')
  return record
}

/** Stores a destination; resolves when that is durable and applied. */
export function putDestination(
  destination: DestinationRecord,
  { command }: DestinationApiOptions,
  response: Response,
): Promise<void> {
  return command({ kind: 'put destination', destination }, response)
}

function answer(record: DestinationRecord, response: Response, options: DestinationApiOptions): void {
  response.json({ data: { destination: destinationView(record, options) } })
}

/**
 * Makes the record of a destination. Throws an EngineError that names the field at fault.
 * @param isPartial secrets may be missing: it is disabled until they are given
 */
export function destinationRecord(
  { given, ...rest }: AskedDestination,
  { destinations, clock }: DestinationApiOptions,
  { before, isPartial = false }: { before?: DestinationRecord; isPartial?: boolean },
): DestinationRecord {
  const { id, type } = rest
  destinations.type(type)
  const stored = destinations.store({ id, type, settings: given }, { before, isPartial })
  const enabled = rest.enabled && !(isPartial && stored.missing.length > 0)
  const record = { ...rest, ...stored, enabled, updatedAt: clock() }
  checkWhole(record)
  return record
}

function checkWhole({ enabled, missing }: DestinationRecord): void {
  if (!enabled || missing.length === 0) return
  const field = `settings.${missing[0]}`
  throw new EngineError('validation_error', `${field}: expected a value before the destination is enabled`, field)
}

/** Returns a destination in the shape of Segment's Public API; secrets are masked. */
function destinationView(record: DestinationRecord, { destinations }: DestinationApiOptions): object {
  const { id, name, enabled, missing, consent, createdAt, updatedAt } = record
  const { slug, name: typeName, kind } = destinations.type(record.type)
  return {
    id,
    name,
    enabled,
    status: destinations.status(record),
    metadata: { slug, name: typeName, kind },
    settings: destinations.shown(record),
    ...(consent && { consentCategories: consent.categories, unknownConsent: consent.unknown }),
    ...(missing.length > 0 && { missingSettings: missing }),
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
  }
}
