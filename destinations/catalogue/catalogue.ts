/** The generated catalogue: what there is to say of each tool's definition, without loading any. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { CATALOGUE_FOLDER } from './host/folder.ts'

export interface CatalogueEntry {
  /** `actions-braze-cloud`, as in Segment's Public API. */
  readonly slug: string
  /** In the package: `braze`. */
  readonly folder: string
  readonly name: string
  readonly description?: string
  readonly website?: string
  readonly categories: readonly string[]
  readonly authentication: 'custom' | 'basic' | 'oauth2' | 'oauth-managed' | 'none'
  readonly actions: number
  readonly presets: number
  /** True if it creates a list for an audience. */
  readonly hasAudiences: boolean
  readonly batches: boolean
  readonly needs: 'settings' | 'client_credentials' | 'oauth_app' | 'partner_secret'
  /** Variables that its code reads from the environment. */
  readonly environment: readonly string[]
  /** None can be made of one that is `off` or `denied`; the latter is not shown either. */
  readonly availability: 'offered' | 'off' | 'denied'
  readonly reason?: string
}

export interface Field {
  readonly key: string
  readonly label: string
  readonly description?: string
  readonly type: 'string' | 'text' | 'password' | 'boolean' | 'integer' | 'number' | 'datetime' | 'object'
  /** An object is a condition that the definition itself checks. */
  readonly required?: boolean | JsonObject
  readonly default?: JsonValue
  readonly choices?: readonly (string | { readonly value: string | number | boolean; readonly label: string })[]
  readonly multiple?: boolean
  readonly dynamic?: boolean
  readonly properties?: readonly Field[]
}

export interface MappingDefault {
  readonly action: string
  readonly mapping: JsonObject
  /** True if the action refuses computed traits. */
  readonly audiencesOnly?: boolean
  /** Fields that the action needs, and no preset maps: the call goes there only once a user has mapped them. */
  readonly unmapped?: readonly string[]
}

export interface CatalogueAction {
  readonly key: string
  readonly title: string
  readonly batches: boolean
  readonly batchSize?: number
  /** Only events with the same values of these payload fields go together. */
  readonly batchKeys: readonly string[]
  readonly fields: readonly Field[]
  readonly dynamicFields: readonly string[]
}

/** Our calls, told apart as definitions do. */
export const CALL_KINDS = ['identify', 'entered', 'exited', 'computed', 'group'] as const
export type CallKind = (typeof CALL_KINDS)[number]

export interface CatalogueDefinition {
  readonly slug: string
  readonly folder: string
  readonly name: string
  /** A list keeps the members of audiences, and takes no computed traits. */
  readonly kind: 'event' | 'list'
  readonly authentication: CatalogueEntry['authentication']
  readonly settings: readonly Field[]
  readonly audienceSettings: readonly Field[]
  readonly hasCreateAudience: boolean
  readonly hasGetAudience: boolean
  readonly hasTest: boolean
  readonly hasDelete: boolean
  readonly hasRefresh: boolean
  readonly actions: readonly CatalogueAction[]
  /** The tool's own presets, as Segment offers them: each an action with a mapping, and when it is sent. */
  readonly presets?: readonly JsonObject[]
  /** The action that a call goes to, unless settings say otherwise; absent: none. */
  readonly defaults: Readonly<Partial<Record<CallKind, MappingDefault>>>
}

let entries: readonly CatalogueEntry[] | undefined
const definitions = new Map<string, CatalogueDefinition>()

/** All tools, in the order of their names. */
export function catalogueEntries(): readonly CatalogueEntry[] {
  entries ??= read('index.json') as readonly CatalogueEntry[]
  return entries
}

export function catalogueEntry(slug: string): CatalogueEntry | undefined {
  return catalogueEntries().find((entry) => entry.slug === slug)
}

/** @param slug of an entry */
export function catalogueDefinition(slug: string): CatalogueDefinition {
  const held = definitions.get(slug) ?? (read(`${slug}.json`) as CatalogueDefinition)
  definitions.set(slug, held)
  return held
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(CATALOGUE_FOLDER, 'definitions', name), 'utf8'))
}
