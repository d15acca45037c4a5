/**
 * The settings of a destination of the catalogue: the fields of its definition by their own names, as Segment's Public
 * API has them, and ours beside them.
 */
import { z } from 'zod'
import type { JsonObject } from '../../src/model/json.ts'
import type { OauthTokens } from '../contract/definition-runner.ts'
import {
  CALL_KINDS,
  type CallKind,
  type CatalogueAction,
  type CatalogueDefinition,
  type CatalogueEntry,
  type Field,
  type MappingDefault,
} from './catalogue.ts'
import { defaultMapping, mappingFault } from './mapping.ts'

const TEXT_MAX = 20_000
const MAPPINGS_MAX = 20
/** As the kit has it where a definition says nothing. */
const BATCH_CALLS_MAX = 1_000
/** The bounds of tools whose definitions name them in words only, by folder. */
const BATCH_CALLS_KNOWN: Readonly<Record<string, number>> = { hubspot: 100 }

/** The settings that are not the definition's own. */
export interface OwnSettings {
  /** Which calls go to which action; absent: as the tool's presets have it. */
  readonly mappings?: readonly {
    readonly action: string
    readonly calls?: readonly CallKind[] | undefined
    readonly mapping?: JsonObject | undefined
  }[]
  readonly audienceSettings?: JsonObject
  readonly oauth?: OauthTokens
  readonly partnerSecrets?: Readonly<Record<string, string>>
  readonly batching: boolean
  readonly requestsPerSecond?: number
}

export type CatalogueSettings = OwnSettings & JsonObject

export const OWN_SECRETS = ['oauth', 'partnerSecrets'] as const

export const OWN_SETTINGS = ['mappings', 'audienceSettings', 'batching', 'requestsPerSecond', ...OWN_SECRETS] as const

/** A name in such a place could lead to another host: all but letters, digits and hyphens are refused. */
const PARTS_OF_HOSTS: Readonly<Record<string, readonly string[]>> = {
  'algolia-insights': ['appId'],
  'salesforce-marketing-cloud': ['subdomain'],
}

/** Makes the schema of a definition's settings. */
export function settingsOf(definition: CatalogueDefinition, entry: CatalogueEntry): z.ZodType<CatalogueSettings> {
  const fields = definition.settings.map((field) => [field.key, schemaOf(field, definition.folder)] as const)
  const audience = definition.audienceSettings.map((field) => [field.key, schemaOf(field, definition.folder)] as const)
  const hasOAuth = entry.authentication === 'oauth2' || entry.authentication === 'oauth-managed'
  const own = {
    mappings: z
      .array(mappingOf(definition))
      .min(1)
      .max(MAPPINGS_MAX)
      .optional()
      .describe('Which calls go to which action, and how they become its fields. By default, as the presets have it.'),
    batching: z.boolean().default(true).describe('False: each call by itself, where the tool takes several at once.'),
    requestsPerSecond: z.int().min(1).max(10_000).optional().describe('The most that are sent.'),
    ...(audience.length > 0 && {
      audienceSettings: z.strictObject(Object.fromEntries(audience)).optional().describe('Of the lists made there.'),
    }),
    ...(hasOAuth && {
      oauth: (entry.needs === 'oauth_app' ? OAuth : OAuth.optional()).describe('The app of your own, and its tokens.'),
    }),
    ...(entry.environment.length > 0 && {
      partnerSecrets: z
        .strictObject(Object.fromEntries(entry.environment.map((name) => [name, text().optional()])))
        .optional()
        .describe('Secrets that the tool gives to its partners.'),
    }),
  }
  const schema = z.strictObject({ ...Object.fromEntries(fields), ...own }) as unknown as z.ZodType<CatalogueSettings>
  return schema.superRefine((settings, context) => {
    if (routesOf(definition, settings).size > 0) return
    context.addIssue({
      code: 'custom',
      path: ['mappings'],
      message: `Expected at least one, as ${reasonOf(definition)}.`,
    })
  })
}

/** Says why a tool does nothing by its presets. */
function reasonOf({ defaults }: CatalogueDefinition): string {
  const open = Object.values(defaults).flatMap(({ action, unmapped = [] }) =>
    unmapped.map((key) => `${key} of ${action}`),
  )
  return open.length === 0
    ? 'this tool has no preset for audiences'
    : `no preset of this tool has a value for ${[...new Set(open)].join(', ')}`
}

