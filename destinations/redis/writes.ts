/** The writes that a call makes, by the layout. Each leaves what it finds, if it has been made before. */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { valueOf } from '../contract/call-fields.ts'
import { TerminalError } from '../contract/destination.ts'
import { identitiesOf } from './identities.ts'
import type { RedisSettings } from './settings.ts'

/** A command of one key and one argument; DEL has none. */
export interface Write {
  readonly command: 'SADD' | 'SREM' | 'SET' | 'DEL'
  readonly key: string
  readonly argument: string
}

/** Lists the writes of a call in order, or returns the error if the layout has no place for it. */
export function writesOf(
  call: DeliveryCall,
  { keyPrefix, layout }: Pick<RedisSettings, 'keyPrefix' | 'layout'>,
): Write[] | TerminalError {
  const { computation_class: kind, computation_key: key } = call.context.personas
  const value = valueOf(call)
  if (value === undefined) return new TerminalError('no_value', 'The call has no value of its audience or trait.')
  const isMembership = kind === 'audience' && typeof value === 'boolean'
  if (layout === 'sets' && !isMembership)
    return new TerminalError('not_a_membership', 'The layout sets takes only who enters and leaves an audience.')
  const identities = identitiesOf(call)
  if (identities.length === 0) return new TerminalError('no_identity', 'The call names nobody.')
  const command = value === true ? 'SADD' : 'SREM'
  return identities.flatMap((identity) => [
    ...(isMembership && layout !== 'keys'
      ? [{ command, key: `${keyPrefix}audience:${key}`, argument: identity } as const]
      : []),
    ...(layout === 'sets' ? [] : [valueWrite(`${keyPrefix}value:${key}:${identity}`, value)]),
  ])
}

function valueWrite(key: string, value: Exclude<ReturnType<typeof valueOf>, undefined>): Write {
  return value === null
    ? { command: 'DEL', key, argument: '' }
    : { command: 'SET', key, argument: JSON.stringify(value) }
}
