/** Bodies of requests about activations, checked and put into records; in the shapes of Segment's Public API. */
import { z } from 'zod'
import {
  type Action,
  ACTIONS,
  ACTIVATION_TYPES,
  ACTIVATIONS_MAX,
  type ActivationMapping,
  type ActivationRecord,
  isToldOf,
} from '../model/activation.ts'
import type { ConnectionRecord } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import { newId } from '../model/new-id.ts'
import { EventName, TraitName, TRAITS_MAX } from './delivery-fields.ts'
import { fields, invalid, parsed } from './fields.ts'

const Name = z.string().trim().min(1).max(255)

const Personalization = fields({
  profile: fields({
    properties: z.array(TraitName).max(TRAITS_MAX).default([]),
    /** Other names of traits at the destination; those that are not among `properties` are added too. */
    mapping: z.record(TraitName, TraitName).default({}),
  }).prefault({}),
  /** Segment's linked audiences have them; there are none here. */
  entities: z.array(z.unknown()).max(0, 'expected none, as audiences have no entities').optional(),
})

const Mapping = fields({
  actionId: z.enum(ACTIONS, `expected one of ${ACTIONS.join(', ')}`),
  settings: fields({ enteredEvent: EventName.optional(), exitedEvent: EventName.optional() }).prefault({}),
})

const Made = {
  activationName: Name,
  activationType: z.enum(ACTIVATION_TYPES, `expected one of ${ACTIVATION_TYPES.join(', ')}`),
  enabled: z.boolean().default(true),
  personalization: Personalization.prefault({}),
  destinationMapping: Mapping.optional(),
}

/** Activations that are made with their connection: its first sync is theirs. */
export const NewActivations = z.array(fields(Made)).max(ACTIVATIONS_MAX)

const NewActivation = fields({
  ...Made,
  performResync: z.boolean().optional(),
  /** The name of `performResync` in earlier versions of Segment's API. */
  performFirstSync: z.boolean().optional(),
})

const ActivationChange = fields(
  {
    activationName: Name.optional(),
    enabled: z.boolean().optional(),
    personalization: Personalization.optional(),
    destinationMapping: Mapping.optional(),
    performResync: z.boolean().optional(),
    performFirstSync: z.boolean().optional(),
  },
  { forGood: ['id', 'activationType', 'audienceId', 'connectionId', 'spaceId', 'workspaceId'] },
)

export const ACTIVATION_BODIES = { made: NewActivation, changed: ActivationChange } as const

/** An activation as a request asks for it. */
export interface AskedActivation {
  readonly activation: ActivationRecord
  /** Members are to be sent by it. */
  readonly isSynced: boolean
}

interface ActivationSetting {
  readonly connection: ConnectionRecord
  /** True if the destination keeps a list. */
  readonly isList: boolean
  readonly now: number
}

/** Reads an activation to be made. Throws an EngineError that names the field at fault. */
export function readActivation(body: unknown, setting: ActivationSetting): AskedActivation {
  const { performResync, performFirstSync, ...made } = parsed(NewActivation, body)
  return checked(madeOf(made, setting.now), { performResync, performFirstSync }, setting)
}

/** Reads the activations of a connection to be made. Throws an EngineError that names the field at fault. */
export function readActivations(
  all: z.output<typeof NewActivations>,
  { connection, ...setting }: ActivationSetting,
): ActivationRecord[] {
  const activations: ActivationRecord[] = []
  for (const [index, made] of all.entries())
    try {
      const soFar = { ...connection, activations }
      activations.push(checked(madeOf(made, setting.now), {}, { connection: soFar, ...setting }).activation)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      const place = `activations.${index}.`
      throw new EngineError(error.code, `${place}${error.message}`, `${place}${error.field ?? ''}`)
    }
  return activations
}

function madeOf(
  {
    activationName,
    activationType,
    enabled,
    personalization,
    destinationMapping,
  }: z.output<typeof NewActivations>[number],
  now: number,
): ActivationRecord {
  return {
    id: newId('act', now),
    name: activationName,
    type: activationType,
    enabled,
    traits: traitsOf(personalization),
    ...(destinationMapping && { mapping: mappingOf(destinationMapping) }),
    createdAt: now,
    updatedAt: now,
  }
}

