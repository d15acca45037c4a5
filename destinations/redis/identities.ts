/**
 * The identities of a call, `user_id:u1`: each is by itself a name of the profile, under which a service looks it up.
 * An anonymous id stands for a profile only as long as no user id and no email is known.
 */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { emailOf } from '../contract/call-fields.ts'

/** Lists the identities of a call; none if it names nobody. */
export function identitiesOf(call: DeliveryCall): string[] {
  if (call.type === 'group') return [`group_id:${call.groupId}`]
  const email = emailOf(call)
  const { userId, anonymousId, context } = call
  const named = [
    ...(userId ? [`user_id:${userId}`] : []),
    ...(typeof email === 'string' && email !== '' ? [`email:${email}`] : []),
  ]
  const others = (context.externalIds ?? []).map(({ type, id }) => `${type}:${id}`)
  const anonymous = named.length === 0 && anonymousId ? [`anonymous_id:${anonymousId}`] : []
  return [...named, ...anonymous, ...others]
}
