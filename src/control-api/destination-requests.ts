/** Bodies of requests about destinations and connections, checked and put into records. */
import { z } from 'zod'
import type { RequiredConsent } from '../model/consent.ts'
import type { ApprovalLimits, ConnectionRecord, DestinationRecord } from '../model/destination.ts'
import { MASK, type TakenCalls, type TypeOfDestination } from '../model/destination-admin.ts'
import type { JsonObject } from '../model/json.ts'
import { newId } from '../model/new-id.ts'
import type { DefinitionRecord } from '../model/space-command.ts'
import { ownSettings } from '../segment/segment-destination.ts'
import type { UnmovedMapping } from '../segment/segment-mappings.ts'
import { NewActivations, readActivations } from './activation-requests.ts'
import { EventName, TraitName, TRAITS_MAX } from './delivery-fields.ts'
import { fields, invalid, parsed } from './fields.ts'
import { parseYaml } from './yaml-body.ts'

const IMPORTED_MAX = 500
const ID_SYNCS_MAX = 5
const CATEGORIES_MAX = 50

const Settings = z.record(z.string(), z.json())
const Name = z.string().trim().min(1).max(255)

const Categories = z.array(z.string().min(1).max(255)).max(CATEGORIES_MAX)
const UnknownConsent = z.enum(['allowed', 'refused'])

const NewDestination = fields({
  type: z.string().min(1).max(100),
  name: Name.optional(),
  enabled: z.boolean().default(true),
  settings: Settings.default({}),
  consentCategories: Categories.default([]),
  unknownConsent: UnknownConsent.default('allowed'),
})

const DestinationChange = fields(
  {
    name: Name.optional(),
    enabled: z.boolean().optional(),
    settings: Settings.optional(),
    consentCategories: Categories.optional(),
    unknownConsent: UnknownConsent.optional(),
  },
  { forGood: ['id', 'type', 'metadata', 'createdAt'] },
)

/** As Segment's Public API gives destinations; what else it says of them is left out. */
const ImportedDestination = z.object({
  name: Name.optional(),
  enabled: z.boolean().default(true),
  type: z.string().optional(),
  metadata: z.object({ slug: z.string().optional(), name: z.string().optional() }).optional(),
  settings: Settings.default({}),
  subscriptions: z.array(z.unknown()).optional(),
})
const Imported = z.object({ destinations: z.array(ImportedDestination).max(IMPORTED_MAX) })

const Sends = { sendIdentify: z.boolean(), sendTrack: z.boolean(), sendGroup: z.boolean() }
const ConnectionSettings = fields({
  sendIdentify: Sends.sendIdentify.optional(),
  sendTrack: Sends.sendTrack.optional(),
  sendGroup: Sends.sendGroup.optional(),
  enteredEvent: EventName.optional(),
  exitedEvent: EventName.optional(),
  computedEvent: EventName.optional(),
  /** Names of traits that go with every call, or what each is called there. */
  traits: z
    .union(
      [z.array(TraitName).max(TRAITS_MAX), z.record(TraitName, TraitName)],
      `expected ${TRAITS_MAX} names of traits at most, or an object of them`,
    )
    .optional(),
  /** Profiles, and the share of them, that may change at once without an approval. */
  approvalMembers: z.int().min(0).optional(),
  approvalShare: z.number().min(0).max(1).optional(),
})
const IdSync = z
  .array(
    fields({
      externalId: z.string().min(1).max(255),
      strategy: z.enum(['first', 'last', 'all']).default('all'),
      mapTo: z.string().min(1).max(255).optional(),
    }),
  )
  .max(ID_SYNCS_MAX)

const NewConnection = fields({
  destination: z.object({ id: z.string() }).optional(),
  destinationId: z.string().optional(),
  enabled: z.boolean().default(true),
  idSyncConfiguration: IdSync.default([]),
  connectionSettings: ConnectionSettings.prefault({}),
  activations: NewActivations.optional(),
})

const ConnectionChange = fields(
  {
    enabled: z.boolean().optional(),
    idSyncConfiguration: IdSync.optional(),
    connectionSettings: ConnectionSettings.optional(),
  },
  { forGood: ['id', 'destination', 'destinationId', 'definitionId', 'key', 'createdAt'] },
)

const Resend = fields({
  numbers: z.array(z.int().min(1)).max(1_000).optional(),
  reason: z.string().max(255).optional(),
})

