/**
 * Turns the settings of Segment's destinations into those of ours. Segment does not give secrets out: where it signs
 * with one, ours is marked as missing.
 */
import type { JsonObject, JsonValue } from '../model/json.ts'
import { unsupported } from './segment-definition.ts'
import { isFields } from './segment-object.ts'

export interface SegmentSettings {
  /** The slug of our type; that of Segment if there is no such type here. */
  readonly type: string
  readonly settings: JsonObject
  /** Secrets that it has at Segment, as far as can be told. */
  readonly missing: readonly string[]
}

/** As an interface may show a secret that it has. */
const MASKED = /^[*•]*$/

/**
 * Knows Segment's two webhooks: `webhooks`, with its URLs in the settings, and `actions-webhook`, which has them in
 * its mappings. Settings of any other type stay as they are. Throws an EngineError for a webhook of several URLs.
 */
export function ownSettings(slug: string, settings: JsonObject): SegmentSettings {
  switch (slug) {
    case 'webhooks':
      return webhook({ ...hookOf(settings), sharedSecret: settings['sharedSecret'] })
    case 'actions-webhook': {
      const { url, sharedSecret } = settings
      return webhook({ url, sharedSecret })
    }
    default:
      return { type: slug, settings, missing: [] }
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
