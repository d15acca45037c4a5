/** Implements what the control API asks about destinations: types, settings, tests, overviews, failures. */
import { checkField } from '../../destinations/catalogue/description.ts'
import {
  describedType,
  destinationType,
  listedTypes,
  parsePartialSettings,
  parseSettings,
  refusalOfType,
} from '../../destinations/registry.ts'
import type { DestinationType } from '../../destinations/contract/destination.ts'
import {
  type DeliveryOverview,
  type DestinationAdmin,
  type FailedDelivery,
  MASK,
  type StoredSettings,
} from '../model/destination-admin.ts'
import type { DestinationRecord } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import { newId } from '../model/new-id.ts'
import type { SetTimer } from '../model/timer.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { Authorizations } from './authorizations.ts'
import { changedSettings } from './changed-settings.ts'
import { sampleCall } from './sample-call.ts'
import type { DeliveryService } from './service.ts'
import type { Secrets } from './secrets.ts'
import type { DeliveryCounts } from '../outbox/delivery-counts.ts'
import type { DestinationState } from '../outbox/destination-state.ts'

const LOOK_AGAIN_MS = 50

export interface DestinationAdminOptions {
  readonly outbox: SpaceOutbox
  readonly service: DeliveryService
  readonly secrets: Secrets
  readonly authorizations: Authorizations
  readonly spaceId: string
  readonly clock: () => number
  readonly timer: SetTimer
}

export function destinationAdmin({
  outbox,
  service,
  secrets,
  authorizations,
  spaceId,
  clock,
  timer,
}: DestinationAdminOptions): DestinationAdmin {
  const destinationOf = (id: string): DestinationState => present(outbox.destination(id), 'destination')
  return {
    types: listedTypes,
    describedType: (slug) => {
      const described = describedType(slug)
      if (!described) throw new EngineError('not_found', 'slug: there is no such type of destination', 'slug')
      return described
    },
    type: (slug) => typeOf(slug),
    takes: ({ type: slug, settings }) => {
      const type = typeOf(slug)
      const isEvent = type.kind === 'event'
      return type.takes?.(settings) ?? { identify: true, track: isEvent, group: isEvent, computedTraits: isEvent }
    },
    store: ({ id, type: slug, settings }, { before, isPartial = false }) => {
      const type = typeOf(slug)
      const whole = changedSettings(type, settings, before && service.settingsOf(before))
      const missing = missingSecrets(type, { given: settings, whole }, { before, isPartial })
      return stored(type, id, { settings: parsePartialSettings(type, whole, missing), missing, secrets })
    },
    shown: ({ id, settings, sealed }) => {
      const masked = Object.keys(secrets.open(sealed, id)).map((name) => [name, MASK] as const)
      return { ...settings, ...Object.fromEntries(masked) }
    },
    test: async (record) => {
      const { id, type } = record
      const answer = await service.ask({ id, type, settings: service.settingsOf(record) }, { kind: 'test' })
      return 'failure' in answer ? answer.failure : undefined
    },
    tried: (record, mappings) => {
      const { id, type } = record
      const settings = service.settingsOf(record)
      return { id, type, settings: mappings === undefined ? settings : withMappings(typeOf(type), settings, mappings) }
    },
    onTrial: (slug, settings) => {
      const type = typeOf(slug)
      return { id: newId('dst', clock()), type: slug, settings: parseSettings(type, settings) as JsonObject }
    },
    rehearse: async (tried, sample) => {
      const { name: destinationName } = typeOf(tried.type)
      const call = sampleCall(sample, { destinationName, spaceId, now: clock() })
      return service.ask(tried, { kind: 'rehearse', call })
    },
    choices: async ({ id, type, ...record }, question) => {
      checkField(type, question)
      const settings = service.settingsOf({ id, type, ...record })
      return service.ask({ id, type, settings }, { kind: 'choices', ...question })
    },
    authorize: (record, asked) => authorizations.begin(record, asked),
    status: (record) => {
      if (record.missing.length > 0) return 'Settings missing'
      if (!record.enabled) return 'Disabled'
      return service.isOpen(record.id) ? 'Unreachable' : 'Connected'
    },
    overview: (id) => {
      const { counts, outbox: waiting } = destinationOf(id)
      const own = [...outbox.connections()].filter(({ record }) => record.destinationId === id)
      const held = own.reduce((sum, { heldCount }) => sum + heldCount, 0)
      return overview(counts, { waiting: waiting.size, pendingRetry: waiting.retryingCount, held })
    },
    overviewOf: (connectionId) => {
      const connection = present(outbox.connection(connectionId), 'connection')
      const destination = destinationOf(connection.record.destinationId)
      const { waiting, retrying: pendingRetry } = destination.outbox.countOf(connectionId)
      return overview(connection.counts, { waiting, pendingRetry, held: connection.heldCount })
    },
    failures: (id) => destinationOf(id).failures.list().map(shownFailure),
    drain: async (id, withinMs) => {
      const until = clock() + withinMs
      while (destinationOf(id).outbox.size > 0 && clock() < until)
        await new Promise<void>((resolve) => timer(resolve, LOOK_AGAIN_MS))
      return destinationOf(id).outbox.size
    },
  }
}

