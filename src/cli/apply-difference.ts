/**
 * Compares one thing of a file with the same of a server: no difference, or a step. Pure.
 *
 * P1. Fields that the file leaves out stay as they are.
 * P2. Secrets cannot be read, so they are not compared. They are sent when another setting changes, or when asked for.
 */
import { isDeepStrictEqual } from 'node:util'
import { activationAsApiHasIt } from '../control-api/activation-requests.ts'
import { asApiHasIt } from '../control-api/destination-requests.ts'
import type { ActivationRecord } from '../model/activation.ts'
import { MASK } from '../model/destination-admin.ts'
import type { ConnectionRecord } from '../model/destination.ts'
import type { FileDefinition } from './apply-definition.ts'
import type { FileDestination } from './apply-destination.ts'
import type { PresentActivation, PresentConnection, PresentDefinition, PresentDestination } from './apply-present.ts'
import { COLLECTIONS } from './apply-present.ts'
import { activationName, connectionName, definitionName, destinationName, type Step } from './apply-step.ts'

export function destinationDifference(
  { name, type, enabled, settings, missing }: FileDestination,
  found: PresentDestination | undefined,
  sendsSecrets: boolean,
): Step | undefined {
  const step = { kind: 'destination', name: destinationName(name) } as const
  const state = enabled === undefined ? {} : { enabled }
  if (!found && missing.length > 0) {
    const whole = { ...settings, ...Object.fromEntries(missing.map((secret) => [secret, MASK])) }
    const body = { type: type.slug, name, enabled: false, settings: whole }
    const note = `disabled until it has its ${missing.join(', ')}`
    return { ...step, sign: '+', fields: [], note, path: 'destinations', body }
  }
  if (!found)
    return { ...step, sign: '+', fields: [], path: 'destinations', body: { type: type.slug, name, ...state, settings } }
  const hidden = Object.keys(settings).filter((key) => settings[key] !== null && found.settings[key] === MASK)
  const changed = Object.keys(settings).filter(
    (key) => !hidden.includes(key) && !isDeepStrictEqual(settings[key], found.settings[key] ?? null),
  )
  const isSent = changed.length > 0 || (sendsSecrets && hidden.length > 0)
  const isSwitched = enabled !== undefined && enabled !== found.enabled
  if (!isSent && !isSwitched) return undefined
  const fields = [
    ...(isSwitched ? ['enabled'] : []),
    ...changed.map((key) => `settings.${key}`),
    ...(isSent && hidden.length > 0 ? ['secrets'] : []),
  ]
  const body = { ...(isSwitched && state), ...(isSent && { settings }) }
  return { ...step, sign: '~', fields, path: `destinations/${found.id}`, body }
}

export function definitionDifference(
  { kind, body, record }: FileDefinition,
  found: PresentDefinition | undefined,
): Step | undefined {
  const { path } = COLLECTIONS[kind]
  const step = { kind: 'definition', name: definitionName(record.source) } as const
  if (!found) return { ...step, sign: '+', fields: [], path, body }
  const { name, description, enabled, source } = record
  const described = changedOf({ name, description, enabled }, found, body)
  // Options that the API drops cannot differ.
  const options = changedOf(record.options, found.options, body['options'] ?? {})
  const isAsked = source.query === found.definition.query
  const fields = [
    ...Object.keys(described),
    ...(isAsked ? [] : ['query']),
    ...Object.keys(options).map((key) => `options.${key}`),
  ]
  if (fields.length === 0) return undefined
  const change = {
    ...described,
    ...(!isAsked && { definition: { query: source.query } }),
    ...(Object.keys(options).length > 0 && { options }),
  }
  return { ...step, sign: '~', fields, path: `${path}/${found.id}`, body: change }
}

/** Compares a connection. `record`: the connection as the file wants it, with the file's name of its destination. */
export function connectionDifference(
  record: ConnectionRecord,
  given: Readonly<Record<string, unknown>>,
  {
    definition,
    found,
  }: { readonly definition: PresentDefinition | undefined; readonly found: PresentConnection | undefined },
): Step | undefined {
  const { path } = COLLECTIONS[record.kind]
  const name = connectionName(record, record.destinationId)
  if (!definition || !found) {
    const between = { definition: definitionName(record), destination: destinationName(record.destinationId) }
    return { kind: 'connection', sign: '+', name, fields: [], path, body: given, between }
  }
  const { connectionSettings: wanted, idSyncConfiguration } = asApiHasIt(record)
  const change = changedOf({ enabled: record.enabled, idSyncConfiguration }, found, given)
  const settings = changedOf(wanted, found.connectionSettings, given['connectionSettings'] ?? {})
  const fields = [...Object.keys(change), ...Object.keys(settings).map((key) => `connectionSettings.${key}`)]
  if (fields.length === 0) return undefined
  const body = { ...change, ...(Object.keys(settings).length > 0 && { connectionSettings: settings }) }
  return {
    kind: 'connection',
    sign: '~',
    name,
    fields,
    path: `${path}/${definition.id}/destination-connections/${found.id}`,
    body,
  }
}

/**
 * Compares an activation of a connection that the server has.
 * @param definition the path of the audience
 * @param connection the name of the connection
 */
export function activationDifference(
  record: ActivationRecord,
  given: Readonly<Record<string, unknown>>,
  {
    definition,
    connection,
    connectionId,
    found,
  }: {
    readonly definition: string
    readonly connection: string
    readonly connectionId: string
    readonly found: PresentActivation | undefined
  },
): Step | undefined {
  const step = { kind: 'activation', name: activationName(connection, record.name) } as const
  const made = `${definition}/destination-connections/${connectionId}/activations`
  if (!found) return { ...step, sign: '+', fields: [], path: made, body: given }
  const { enabled, personalization, destinationMapping } = activationAsApiHasIt(record)
  const body = changedOf({ enabled, personalization, destinationMapping }, found, given)
  const fields = Object.keys(body)
  if (fields.length === 0) return undefined
  return { ...step, sign: '~', fields, path: `${definition}/activations/${found.id}`, body }
}

/** Returns the wanted values that the file gives and that differ. Keeps P1. */
function changedOf(wanted: object, found: object, given: object): Readonly<Record<string, unknown>> {
  const isOther = (key: string, value: unknown) => !isDeepStrictEqual(value, (found as Record<string, unknown>)[key])
  return Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => Object.hasOwn(given, key) && isOther(key, value)),
  )
}