/** The bodies of destinations and connections, for the description of the API. */
export const DESTINATION_BODIES = { made: NewDestination, changed: DestinationChange, resent: Resend } as const
export const CONNECTION_BODIES = { made: NewConnection, changed: ConnectionChange } as const

/** A new destination, or a changed one, whose settings its type has not checked yet. */
export interface AskedDestination extends Pick<
  DestinationRecord,
  'id' | 'type' | 'name' | 'enabled' | 'consent' | 'createdAt'
> {
  readonly given: JsonObject
}

export function readDestination(body: unknown, now: number): AskedDestination {
  const { type, name = type, enabled, settings, ...asked } = parsed(NewDestination, body)
  const consent = consentOf(asked.consentCategories, asked.unknownConsent)
  return { id: newId('dst', now), type, name, enabled, ...consent, createdAt: now, given: settings }
}

export function changeDestination(record: DestinationRecord, body: unknown): AskedDestination {
  const { name = record.name, enabled = record.enabled, settings = {}, ...asked } = parsed(DestinationChange, body)
  const { id, type, consent: before, createdAt } = record
  const { consentCategories = before?.categories ?? [], unknownConsent = before?.unknown ?? 'allowed' } = asked
  const consent = consentOf(consentCategories, unknownConsent)
  return { id, type, name, enabled, ...consent, createdAt, given: settings }
}

function consentOf(
  categories: readonly string[],
  unknown: RequiredConsent['unknown'],
): Pick<DestinationRecord, 'consent'> {
  return categories.length === 0 ? {} : { consent: { categories, unknown } }
}

/** A destination from elsewhere, and which of its mappings have no like here. */
export interface ImportedDestinations {
  readonly asked: readonly AskedDestination[]
  readonly unmoved: readonly (UnmovedMapping & { readonly destination: string })[]
}

/** Reads JSON or YAML from elsewhere: one destination, a list, or an answer of Segment's Public API. */
export function readImport(text: string, now: number): ImportedDestinations {
  const { destinations } = parsed(Imported, { destinations: destinationsIn(parseYaml(text)) })
  const read = destinations.map(({ type, metadata, name, enabled, settings, subscriptions }, index) => {
    const slug = type ?? metadata?.slug
    if (slug === undefined)
      throw invalid(`destinations.${index}.metadata.slug`, 'expected the slug of its type, got nothing')
    const title = name ?? metadata?.name ?? slug
    const own = ownSettings({ slug, toolName: metadata?.name, settings, subscriptions })
    // A secret that is given masked, though there is none, is missing.
    const given = { ...own.settings, ...Object.fromEntries(own.missing.map((secret) => [secret, MASK])) }
    const asked = { id: newId('dst', now), type: own.type, name: title, enabled, createdAt: now, given }
    return { asked, unmoved: own.unmoved.map((one) => ({ ...one, destination: title })) }
  })
  return { asked: read.map(({ asked }) => asked), unmoved: read.flatMap(({ unmoved }) => unmoved) }
}

function destinationsIn(content: unknown): unknown {
  if (Array.isArray(content)) return content
  if (typeof content !== 'object' || content === null) return content
  if ('data' in content) return destinationsIn(content.data)
  if ('destinations' in content) return content.destinations
  return ['destination' in content ? content.destination : content]
}

interface ConnectionSetting {
  /** Throws an EngineError that names the field if there is no such destination. */
  readonly find: (id: string, field: string) => TypeOfDestination & { readonly takes?: TakenCalls }
  readonly now: number
}

/** Returns the record of a connection to be made. Throws an EngineError that names the field at fault. */
export function readConnection(
  body: unknown,
  definition: DefinitionRecord,
  { find, now }: ConnectionSetting,
): ConnectionRecord {
  const { destination, destinationId: givenId, enabled, activations, ...asked } = parsed(NewConnection, body)
  const field = givenId === undefined ? 'destination.id' : 'destinationId'
  const destinationId = givenId ?? destination?.id
  if (destinationId === undefined) throw invalid(field, 'expected the id of a destination, got nothing')
  const { kind: kindOfDestination, name, ...found } = find(destinationId, field)
  const { kind, type, key, includeAnonymousUsers = false } = definition.source
  const isList = kindOfDestination === 'list'
  const takes = found.takes ?? { identify: true, track: !isList, group: !isList, computedTraits: !isList }
  if (kind === 'computed_trait' && !takes.computedTraits)
    throw invalid(field, `${name} ${isList ? 'is a list, and ' : ''}takes no computed traits`)
  const isUsers = type === 'USERS'
  const record: ConnectionRecord = {
    id: newId('con', now),
    destinationId,
    definitionId: definition.id,
    kind,
    type,
    key,
    includesAnonymous: includeAnonymousUsers,
    enabled,
    sends: sendsOf(takes, isUsers),
    events: { entered: 'Audience Entered', exited: 'Audience Exited', computed: 'Trait Computed' },
    idSync: [],
    traits: {},
    approval: kind === 'audience' ? APPROVAL : { ...APPROVAL, share: 1 },
    createdAt: now,
    updatedAt: now,
  }
  const connection = withChange(record, asked, { isList, now })
  if (!activations) return connection
  if (kind === 'computed_trait') throw invalid('activations', 'are of audiences')
  return { ...connection, activations: readActivations(activations, { connection, isList, now }) }
}

