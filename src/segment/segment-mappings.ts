/** Turns the mappings of a Segment destination, which its API calls subscriptions, into ours, one by one. */
import { actionOf, routesOf } from '../../destinations/catalogue/settings.ts'
import type { CallKind, CatalogueDefinition } from '../../destinations/catalogue/catalogue.ts'
import type { DestinationType } from '../../destinations/contract/destination.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import { unsupported } from './segment-definition.ts'
import { isFields } from './segment-object.ts'
import { callsOfTrigger } from './trigger.ts'

/** A mapping that is not moved, and why. */
export interface UnmovedMapping {
  readonly name: string
  readonly error: EngineError
}

export interface MappingMove {
  readonly mappings: readonly JsonObject[]
  readonly unmoved: readonly UnmovedMapping[]
}

const SUBSCRIPTIONS_MAX = 100

/** @param settings of the destination, as its type takes them */
export function ownMappings(
  subscriptions: unknown,
  { definition, type, settings }: { definition: CatalogueDefinition; type: DestinationType; settings: JsonObject },
): MappingMove {
  const given = Array.isArray(subscriptions) ? (subscriptions as unknown[]) : []
  if (given.length > SUBSCRIPTIONS_MAX)
    throw new EngineError('validation_error', `subscriptions: expected at most ${SUBSCRIPTIONS_MAX}`, 'subscriptions')
  const mappings: JsonObject[] = []
  const unmoved: UnmovedMapping[] = []
  const taken = new Set<CallKind>()
  for (const [index, subscription] of given.entries()) {
    const fields = isFields(subscription) ? subscription : {}
    const field = `subscriptions.${index}`
    try {
      const { action, calls, mapping } = readSubscription(fields, field, definition)
      const second = calls.find((call) => taken.has(call))
      if (second !== undefined)
        throw new EngineError('in_use', `${field}.trigger: another mapping has the calls ${second} already`, field)
      const whole = { action, calls, ...(mapping && { mapping: withoutOthers(mapping, action, calls, definition) }) }
      checkMapping(type, settings, whole, field)
      for (const call of calls) taken.add(call)
      mappings.push(whole)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      const { name } = fields
      unmoved.push({ name: typeof name === 'string' && name !== '' ? name : field, error })
    }
  }
  return { mappings, unmoved }
}

interface Subscription {
  readonly action: string
  readonly calls: CallKind[]
  /** Undefined: as the tool's presets have it. */
  readonly mapping: JsonObject | undefined
}

function readSubscription(
  { actionSlug, partnerAction, enabled, trigger, settings, mapping }: Readonly<Record<string, unknown>>,
  field: string,
  definition: CatalogueDefinition,
): Subscription {
  const action = actionSlug ?? partnerAction
  if (typeof action !== 'string' || !actionOf(definition, action)) {
    const known = definition.actions.map(({ key }) => key).join(', ')
    throw unsupported(`${field}.actionSlug`, `expected one of ${known}, got another`)
  }
  if (enabled === false) throw unsupported(`${field}.enabled`, 'it is disabled at Segment')
  if (typeof trigger !== 'string') throw unsupported(`${field}.trigger`, 'expected a trigger, got none')
  const content = mapping ?? settings
  return {
    action,
    calls: callsOfTrigger(trigger, `${field}.trigger`),
    mapping: isFields(content) ? (content as JsonObject) : undefined,
  }
}

/** Takes away the fields that the presets map, and Segment does not. */
function withoutOthers(
  mapping: JsonObject,
  action: string,
  calls: readonly CallKind[],
  definition: CatalogueDefinition,
): JsonObject {
  const routes = routesOf(definition, { mappings: [{ action, calls }] })
  const preset = [...routes.values()].flatMap((route) => Object.keys(route.mapping))
  const removed = preset.filter((name) => !Object.hasOwn(mapping, name)).map((name) => [name, null] as const)
  return { ...(Object.fromEntries(removed) as JsonObject), ...mapping }
}

function checkMapping(type: DestinationType, settings: JsonObject, mapping: JsonObject, field: string): void {
  const issues = type.settings.safeParse({ ...settings, mappings: [mapping as JsonValue] }).error?.issues ?? []
  const issue = issues.find(({ path: [name] }) => name === 'mappings')
  if (!issue) return
  const path = [field, ...issue.path.slice(2)].join('.')
  throw new EngineError('validation_error', `${path}: ${issue.message}`, path)
}
