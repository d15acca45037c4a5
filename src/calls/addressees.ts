/**
 * Finds the identities that a delivery addresses: one call for each. A user id and an email make one identity together;
 * so a profile of one user id and three emails is addressed three times. Segment: «ID Sync», and «Using Engage data».
 */
import type { IdSync } from '../model/destination.ts'
import type { ExternalId } from '../model/external-id.ts'

export interface Addressee {
  readonly userId: string | undefined
  readonly email: string | undefined
  readonly anonymousId: string | undefined
  /** Ids of other types, which go with every call. */
  readonly others: readonly ExternalId[]
}

export interface Addressing {
  readonly idSync: readonly IdSync[]
  /** True if a profile without other ids is addressed by `anonymous_id`. */
  readonly includesAnonymous: boolean
  /** True for an exit: it goes to every id, whatever the strategy. */
  readonly isExit: boolean
  /** Only identities with one of these; undefined: all. */
  readonly only: readonly ExternalId[] | undefined
}

const USUAL_TYPES: readonly string[] = ['user_id', 'email', 'anonymous_id']

/** Lists the identities of a profile. @param ids of the profile, the first added first; may be empty */
export function addresseesOf(ids: readonly ExternalId[], addressing: Addressing): Addressee[] {
  const chosen = chosenIds(ids, addressing)
  const valuesOf = (type: string): string[] => chosen.filter((id) => id.type === type).map(({ value }) => value)
  const others = chosen.filter(({ type }) => !USUAL_TYPES.includes(type))
  const [users, emails] = [valuesOf('user_id'), valuesOf('email')]
  const anonymous = valuesOf('anonymous_id')
  const all: Addressee[] = []
  if (users.length + emails.length > 0) {
    // A call must name somebody by more than a trait.
    const anonymousId = users.length > 0 ? undefined : (anonymous.at(-1) ?? lastOf(ids, 'anonymous_id'))
    for (const userId of users.length > 0 ? users : [undefined])
      for (const email of emails.length > 0 ? emails : [undefined]) all.push({ userId, email, anonymousId, others })
  } else if (addressing.includesAnonymous && anonymous.length > 0)
    for (const anonymousId of anonymous) all.push({ userId: undefined, email: undefined, anonymousId, others })
  else if (others.length > 0)
    all.push({ userId: undefined, email: undefined, anonymousId: lastOf(ids, 'anonymous_id'), others })
  if (!addressing.only) return all
  const only = asNamedThere(addressing.only, addressing.idSync)
  return all.filter((addressee) => isAddressedBy(addressee, only))
}

/** Returns a text that tells the addressees of one delivery apart, for the ids of their calls. */
export function addressOf({ userId, email, anonymousId, others }: Addressee): string {
  return JSON.stringify([userId ?? '', email ?? '', anonymousId ?? '', others.map(({ type, value }) => [type, value])])
}

function chosenIds(ids: readonly ExternalId[], { idSync, isExit }: Addressing): ExternalId[] {
  if (idSync.length === 0) return ids.filter(({ type }) => USUAL_TYPES.includes(type) || isMobile(type))
  return idSync.flatMap(({ externalId, strategy, mapTo = externalId }) => {
    const values = ids.filter(({ type }) => type === externalId)
    const chosen = isExit || strategy === 'all' ? values : strategy === 'first' ? values.slice(0, 1) : values.slice(-1)
    return chosen.map(({ value }) => ({ type: mapTo, value }))
  })
}

/** Renames ids to the types that the destination knows, and leaves out those that are not sent there. */
function asNamedThere(ids: readonly ExternalId[], idSync: readonly IdSync[]): readonly ExternalId[] {
  if (idSync.length === 0) return ids
  return ids.flatMap(({ type, value }) =>
    idSync
      .filter(({ externalId }) => externalId === type)
      .map(({ externalId, mapTo = externalId }) => ({ type: mapTo, value })),
  )
}

function isMobile(type: string): boolean {
  return type === 'ios.idfa' || type === 'android.idfa'
}

function lastOf(ids: readonly ExternalId[], type: string): string | undefined {
  return ids.findLast((id) => id.type === type)?.value
}

function isAddressedBy({ userId, email, anonymousId, others }: Addressee, ids: readonly ExternalId[]): boolean {
  return ids.some(({ type, value }) => {
    if (type === 'user_id') return value === userId
    if (type === 'email') return value === email
    if (type === 'anonymous_id') return value === anonymousId && userId === undefined && email === undefined
    return others.some((other) => other.type === type && other.value === value)
  })
}
