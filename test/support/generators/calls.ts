/**
 * Random histories over the vocabulary of the generated definitions: few users and ids, so that they meet and merge; few
 * values, so that they match; pauses of exactly the window lengths, so that boundaries coincide. A history is an array of
 * small steps, and shrinks by leaving out steps and making them plainer.
 */
import fc from 'fast-check'
import type { ExternalId } from '../../../src/model/external-id.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import type { OracleInput, PeopleInput } from '../../oracle/oracle.ts'
import { definitionSets, type DefinitionConstraints } from './definitions.ts'
import {
  CATEGORIES,
  CITIES,
  DURATIONS_MS,
  PLANS,
  PRODUCTS,
  SOURCES,
  START,
  TRACKED_EVENTS,
  URLS,
} from './vocabulary.ts'

type Fields = Record<string, unknown>
/** Fields of a call that are known only with the instant at which it is received. */
type At<Value> = (receivedAt: number) => Value

function iso(instant: number): string {
  return new Date(instant).toISOString()
}

function weighted<Value>(...pairs: [weight: number, arbitrary: fc.Arbitrary<Value>][]): fc.Arbitrary<Value> {
  return fc.oneof(...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}

/** Nearly a window length, exactly one, or a little. */
const pause = weighted(
  [5, fc.constantFrom(0, 1, 1000, 60_000)],
  [6, fc.constantFrom(...DURATIONS_MS.filter((ms) => ms <= 86_400_000))],
  [2, fc.constantFrom(...DURATIONS_MS)],
  [1, fc.constantFrom(...DURATIONS_MS).chain((ms) => fc.constantFrom(ms - 1, ms + 1))],
)

/** An instant near the one at hand, as dates in properties and traits are. */
const date: fc.Arbitrary<At<unknown>> = fc
  .record({
    offset: fc.constantFrom(0, ...DURATIONS_MS, ...DURATIONS_MS.map((ms) => -ms)),
    form: weighted([6, fc.constant('iso')], [1, fc.constantFrom('number', 'day', 'numeric string')]),
  })
  .map(({ offset, form }) => (receivedAt) => {
    const instant = receivedAt + offset
    if (form === 'number') return instant
    if (form === 'day') return iso(instant).slice(0, 10)
    return form === 'iso' ? iso(instant) : String(instant)
  })

const price = weighted<unknown>(
  [8, fc.constantFrom(10, 5, 25.5, 49.99, 50, 75, 100, 120)],
  [2, fc.constantFrom('100', 'n/a', '5e1', '007')],
  [2, fc.constantFrom(0.1, 0.2, -0.3, 1e16, -1e16)],
  [1, fc.constantFrom(null, [10, '100'], true, 1e308)],
)

const meta = fc.constantFrom({ v: 1 }, { 'meta.v': 2 }, { v: { deep: 2 } })

const properties: fc.Arbitrary<At<Fields>> = fc
  .record(
    {
      price,
      category: weighted<unknown>(
        [9, fc.constantFrom(...CATEGORIES)],
        [1, fc.constantFrom(null, ['hats', 'shoes'], 10, '10')],
      ),
      product_id: fc.constantFrom(...PRODUCTS),
      items: fc.array(fc.record({ sku: fc.constantFrom(...PRODUCTS) }), { maxLength: 2 }),
      sizes: fc.array(fc.constantFrom<unknown>(10, 50, 'shoes', null, ['hats']), { maxLength: 3 }),
      gift: fc.constantFrom(true, false, 'True', 1),
      meta,
      shipped_at: date,
    },
    { requiredKeys: [] },
  )
  .map(({ shipped_at: shippedAt, ...plain }) => (receivedAt) => ({
    ...plain,
    ...(shippedAt ? { shipped_at: shippedAt(receivedAt) } : {}),
  }))

const userTraits: fc.Arbitrary<At<Fields>> = fc
  .record(
    {
      plan: fc.constantFrom(...PLANS, null),
      age: fc.constantFrom<unknown>(25, 35, '41', 'n/a', null),
      VIP: fc.constantFrom<unknown>(true, 'TRUE', false, null),
      score: price,
      tags: fc.constantFrom<unknown>(['shoes', 'hats'], [], 'shoes', [['hats']]),
      address: fc.constantFrom<unknown>({ city: CITIES[0] }, { city: CITIES[1], zip: 1 }, CITIES[0], null),
      'meta.v': fc.constantFrom(1, null),
      meta,
      renewal: date,
    },
    { requiredKeys: [] },
  )
  .map(({ renewal, ...plain }) => (receivedAt) => ({ ...plain, ...(renewal ? { renewal: renewal(receivedAt) } : {}) }))

const accountTraits: fc.Arbitrary<At<Fields>> = fc
  .record({ plan: fc.constantFrom(...PLANS, null), score: price, renewal: date }, { requiredKeys: [] })
  .map(({ renewal, ...plain }) => (receivedAt) => ({ ...plain, ...(renewal ? { renewal: renewal(receivedAt) } : {}) }))

const userId = fc.constantFrom('u1', 'u2', 'u1', 'u2', 'u3', 'u4').map((id) => ({ userId: id }))
const anonymousId = fc.constantFrom('a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7').map((id) => ({ anonymousId: id }))
const email = fc.constantFrom('E1@x.io', ' e1@X.io ', 'e2@x.io', 'e3@x.io')

/** Chooses the caller: mostly one id, at times several that bring profiles together, seldom none that counts. */
const caller: fc.Arbitrary<Fields> = weighted<Fields>(
  [8, userId],
  [4, anonymousId],
  [3, fc.tuple(userId, anonymousId).map(([known, unknown]) => ({ ...known, ...unknown }))],
  [1, fc.constantFrom<Fields>({ userId: 'null' }, { userId: 7 }, { anonymousId: '0-0' }, {})],
)

/** Chooses the context: a page, and seldom further ids. */
const context: fc.Arbitrary<Fields> = weighted<Fields>(
  [8, fc.constant({})],
  [3, fc.constantFrom(...URLS).map((url) => ({ page: { url } }))],
  [1, email.map((address) => ({ traits: { email: address, plan: 'pro' } }))],
  [
    1,
    fc
      .record({
        type: fc.constantFrom('ios', 'android'),
        id: fc.constantFrom('d1', 'd2'),
        adTrackingEnabled: fc.boolean(),
      })
      .map((device) => ({ device: { ...device, advertisingId: `${device.id}-ad`, token: `${device.id}-push` } })),
  ],
  [
    1,
    fc
      .record({ id: fc.constantFrom('x1', 'x2'), type: fc.constantFrom('crm', 'email', 'user_id', 'anonymous_id') })
      .map((id) => ({ externalIds: [{ ...id, collection: 'users', encoding: 'none' }] })),
  ],
  [1, fc.constantFrom('g1', 'g2').map((clientId) => ({ integrations: { 'Google Analytics': { clientId } } }))],
  [1, fc.constantFrom('b1', 'null').map((id) => ({ Braze: { braze_id: id } }))],
  [
    1,
    fc
      .dictionary(fc.constantFrom('Advertising', 'Analytics'), fc.constantFrom<unknown>(true, false, 'yes'))
      .map((categoryPreferences) => ({ consent: { categoryPreferences } })),
  ],
)

const action: fc.Arbitrary<At<Fields>> = weighted<At<Fields>>(
  [
    12,
    fc.tuple(fc.constantFrom(...TRACKED_EVENTS), properties).map(([event, given]) => (receivedAt) => ({
      type: 'track',
      event,
      properties: given(receivedAt),
    })),
  ],
  [
    2,
    fc
      .tuple(fc.constantFrom('page', 'screen'), fc.constantFrom('Cart', 'Home', undefined), properties)
      .map(([type, name, given]) => (receivedAt) => ({
        type,
        ...(name === undefined ? {} : { name }),
        properties: given(receivedAt),
      })),
  ],
  [
    5,
    fc.tuple(userTraits, fc.option(email, { freq: 4 })).map(([given, address]) => (receivedAt) => ({
      type: 'identify',
      traits: { ...given(receivedAt), ...(address === null ? {} : { email: address }) },
    })),
  ],
  [
    3,
    fc
      .tuple(weighted<unknown>([9, fc.constantFrom('g1', 'g2')], [1, fc.constantFrom('null', 7)]), accountTraits)
      .map(([groupId, given]) => (receivedAt) => ({
        type: 'group',
        groupId,
        traits: given(receivedAt),
      })),
  ],
  [1, fc.constant(() => ({ type: 'alias', previousId: 'u1' }))],
)

/** Chooses the event time: at once, late, in the future, off by the client's clock, or not at all. */
const timestamps: fc.Arbitrary<At<Fields>> = weighted<At<Fields>>(
  [12, fc.constant((receivedAt) => ({ timestamp: iso(receivedAt) }))],
  [4, fc.constantFrom(1, ...DURATIONS_MS).map((late) => (receivedAt) => ({ timestamp: iso(receivedAt - late) }))],
  [1, fc.constant((receivedAt) => ({ timestamp: iso(receivedAt + 3_600_000) }))],
  [
    1,
    fc.constantFrom(...DURATIONS_MS).map((skew) => (receivedAt) => ({
      originalTimestamp: iso(receivedAt - skew - 1000),
      sentAt: iso(receivedAt - 1000),
    })),
  ],
  [
    1,
    fc.constantFrom<At<Fields>>(
      () => ({}),
      () => ({ timestamp: 'soon' }),
    ),
  ],
)

const calling = fc.record({
  pause,
  caller,
  action,
  context,
  timestamps,
  sourceId: fc.constantFrom(undefined, ...SOURCES),
  /** Received, it is said, so much before the clock. */
  behind: weighted([20, fc.constant(0)], [1, fc.constantFrom(...DURATIONS_MS)]),
  /** Sent once more: the same call with the same messageId, after this pause. */
  again: weighted<number | undefined>([12, fc.constant(undefined)], [1, pause]),
})

type Calling = typeof calling extends fc.Arbitrary<infer Value> ? Value : never
type Step = Calling | { readonly pause: number }

const step: fc.Arbitrary<Step> = weighted<Step>([15, calling], [1, fc.record({ pause })])

function assemble(steps: readonly Step[]): OracleInput[] {
  let clock = START
  return steps.flatMap((taken, index) => {
    clock += taken.pause
    if (!('action' in taken)) return { kind: 'tick', receivedAt: clock }
    const { receivedAt, ...sent } = callOf(taken, index, clock)
    if (taken.again === undefined) return { ...sent, receivedAt }
    clock += taken.again
    return [
      { ...sent, receivedAt },
      { ...sent, receivedAt: clock },
    ]
  })
}

function callOf(step: Calling, index: number, clock: number): Extract<OracleInput, { kind: 'call' }> {
  const context = Object.keys(step.context).length === 0 ? {} : { context: step.context }
  const call = { messageId: `m${index}`, ...step.caller, ...step.action(clock), ...context, ...step.timestamps(clock) }
  const source = step.sourceId === undefined ? {} : { sourceId: step.sourceId }
  return { kind: 'call', call, receivedAt: clock - step.behind, ...source }
}

export interface HistoryConstraints {
  readonly minLength?: number
  readonly maxLength?: number
}

/** Up to 60 calls and ticks, unless told otherwise. */
export function histories({ minLength = 0, maxLength = 60 }: HistoryConstraints = {}): fc.Arbitrary<OracleInput[]> {
  return fc.array(step, { minLength, maxLength, size: 'max' }).map(assemble)
}

export interface Scenario {
  readonly definitions: readonly DefinitionSource[]
  readonly inputs: readonly OracleInput[]
  /** Long after the last input: what time alone changes has mostly changed. */
  readonly until: number
}

function scenario(definitions: readonly DefinitionSource[], inputs: readonly OracleInput[]): Scenario {
  const last = inputs.reduce((latest, { receivedAt }) => Math.max(latest, receivedAt), START)
  return { definitions, inputs, until: last + 65 * 86_400_000 }
}

/** A set of definitions and a history for it. */
export function scenarios(
  constraints: DefinitionConstraints & { history?: HistoryConstraints } = {},
): fc.Arbitrary<Scenario> {
  const { history, ...definitions } = constraints
  return fc.tuple(definitionSets(definitions), histories(history)).map(([set, inputs]) => scenario(set, inputs))
}

/** A user's id, mostly one that there is; as a call names it, and not as it is kept. */
const personId = weighted<ExternalId>(
  [4, fc.constantFrom('u1', 'u2', 'u3', 'u4').map((value) => ({ type: 'user_id', value }))],
  [3, fc.constantFrom('a1', 'a2', 'a3', 'a4').map((value) => ({ type: 'anonymous_id', value }))],
  [1, fc.constantFrom('e1@x.io', 'e2@x.io').map((value) => ({ type: 'email', value }))],
)

type PeopleStep =
  | Omit<Extract<PeopleInput, { kind: 'delete' }>, 'receivedAt'>
  | Omit<Extract<PeopleInput, { kind: 'suppress' | 'unsuppress' }>, 'receivedAt'>
  | Omit<Extract<PeopleInput, { kind: 'unlink' }>, 'receivedAt'>

const peopleStep: fc.Arbitrary<PeopleStep> = weighted<PeopleStep>(
  [4, fc.record({ kind: fc.constant('delete' as const), profile: personId, suppress: fc.boolean() })],
  [
    3,
    fc.record({
      kind: fc.constantFrom('suppress' as const, 'unsuppress' as const),
      ids: fc.array(personId, { maxLength: 3 }),
    }),
  ],
  [3, fc.record({ kind: fc.constant('unlink' as const), profile: personId, account: fc.constantFrom('g1', 'g2') })],
)

/** Like a scenario, but in between people are deleted, suppressed and unlinked. */
export function peopleScenarios(given: fc.Arbitrary<Scenario> = scenarios()): fc.Arbitrary<Scenario> {
  const steps = fc.array(fc.record({ step: peopleStep, where: fc.nat() }), { minLength: 1, maxLength: 6 })
  return fc.tuple(given, steps).map(([{ definitions, inputs }, all]) => {
    const live = Array.from({ length: inputs.length + 1 }, (_, index): OracleInput[] => {
      const receivedAt = inputs[index]?.receivedAt ?? inputs.at(-1)?.receivedAt ?? START
      const here = all.filter(({ where }) => where % (inputs.length + 1) === index)
      return [...here.map(({ step }) => ({ ...step, receivedAt })), ...inputs.slice(index, index + 1)]
    })
    return scenario(definitions, live.flat())
  })
}

/** Like `scenarios`, but some of the definitions come, or come anew, in between the calls. */
export function changingScenarios(
  constraints: DefinitionConstraints & { history?: HistoryConstraints } = {},
): fc.Arbitrary<Scenario> {
  const arrivals = fc.array(fc.record({ which: fc.nat(), where: fc.nat(), forgetful: fc.boolean() }), { maxLength: 3 })
  return fc.tuple(scenarios(constraints), arrivals).map(([{ definitions, inputs }, all]) => {
    const added = all.map(({ which, where, forgetful }) => {
      const definition = definitions[which % definitions.length]!
      const position = where % (inputs.length + 1)
      const receivedAt = inputs[position]?.receivedAt ?? inputs.at(-1)?.receivedAt ?? START
      return {
        position,
        definition: forgetful ? { ...definition, includeHistoricalData: false } : definition,
        receivedAt,
      }
    })
    const isAdded = ({ key, type }: DefinitionSource) =>
      added.some(({ definition }) => definition.key === key && definition.type === type)
    const live = Array.from({ length: inputs.length + 1 }, (_, index): OracleInput[] => [
      ...added
        .filter(({ position }) => position === index)
        .map(({ definition, receivedAt }) => ({ kind: 'define' as const, definition, receivedAt })),
      ...inputs.slice(index, index + 1),
    ])
    return scenario(
      definitions.filter((definition) => !isAdded(definition)),
      live.flat(),
    )
  })
}

/** Any of them. */
export function everyScenario(): fc.Arbitrary<Scenario> {
  return fc.oneof(scenarios(), changingScenarios(), peopleScenarios(), peopleScenarios(changingScenarios()))
}
