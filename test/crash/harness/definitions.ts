/** Definitions in which each call shows; and the oracle's values for a cohort. */
import { accountAudience, accountTrait, audience, computedTrait } from '../../support/space.ts'
import { Oracle } from '../../oracle/oracle.ts'
import type { Cohort } from './calls.ts'

export const DEFINITIONS = [
  computedTrait('clicks', "event('Clicked').count()"),
  computedTrait('bought', "event('Bought').count()"),
  computedTrait('seen', "event('Seen').count()"),
  computedTrait('amount', "event('Clicked').sum(property('n'))"),
  computedTrait('clicks_of_week', "event('Clicked').within(7 days).count()"),
  computedTrait('shops', "event('Bought').unique(property('shop')).count()"),
  audience('heavy', "trait('clicks') >= 15"),
  audience('here', "event('Seen').within(1 second).count() >= 1"),
  audience('paired', "event('Bought').where( event('Clicked').within(parent: 330 seconds).count() >= 1 ).count() >= 2"),
  accountTrait('account_clicks', "event('Clicked').count()"),
  accountAudience('buying', "ANY event('Bought').within(7 days).count() >= 6"),
]

export type Traits = Readonly<Record<string, unknown>>

/** The traits that everybody of a cohort has, once all of its calls count and its windows of seconds have closed. */
export function expectedOf({ calls }: Cohort): Map<string, Traits> {
  const oracle = Oracle.of(DEFINITIONS)
  const now = Date.now()
  const longAgo = new Date(now - 3_600_000).toISOString()
  for (const call of calls)
    oracle.apply({ kind: 'call', call: { timestamp: longAgo, ...call }, receivedAt: now, sourceId: '' })
  const accounts = oracle.accounts.map(({ label, memberships, computedTraits, customTraits }) => {
    const traits = { ...customTraits, ...audiencesOf('ACCOUNTS', memberships), ...computedTraits }
    return [label, traits] as const
  })
  const users = oracle.users.map(({ ids, links, memberships, computedTraits, customTraits }) => {
    const ofAccounts = oracle.accounts.filter(({ label }) => links.some((link) => label === `group_id:${link}`))
    const seen = audiencesOf('ACCOUNTS', ofAccounts.flatMap((account) => account.memberships)) // prettier-ignore
    return [ids[0]!, { ...customTraits, ...seen, ...audiencesOf('USERS', memberships), ...computedTraits }] as const
  })
  return new Map<string, Traits>([...accounts, ...users])
}

function audiencesOf(type: 'USERS' | 'ACCOUNTS', memberships: readonly string[]): Record<string, boolean> {
  const keys = DEFINITIONS.filter((one) => one.kind === 'audience' && one.type === type).map(({ key }) => key)
  return Object.fromEntries(keys.map((key) => [key, memberships.includes(key)]))
}
