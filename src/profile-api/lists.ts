/** Lists of profiles: those of a collection, those that are searched for, and those that a profile is linked to. */
import type { ListRange, ProfileList, ProfileName, Sought } from '../model/profile-search.ts'
import { kindOf } from '../model/errors.ts'
import { isSegmentId } from '../model/segment-id.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import { cursorOf, type NextAddress } from './cursor.ts'
import { shownId, shownPlainId } from './external-ids.ts'
import { shownInstant, updatedAtOf } from './metadata.ts'
import { type LimitRule, type Parameters, readLimit, readText, refused } from './parameters.ts'
import type { ShownProfile } from './profile-source.ts'

export const LIST_LIMITS: LimitRule = { usual: 10, max: 100 }
export const LINK_LIMITS: LimitRule = { usual: 20, max: 20 }
const SEARCH_FIELDS = ['id', 'type', 'value', 'prefix', 'limit', 'next']

export function readRange(parameters: Parameters, limits: LimitRule): ListRange {
  return { limit: readLimit(parameters, limits), next: readText(parameters, 'next') }
}

/** Reads a name of a profile: `type:value`, of which the value may contain colons, or a segment id. */
export function readName(text: string): ProfileName | undefined {
  const colon = text.indexOf(':')
  if (colon > 0) return { type: text.slice(0, colon), value: text.slice(colon + 1) }
  return isSegmentId(text) ? { segmentId: text } : undefined
}

export interface SearchRequest {
  readonly sought: Sought
  readonly range: ListRange
}

/** Reads the body of a search. Throws an EngineError that names the field at fault. */
export function readSearch(body: unknown): SearchRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw refused('body', `expected an object, got ${kindOf(body)}`)
  const given = body as Record<string, unknown>
  for (const field of Object.keys(given))
    if (!SEARCH_FIELDS.includes(field)) throw refused(field, `expected only ${SEARCH_FIELDS.join(', ')}`)
  const [id, type, value, prefix] = ['id', 'type', 'value', 'prefix'].map((field) => readField(given, field))
  const { limit } = given
  if (limit !== undefined && typeof limit !== 'number')
    throw refused('limit', `expected a number, got ${kindOf(limit)}`)
  const range = {
    limit: readLimit({ limit: limit === undefined ? undefined : String(limit) }, LIST_LIMITS),
    next: readField(given, 'next'),
  }
  return { sought: readSought({ id, type, value, prefix }), range }
}

interface SearchFields {
  readonly id: string | undefined
  readonly type: string | undefined
  readonly value: string | undefined
  readonly prefix: string | undefined
}

function readSought({ id, type, value, prefix }: SearchFields): Sought {
  if ([id, value, prefix].filter((field) => field !== undefined).length !== 1)
    throw refused('body', 'expected one of id, value and prefix')
  if (prefix !== undefined) return { kind: 'prefixed', prefix, type }
  if (value !== undefined) {
    if (type === undefined) throw refused('type', 'expected the type of the id, got nothing')
    return { kind: 'named', name: { type, value } }
  }
  if (type !== undefined) throw refused('type', 'expected it only with value or prefix')
  const name = readName(id!)
  return name ? { kind: 'named', name } : { kind: 'valued', value: id! }
}

function readField(given: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = given[field]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw refused(field, `expected text, got ${kindOf(value)}`)
  if (value === '') throw refused(field, 'expected text, got none')
  return value
}

/** @param address of the next page; undefined if a body asks for it */
export function profilesPage<Profile extends ShownProfile>(
  { profiles, next }: ProfileList<Profile>,
  limit: number,
  shown: { readonly collection: Collection; readonly segmentIdOf: (profile: Profile) => string },
  address: NextAddress,
): string {
  const data = profiles.map((profile) => {
    const { ids, firstCall } = profile
    return {
      id: shown.segmentIdOf(profile),
      external_ids: ids.map((id) => shownPlainId(id, shown.collection)),
      created_at: shownInstant(firstCall?.receivedAt),
      updated_at: shownInstant(updatedAtOf(profile)),
    }
  })
  return JSON.stringify({ data, cursor: cursorOf(next, limit, address) })
}

/** Writes the profiles that one of the collection is linked to. */
export function linksPage<Profile extends ShownProfile>(
  { profiles, next }: ProfileList<Profile>,
  limit: number,
  shown: { readonly collection: Collection; readonly segmentIdOf: (profile: Profile) => string },
  address: NextAddress,
): string {
  const to = shown.collection === 'users' ? 'accounts' : 'users'
  const data = profiles.map((profile) => ({
    to_collection: to,
    id: shown.segmentIdOf(profile),
    external_ids: profile.ids.map((id, index) => shownId(id, to, profile.origins[index])),
  }))
  return JSON.stringify({ data, cursor: cursorOf(next, limit, address) })
}