/** Reads a changed activation. Throws an EngineError that names the field at fault. */
export function changeActivation(before: ActivationRecord, body: unknown, setting: ActivationSetting): AskedActivation {
  const { activationName, enabled, personalization, destinationMapping, ...asked } = parsed(ActivationChange, body)
  if (before.mapping && destinationMapping && destinationMapping.actionId !== before.mapping.action)
    throw invalid('destinationMapping.actionId', `expected ${before.mapping.action}, as it is for good`)
  const activation: ActivationRecord = {
    ...before,
    name: activationName ?? before.name,
    enabled: enabled ?? before.enabled,
    traits: personalization ? traitsOf(personalization) : before.traits,
    ...(destinationMapping && { mapping: mappingOf(destinationMapping) }),
    updatedAt: setting.now,
  }
  return checked(activation, asked, setting)
}

/** Returns an activation in the fields that requests have for it. */
export function activationAsApiHasIt({ name, type, enabled, traits, mapping }: ActivationRecord) {
  const renamed = Object.entries(traits).filter(([key, there]) => key !== there)
  const { entered: enteredEvent, exited: exitedEvent } = mapping?.events ?? {}
  const settings = {
    ...(enteredEvent !== undefined && { enteredEvent }),
    ...(exitedEvent !== undefined && { exitedEvent }),
  }
  return {
    activationName: name,
    activationType: type,
    enabled,
    personalization: { profile: { properties: Object.keys(traits), mapping: Object.fromEntries(renamed) } },
    ...(mapping && { destinationMapping: { actionId: mapping.action, settings } }),
  }
}

function traitsOf({ profile: { properties, mapping } }: z.output<typeof Personalization>): Record<string, string> {
  return { ...Object.fromEntries(properties.map((key) => [key, key])), ...mapping }
}

function mappingOf({
  actionId: action,
  settings: { enteredEvent: entered, exitedEvent: exited },
}: z.output<typeof Mapping>): ActivationMapping {
  const events = { ...(entered !== undefined && { entered }), ...(exited !== undefined && { exited }) }
  return { action, events }
}

function checked(
  activation: ActivationRecord,
  {
    performResync,
    performFirstSync,
  }: { readonly performResync?: boolean | undefined; readonly performFirstSync?: boolean | undefined },
  { connection, isList }: ActivationSetting,
): AskedActivation {
  checkMapping(activation, takenBy(connection, isList))
  if (isList) checkRecords(activation, connection)
  const isSynced = performResync ?? performFirstSync ?? false
  const field = performResync === undefined ? 'performFirstSync' : 'performResync'
  if (isSynced && !activation.enabled) throw invalid(field, 'expected false, as the activation is disabled')
  return { activation, isSynced }
}

/** Lists the calls that a destination takes of a connection's audience. */
function takenBy({ type }: ConnectionRecord, isList: boolean): readonly Action[] {
  if (isList) return ['identify']
  return type === 'ACCOUNTS' ? ['group', 'identify', 'track'] : ['identify', 'track']
}

function checkMapping({ type, mapping }: ActivationRecord, taken: readonly Action[]): void {
  if (!mapping) return
  const { action, events } = mapping
  const field = 'destinationMapping'
  if (!taken.includes(action)) throw invalid(`${field}.actionId`, `expected one of ${taken.join(', ')}, got ${action}`)
  for (const [name, event, isMember] of [
    ['enteredEvent', events.entered, true],
    ['exitedEvent', events.exited, false],
  ] as const) {
    if (event === undefined) continue
    if (action !== 'track') throw invalid(`${field}.settings.${name}`, 'is for the action track')
    if (!isToldOf(type, isMember)) throw invalid(`${field}.settings.${name}`, `expected none, as the type is ${type}`)
  }
}

/** A list has one record of a member: two activations would write over each other's. */
function checkRecords(activation: ActivationRecord, { activations = [] }: ConnectionRecord): void {
  if (!activation.enabled) return
  for (const other of activations) {
    const isBoth = [true, false].some((is) => isToldOf(other.type, is) && isToldOf(activation.type, is))
    if (other.id === activation.id || !other.enabled || !isBoth) continue
    const field = 'activationType'
    throw new EngineError('in_use', `${field}: another activation tells the list of these changes already`, field)
  }
}
