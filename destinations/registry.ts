/** The types of destination that there are, and what an API says of them. */
import { z } from 'zod'
import { EngineError } from '../src/model/errors.ts'
import type { ListedType } from '../src/model/destination-admin.ts'
import type { JsonObject } from '../src/model/json.ts'
import { catalogueEntries, catalogueEntry } from './catalogue/catalogue.ts'
import { catalogueType } from './catalogue/catalogue-type.ts'
import { describedTool, listedTools } from './catalogue/description.ts'
import { consoleDestination } from './console/console.ts'
import { csvListDestination } from './csv-list/csv-list.ts'
import type { DestinationKind, DestinationType } from './contract/destination.ts'
import { kafkaDestination } from './kafka/kafka.ts'
import { redisDestination } from './redis/redis.ts'
import { s3Destination } from './s3/s3.ts'
import { postgresDestination } from './postgres/postgres.ts'
import { webhookDestination } from './webhook/webhook.ts'

export const DESTINATION_TYPES: readonly DestinationType[] = [
  webhookDestination,
  csvListDestination,
  s3Destination,
  redisDestination,
  postgresDestination,
  kafkaDestination,
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

/** Lists the types that an API shows: ours with their settings, then the tools of the catalogue. */
export function listedTypes(): ListedType[] {
  return [...DESTINATION_TYPES.map(listedType), ...listedTools()]
}

/** Returns all that there is to say of a type; undefined if none of that slug is shown. */
export function describedType(slug: string): object | undefined {
  const own = DESTINATION_TYPES.find((type) => type.slug === slug)
  return own ? listedType(own) : describedTool(slug)
}

function listedType(type: DestinationType): ListedType {
  return { ...describe(type), origin: 'rollcall', categories: [], availability: 'offered', installed: true }
}

/** Says why none of a type can be made, and which types there are instead. @param name of the tool, if it is known */
export function refusalOfType(slug: string, name = ''): string {
  const entry = catalogueEntry(slug)
  if (entry) return `${entry.name} is not offered here${entry.reason === undefined ? '' : `: ${entry.reason}`}`
  const known = DESTINATION_TYPES.map((type) => type.slug).join(', ')
  const similar = similarTools(`${slug} ${name}`).join(', ')
  return `expected one of ${known}, or of the catalogue${similar === '' ? '' : `, such as ${similar}`}, got another`
}

const SIMILAR_MAX = 3
/** Words of many names, which tell nothing. */
const COMMON_WORDS: ReadonlySet<string> = new Set('actions destination cloud mode segment api the and for'.split(' '))

/** Finds the slugs of the tools whose names have most words in common with a text. */
function similarTools(text: string): string[] {
  const sought = wordsOf(text)
  return catalogueEntries()
    .filter(({ availability }) => availability === 'offered')
    .map(({ slug, name, folder }) => {
      const words = wordsOf(`${slug} ${name} ${folder}`)
      const common = sought.filter((word) => words.some((other) => other.startsWith(word) || word.startsWith(other)))
      return { slug, common: common.length, others: words.length - common.length }
    })
    .filter(({ common }) => common > 0)
    .sort((one, other) => other.common - one.common || one.others - other.others)
    .slice(0, SIMILAR_MAX)
    .map(({ slug }) => slug)
}

function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]{3,}/g) ?? []
  return [...new Set(words)].filter((word) => !COMMON_WORDS.has(word))
}

export function describe(type: DestinationType): DestinationDescription {
  const { slug, name, kind, description, secrets } = type
  const settings = z.toJSONSchema(type.settings, { io: 'input' })
  const has = (name: string): boolean => Object.hasOwn(settings.properties ?? {}, name)
  const batching = kind === 'list' || has('everySeconds') ? 'gathered' : has('batchSize') ? 'by_setting' : 'none'
  return { slug, name, kind, description, settings, secrets, batching }
}

/** With defaults filled in. Throws an EngineError that names the field at fault, and never what was in it. */
export function parseSettings<Settings extends object>(type: DestinationType<Settings>, settings: unknown): Settings {
  const result = type.settings.safeParse(settings)
  if (result.success) return result.data
  throw refusalOf(type, settings, result.error.issues[0]!)
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
  if (issue) throw refusalOf(type, settings, issue)
  return settings
}

function refusalOf(type: DestinationType, settings: unknown, issue: z.core.$ZodIssue): EngineError {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = ['settings', ...issue.path, ...unknown].join('.')
  const message = unknown.length > 0 ? `expected a setting of ${type.slug}, got another` : wordsOfIssue(issue, settings)
  return new EngineError('validation_error', `${field}: ${message}`, field)
}

function wordsOfIssue(issue: z.core.$ZodIssue, settings: unknown): string {
  const given = issue.path.reduce<unknown>(
    (at, name) => (at as Record<PropertyKey, unknown> | undefined)?.[name],
    settings,
  )
  if (!issue.message.startsWith('Invalid ')) return issue.message
  if (given === undefined) return 'expected a value, got none'
  if (issue.code === 'invalid_type') return `expected ${issue.expected}, got ${kindOf(given)}`
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.join(', ')}, got another`
  return issue.message
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}
