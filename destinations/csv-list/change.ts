/** The change that a call makes to a list: who enters or leaves, by which ids, with which traits. */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { emailOf, valueOf, valuesOf } from '../contract/call-fields.ts'
import { TerminalError } from '../contract/destination.ts'

/** The columns that every file begins with. */
export const ID_COLUMNS = ['user_id', 'anonymous_id', 'email', 'group_id'] as const
export const FIXED_COLUMNS: readonly string[] = [...ID_COLUMNS, 'since']

/** The cells of a member, by column; empty ones are left out. */
export type Cells = ReadonlyMap<string, string>

export interface Change {
  readonly audienceKey: string
  readonly isMember: boolean
  readonly cells: Cells
}

/** Returns the change of a call, or the error if it is none. */
export function changeOf(call: DeliveryCall): Change | TerminalError {
  const { computation_class: kind, computation_key: audienceKey } = call.context.personas
  const isMember = valueOf(call)
  if (kind !== 'audience' || typeof isMember !== 'boolean')
    return new TerminalError('not_a_membership', 'A list takes only who enters and leaves an audience.')
  const ids = idsOf(call)
  if (ids.size === 0)
    return new TerminalError('no_identity', `A list takes only members with one of ${ID_COLUMNS.join(', ')}.`)
  const cells = [...ids, ['since', call.timestamp] as const, ...enrichment(valuesOf(call), audienceKey)]
  return { audienceKey, isMember, cells: new Map(cells) }
}

function idsOf(call: DeliveryCall): Map<string, string> {
  const ids = [call.userId, call.anonymousId, emailOf(call), call.type === 'group' ? call.groupId : undefined]
  const cells = ID_COLUMNS.map((column, index) => [column, cellOf(ids[index])] as const)
  return new Map(cells.filter(([, cell]) => cell !== ''))
}

/** Lists the traits of a member. A trait with the name of one of our columns gets another name. */
function enrichment(values: JsonObject, audienceKey: string): (readonly [string, string])[] {
  return Object.entries(values)
    .filter(([name]) => name !== audienceKey && name !== 'audience_key' && name !== 'email')
    .map(([name, value]) => [FIXED_COLUMNS.includes(name) ? `traits.${name}` : cellOf(name), cellOf(value)] as const)
    .filter(([, cell]) => cell !== '')
}

/** Makes text well-formed, so that it is the same when it is read back. */
function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed()
}
