/** Small histories whose outcome was worked out by hand from docs/semantics.md, section by section. Instants are in minutes. */
import { describe, expect, it } from 'vitest'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { exactSum } from './exact-sum.ts'
import { Oracle, runOracle, type OracleInput } from './oracle.ts'
import { instantOfText } from './values.ts'

type Fields = Record<string, unknown>

const MINUTE = 60_000
const LATER = 1_000_000

function iso(minute: number): string {
  return new Date(minute * MINUTE).toISOString()
}

/** A call received at this minute; its event time is the same unless it says otherwise. */
function call(minute: number, fields: Fields): OracleInput {
  return { kind: 'call', call: { timestamp: iso(minute), ...fields }, receivedAt: minute * MINUTE }
}

function track(minute: number, user: string, event: string, properties: Fields = {}, more: Fields = {}): OracleInput {
  return call(minute, { type: 'track', userId: user, event, properties, ...more })
}

function anonymous(minute: number, id: string, event: string, more: Fields = {}): OracleInput {
  return call(minute, { type: 'track', anonymousId: id, event, ...more })
}

function identify(minute: number, user: string, traits: Fields, more: Fields = {}): OracleInput {
  return call(minute, { type: 'identify', userId: user, traits, ...more })
}

function group(minute: number, user: string, groupId: string, traits: Fields = {}): OracleInput {
  return call(minute, { type: 'group', userId: user, groupId, traits })
}

function audience(key: string, query: string, options: Partial<DefinitionSource> = {}): DefinitionSource {
  return { kind: 'audience', key, type: 'USERS', query, ...options }
}

function computed(key: string, query: string, options: Partial<DefinitionSource> = {}): DefinitionSource {
  return { kind: 'computed_trait', key, type: 'USERS', query, ...options }
}

const ACCOUNTS = { type: 'ACCOUNTS' } as const

/** `60 entered a u1`, `60 c=2 u1`: the minute, what changed, of whom (a user id without its type). */
function row({ at, type, key, profile, value }: Transition): string {
  return `${at / MINUTE} ${type === 'trait' ? `${key}=${JSON.stringify(value)}` : `${type} ${key}`} ${profile.replace('user_id:', '')}`
}

function run(definitions: DefinitionSource[], inputs: OracleInput[], until = LATER): string[] {
  return runOracle({ definitions, inputs, until: until * MINUTE }).map(row)
}

/** The value of a computed trait of u1 after these inputs, null where absent. */
function valueOf(query: string, inputs: OracleInput[]): JsonValue {
  const oracle = Oracle.of([computed('c', query)])
  for (const input of inputs) oracle.apply(input)
  return oracle.users[0]?.computedTraits['c'] ?? null
}

function isMember(query: string, inputs: OracleInput[]): boolean {
  const oracle = Oracle.of([audience('a', query)])
  for (const input of inputs) oracle.apply(input)
  return oracle.users[0]?.memberships.includes('a') ?? false
}

/** Events A of u1, a minute apart, with these values of `p`. */
function withValues(...values: unknown[]): OracleInput[] {
  return values.map((p, index) => track(index, 'u1', 'A', { p }))
}

