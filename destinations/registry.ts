/** The types of destination that there are, and what an API says of them. */
import { z } from 'zod'
import { EngineError } from '../src/model/errors.ts'
import type { JsonObject } from '../src/model/json.ts'
import { catalogueType } from './catalogue/catalogue-type.ts'
import { consoleDestination } from './console/console.ts'
import { csvListDestination } from './csv-list/csv-list.ts'
import type { DestinationKind, DestinationType } from './contract/destination.ts'
import { postgresDestination } from './postgres/postgres.ts'
import { webhookDestination } from './webhook/webhook.ts'

export const DESTINATION_TYPES: readonly DestinationType[] = [
  webhookDestination,
  csvListDestination,
  postgresDestination,
  consoleDestination,
]

export interface DestinationDescription {
  readonly slug: string
  readonly name: string
  readonly kind: DestinationKind
  readonly description: string
  /** JSON Schema of what is to be given. */
  readonly settings: object
  readonly secrets: readonly string[]
  /**
   * `none`: a request carries one call; `by_setting`: as many as the setting `batchSize` says; `gathered`: the changes
   * of a while.
   */
  readonly batching: 'none' | 'by_setting' | 'gathered'
}

/** Finds a type of ours, or of the catalogue. */
export function destinationType(slug: string): DestinationType | undefined {
  return DESTINATION_TYPES.find((type) => type.slug === slug) ?? catalogueType(slug)
}

export function describe(type: DestinationType): DestinationDescription {
  const { slug, name, kind, description, secrets } = type
  const settings = z.toJSONSchema(type.settings, { io: 'input' })
  const hasBatchSize = Object.hasOwn(settings.properties ?? {}, 'batchSize')
  const batching = kind === 'list' ? 'gathered' : hasBatchSize ? 'by_setting' : 'none'
  return { slug, name, kind, description, settings, secrets, batching }
}

/** With defaults filled in. Throws an EngineError that names the field at fault, and never what was in it. */
export function parseSettings<Settings extends object>(type: DestinationType<Settings>, settings: unknown): Settings {
  const result = type.settings.safeParse(settings)
  if (result.success) return result.data
  throw refusalOf(type, result.error.issues[0]!)
}

/**
 * Checks settings of which some secrets are missing, likewise. Where the type asks for one of these, no defaults are
 * filled in.
 */
export function parsePartialSettings(
  type: DestinationType,
  settings: JsonObject,
  missing: readonly string[],
): JsonObject {
  const result = type.settings.safeParse(settings)
  if (result.success) return result.data as JsonObject
  const issue = result.error.issues.find(({ path: [name] }) => !missing.includes(String(name)))
  if (issue) throw refusalOf(type, issue)
  return settings
}

function refusalOf(type: DestinationType, issue: z.core.$ZodIssue): EngineError {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = ['settings', ...issue.path, ...unknown].join('.')
  const message = unknown.length > 0 ? `expected a setting of ${type.slug}, got another` : issue.message
  return new EngineError('validation_error', `${field}: ${message}`, field)
}
