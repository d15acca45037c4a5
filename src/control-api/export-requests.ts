/** Parameters of exports and of lists of members. */
import { z } from 'zod'
import { EXPORT_FORMATS, type ExportRequest, SHOWN_TRAITS_MAX } from '../model/export.ts'
import type { DefinitionSource } from '../model/definition.ts'
import { fields, invalid, parsed } from './fields.ts'

export const ENDINGS = ['csv', 'ndjson', 'parquet'] as const
export type Ending = (typeof ENDINGS)[number]

/** Types of id that can be chosen. */
const TYPES_MAX = 50
const MEMBERS_MAX = 200
const MEMBERS_DEFAULT = 10

const Flag = z.enum(['true', 'false']).transform((text) => text === 'true')
const Collections = z.enum(['users', 'accounts'])

const common = {
  collection: Collections.optional(),
  ids: names(TYPES_MAX).optional(),
  traits: names(SHOWN_TRAITS_MAX).default([]),
}
const Table = fields(common)
const Csv = fields({
  ...common,
  format: z.enum(EXPORT_FORMATS).extract(['formatted', 'unformatted', 'single']).default('formatted'),
  bom: Flag.default(false),
  hashed: Flag.optional(),
})
const Members = fields({
  limit: z.string().optional(),
  next: z.string().optional(),
  traits: names(SHOWN_TRAITS_MAX).default([]),
})

/** Throws an EngineError that names the parameter at fault. */
export function readExport(source: DefinitionSource, ending: Ending, query: object): ExportRequest {
  const plain = { isHashed: false, hasBom: false }
  if (ending !== 'csv') {
    const { collection, ...rest } = parsed(Table, query)
    return { ...plain, source, format: ending, ...rest, ids: rest.ids, collection: collectionOf(source, collection) }
  }
  const { collection, format, bom: hasBom, hashed, ids, traits } = parsed(Csv, query)
  if (format === 'single' && ids?.length !== 1) throw invalid('ids', 'expected one type of id for the single column')
  if (format === 'single' && traits.length > 0) throw invalid('traits', 'expected none beside the single column')
  if (format !== 'single' && hashed !== undefined) throw invalid('hashed', 'expected none but for the format single')
  const isHashed = format === 'single' && (hashed ?? true)
  return { source, format, ids, traits, isHashed, hasBom, collection: collectionOf(source, collection) }
}

export function readMembers(query: object): {
  readonly limit: number
  readonly from: number
  readonly traits: readonly string[]
} {
  const { limit = String(MEMBERS_DEFAULT), next, traits } = parsed(Members, query)
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MEMBERS_MAX)
    throw invalid('limit', `expected a whole number from 1 to ${MEMBERS_MAX}`)
  const from = next === undefined ? '0' : Buffer.from(next, 'base64url').toString()
  if (!/^\d{1,15}$/.test(from)) throw invalid('next', 'expected a cursor that a page has given')
  return { limit: Number(limit), from: Number(from), traits }
}

/** Audiences of accounts alone have rows of either kind. */
function collectionOf({ kind, type }: DefinitionSource, wanted: ExportRequest['collection'] | undefined) {
  const own = type === 'USERS' ? 'users' : 'accounts'
  const isAllowed = wanted === undefined || wanted === own || (kind === 'audience' && type === 'ACCOUNTS')
  if (!isAllowed) throw invalid('collection', `expected ${own}, got ${wanted}`)
  return wanted ?? own
}

/** Makes the schema of some names between commas. */
function names(max: number) {
  return z
    .string()
    .transform((text) => [...new Set(text.split(',').filter((name) => name !== ''))])
    .refine((list) => list.length <= max, `expected at most ${max} names between commas`)
}