describe('time', () => {
  const hour = audience('a', "event('A').within(1 hour).count() >= 1")

  it('lets time change a membership at its own instant', () => {
    expect(run([hour], [track(0, 'u1', 'A'), track(500, 'u2', 'X')])).toEqual(['0 entered a u1', '60 exited a u1'])
  })

  it('does not flap where a window closes at the instant of a new event, of its own profile only', () => {
    expect(run([hour], [track(0, 'u1', 'A'), track(60, 'u1', 'A')])).toEqual(['0 entered a u1', '120 exited a u1'])
    const others = [track(0, 'u1', 'A'), track(60, 'u2', 'A'), track(60, 'u1', 'A')]
    expect(run([hour], others, 60)).toEqual(['0 entered a u1', '60 entered a u2'])
    expect(run([hour], [...others.slice(0, 2), track(61, 'u1', 'A')], 61)).toEqual([
      '0 entered a u1',
      '60 entered a u2',
      '60 exited a u1',
      '61 entered a u1',
    ])
  })

  it('puts late events in their place, and lets none lie in the future', () => {
    expect(run([hour], [track(40, 'u1', 'A', {}, { timestamp: iso(0) })])).toEqual([
      '40 entered a u1',
      '60 exited a u1',
    ])
    expect(run([hour], [track(70, 'u1', 'A', {}, { timestamp: iso(0) })])).toEqual([])
    expect(run([hour], [track(0, 'u1', 'A', {}, { timestamp: iso(900) })])).toEqual([
      '0 entered a u1',
      '60 exited a u1',
    ])
  })

  it('takes originalTimestamp before timestamp, corrects by sentAt, and falls back on the receive time', () => {
    const exit = (fields: Fields) => run([hour], [track(100, 'u1', 'A', {}, fields)]).at(-1)
    expect(exit({ originalTimestamp: iso(90), timestamp: iso(50) })).toBe('150 exited a u1')
    expect(exit({ timestamp: iso(590), sentAt: iso(600) })).toBe('150 exited a u1')
    expect(exit({ timestamp: 'yesterday' })).toBe('160 exited a u1')
  })

  it('never moves the clock back', () => {
    const ever = audience('a', "event('A').count() >= 1")
    expect(run([ever], [track(120, 'u1', 'X'), track(60, 'u1', 'A')])).toEqual(['120 entered a u1'])
  })

  it('changes nothing by a tick, and fires what is due at its instant only when the clock moves past', () => {
    const oracle = Oracle.of([hour])
    for (const input of [track(0, 'u1', 'A'), { kind: 'tick', receivedAt: 60 * MINUTE } as const]) oracle.apply(input)
    expect(oracle.transitions.map(row)).toEqual(['0 entered a u1'])
    oracle.finish(60 * MINUTE)
    expect(oracle.transitions.map(row)).toEqual(['0 entered a u1', '60 exited a u1'])
  })
})

describe('calls', () => {
  it('counts a messageId once, dropping all of a duplicate', () => {
    const definitions = [computed('c', "event('A').count()"), audience('a', "trait('p').exists()")]
    const duplicate = identify(5, 'u1', { p: 1 }, { messageId: 'm' })
    expect(run(definitions, [track(0, 'u1', 'A', {}, { messageId: 'm' }), duplicate])).toEqual(['0 c=1 u1'])
  })

  it('leaves the messageId of a refused call free', () => {
    const refused = call(0, { type: 'track', event: 'A', messageId: 'm' })
    expect(run([computed('c', "event('A').count()")], [refused, track(1, 'u1', 'A', {}, { messageId: 'm' })])).toEqual([
      '1 c=1 u1',
    ])
  })

  it('keeps the latest value of a trait, a null too', () => {
    const late = identify(30, 'u1', { p: 2 }, { timestamp: iso(5) })
    expect(isMember("trait('p').exists()", [identify(0, 'u1', { p: 1 }), identify(10, 'u1', { p: null }), late])).toBe(
      false,
    )
    expect(isMember("trait('p') = 2", [identify(0, 'u1', { p: 1 }), late])).toBe(true)
  })

  it('sets no traits from context.traits', () => {
    expect(isMember("trait('p').exists()", [track(0, 'u1', 'A', {}, { context: { traits: { p: 1 } } })])).toBe(false)
  })

  it('makes pages and screens events that show their name', () => {
    const page = call(0, { type: 'page', userId: 'u1', name: 'x', properties: { name: 'y' } })
    expect(
      isMember("event('Page Viewed').where(property('name') = 'x' AND property('page_name') = 'x').count() = 1", [
        page,
      ]),
    ).toBe(true)
    expect(isMember("event('Screen Viewed').count() = 1", [track(0, 'u1', 'Screen Viewed')])).toBe(true)
  })

  it('excludes sources', () => {
    const from = (sourceId: string): OracleInput => ({ ...track(0, 'u1', 'A'), sourceId }) as OracleInput
    expect(valueOf("event('A').sources({exclude: 's1', 's2'}).count()", [from('s1'), from('s2'), from('s3')])).toBe(1)
  })
})

