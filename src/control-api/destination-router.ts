/** Destinations over HTTP: made, changed, imported, tried out; and what has become of what was sent to them. */
import { type Request, type Response, Router } from 'express'
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
  /** Resolves when the command is durable and applied. */
  readonly command: (command: SpaceCommand) => Promise<void>
  readonly destinations: DestinationAdmin & {
    list(): readonly DestinationRecord[]
    find(id: string): DestinationRecord | undefined
    connectionsTo(id: string): readonly ConnectionRecord[]
  }
}

type OfDestination = Request<{ spaceId: string; id: string }>

const IMPORT_BYTES_MAX = 1024 * 1024
const DRAIN_WITHIN_MS = 30_000

/** To be mounted behind the check of who asks. */
export function destinationRouter(options: DestinationApiOptions): Router {
  const { destinations, command, clock } = options
  const router = Router({ caseSensitive: true })
  const json = readJson()
  const path = '/spaces/:spaceId/destinations'
  const present = (id: string): DestinationRecord => {
    const record = destinations.find(id)
    if (!record) throw new EngineError('not_found', 'id: there is no such destination', 'id')
    return record
  }
  const put = async (record: DestinationRecord): Promise<void> =>
    command({ kind: 'put destination', destination: record })
  const view = (record: DestinationRecord) => destinationView(record, destinations)

  router.get('/spaces/:spaceId/destination-types', (_request, response) => {
    response.json({ data: { destinationTypes: destinations.types() } })
  })
  router.post(`${path}/import`, readBytes(IMPORT_BYTES_MAX), async (request: Request, response: Response) => {
    const asked = readImport(bytesOf(request.body).toString(), clock())
    // All are checked before the first is made.
    const records = asked.map((one) => recordOf(one, options, { isPartial: true }))
    for (const record of records) await put(record)
    response.json({ data: { destinations: records.map(view) } })
  })
  router.post(path, json, async (request: Request, response: Response) => {
    const record = recordOf(readDestination(request.body, clock()), options, {})
    await put(record)
    response.json({ data: { destination: view(record) } })
  })
  router.get(path, (_request, response) => {
    response.json({ data: { destinations: destinations.list().map(view) } })
  })
  router.get(`${path}/:id`, ({ params }: OfDestination, response: Response) => {
    response.json({ data: { destination: view(present(params.id)) } })
  })
  router.patch(`${path}/:id`, json, async ({ params, body }: OfDestination, response: Response) => {
    const before = present(params.id)
    const record = recordOf(changeDestination(before, body), options, { before })
    await put(record)
    response.json({ data: { destination: view(record) } })
  })
  router.delete(`${path}/:id`, async ({ params }: OfDestination, response: Response) => {
    present(params.id)
    await command({ kind: 'remove destination', id: params.id })
    response.json({ data: { status: 'SUCCESS' } })
  })
  router.post(`${path}/:id/test`, async ({ params }: OfDestination, response: Response) => {
    const failure = await destinations.test(present(params.id))
    response.json({ data: failure ? { status: 'FAILED', ...failure } : { status: 'SUCCESS' } })
  })
  for (const [verb, enabled] of [
    ['pause', false],
    ['resume', true],
  ] as const)
    router.post(`${path}/:id/${verb}`, async ({ params }: OfDestination, response: Response) => {
      const record = { ...present(params.id), enabled, updatedAt: clock() }
      checkWhole(record)
      await put(record)
      response.json({ data: { destination: view(record) } })
    })
  router.post(`${path}/:id/drain`, async ({ params }: OfDestination, response: Response) => {
    const waiting = await destinations.drain(present(params.id).id, DRAIN_WITHIN_MS)
    response.json({ data: { status: waiting === 0 ? 'DRAINED' : 'WAITING', waiting } })
  })
  router.get(`${path}/:id/overview`, ({ params }: OfDestination, response: Response) => {
    const connections = destinations.connectionsTo(present(params.id).id)
    const byConnection = connections.map(({ id, definitionId, key }) => ({
      connectionId: id,
      definitionId,
      key,
      ...destinations.overviewOf(id),
    }))
    response.json({ data: { overview: destinations.overview(params.id), connections: byConnection } })
  })
  router.get(`${path}/:id/failures`, ({ params, query }: OfDestination, response: Response) => {
    const { reason } = query
    const all = destinations.failures(present(params.id).id)
    const failures = reason === undefined ? all : all.filter((failure) => failure.reason === reason)
    response.json({ data: { failures: failures.map((one) => ({ ...one, failedAt: formatInstant(one.failedAt) })) } })
  })
  router.post(`${path}/:id/failures/resend`, json, async ({ params, body }: OfDestination, response: Response) => {
    const { numbers, reason } = readResend(body)
    const wanted = destinations
      .failures(present(params.id).id)
      .filter((failure) => (numbers?.includes(failure.number) ?? true) && failure.reason === (reason ?? failure.reason))
    if (wanted.length > 0)
      await command({ kind: 'resend', destinationId: params.id, numbers: wanted.map(({ number }) => number) })
    response.json({ data: { resent: wanted.length } })
  })
  return router
}

function recordOf(
  { given, ...rest }: AskedDestination,
  { destinations, clock }: DestinationApiOptions,
  { before, isPartial = false }: { before?: DestinationRecord; isPartial?: boolean },
): DestinationRecord {
  const { id, type, enabled } = rest
  destinations.type(type)
  const stored = destinations.store({ id, type, settings: given }, { before, isPartial })
  const record = { ...rest, ...stored, enabled: enabled && stored.missing.length === 0, updatedAt: clock() }
  if (!isPartial) checkWhole(record)
  return record
}

function checkWhole({ enabled, missing }: DestinationRecord): void {
  if (!enabled || missing.length === 0) return
  const field = `settings.${missing[0]}`
  throw new EngineError('validation_error', `${field}: expected a value before the destination is enabled`, field)
}

/** In the shape of Segment's Public API; secrets are masked. */
function destinationView(record: DestinationRecord, admin: DestinationAdmin): object {
  const { id, name, enabled, missing, createdAt, updatedAt } = record
  const { slug, name: typeName, kind } = admin.type(record.type)
  return {
    id,
    name,
    enabled,
    status: admin.status(record),
    metadata: { slug, name: typeName, kind },
    settings: admin.shown(record),
    ...(missing.length > 0 && { missingSettings: missing }),
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
  }
}
