/** External ids as they are shown: those of a profile with where they come from, and those of an event. */
import { createHash } from 'node:crypto'
import type { CallOrigin } from '../model/call-origin.ts'
import type { ExternalId } from '../model/external-id.ts'
import { formatInstant } from '../model/time.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import { cursorOf, type NextAddress } from './cursor.ts'
import { type Parameters, readLimit, readNames, readText, refused } from './parameters.ts'
import type { ShownProfile } from './profile-source.ts'

export interface IdsQuery {
  /** Only these types; undefined: all. */
  readonly include: ReadonlySet<string> | undefined
  readonly limit: number
  readonly next: string | undefined
}

const LIMITS = { usual: 25, max: 100 }
const CURSOR_PREFIX = 'map_'
const CURSOR_LENGTH = 27

export function readIdsQuery(parameters: Parameters): IdsQuery {
  return {
    include: readNames(parameters, 'include'),
    limit: readLimit(parameters, LIMITS),
    next: readText(parameters, 'next'),
  }
}

/** Writes a page of a profile's ids, in the order in which it got them. */
export function idsPage(
  profile: ShownProfile,
  collection: Collection,
  { include, limit, next }: IdsQuery,
  address: NextAddress,
): string {
  const { ids, origins } = profile
  const wanted = ids
    .map((id, index) => ({ id, origin: origins[index] }))
    .filter(({ id }) => include?.has(id.type) ?? true)
  const start = next === undefined ? 0 : wanted.findIndex(({ id }) => nameOf(id) === next)
  if (start < 0) throw refused('next', 'expected the cursor of the page before')
  const following = wanted[start + limit]?.id
  return JSON.stringify({
    data: wanted.slice(start, start + limit).map(({ id, origin }) => shownId(id, collection, origin)),
    cursor: cursorOf(following && nameOf(following), limit, address),
  })
}

/** @param origin the call that brought it; undefined if that is not known */
export function shownId({ type, value }: ExternalId, collection: Collection, origin: CallOrigin | undefined): object {
  return {
    source_id: origin?.sourceId ?? null,
    collection,
    id: value,
    type,
    created_at: origin ? formatInstant(origin.receivedAt) : null,
    encoding: 'none',
    first_message_id: shownMessageId(origin),
  }
}

export function shownPlainId({ type, value }: ExternalId, collection: Collection): object {
  return { collection, type, id: value, encoding: 'none' }
}

/** Returns null for a call that is not known, or had no `messageId`. */
export function shownMessageId(call: Pick<CallOrigin, 'messageId'> | undefined): string | null {
  return call === undefined || call.messageId === '' ? null : call.messageId
}

/** Returns a name of an id, of which addresses may tell. */
function nameOf({ type, value }: ExternalId): string {
  const digest = createHash('sha256').update(`${type}:${value}`).digest('hex')
  return CURSOR_PREFIX + digest.slice(0, CURSOR_LENGTH)
}