describe('values and comparators', () => {
  it.each<[value: unknown, query: string, holds: boolean]>([
    ['b', "trait('v') = 'b'", true],
    ['B', "trait('v') = 'b'", false],
    ['10.0', "trait('v') = '10'", false],
    ['10.0', "trait('v') = 10", true],
    ['+10', "trait('v') = 10", false],
    ['010', "trait('v') >= 1", false],
    ['1e1', "trait('v') >= 10", true],
    ['n/a', "trait('v') < 10", false],
    [true, "trait('v') = 'TRUE'", true],
    ['True', "trait('v') = true", true],
    [1, "trait('v') = true", false],
    [-0, "trait('v') = 0", true],
    [['a', ['b', null]], "trait('v') = 'b'", true],
    [['a', 'b'], "trait('v') != 'b'", false],
    [[], "trait('v') != 'b'", false],
    [[], "trait('v').absent()", true],
    [[null], "trait('v').exists()", false],
    ['', "trait('v').exists()", true],
    ['shoes', "trait('v').contains('x', 'oe')", true],
    ['shoes', "trait('v').contains('')", true],
    [125, "trait('v').contains('25')", true],
    ['shoes', "trait('v').omits('x', 'oe')", false],
    [undefined, "trait('v').omits('x')", true],
    [undefined, "trait('v').none_of('x')", true],
    [undefined, "trait('v') != 'x'", false],
    ['shoes', "trait('v').starts_with('sh')", true],
    ['shoes', "trait('v').ends_with('sh')", false],
    [5, "trait('v').one_of('5', 'x')", true],
    [{ a: 1 }, "trait('v') = '{\"a\":1}'", true],
    [{ a: { b: 1 } }, "trait('v.a.b') = 1", true],
    [{ 'a.b': 2, a: { b: 1 } }, "trait('v.a.b') = 1", false],
    [{ 'a.b': 2, a: { b: 1 } }, "trait('v.a.b') = 2", true],
    [{ 'a.b': 2, a: { b: 1 } }, "trait('v.a\\.b') = 2", true],
    [[{ a: 1 }, { a: 2 }, 3], "trait('v.a') = 2", true],
    [[{ a: 1 }, { a: 2 }], "trait('v.$.a') = 2", true],
    [[1, 2], "trait('v.$') = 2", true],
    ['1970-01-02', "trait('v').before_date('1970-01-02T00:00:00.001Z')", true],
    ['1970-01-02T01:00:00+01:00', "trait('v').after_date(1970-01-01T23:59:59Z)", true],
    ['1970-02-30', "trait('v').before_date(2000-01-01)", false],
    [5, "trait('v').before_date(1970-01-01T00:00:01)", true],
    ['5', "trait('v').before_date(1970-01-01T00:00:01)", false],
    ['2000-01-01', "trait('v') = 2000-01-01", true],
    ['b', "trait('v') != trait('missing')", false],
    [undefined, "trait('v').none_of(trait('missing'))", false],
    ['b', "trait('v').one_of(trait('missing'), 'b')", true],
  ])('%j: %s is %s', (v, query, holds) => {
    expect(isMember(query, [identify(0, 'u1', { v })])).toBe(holds)
  })

  it('changes relative dates by time alone, both ends inclusive', () => {
    const audiences = ['within_last', 'before_last', 'within_next', 'after_next'].map((name) =>
      audience(name, `trait('v').${name}(1 hour)`),
    )
    const millisecond = 1 / MINUTE
    expect(run(audiences, [identify(0, 'u1', { v: 120 * MINUTE })])).toEqual([
      '0 entered after_next u1',
      '60 entered within_next u1',
      `${60 + millisecond} exited after_next u1`,
      '120 entered within_last u1',
      `${120 + millisecond} exited within_next u1`,
      '180 entered before_last u1',
      `${180 + millisecond} exited within_last u1`,
    ])
  })

  it('reads an instant of every ISO 8601 form, and of no impossible date', () => {
    expect(instantOfText('1970-01-01T00:01')).toBe(MINUTE)
    expect(instantOfText('1970-01-01T00:01:00.1239-0030')).toBe(31 * MINUTE + 123)
    expect(['2023-02-29', '2023-01-01T24:00', '2023-01-01 10:00', '', '5'].map(instantOfText)).toEqual(
      Array(5).fill(undefined),
    )
  })
})