/** Finds the action of each kind of call, with its whole mapping. */
export function routesOf(
  definition: CatalogueDefinition,
  { mappings }: Pick<OwnSettings, 'mappings'>,
): ReadonlyMap<CallKind, MappingDefault> {
  const routes = new Map<CallKind, MappingDefault>()
  if (!mappings) {
    for (const kind of CALL_KINDS) {
      const route = definition.defaults[kind]
      if (route && !route.unmapped) routes.set(kind, route)
    }
    // Who could enter a list and never leave it would not be told of at all.
    if (!routes.has('exited') && definition.defaults.exited) routes.delete('entered')
    return routes
  }
  for (const { action, calls, mapping = {} } of mappings)
    for (const kind of calls ?? kindsOf(definition, action)) {
      const preset = definition.defaults[kind]
      const base = preset?.action === action ? preset.mapping : defaultMapping(actionOf(definition, action)!)
      routes.set(kind, { action, mapping: merged(base, mapping) })
    }
  return routes
}

/**
 * The most calls that one request carries: the mapping may say fewer or more than the definition, or that there is to
 * be no batch, which some definitions then refuse.
 */
export function batchSizeOf(definition: CatalogueDefinition, { action: key, mapping }: MappingDefault): number {
  const { batches, batchSize = BATCH_CALLS_MAX } = actionOf(definition, key)!
  if (!batches || mapping['enable_batching'] === false) return 1
  const asked = mapping['batch_size']
  const size = typeof asked === 'number' ? asked : batchSize
  return Math.max(1, Math.min(size, BATCH_CALLS_KNOWN[definition.folder] ?? BATCH_CALLS_MAX))
}

export function actionOf({ actions }: CatalogueDefinition, key: string): CatalogueAction | undefined {
  return actions.find((action) => action.key === key)
}

/** The kinds of calls that go to an action by its presets. */
function kindsOf({ defaults }: CatalogueDefinition, action: string): CallKind[] {
  return CALL_KINDS.filter((kind) => defaults[kind]?.action === action)
}

/** A field given as null is not mapped. */
function merged(base: JsonObject, given: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...base, ...given }).filter(([, value]) => value !== null))
}

function mappingOf(definition: CatalogueDefinition) {
  const keys = definition.actions.map(({ key }) => key)
  return z
    .strictObject({
      action: z.enum(keys),
      calls: z.array(z.enum(CALL_KINDS)).min(1).optional(),
      mapping: z.record(z.string(), z.json()).optional(),
    })
    .superRefine(({ action: key, calls, mapping = {} }, context) => {
      const action = actionOf(definition, key)!
      const kinds = calls ?? kindsOf(definition, key)
      if (kinds.length === 0)
        context.addIssue({ code: 'custom', path: ['calls'], message: `Expected the calls that go to ${key}.` })
      for (const kind of kinds) {
        const preset = definition.defaults[kind]
        const base = preset?.action === key ? preset.mapping : defaultMapping(action)
        const fault = mappingFault(action, merged(base, mapping))
        if (!fault) continue
        context.addIssue({ code: 'custom', path: ['mapping', ...fault.path], message: fault.message })
        return
      }
    })
}

const OAuth = z.strictObject({
  clientId: text().optional(),
  clientSecret: text().optional(),
  accessToken: text().optional(),
  refreshToken: text().optional(),
})

function text() {
  return z.string().max(TEXT_MAX)
}

function schemaOf(field: Field, folder: string): z.ZodType {
  const single = singleOf(field, folder)
  const whole = field.multiple === true ? z.array(single) : single
  const described = whole.meta({ title: field.label, ...(field.description && { description: field.description }) })
  if (field.default !== undefined && !(typeof field.default === 'object')) return described.prefault(field.default)
  return field.required === true ? described : described.optional()
}

function singleOf({ key, type, choices }: Field, folder: string): z.ZodType {
  if (PARTS_OF_HOSTS[folder]?.includes(key))
    return text().regex(/^[A-Za-z0-9-]*$/, 'Letters, digits and hyphens were expected.')
  if (choices && choices.length > 0) {
    const values = choices.map((choice) => (typeof choice === 'string' ? choice : choice.value))
    return z.literal(values)
  }
  switch (type) {
    case 'boolean':
      return z.boolean()
    case 'integer':
      return z.int()
    case 'number':
      return z.number()
    case 'object':
      return z.record(z.string(), z.json())
    case 'string':
    case 'text':
    case 'password':
    case 'datetime':
      return text()
  }
}
