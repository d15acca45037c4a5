/**
 * Users that others have taken over. The table of ids knows each by its ordinal, as an id of the empty type: no call can
 * name that. So whoever knows a user by its ordinal finds the one that it has become.
 */
import type { ExternalId } from '../../src/model/external-id.ts'

const FORMER_TYPE = ''

/** Returns the id under which a user is found that was taken over. */
export function formerId(ordinal: number): ExternalId {
  return { type: FORMER_TYPE, value: String(ordinal) }
}

/** True for the type of ids under which taken-over users are found. */
export function isFormerType(type: string): boolean {
  return type === FORMER_TYPE
}

/** A user, with those that it has taken over. */
export interface UserIds {
  readonly ids: readonly ExternalId[]
  readonly formerOrdinals: readonly number[]
}

/** Lists all ids under which the table of ids has a user. */
export function idsInTable({ ids, formerOrdinals }: UserIds): ExternalId[] {
  return [...ids, ...formerOrdinals.map(formerId)]
}