describe('windows, sessions, reducers', () => {
  it('holds an event between its two ages, the later exclusive, whatever their order', () => {
    const between = audience('a', "event('A').between(2 hours, 1 hour).count() >= 1")
    expect(run([between], [track(0, 'u1', 'A')])).toEqual(['60 entered a u1', '120 exited a u1'])
  })

  it('has empty windows of no length', () => {
    expect(valueOf("event('A').within(0 days).sum(property('p'))", withValues(1))).toBeNull()
    expect(valueOf("event('A').between(1 hour, 1 hour).count()", withValues(1))).toBeNull()
  })

  it('counts the latest session only, which ends by itself', () => {
    const session = computed('c', "event('A').expires_after(1 hour).count()")
    const events = [track(0, 'u1', 'A'), track(60, 'u1', 'A'), track(119, 'u1', 'A')]
    expect(run([session], events)).toEqual(['0 c=1 u1', '119 c=2 u1', '179 c=0 u1'])
    const bridge = track(120, 'u1', 'A', {}, { timestamp: iso(30) })
    expect(run([session], [...events, bridge], 130)).toEqual(['0 c=1 u1', '119 c=2 u1', '120 c=4 u1'])
  })

  it('lets a session see only what the other filters let through', () => {
    const session = computed('c', "event('A').expires_after(1 hour).where(property('p') = 1).count()")
    const events = [track(0, 'u1', 'A', { p: 1 }), track(40, 'u1', 'A', { p: 2 }), track(80, 'u1', 'A', { p: 1 })]
    expect(run([session], events, 100)).toEqual(['0 c=1 u1', '60 c=0 u1', '80 c=1 u1'])
  })

  it.each<[reducer: string, values: unknown[], value: JsonValue]>([
    ["sum(property('p'))", [0.1, '0.2', 'x', [1, 2]], 3.3],
    ["sum(property('p'))", [1e16, 1, -1e16], 1],
    ["sum(property('p'))", [1e308, 1e308], null],
    ["sum(property('p'))", ['x'], null],
    ["avg(property('p'))", [1, 2, null], 1.5],
    ["min(property('p'))", ['9', 10], 9],
    ["max(property('p') as string)", ['9', 10], '9'],
    ["min(property('p') as string)", ['9', 10], '10'],
    ["first(property('p'))", [null, ['x', 'y'], 'z'], 'x'],
    ["last(property('p'))", [1, ['x', 'y'], null], 'y'],
    ["unique(property('p'))", ['b', 10, '10', 'B', [true]], [10, 'B', 'b', true]],
    ["unique(property('p')).count()", ['b', 10, '10'], 2],
    ["mode(property('p'))", ['x', 'y'], null],
    ["mode(property('p'))", ['y', 'x', 'y', 'x'], 'x'],
    ["mode(property('p'), 2)", [10, '10', 9], 10],
    ["mode(property('p') as string, 1)", [10, '10', 9], '10'],
    ["mode(property('p') as number, 2)", ['x', 'x', '10', 10], '10'],
    ["mode(property('p') as array, 2)", [['x'], ['x'], 'x'], ['x']],
  ])('%s of %j is %j', (reducer, values, value) => {
    expect(valueOf(`event('A').${reducer}`, withValues(...values))).toEqual(value)
  })

  it('sums exactly, rounding once', () => {
    expect(exactSum([0.1, 0.2, 0.3, -0.3, -0.2])).toBe(0.1)
    expect(exactSum([2 ** 53, 1])).toBe(2 ** 53)
    expect(exactSum([2 ** 53, 1, 2 ** -1074])).toBe(2 ** 53 + 2)
    expect(exactSum([5e-324, 5e-324])).toBe(1e-323)
    expect(exactSum([Number.MAX_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE])).toBe(Number.MAX_VALUE)
  })

  it('keeps a count absent until it was once 1', () => {
    const counts = [computed('c', "event('A').within(1 hour).count()"), audience('a', "trait('c') = 0")]
    expect(run(counts, [track(0, 'u1', 'X'), track(10, 'u1', 'A')])).toEqual([
      '10 c=1 u1',
      '70 c=0 u1',
      '70 entered a u1',
    ])
  })
})

