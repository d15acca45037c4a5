/** The kinds of state, each as one definition, with the calls that it is about and its value computed naively. */
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { UNITS } from '../../src/model/time.ts'
import type { Acts } from './histories.ts'
import { type Ages, hasParentAlone, mode, sessionCount, sum, unique, valuesOf } from './naive.ts'
import {
  addsOrOrders,
  groupId,
  isOrder,
  joinsAccount,
  setsLimit,
  setsRenewal,
  type User,
  userId,
  visits,
} from './user.ts'

export interface Kind extends Acts {
  readonly name: string
  readonly definition: DefinitionSource
  /** True for one that is an object while it is in use, and bytes otherwise. */
  readonly isByItself?: boolean
  /** The profile that has the value. */
  readonly profileOf: (user: User) => string
  /** The value for a profile of these users; null or false if none was ever told. */
  readonly expected: (users: readonly User[], now: number) => JsonValue
}

type Choices = Partial<Acts & Pick<Kind, 'isByItself'>>

const MONTH: Ages = { to: 30 * UNITS.day }
const IN_MONTH = `event('A').within(30 days)`
const SESSION_GAP_MS = 7 * UNITS.day

export const KINDS: readonly Kind[] = [
  audience('recent count', `${IN_MONTH}.count() >= 3`, (user, now) => valuesOf(user, now, MONTH).length >= 3),
  audience('in between', `event('A').between(1 day, 10 days).count() >= 2`, (user, now) => {
    return valuesOf(user, now, { from: UNITS.day, to: 10 * UNITS.day }).length >= 2
  }),
  monthly('window sum', `sum(property('n'))`, sum),
  monthly('window min', `min(property('n'))`, (values) => (values.length === 0 ? null : Math.min(...values))),
  monthly('window max', `max(property('n'))`, (values) => (values.length === 0 ? null : Math.max(...values))),
  monthly('window first', `first(property('n'))`, (values) => values[0] ?? null),
  monthly('window last', `last(property('n'))`, (values) => values.at(-1) ?? null),
  monthly('window unique', `unique(property('n'))`, unique),
  monthly('window mode', `mode(property('n'))`, mode),
  trait('session', `event('A').expires_after(7 days).count()`, (user, now) => sessionCount(user, now, SESSION_GAP_MS)),
  trait('total count', `event('A').count()`, ({ values }) => values.length),
  trait('total sum', `event('A').sum(property('n'))`, ({ values }) => sum(values)),
  trait('total unique', `event('A').unique(property('n'))`, ({ values }) => unique(values)),
  audience(
    'funnel',
    `event('Added').where(NOT event('Ordered').within(parent: 1 hour).count() >= 1).within(30 days).count() >= 1`,
    (user, now) => hasParentAlone(user, now, { to: 30 * UNITS.day, isChild: isOrder, childWithinMs: UNITS.hour }),
    { isByItself: true, event: addsOrOrders, call: addsOrOrders },
  ),
  judged('judged by a trait', { isByItself: true, begins: setsLimit }),
  judged('judging trait changes', { begins: setsLimit, call: setsLimit }),
  audience(
    'timed trait changes',
    `trait('renews_at').within_next(7 days)`,
    ({ renewsAt }, now) => renewsAt >= now && renewsAt - now <= 7 * UNITS.day,
    { begins: setsRenewal, call: setsRenewal },
  ),
  {
    name: 'account with ANY',
    definition: { ...sourceOf('audience', `ANY ${IN_MONTH}.count() >= 3`), type: 'ACCOUNTS' },
    begins: joinsAccount,
    event: visits,
    call: visits,
    profileOf: (user) => `group_id:${groupId(user)}`,
    expected: (users, now) => users.some((user) => valuesOf(user, now, MONTH).length >= 3),
  },
]

function monthly(name: string, reducer: string, reduce: (values: readonly number[]) => JsonValue): Kind {
  return trait(name, `${IN_MONTH}.${reducer}`, (user, now) => reduce(valuesOf(user, now, MONTH)))
}

function judged(name: string, acts: Choices): Kind {
  return audience(
    name,
    `event('A').where(property('n') >= trait('limit')).within(30 days).count() >= 1`,
    (user, now) => valuesOf(user, now, MONTH).some((value) => value >= user.limit),
    acts,
  )
}

function audience(name: string, query: string, holds: (user: User, now: number) => boolean, acts?: Choices): Kind {
  return ofUsers(name, sourceOf('audience', query), holds, acts)
}

function trait(name: string, query: string, value: (user: User, now: number) => JsonValue): Kind {
  return ofUsers(name, sourceOf('computed_trait', query), value)
}

function ofUsers(
  name: string,
  definition: DefinitionSource,
  value: (user: User, now: number) => JsonValue,
  acts: Choices = {},
): Kind {
  return {
    name,
    definition,
    event: visits,
    call: visits,
    profileOf: (user) => `user_id:${userId(user)}`,
    expected: ([user], now) => value(user!, now),
    ...acts,
  }
}

function sourceOf(kind: DefinitionSource['kind'], query: string): DefinitionSource {
  return { kind, key: 'value', type: 'USERS', query }
}