/**
 * By default, what the destination has a use for: of an account's audience, calls about the account and its users. One
 * that has a use for none of these is sent what its kind usually is.
 */
function sendsOf({ identify, track, group }: TakenCalls, isUsers: boolean): ConnectionRecord['sends'] {
  const taken = { identify, track: isUsers && track, group: !isUsers && group }
  return Object.values(taken).includes(true) ? taken : { identify: true, track: isUsers, group: !isUsers }
}

/** By default, more than half of all profiles, or a hundred thousand, are not moved unasked. */
const APPROVAL: ApprovalLimits = { members: 100_000, share: 0.5 }

export function changeConnection(
  record: ConnectionRecord,
  body: unknown,
  { isList, now }: { readonly isList: boolean; readonly now: number },
): ConnectionRecord {
  const { enabled = record.enabled, ...asked } = parsed(ConnectionChange, body)
  return { ...withChange(record, asked, { isList, now }), enabled }
}

interface Asked {
  readonly idSyncConfiguration?: z.output<typeof IdSync> | undefined
  readonly connectionSettings?: z.output<typeof ConnectionSettings> | undefined
}

function withChange(
  record: ConnectionRecord,
  { idSyncConfiguration, connectionSettings: given = {} }: Asked,
  { isList, now }: { readonly isList: boolean; readonly now: number },
): ConnectionRecord {
  const { sends, events, approval } = record
  const changed: ConnectionRecord = {
    ...record,
    sends: {
      identify: given.sendIdentify ?? sends.identify,
      track: given.sendTrack ?? sends.track,
      group: given.sendGroup ?? sends.group,
    },
    events: {
      entered: given.enteredEvent ?? events.entered,
      exited: given.exitedEvent ?? events.exited,
      computed: given.computedEvent ?? events.computed,
    },
    ...(idSyncConfiguration && {
      idSync: idSyncConfiguration.map(({ externalId, strategy, mapTo }) => ({
        externalId,
        strategy,
        ...(mapTo !== undefined && { mapTo }),
      })),
    }),
    traits: Array.isArray(given.traits)
      ? Object.fromEntries(given.traits.map((key) => [key, key]))
      : (given.traits ?? record.traits),
    approval: {
      members: given.approvalMembers ?? approval.members,
      share: given.approvalShare ?? approval.share,
    },
    updatedAt: now,
  }
  checkSends(changed, isList)
  return changed
}

/** Returns a connection in the fields that requests have for it. */
export function asApiHasIt({ sends, events, approval, idSync, traits }: ConnectionRecord) {
  return {
    idSyncConfiguration: idSync,
    connectionSettings: {
      sendIdentify: sends.identify,
      sendTrack: sends.track,
      sendGroup: sends.group,
      enteredEvent: events.entered,
      exitedEvent: events.exited,
      computedEvent: events.computed,
      traits,
      approvalMembers: approval.members,
      approvalShare: approval.share,
    },
  }
}

function checkSends({ sends, type }: ConnectionRecord, isList: boolean): void {
  const { identify, track, group } = sends
  const field = 'connectionSettings'
  if (type === 'USERS' && group) throw invalid(`${field}.sendGroup`, 'is for accounts')
  if (isList && (track || group)) throw invalid(field, 'a list takes identify calls alone')
  if (!identify && !track && !group) throw invalid(field, 'expected at least one kind of call to be sent')
}

/** Reads which failures are to be sent again: those of some numbers, or of a reason, or all. */
export function readResend(body: unknown): { numbers?: readonly number[] | undefined; reason?: string | undefined } {
  return parsed(Resend.prefault({}), body)
}