describe('funnels and references', () => {
  const then = (minutes: number[], query: string) =>
    isMember(
      query,
      minutes.map((minute, index) => track(minute, 'u1', index === 0 ? 'A' : 'B', { k: index })),
    )

  it('looks at children strictly after each parent, up to the end of their window', () => {
    const funnel = "event('A').where(event('B').within(parent: 1 hour).count() >= 1).count() >= 1"
    expect(then([0, 0], funnel)).toBe(true)
    expect(then([0, 59], funnel)).toBe(true)
    expect(then([0, 60], funnel)).toBe(false)
    expect(
      isMember("event('B').where(event('A').count() >= 1).count() >= 1", [track(0, 'u1', 'A'), track(0, 'u1', 'B')]),
    ).toBe(false)
  })

  it('judges each parent by itself', () => {
    const abandoned = "event('A').where(NOT event('B').count() >= 1).count() >= 1"
    expect(isMember(abandoned, [track(0, 'u1', 'A'), track(1, 'u1', 'B')])).toBe(false)
    expect(isMember(abandoned, [track(0, 'u1', 'A'), track(1, 'u1', 'B'), track(2, 'u1', 'A')])).toBe(true)
  })

  it('lets plain windows of a child run by the clock', () => {
    const funnel = audience('a', "event('A').where(event('B').within(1 hour).count() >= 1).count() >= 1")
    expect(run([funnel], [track(0, 'u1', 'A'), track(10, 'u1', 'B')])).toEqual(['10 entered a u1', '70 exited a u1'])
  })

  it('compares with the directly enclosing event, and with nothing where it has no such property', () => {
    const same = (comparator: string) =>
      `event('A').where(event('B').where(property('k') ${comparator} property(parent: 'k')).count() >= 1).count() >= 1`
    const pair = (parent: Fields, child: Fields) => [track(0, 'u1', 'A', parent), track(1, 'u1', 'B', child)]
    expect(isMember(same('='), pair({ k: 1 }, { k: '1' }))).toBe(true)
    expect(isMember(same('!='), pair({ k: 1 }, { k: 2 }))).toBe(true)
    expect(isMember(same('!='), pair({}, { k: 2 }))).toBe(false)
  })

  it('judges past events anew when a trait changes', () => {
    const dear = audience('a', "event('A').where(property('p') >= trait('t')).count() >= 1")
    expect(
      run([dear], [track(0, 'u1', 'A', { p: 5 }), identify(1, 'u1', { t: 5 }), identify(2, 'u1', { t: 6 })]),
    ).toEqual(['1 entered a u1', '2 exited a u1'])
  })
})

