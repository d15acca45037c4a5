/** Tries a tool with invented settings: calls of every kind, each by itself and several at once. */
import {
  CALL_KINDS,
  type CallKind,
  type CatalogueDefinition,
  catalogueDefinition,
  type CatalogueEntry,
  type Field,
} from '../../destinations/catalogue/catalogue.ts'
import { typeOfTool } from '../../destinations/catalogue/catalogue-type.ts'
import { actionOf } from '../../destinations/catalogue/settings.ts'
import { DeliveryError, type Destination } from '../../destinations/contract/destination.ts'
import { parseSettings } from '../../destinations/registry.ts'
import { callsOf } from '../../src/calls/calls.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { withList } from '../../src/worker/audience-lists.ts'
import { setTimer } from '../../src/model/timer.ts'
import { contextWith } from '../destinations/context.ts'
import { connection, delivery, ids } from '../outbox/given.ts'
import { AT, withinProcess } from './tool.ts'
import type { VendorAnswer, Vendors } from './vendors.ts'

export interface SweptTool {
  readonly slug: string
  /** True if the calls go where they go by default. */
  readonly hasDefaults: boolean
  /** By what was tried, `identify` or `3 identify`: `delivered`, or the kind and reason of the error. */
  readonly outcomes: Readonly<Record<string, string>>
  /** The errors' words, each once. */
  readonly words: readonly string[]
  readonly requests: number
}

/** Passes for what most definitions read of an answer. */
export const ANSWER: VendorAnswer = {
  body: { id: '1234567890', access_token: 'token', data: { id: '1' }, results: [], result: [] },
}

const TRIED_AT_ONCE = 3
/** Hangs, if it takes longer. */
const HANGS_MS = 60_000

/** Values by the names of fields, for definitions that look into them. */
const VALUES: readonly (readonly [RegExp, JsonValue])[] = [
  [/email/i, 'ann@example.com'],
  [/phone|^to$|^from/i, '+15550100200'],
  [/url|endpoint/i, 'https://tool.example.com/path'],
  [/host|domain|subdomain|instance/i, 'tool.example.com'],
  [/time|date/i, '2026-03-01T12:00:00.000Z'],
  [/currency/i, 'USD'],
  [/country/i, 'US'],
  [/id$/i, '1234567890'],
]
/** Settings that definitions check, by slug. */
const SETTINGS: Readonly<Record<string, JsonObject>> = {
  'actions-ortto': { api_key: 'peu-key' },
  'actions-ortto-audiences': { api_key: 'peu-key' },
  'actions-salesforce-marketing-cloud': { subdomain: 'tenant' },
  'actions-webhook-audiences': { audienceSettings: { extras: '{}' } },
}
/** Fields that only a user knows, though their definitions do not require them or check their values, by slug. */
const MAPPED: Readonly<Record<string, JsonObject>> = {
  'actions-chartmogul': { company: { id: '1', name: 'Example' } },
  'actions-optimizely-web': { endUserId: { '@path': '$.userId' } },
  'actions-salesforce-marketing-cloud': { key: 'extension' },
  'actions-slack': { url: 'https://hooks.slack.com/services/T1/B1/secret' },
  'actions-twilio-messaging': {
    channel: 'SMS',
    senderType: 'Phone number',
    contentTemplateType: 'Inline',
    toPhoneNumber: '+15550100200',
    fromPhoneNumber: '+15550100300',
    inlineBody: 'Hello',
  },
  'actions-yonoma': { listId: '1' },
  'actions-zapier': { zapSubscriptionUrl: 'https://hooks.zapier.com/hooks/standard/1/' },
}

function invented({ key, type, choices, multiple, properties = [] }: Field): JsonValue {
  const [choice] = choices ?? []
  const single = (): JsonValue => {
    if (choice !== undefined) return typeof choice === 'string' ? choice : choice.value
    switch (type) {
      case 'boolean':
        return true
      case 'integer':
      case 'number':
        return 1
      case 'object':
        return Object.fromEntries(properties.map((field) => [field.key, invented(field)]))
      case 'datetime':
        return '2026-03-01T12:00:00.000Z'
      case 'string':
      case 'text':
      case 'password':
        return VALUES.find(([names]) => names.test(key))?.[1] ?? `invented-${key}`
    }
  }
  return multiple === true ? [single()] : single()
}

function inventedAll(fields: readonly Field[]): JsonObject {
  const isOpen = ({ default: held, choices, required, type }: Field): boolean => {
    const values = choices?.map((choice) => (typeof choice === 'string' ? choice : choice.value))
    if (held !== undefined) return values !== undefined && !values.includes(held as string)
    return required === true || type !== 'boolean'
  }
  const open = fields.filter(isOpen)
  return Object.fromEntries(open.map((field) => [field.key, invented(field)]))
}

