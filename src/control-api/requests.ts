/** Bodies and parameters of the Control API, checked and put into records. */
import { z } from 'zod'
import { BACKFILL_DAYS_MAX, ELIGIBLE_ID_TYPES } from '../model/definition.ts'
import { keyOfName, newId } from '../model/new-id.ts'
import type { DefinitionRecord } from '../model/space-command.ts'
import { fields, invalid, parsed } from './fields.ts'

const Type = z.enum(['USERS', 'ACCOUNTS'])
const Days = z.int().min(1).max(BACKFILL_DAYS_MAX)
const common = {
  name: z.string().trim().min(1).max(255),
  key: z
    .string()
    .regex(/^\w{1,255}$/, 'expected letters, digits and _')
    .optional(),
  description: z.string().max(5000).default(''),
  enabled: z.boolean().default(true),
}
const history = { includeHistoricalData: z.boolean().default(true), includeAnonymousUsers: z.boolean().optional() }

const Audience = fields({
  ...common,
  definition: fields({ query: z.string() }),
  audienceType: Type.default('USERS'),
  options: fields({
    ...history,
    filterByExternalIds: z.array(z.string().min(1).max(255)).max(100).optional(),
    backfillEventDataDays: Days.optional(),
  }).prefault({}),
})

const ComputedTrait = fields({
  ...common,
  definition: fields({ type: Type.default('USERS'), query: z.string() }),
  options: fields({ ...history, backfillDurationDays: Days.optional() }).prefault({}),
})

const DescriptionChange = {
  name: common.name.optional(),
  description: z.string().max(5000).optional(),
  enabled: z.boolean().optional(),
}
const FOR_GOOD = { forGood: ['id', 'spaceId', 'key', 'audienceType', 'createdAt'] }
const HistoryChange = { includeHistoricalData: z.boolean().optional(), includeAnonymousUsers: z.boolean().optional() }

const AudienceChange = fields(
  {
    ...DescriptionChange,
    definition: fields({ query: z.string() }).optional(),
    options: fields({
      ...HistoryChange,
      filterByExternalIds: z.array(z.string().min(1).max(255)).max(100).optional(),
      backfillEventDataDays: Days.optional(),
    }).optional(),
  },
  FOR_GOOD,
)

const ComputedTraitChange = fields(
  {
    ...DescriptionChange,
    definition: fields({ type: Type.optional(), query: z.string() }).optional(),
    options: fields({ ...HistoryChange, backfillDurationDays: Days.optional() }).optional(),
  },
  FOR_GOOD,
)

/** The bodies of definitions, for the description of the API. */
export const DEFINITION_BODIES = {
  audiences: { made: Audience, changed: AudienceChange },
  'computed-traits': { made: ComputedTrait, changed: ComputedTraitChange },
} as const

/** Returns the record of an audience to be created. Throws an EngineError that names the field at fault. */
export function readAudience(body: unknown, now: number): DefinitionRecord {
  const { definition, audienceType: type, options, ...rest } = parsed(Audience, body)
  const { includeHistoricalData, includeAnonymousUsers, backfillEventDataDays } = options
  const filterByExternalIds = type === 'USERS' ? (options.filterByExternalIds ?? [...ELIGIBLE_ID_TYPES]) : undefined
  const kept = given({ includeHistoricalData, includeAnonymousUsers, filterByExternalIds })
  return {
    ...described(rest, now),
    id: newId('aud', now),
    source: {
      kind: 'audience',
      ...named(rest),
      type,
      query: definition.query,
      ...kept,
      ...given({ backfillDays: backfillEventDataDays }),
    },
    options: { ...kept, ...given({ backfillEventDataDays }) },
  }
}

/** Returns the record of a computed trait to be created, likewise. */
export function readComputedTrait(body: unknown, now: number): DefinitionRecord {
  const { definition, options, ...rest } = parsed(ComputedTrait, body)
  const { includeHistoricalData, backfillDurationDays } = options
  const history = { includeHistoricalData, ...given({ backfillDays: backfillDurationDays }) }
  return {
    ...described(rest, now),
    id: newId('tra', now),
    source: { kind: 'computed_trait', ...named(rest), ...definition, ...history },
    options: given(options),
  }
}