describe('identity', () => {
  const count = computed('c', "event('A').count()")

  it('unites profiles that share an id; the one with a user id survives', () => {
    const audienceOfAll = audience('a', "event('A').count() >= 1", { includeAnonymousUsers: true })
    const inputs = [anonymous(0, 'x', 'A'), track(1, 'u1', 'A'), track(2, 'u1', 'B', {}, { anonymousId: 'x' })]
    expect(run([count, audienceOfAll], inputs)).toEqual([
      '0 c=1 anonymous_id:x',
      '0 entered a anonymous_id:x',
      '1 c=1 u1',
      '1 entered a u1',
      '2 c=2 u1',
    ])
  })

  it('keeps members of either side in, and numbers on from the larger sequence', () => {
    const recent = audience('a', "event('A').within(1 hour).count() >= 1", { includeAnonymousUsers: true })
    const inputs = [
      anonymous(0, 'x', 'A'),
      anonymous(100, 'x', 'A'),
      track(110, 'u1', 'X'),
      track(120, 'u1', 'X', {}, { anonymousId: 'x' }),
    ]
    const transitions = runOracle({ definitions: [recent], inputs, until: LATER * MINUTE })
    expect(transitions.map((transition) => `${row(transition)} ${transition.sequence}`)).toEqual([
      '0 entered a anonymous_id:x 1',
      '60 exited a anonymous_id:x 2',
      '100 entered a anonymous_id:x 3',
      '160 exited a u1 4',
    ])
  })

  it('leaves out the lowest id where a limit would break', () => {
    const six = Array.from({ length: 6 }, (_, index) => track(index, 'u1', 'A', {}, { anonymousId: `a${index}` }))
    expect(run([count], [...six, anonymous(6, 'a5', 'A')]).slice(-2)).toEqual(['5 c=6 u1', '6 c=1 anonymous_id:a5'])
    expect(
      run([count], [track(0, 'u1', 'A', {}, { anonymousId: 'x' }), track(1, 'u2', 'A', {}, { anonymousId: 'x' })]),
    ).toEqual(['0 c=1 u1', '1 c=1 u2'])
  })

  it('reads ids from every place, and ignores blocked ones', () => {
    const ids = (fields: Fields) => {
      const oracle = Oracle.of([])
      oracle.apply(call(0, { type: 'track', event: 'A', ...fields }))
      return oracle.users.flatMap((user) => user.ids)
    }
    const device = { type: 'android', id: 'd', advertisingId: 'ad', adTrackingEnabled: true, token: 't' }
    const externalIds = [
      { id: 7, type: 'crm', collection: 'users', encoding: 'none' },
      { id: 'x', type: 'crm', collection: 'accounts', encoding: 'none' },
      { id: 'x', type: 'crm', collection: 'users' },
    ]
    const context = { device, externalIds, traits: { email: ' E@X.io ' } }
    expect(ids({ userId: 12, anonymousId: 'n', context })).toEqual([
      'user_id:12',
      'email:e@x.io',
      'android.id:d',
      'android.idfa:ad',
      'android.push_token:t',
      'anonymous_id:n',
      'crm:7',
    ])
    expect(ids({ userId: '00-0', anonymousId: 'null', context: { traits: { email: 'Anonymous' } } })).toEqual([])
    expect(ids({ context: { device: { ...device, adTrackingEnabled: false } } })).not.toContain('android.idfa:ad')
  })

  it('journals an alias and changes nothing', () => {
    const alias = call(0, { type: 'alias', userId: 'u1', previousId: 'x', messageId: 'm' })
    const oracle = Oracle.of([count])
    for (const input of [alias, track(1, 'u2', 'A', {}, { messageId: 'm' })]) oracle.apply(input)
    expect(oracle.users).toEqual([])
  })
})