function typeOf(slug: string): DestinationType {
  const type = destinationType(slug)
  if (type) return type
  throw new EngineError('validation_error', `type: ${refusalOfType(slug)}`, 'type')
}

/** Returns settings with other mappings. Throws an EngineError that names the field within these. */
function withMappings(type: DestinationType, settings: JsonObject, mappings: JsonValue): JsonObject {
  try {
    return parseSettings(type, { ...settings, mappings }) as JsonObject
  } catch (error) {
    const field = error instanceof EngineError ? error.field : undefined
    if (!(error instanceof EngineError) || field === undefined || !field.startsWith('settings.mappings')) throw error
    throw new EngineError(error.code, error.message.replace(/^settings\./, ''), field.replace(/^settings\./, ''))
  }
}

/**
 * Names the secrets that are somewhere else, and not here: given masked though none is held, or missing before and not
 * given now. Of a partial destination, those that its type asks for are missing too.
 */
function missingSecrets(
  type: DestinationType,
  { given, whole }: { readonly given: JsonObject; readonly whole: JsonObject },
  { before, isPartial }: { readonly before: DestinationRecord | undefined; readonly isPartial: boolean },
): string[] {
  const asked = isPartial ? (type.settings.safeParse(whole).error?.issues ?? []).map(({ path: [name] }) => name) : []
  const isMissing = (name: string): boolean =>
    given[name] === MASK ||
    asked.includes(name) ||
    (given[name] === undefined && before?.missing.includes(name) === true)
  return type.secrets.filter((name) => whole[name] === undefined && isMissing(name))
}

function stored(
  type: DestinationType,
  id: string,
  { settings, missing, secrets }: { settings: JsonObject; missing: readonly string[]; secrets: Secrets },
): StoredSettings {
  const isSecret = ([name]: [string, unknown]): boolean => type.secrets.includes(name)
  const entries = Object.entries(settings).filter(([, value]) => (value as unknown) !== undefined)
  const secret = Object.fromEntries(entries.filter(isSecret))
  return {
    settings: Object.fromEntries(entries.filter((entry) => !isSecret(entry))),
    sealed: secrets.seal(secret, id),
    missing,
    ...(type.deletesUsers && { deletesUsers: true }),
  }
}

function overview(
  counts: DeliveryCounts,
  now: { readonly waiting: number; readonly pendingRetry: number; readonly held: number },
): DeliveryOverview {
  const byReason = Object.fromEntries(counts.failed)
  const total = [...counts.failed.values()].reduce((sum, count) => sum + count, 0)
  const { created, filtered, delivered, collapsed, retries } = counts
  return {
    created,
    filtered,
    delivered,
    collapsed,
    retries,
    ...now,
    failed: { total, byReason },
    latencyMs: { p50: counts.latencyMs(0.5), p95: counts.latencyMs(0.95), p99: counts.latencyMs(0.99) },
  }
}

function shownFailure({ delivery, ...rest }: ReturnType<DestinationState['failures']['list']>[number]): FailedDelivery {
  const { number, connectionId, profile, value } = delivery
  return { number, connectionId, profile, value, ...rest }
}

function present<Found>(found: Found | undefined, noun: 'destination' | 'connection'): Found {
  if (found === undefined) throw new EngineError('not_found', `id: there is no such ${noun}`, 'id')
  return found
}