/** Returns an audience's record with the changes of a request; its key and type are for good. */
export function changeAudience(record: DefinitionRecord, body: unknown, now: number): DefinitionRecord {
  const { options = {}, ...change } = parsed(AudienceChange, body)
  const { includeHistoricalData, includeAnonymousUsers, backfillEventDataDays } = options
  const filterByExternalIds = record.source.type === 'USERS' ? options.filterByExternalIds : undefined
  const kept = given({ includeHistoricalData, includeAnonymousUsers, filterByExternalIds })
  const changed = withChange(record, change, now)
  return {
    ...changed,
    source: { ...changed.source, ...kept, ...given({ backfillDays: backfillEventDataDays }) },
    options: { ...record.options, ...kept, ...given({ backfillEventDataDays }) },
  }
}

/** Returns a computed trait's record, likewise. */
export function changeComputedTrait(record: DefinitionRecord, body: unknown, now: number): DefinitionRecord {
  const { options = {}, ...change } = parsed(ComputedTraitChange, body)
  const { definition } = change
  if (definition?.type !== undefined && definition.type !== record.source.type)
    throw invalid('definition.type', `expected ${record.source.type}, as it is for good, got ${definition.type}`)
  const changed = withChange(record, change, now)
  const { includeHistoricalData, backfillDurationDays: backfillDays } = options
  const source = { ...changed.source, ...given({ includeHistoricalData, backfillDays }) }
  return { ...changed, source, options: { ...record.options, ...given(options) } }
}

interface DefinitionChange {
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly enabled?: boolean | undefined
  readonly definition?: { readonly query: string } | undefined
}

function withChange(
  record: DefinitionRecord,
  { name = record.name, description = record.description, enabled = record.enabled, definition }: DefinitionChange,
  now: number,
): DefinitionRecord {
  const query = definition?.query ?? record.source.query
  // No two states of a record have the same instant, however the clock goes: a change is refused by it.
  const updatedAt = Math.max(now, record.updatedAt + 1)
  return { ...record, name, description, enabled, updatedAt, source: { ...record.source, name, query } }
}

/** The parameters of pages: their names, and how many records a page has if nobody says. */
export interface PageParameters {
  readonly count: string
  readonly cursor: string
  readonly usual: number
}

export const COUNT_DEFAULT = 10
const PAGES: PageParameters = { count: 'pagination[count]', cursor: 'pagination[cursor]', usual: COUNT_DEFAULT }

/** Reads how many records a page has, and the number of the one that it starts at; 0 for the first. */
export function readPagination(
  parameters: Readonly<Record<string, unknown>>,
  countMax: number,
  names: PageParameters = PAGES,
): { count: number; from: number } {
  const count = parameters[names.count] ?? String(names.usual)
  if (typeof count !== 'string' || !/^\d{1,4}$/.test(count) || Number(count) < 1 || Number(count) > countMax)
    throw invalid(names.count, `expected a whole number from 1 to ${countMax}`)
  const cursor = parameters[names.cursor]
  if (cursor === undefined) return { count: Number(count), from: 0 }
  const from = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString() : ''
  if (!/^\d{1,15}$/.test(from)) throw invalid(names.cursor, 'expected a cursor that a page has given')
  return { count: Number(count), from: Number(from) }
}

export function cursorOf(sequence: number): string {
  return Buffer.from(String(sequence)).toString('base64url')
}

type Common = Pick<z.infer<typeof Audience>, 'name' | 'key' | 'description' | 'enabled'>

function described({ name, description, enabled }: Common, now: number) {
  return { name, description, enabled, createdAt: now, updatedAt: now }
}

function named({ name, key = keyOfName(name) }: Common): { name: string; key: string } {
  if (key === '') throw invalid('key', 'expected one, as the name has no letters or digits to make it from')
  return { name, key }
}

/** Returns the fields that have a value. */
function given<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