describe('audiences and computed traits', () => {
  it('admits only profiles with an id that counts, at the input that gives it', () => {
    const ever = (options: Partial<DefinitionSource>) => [audience('a', "event('A').count() >= 1", options)]
    const inputs = [anonymous(0, 'x', 'A'), identify(1, 'u1', {}, { anonymousId: 'x' })]
    expect(run(ever({}), inputs)).toEqual(['1 entered a u1'])
    expect(run(ever({ includeAnonymousUsers: true }), inputs)).toEqual(['0 entered a anonymous_id:x'])
    expect(run(ever({ filterByExternalIds: ['email'] }), inputs)).toEqual([])
    expect(run(ever({ filterByExternalIds: [] }), inputs)).toEqual([])
  })

  it('settles references in order, without glitches, and never reads a custom trait under a defined key', () => {
    const definitions = [
      audience('b', "trait('a') = false"),
      audience('a', "trait('c') >= 2"),
      computed('c', "event('A').count()"),
    ]
    const inputs = [identify(0, 'u1', { a: true, c: 9 }), track(1, 'u1', 'A'), track(2, 'u1', 'A')]
    expect(run(definitions, inputs)).toEqual([
      '0 entered b u1',
      '1 c=1 u1',
      '2 c=2 u1',
      '2 entered a u1',
      '2 exited b u1',
    ])
  })

  it('reads a key with dots whole before its first part', () => {
    const definitions = [computed('o', "event('A').last(property('p'))"), audience('a', "trait('o.x') = 1")]
    expect(run(definitions, [track(0, 'u1', 'A', { p: { x: 1 } })])).toContain('0 entered a u1')
    const shadowed = [...definitions, computed('o.x', "event('B').count()")]
    expect(run(shadowed, [track(0, 'u1', 'A', { p: { x: 1 } })])).toEqual(['0 o={"x":1} u1'])
  })

  it('refuses a cycle', () => {
    expect(() => Oracle.of([audience('a', "trait('b') = true"), audience('b', "trait('a') = true")])).toThrow('cycle')
  })
})

describe('definitions while running', () => {
  const define = (minute: number, definition: DefinitionSource): OracleInput => ({
    kind: 'define',
    definition,
    receivedAt: minute * MINUTE,
  })

  it('computes a new definition over the history, at its instant', () => {
    const inputs = [track(0, 'u1', 'A'), define(30, audience('a', "event('A').within(1 hour).count() >= 1"))]
    expect(run([], inputs)).toEqual(['30 entered a u1', '60 exited a u1'])
  })

  it('finds in a backfill whether a count was ever 1', () => {
    const count = computed('c', "event('A').within(1 hour).count()")
    expect(run([], [track(0, 'u1', 'A'), define(500, count)])).toEqual(['500 c=0 u1'])
    expect(run([], [track(500, 'u1', 'A', {}, { timestamp: iso(0) }), define(501, count)])).toEqual([])
  })

  it('starts at its creation where history does not count', () => {
    const count = computed('c', "event('A').count()", { includeHistoricalData: false })
    expect(run([], [track(0, 'u1', 'A'), define(1, count), track(2, 'u1', 'A')])).toEqual(['2 c=1 u1'])
  })

  it('lets an edit change members, and a removal none', () => {
    const edited = define(1, audience('a', "event('B').count() >= 1"))
    const removal: OracleInput = { kind: 'remove', key: 'a', type: 'USERS', receivedAt: 2 * MINUTE }
    const inputs = [track(0, 'u1', 'A'), edited, removal, track(3, 'u1', 'B')]
    expect(run([audience('a', "event('A').count() >= 1")], inputs)).toEqual(['0 entered a u1', '1 exited a u1'])
  })
})

