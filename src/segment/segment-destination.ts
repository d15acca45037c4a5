/**
 * Turns the settings of Segment's destinations into those of ours. Segment does not give secrets out: where it signs
 * with one, ours is marked as missing.
 */
import { catalogueDefinition, catalogueEntry } from '../../destinations/catalogue/catalogue.ts'
import { destinationType, refusalOfType } from '../../destinations/registry.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import { unsupported } from './segment-definition.ts'
import { ownMappings, type UnmovedMapping } from './segment-mappings.ts'
import { isFields } from './segment-object.ts'

export interface SegmentSettings {
  /** The slug of our type; that of Segment if there is no such type here. */
  readonly type: string
  readonly settings: JsonObject
  /** Secrets that it has at Segment, as far as can be told. */
  readonly missing: readonly string[]
  /** Mappings that have no like here. */
  readonly unmoved: readonly UnmovedMapping[]
}

/** A destination of Segment, as far as its settings say. */
export interface SegmentTool {
  readonly slug: string
  /** As Segment's catalogue has it. */
  readonly toolName?: string | undefined
  readonly settings: JsonObject
  /** Its mappings, if the object has them. */
  readonly subscriptions?: unknown
}

/** As an interface may show a secret that it has. */
const MASKED = /^[*•]*$/

/**
 * Knows Segment's two webhooks: `webhooks`, with its URLs in the settings, and `actions-webhook`, which has them in
 * its mappings, unless a URL was written into its settings. Settings of a tool of the catalogue stay, by their own
 * names, and so do those of our types. Throws an EngineError for a webhook of several URLs, and for a type that there
 * is not.
 */
export function ownSettings(tool: SegmentTool): SegmentSettings {
  const { slug, settings } = tool
  const isMapped = Array.isArray(tool.subscriptions) && tool.subscriptions.length > 0
  if (slug === 'webhooks') return webhook({ ...hookOf(settings), sharedSecret: settings['sharedSecret'] })
  if (slug === 'actions-webhook' && !isMapped) {
    const { url, sharedSecret } = settings
    return webhook({ url, sharedSecret })
  }
  return catalogueEntry(slug) ? ofCatalogue(tool) : { type: slug, settings, missing: [], unmoved: [] }
}

/** Secrets that Segment does not give out are missing; some may have been empty there, too. */
function ofCatalogue({ slug, toolName, settings: given, subscriptions }: SegmentTool): SegmentSettings {
  const type = destinationType(slug)
  if (!type) throw unsupported('metadata.slug', refusalOfType(slug, toolName))
  const isGiven = ([name, value]: [string, JsonValue]): boolean =>
    value !== null && value !== '' && !(type.secrets.includes(name) && typeof value === 'string' && MASKED.test(value))
  const settings = Object.fromEntries(Object.entries(given).filter(isGiven))
  const definition = catalogueDefinition(slug)
  const { needs } = catalogueEntry(slug)!
  const ours = { oauth: needs === 'oauth_app', partnerSecrets: needs === 'partner_secret' }
  const isWanted = (name: string): boolean => (name in ours ? ours[name as keyof typeof ours] : true)
  const { mappings, unmoved } = ownMappings(subscriptions, { definition, type, settings })
  return {
    type: slug,
    settings: mappings.length === 0 ? settings : { ...settings, mappings: [...mappings] },
    missing: type.secrets.filter((name) => isWanted(name) && settings[name] === undefined),
    unmoved,
  }
}

function webhook({ sharedSecret, ...others }: Record<string, JsonValue | undefined>): SegmentSettings {
  const isGiven = typeof sharedSecret === 'string' && !MASKED.test(sharedSecret)
  const settings: [string, JsonValue | undefined][] = Object.entries({ ...others, ...(isGiven && { sharedSecret }) })
  return {
    type: 'webhook',
    settings: Object.fromEntries(
      settings.filter((setting): setting is [string, JsonValue] => setting[1] !== undefined),
    ),
    missing: isGiven ? [] : ['sharedSecret'],
    unmoved: [],
  }
}

/** Reads `hooks: [{hook, headers: [{key, value}]}]`, or `globalHook`, the only one that webhooks once had. */
function hookOf({ hooks, globalHook }: JsonObject): Record<string, JsonValue | undefined> {
  const used = fieldsIn(hooks).filter(({ hook }) => hook !== '')
  if (used.length > 1)
    throw unsupported('settings.hooks', `expected one URL, as a webhook has one here, got ${used.length}`)
  const { hook = globalHook, headers } = used[0] ?? {}
  const named = fieldsIn(headers).flatMap(({ key, value = null }) =>
    typeof key === 'string' && key !== '' ? [[key, value] as const] : [],
  )
  return { url: hook, ...(named.length > 0 && { headers: Object.fromEntries(named) }) }
}

function fieldsIn(list: JsonValue | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter((entry): entry is JsonObject => isFields(entry)) : []
}