/** The mappings of a tool's defaults, or of all its actions, with values for the fields that only a user knows. */
function mappingsOf(
  definition: CatalogueDefinition,
): { readonly calls: readonly CallKind[]; readonly mappings: JsonValue }[] {
  const routes = Object.entries(definition.defaults) as [CallKind, { action: string; mapping: JsonObject }][]
  const mappingOf = (key: string, held: JsonObject): JsonObject => {
    const { fields } = actionOf(definition, key)!
    const missing = fields.filter((field) => field.required === true && (held[field.key] ?? '') === '')
    return { ...Object.fromEntries(missing.map((field) => [field.key, invented(field)])), ...MAPPED[definition.slug] }
  }
  if (routes.length > 0) {
    const mappings = routes.map(([kind, { action, mapping }]) => ({
      action,
      calls: [kind],
      mapping: mappingOf(action, mapping),
    }))
    return [{ calls: routes.map(([kind]) => kind), mappings }]
  }
  return definition.actions.flatMap(({ key, fields }) => {
    const defaults = fields.flatMap((field) =>
      field.default === undefined ? [] : [[field.key, field.default] as const],
    )
    const mapping = mappingOf(key, Object.fromEntries(defaults))
    return (['identify', 'entered'] as const).map((kind) => ({
      calls: [kind],
      mappings: [{ action: key, calls: [kind], mapping }],
    }))
  })
}

/** A call of a kind about the nth user, as the server makes it. */
function callOf(kind: CallKind, nth: number): DeliveryCall {
  const user = `00000000-0000-4000-8000-00000000000${nth}`
  const isTrait = kind === 'computed'
  const sends = {
    identify: kind === 'identify',
    track: kind !== 'identify' && kind !== 'group',
    group: kind === 'group',
  }
  const record = connection({ sends, ...(isTrait && { kind: 'computed_trait' }) })
  const known = ids(`user_id:${user} email:${user}@example.com ios.idfa:0000-${nth}`)
  const subject =
    kind === 'group'
      ? ({ kind: 'account', groupId: `group-${nth}` } as const)
      : ({ kind: 'user', ids: known, only: undefined } as const)
  const traits = { first_name: 'Ann', last_name: 'Lee', phone: '+15550100200', company: 'Example', plan: 'pro' }
  const value = isTrait ? 5 : kind !== 'exited'
  const one = delivery(nth, { actor: nth, subject, profile: `user_id:${user}`, value, traits, at: AT })
  return callsOf(one, { connection: record, destinationName: 'Tool', spaceId: 'spa_1' })[0]!
}

export async function sweep(entry: CatalogueEntry, vendors: Vendors): Promise<SweptTool> {
  const { slug, authentication, environment } = entry
  const definition = catalogueDefinition(slug)
  const type = typeOfTool(entry)
  const secrets = Object.fromEntries(environment.map((name) => [name, `secret-${name}`]))
  const outcomes: Record<string, string> = {}
  const words = new Set<string>()
  vendors.taken()
  for (const { calls, mappings } of mappingsOf(definition)) {
    const settings = {
      ...inventedAll(definition.settings),
      ...(definition.audienceSettings.length > 0 && { audienceSettings: inventedAll(definition.audienceSettings) }),
      ...SETTINGS[slug],
      ...(authentication.startsWith('oauth') && {
        oauth: { clientId: 'app', clientSecret: 'secret', accessToken: 'token', refreshToken: 'refresh' },
      }),
      ...(environment.length > 0 && { partnerSecrets: secrets }),
      mappings,
    }
    const parsed = parseSettings(type, settings)
    const destination = type.connect(
      parsed,
      contextWith({ definitions: withinProcess, destinationId: `dst_${slug}`, clock: () => AT }),
    )
    const { batchCalls } = type.limits(parsed)
    const note = (name: string, outcome: string): void => {
      outcomes[name] = outcomes[name] === 'delivered' ? 'delivered' : outcome
    }
    const list = await listOf(destination, note, words)
    for (const kind of CALL_KINDS.filter((one) => calls.includes(one))) {
      const named = (nth: number): DeliveryCall => withList(callOf(kind, nth), list)
      note(kind, await outcomeOf(destination.deliver(named(1), bound()), words))
      if (batchCalls === 1) continue
      const batch = Array.from({ length: TRIED_AT_ONCE }, (_, nth) => named(nth + 1))
      const delivering = destination.deliverBatch!(batch, bound()).then((errors) => {
        const error = errors.find((one) => one !== undefined)
        if (error) throw error
      })
      note(`${TRIED_AT_ONCE} ${kind}`, await outcomeOf(delivering, words))
    }
  }
  const requests = vendors.taken().length
  return { slug, hasDefaults: Object.keys(definition.defaults).length > 0, outcomes, words: [...words], requests }
}

async function listOf(
  destination: Destination,
  note: (name: string, outcome: string) => void,
  words: Set<string>,
): Promise<string> {
  let list = '1234567890'
  if (!destination.createAudience) return list
  const audience = { id: 'aud_1', key: 'vips', name: 'vips', spaceId: 'spa_1' }
  const creating = destination.createAudience(audience, bound()).then((created) => {
    list = created
  })
  note('list', await outcomeOf(creating, words))
  return list
}

function bound(): AbortSignal {
  return AbortSignal.timeout(HANGS_MS)
}

async function outcomeOf(doing: Promise<void>, words: Set<string>): Promise<string> {
  let cancel = (): void => undefined
  const hanging = new Promise<never>((_, reject) => {
    cancel = setTimer(() => reject(new Error('hangs')), HANGS_MS)
  })
  try {
    await Promise.race([doing, hanging])
    return 'delivered'
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    words.add(error.message)
    return `${error.kind} ${error.reason}`
  } finally {
    cancel()
  }
}