describe('accounts', () => {
  it('asks any, all and none of the linked users', () => {
    const definitions = ['ANY', 'ALL', 'NONE'].map((word) =>
      audience(word.toLowerCase(), `${word} event('A').count() >= 1`, ACCOUNTS),
    )
    const inputs = [group(0, 'u1', 'g'), group(0, 'u2', 'g'), track(1, 'u1', 'A'), track(2, 'u2', 'A')]
    expect(run(definitions, inputs)).toEqual([
      '0 entered none group_id:g',
      '1 entered any group_id:g',
      '1 exited none group_id:g',
      '2 entered all group_id:g',
    ])
  })

  it("unites its users' events, the whole history of whoever joins", () => {
    const definitions = [
      computed('c', "event('A').count()", ACCOUNTS),
      audience('pro', "trait('plan') = 'pro'", ACCOUNTS),
    ]
    const inputs = [track(0, 'u1', 'A'), group(1, 'u1', 'g', { plan: 'pro' }), track(2, 'u2', 'A'), group(3, 'u2', 'g')]
    expect(run(definitions, inputs)).toEqual(['1 c=1 group_id:g', '1 entered pro group_id:g', '3 c=2 group_id:g'])
  })

  it('counts the events of merged users once', () => {
    const join = call(1, { type: 'group', anonymousId: 'x', groupId: 'g' })
    const merge = track(3, 'u1', 'X', {}, { anonymousId: 'x' })
    const inputs = [anonymous(0, 'x', 'A'), join, group(2, 'u1', 'g'), merge, track(4, 'u1', 'A')]
    expect(run([computed('c', "event('A').count()", ACCOUNTS)], inputs)).toEqual([
      '1 c=1 group_id:g',
      '4 c=2 group_id:g',
    ])
  })

  it('shows its audiences to all its users at once, those who join later too', () => {
    const definitions = [
      audience('big', "event('A').within(1 hour).count() >= 1", ACCOUNTS),
      audience('in_big', "trait('big') = true"),
      audience('not_in_big', "trait('big') = false"),
      audience('everyone', "ALL trait('in_big') = true", ACCOUNTS),
    ]
    const inputs = [group(0, 'u1', 'g'), group(0, 'u2', 'g'), track(1, 'u1', 'A'), group(2, 'u3', 'g')]
    expect(run(definitions, inputs, 2)).toEqual([
      '0 entered not_in_big u1',
      '0 entered not_in_big u2',
      '1 entered big group_id:g',
      '1 entered in_big u1',
      '1 entered in_big u2',
      '1 exited not_in_big u1',
      '1 exited not_in_big u2',
      '1 entered everyone group_id:g',
      '2 entered in_big u3',
    ])
  })

  it('takes a user as it was when it last settled', () => {
    const any = audience('any', "ANY event('A').within(1 hour).count() >= 1", ACCOUNTS)
    const inputs = [group(0, 'u1', 'g'), group(0, 'u2', 'g'), track(0, 'u1', 'A')]
    expect(run([any], [...inputs, track(60, 'u2', 'A')], 90)).toEqual(['0 entered any group_id:g'])
    expect(run([any], [...inputs, track(61, 'u2', 'A')], 90)).toEqual([
      '0 entered any group_id:g',
      '60 exited any group_id:g',
      '61 entered any group_id:g',
    ])
  })

  it('hides computed traits of accounts from users and of users from accounts', () => {
    const definitions = [
      computed('n', "event('A').count()", ACCOUNTS),
      computed('m', "event('A').count()"),
      audience('a', "trait('n').exists()"),
      audience('b', "trait('m').exists()", ACCOUNTS),
    ]
    const inputs = [identify(0, 'u1', { n: 1 }), group(1, 'u1', 'g', { m: 1 }), track(2, 'u1', 'A')]
    expect(run(definitions, inputs)).toEqual(['2 n=1 group_id:g', '2 m=1 u1'])
  })

  it('needs a group id that is not blocked', () => {
    const oracle = Oracle.of([])
    oracle.apply(group(0, 'u1', 'null'))
    expect(oracle.users).toEqual([])
  })
})
