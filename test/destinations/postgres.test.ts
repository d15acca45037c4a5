/**
 * The tables in a real Postgres, after each kind of call, repeats, failures and kills. `script/ensure-postgres` finds
 * or installs it.
 */
import { setMaxListeners } from 'node:events'
import { connect as connectSocket, createServer } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAddresses } from '../../destinations/contract/address-guard.ts'
import { DeliveryError, type Destination } from '../../destinations/contract/destination.ts'
import { postgresDestination } from '../../destinations/postgres/postgres.ts'
import { parseSettings } from '../../destinations/registry.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { makeCertificate } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { POSTGRES_MISSING, POSTGRES_PROGRAMS, usePostgres } from '../support/own-postgres.ts'
import { freePort } from '../support/processes.ts'
import { propertyRuns } from '../support/runs.ts'
import { group, identify, PERSONAS, SINCE, track } from './calls.ts'
import { contextWith } from './context.ts'
import { listen, outcome } from './contract/loopback.ts'

const { signal } = new AbortController()
setMaxListeners(0, signal)
const postgres = usePostgres()
if (POSTGRES_PROGRAMS === undefined) console.warn(POSTGRES_MISSING)
const opened: Destination[] = []
/** That of the test that runs. */
let schema = ''
let schemas = 0
let destination: Destination

function connect(settings: object = {}, context = contextWith()): Destination {
  const parsed = parseSettings(postgresDestination, { ...postgres().settings, schema, ...settings })
  const made = postgresDestination.connect(parsed, context)
  opened.push(made)
  return made
}

async function closeAll(): Promise<void> {
  for (const one of opened.splice(0)) await one.close?.()
}

async function apply(...calls: DeliveryCall[]): Promise<string[]> {
  const failures = await destination.deliverBatch!(calls, signal)
  return failures.map((failure) => (failure ? `${failure.kind} ${failure.reason}` : 'arrived'))
}

/** The rows of a query, each as its values with spaces between; `$` stands for the schema. */
async function rows(text: string): Promise<string[]> {
  const found = await postgres().query(text.replaceAll('$', schema))
  return found.map((row) => Object.values(row).map(shown).join(' '))
}

function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const members = () => rows(`select id_type, id_value from $.current_members order by 1, 2`)
const held = () => rows(`select id_type, id_value, is_member from $.memberships order by 1, 2`)
const traits = () => rows(`select trait_key, id_value, value from $.traits order by 1, 2`)

/** Resolves with the error that a delivery rejects with. */
async function failureOf(delivery: Promise<void>): Promise<DeliveryError> {
  const failure = await delivery.catch((error: unknown) => error)
  if (failure instanceof DeliveryError) return failure
  throw new Error('It has arrived, or failed otherwise', { cause: failure })
}

/** An instant, some minutes after the first. */
function minute(count: number): string {
  return new Date(Date.parse(SINCE) + count * 60_000).toISOString()
}

let messages = 0

/** A change of the audience `vips`, of the instant and under the id that are given. */
function change(userId: string, isMember: boolean, at = 0, messageId = `m${++messages}`): DeliveryCall {
  return identify(userId, { vips: isMember }, { messageId, timestamp: minute(at) })
}

/** A value of the computed trait `score`. */
function score(userId: string, value: JsonValue, at = 0, messageId = `m${++messages}`): DeliveryCall {
  const personas = {
    ...PERSONAS,
    computation_class: 'trait',
    computation_id: 'tra_1',
    computation_key: 'score',
  } as const
  return identify(userId, { score: value }, { messageId, timestamp: minute(at), context: { personas } })
}

describe.skipIf(POSTGRES_PROGRAMS === undefined)('a Postgres', () => {
  beforeEach(() => {
    schema = `test_${++schemas}`
    destination = connect()
  })

  afterEach(closeAll)

  describe('memberships', () => {
    it('begin and end', async () => {
      expect(await apply(change('u1', true), change('u2', true), change('u3', true))).toEqual(Array(3).fill('arrived'))
      await apply(change('u2', false, 1), change('u4', true, 1))
      expect(await members()).toEqual(['user_id u1', 'user_id u3', 'user_id u4'])
      expect(await held()).toEqual(['user_id u1 true', 'user_id u2 false', 'user_id u3 true', 'user_id u4 true'])
    })

    it('are told of by calls of each type, and lie under each id that is addressed', async () => {
      const externalIds = [{ id: 'c-7', type: 'customer_no', collection: 'users', encoding: 'none' } as const]
      await apply(
        track('u1', { vips: true, audience_key: 'vips', email: 'no-id@example.com' }, 'u1@example.com'),
        identify('u2', { vips: true, email: 'u2@example.com' }, { context: { personas: PERSONAS, externalIds } }),
        group('g1', { vips: true, email: 'no-id@example.com' }),
        identify('', { vips: true }, { anonymousId: 'a1' }),
      )
      expect(await members()).toEqual([
        'anonymous_id a1',
        'customer_no c-7',
        'email u1@example.com',
        'email u2@example.com',
        'group_id g1',
        'user_id u1',
        'user_id u2',
      ])
    })

    it('of whoever has an email are not under the anonymous id beside it, but end under it', async () => {
      const known = (vips: boolean, at: number) =>
        identify('', { vips, email: 'e1' }, { anonymousId: 'a1', messageId: `k${at}`, timestamp: minute(at) })
      const unknown = identify('', { vips: true }, { anonymousId: 'a1', messageId: 'k0', timestamp: minute(0) })
      await apply(known(true, 1))
      expect(await members()).toEqual(['email e1'])
      await apply(unknown, known(false, 2))
      expect(await held()).toEqual(['anonymous_id a1 false', 'email e1 false'])
    })

    it('have the instants of the last entry and the last exit', async () => {
      const stay = () => rows(`select entered_at, left_at, changed_at from $.memberships`)
      await apply(change('u1', true, 1))
      await apply(change('u1', true, 2))
      expect(await stay()).toEqual([`${minute(1)} null ${minute(2)}`])
      await apply(change('u1', false, 3))
      expect(await stay()).toEqual([`${minute(1)} ${minute(3)} ${minute(3)}`])
      await apply(change('u1', true, 4))
      expect(await stay()).toEqual([`${minute(4)} ${minute(3)} ${minute(4)}`])
      await apply(change('u1', false, 5), change('u1', true, 6), change('u1', true, 7))
      expect(await stay()).toEqual([`${minute(6)} ${minute(5)} ${minute(7)}`])
      await apply(change('u1', false, 8), change('u1', true, 9), change('u1', false, 10))
      expect(await stay()).toEqual([`${minute(9)} ${minute(10)} ${minute(10)}`])
    })

    it('have the traits that came along', async () => {
      await apply(identify('u1', { vips: true, email: 'e1', plan: 'pro', tags: ['a'], gone: null }))
      const enrichment = () => rows(`select id_type, enrichment from $.current_members order by 1`)
      const all = '{"gone":null,"plan":"pro","tags":["a"]}'
      expect(await enrichment()).toEqual([`email ${all}`, `user_id ${all}`])
      await apply(track('u1', { vips: true, audience_key: 'vips', plan: 'free' }))
      expect(await enrichment()).toEqual([`email ${all}`, `user_id ${all}`])
      await apply({ ...track('u1', { vips: true, audience_key: 'vips', plan: 'free' }), timestamp: minute(1) })
      expect(await enrichment()).toEqual([`email ${all}`, 'user_id {"plan":"free"}'])
      await apply(change('u1', true, 2))
      expect(await enrichment()).toEqual([`email ${all}`, 'user_id null'])
    })

    it('of spaces do not meet', async () => {
      const elsewhere = { personas: { ...PERSONAS, space_id: 'spa_2', computation_id: 'aud_2' } }
      await apply(change('u1', true), identify('u1', { vips: false }, { context: elsewhere }))
      expect(await rows('select space, is_member from $.memberships order by 1')).toEqual(['spa_1 true', 'spa_2 false'])
      expect(await rows('select space from $.current_members')).toEqual(['spa_1'])
    })

    it('of an audience that was removed are no longer current once another of its key is told', async () => {
      const newer = { context: { personas: { ...PERSONAS, computation_id: 'aud_2' } } }
      await apply(change('u1', true, 5), change('u2', true, 5))
      await apply(identify('u3', { vips: true }, { ...newer, messageId: 'n1', timestamp: minute(6) }))
      expect(await members()).toEqual(['user_id u3'])
      await apply(identify('u1', { vips: true }, { ...newer, messageId: 'n2', timestamp: minute(1) }))
      expect(await members()).toEqual(['user_id u1', 'user_id u3'])
      await apply(change('u1', false, 9), change('u2', true, 9))
      expect(await members()).toEqual(['user_id u1', 'user_id u3'])
      expect(await rows("select entered_at from $.current_members where id_value = 'u1'")).toEqual([minute(1)])
    })
  })

  describe('computed traits', () => {
    it('have any value, and null is none', async () => {
      const values: JsonValue[] = [0, 1.5e300, '', 'text', true, ['a', null], { 'a"\\b': { c: '\\u0000' } }, null]
      await apply(...values.map((value, index) => score(`u${index}`, value)))
      expect(await traits()).toEqual(values.map((value, index) => `score u${index} ${shown(value)}`))
      expect(await rows('select count(*)::int from $.traits where value is null')).toEqual(['1'])
      expect(await rows('select count(*)::int from $.current_traits')).toEqual(['7'])
    })

    it('change, end and come again', async () => {
      await apply(score('u1', 1, 1))
      await apply(score('u1', 2, 2), score('u2', 7, 2))
      expect(await traits()).toEqual(['score u1 2', 'score u2 7'])
      await apply(score('u1', null, 3))
      expect(await rows('select id_value from $.current_traits')).toEqual(['u2'])
      await apply(score('u1', 3, 4))
      expect(await traits()).toEqual(['score u1 3', 'score u2 7'])
    })

    it('and memberships come in one batch, by identify and by track', async () => {
      const { context } = score('u1', 1)
      const tracked = { ...track('u1', { score: 5, trait_key: 'score', plan: 'pro' }), context }
      expect(await apply(change('u1', true), tracked, score('u2', 6))).toEqual(Array(3).fill('arrived'))
      expect([await members(), await traits()]).toEqual([['user_id u1'], ['score u1 5', 'score u2 6']])
      expect(await rows("select enrichment from $.traits where id_value = 'u1'")).toEqual(['{"plan":"pro"}'])
    })
  })

  describe('people who are deleted', () => {
    const last = { vips: false, email: 'e1' }

    it('leave no row behind, in any table of the space', async () => {
      const elsewhere = { personas: { ...PERSONAS, space_id: 'spa_2' } }
      await apply(
        identify('u1', { vips: true, email: 'e1' }),
        identify('u1', { vips: true }, { context: elsewhere }),
        change('u2', true),
        score('u1', 5),
        score('u2', 6),
      )
      const call = identify('u1', last, { timestamp: minute(1), messageId: 'last' })
      for (let times = 0; times < 2; times++) {
        await apply(call)
        await destination.deleteUser!(call, signal)
        expect(await rows('select space, id_value from $.memberships order by 1')).toEqual(['spa_1 u2', 'spa_2 u1'])
        expect(await traits()).toEqual(['score u2 6'])
      }
    })

    it('who were never held are none', async () => {
      await apply(change('u1', true))
      for (const user of ['u2', 'u\0']) await destination.deleteUser!(change(user, false), signal)
      expect(await held()).toEqual(['user_id u1 true'])
    })

    it('are refused to a user who may delete nothing, and the test of the connection says so', async () => {
      await postgres().query(`create role keeper${schemas} login password 'p'`)
      await apply(identify('u1', last))
      await postgres().query(`grant usage on schema ${schema} to keeper${schemas}`)
      await postgres().query(`grant select, insert, update on all tables in schema ${schema} to keeper${schemas}`)
      const keeping = connect({ user: `keeper${schemas}`, password: 'p' })
      expect(await outcome(keeping.deleteUser!(identify('u1', last), signal))).toBe('terminal sqlstate_42501')
      expect(await outcome(keeping.testConnection!(signal))).toBe('terminal sqlstate_42501')
    })
  })

  describe('repeats', () => {
    it('and older changes change nothing', async () => {
      const [first, second] = [change('u1', true, 1), change('u1', false, 2)]
      await apply(first)
      await apply(second)
      const before = await rows('select *, xmin from $.memberships')
      expect(await apply(first, second)).toEqual(['arrived', 'arrived'])
      await apply(second)
      await apply(first)
      await apply(change('u1', true, 0))
      expect(await rows('select *, xmin from $.memberships')).toEqual(before)
    })

    it('of one instant count where they came first', async () => {
      const [enters, leaves, again] = [change('u1', true), change('u1', false), change('u1', true)]
      await apply(enters)
      await apply(leaves)
      await apply(enters)
      expect(await members()).toEqual([])
      await apply(leaves, again)
      await apply(leaves)
      await apply(leaves, enters)
      expect(await members()).toEqual(['user_id u1'])
    })

    it('keep no more than ten ids of an instant', async () => {
      for (let count = 0; count < 30; count++) await apply(score('u1', count))
      expect(await rows('select value, cardinality(earlier_message_ids) from $.traits')).toEqual(['29 10'])
      await apply(...Array.from({ length: 30 }, (_, count) => score('u1', -count)))
      expect(await rows('select value, cardinality(earlier_message_ids) from $.traits')).toEqual(['-29 10'])
      await apply(score('u1', 1, 1))
      expect(await rows('select value, cardinality(earlier_message_ids) from $.traits')).toEqual(['1 0'])
    })

    /** Changes in their order, some at one instant; the times at which they come again, and batches, by chance. */
    const story = fc.record({
      changes: fc.array(
        fc.record({ user: fc.constantFrom('u1', 'u2'), value: fc.boolean(), later: fc.constantFrom(0, 0, 1) }),
        { minLength: 1, maxLength: 8 },
      ),
      again: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }),
      cuts: fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
    })

    /** The rows after calls that came one by one, each once. */
    function told(calls: readonly DeliveryCall[]): string[] {
      const stays = new Map<string, [isMember: boolean, enteredAt: string | null, leftAt: string | null, at: string]>()
      for (const call of calls) {
        const [wasMember, enteredAt, leftAt] = stays.get(call.userId!) ?? [false, null, null]
        const isMember = call.type === 'identify' && call.traits['vips'] === true
        const since = isMember && !wasMember ? call.timestamp : enteredAt
        stays.set(call.userId!, [isMember, since, isMember ? leftAt : call.timestamp, call.timestamp])
      }
      return Array.from(stays, ([user, stay]) => [user, ...stay.map(shown)].join(' ')).sort()
    }

    it('in any order and any batches leave the newest of each, since when it holds included', async () => {
      let runs = 0
      await fc.assert(
        fc.asyncProperty(story, async ({ changes, again, cuts }) => {
          const run = ++runs
          let at = 0
          const calls = changes.map(({ user, value, later }) => change(`${run}-${user}`, value, (at += later)))
          const sent = [...calls]
          // What comes again has come before.
          for (const [nth, place] of again) {
            const index = nth % calls.length
            const first = sent.indexOf(calls[index]!)
            sent.splice(first + 1 + (place % (sent.length - first)), 0, calls[index]!)
          }
          const batches: DeliveryCall[][] = [[]]
          sent.forEach((call, index) => {
            if (cuts[index % cuts.length]) batches.push([])
            batches.at(-1)!.push(call)
          })
          for (const batch of batches) await apply(...batch)
          const found = await rows(
            `select id_value, is_member, entered_at, left_at, changed_at from $.memberships
              where id_value like '${run}-%' order by 1`,
          )
          expect(found).toEqual(told(calls))
        }),
        propertyRuns(60),
      )
    })
  })

  describe('batches', () => {
    it('of ten thousand rows arrive', async () => {
      const calls = Array.from({ length: 10_000 }, (_, index) => change(`u${index}`, true))
      expect(new Set(await apply(...calls))).toEqual(new Set(['arrived']))
      for (let from = 0; from < calls.length; from += 1_000)
        await apply(...calls.slice(from, from + 1_000).map(({ userId }, index) => change(userId!, index % 2 === 0, 1)))
      expect(await rows('select is_member, count(*)::int from $.memberships group by 1 order by 1')).toEqual([
        'false 5000',
        'true 5000',
      ])
    })

    it('by several connections at once, of the same rows in different orders, do not stand in each other’s way', async () => {
      const users = Array.from({ length: 200 }, (_, index) => `u${index}`)
      const batches = Array.from({ length: 12 }, (_, at) =>
        (at % 2 === 0 ? users : [...users].reverse()).map((user) => change(user, at % 2 === 0, at)),
      )
      const outcomes = await Promise.all(batches.map((batch) => apply(...batch)))
      expect(new Set(outcomes.flat())).toEqual(new Set(['arrived']))
      expect(await members()).toEqual([])
      expect(await rows('select count(*)::int from $.memberships')).toEqual(['200'])
    })

    it('lose what the tables refuse, and nothing else', async () => {
      await apply(change('u0', true))
      const rule = `check (id_value not in ('u3', 'u17'))`
      await postgres().query(`alter table ${schema}.memberships add constraint theirs ${rule}`)
      const outcomes = await apply(...Array.from({ length: 20 }, (_, index) => change(`u${index}`, true, 1)))
      const refused = outcomes.map((each, index) => `${index} ${each}`).filter((each) => !each.includes('arrived'))
      expect(refused).toEqual(['3 terminal sqlstate_23514', '17 terminal sqlstate_23514'])
      expect(await rows('select count(*)::int from $.current_members')).toEqual(['18'])
    })

    it('say nothing of the person that is refused', async () => {
      await apply(change('u0', true))
      await postgres().query(`alter table ${schema}.memberships add constraint theirs check (id_value <> 'secret-id')`)
      const [failure] = await destination.deliverBatch!([change('secret-id', true)], signal)
      expect(failure).toMatchObject({ kind: 'terminal', message: 'The tables refuse it (SQLSTATE 23514).' })
      expect(failure!.cause).toBeUndefined()
    })

    it('of none are none', async () => {
      expect(await apply()).toEqual([])
    })
  })

  describe('text', () => {
    it.each(["'; drop table memberships; --", '"; drop schema rollcall cascade; --', '$1', '\\', 'ä{},"'])(
      'that would be SQL is text: %s',
      async (text) => {
        const personas = { ...PERSONAS, computation_key: text, space_id: text, computation_id: text }
        const call = identify(text, { [text]: true, email: text }, { messageId: text, context: { personas } })
        const trait = { ...personas, computation_class: 'trait' } as const
        expect(await apply(call, identify(text, { [text]: text }, { context: { personas: trait } }))).toEqual([
          'arrived',
          'arrived',
        ])
        const found = `select audience_key, id_value, space from $.current_members where id_type = 'user_id'`
        expect(await rows(found)).toEqual([[text, text, text].join(' ')])
        expect(await rows('select value from $.current_traits')).toEqual([text])
      },
    )

    it('that Postgres cannot hold is no id; another id of the call is told all the same', async () => {
      expect(await apply(change('u\0', true), change('u\ud800', true), change('u', true))).toEqual([
        'terminal unstorable_id',
        'terminal unstorable_id',
        'arrived',
      ])
      expect(await apply(identify('u2', { vips: true, email: 'e\0' }))).toEqual(['arrived'])
      expect(await members()).toEqual(['user_id u', 'user_id u2'])
    })

    it('that Postgres cannot hold is replaced in a value, which is up to date', async () => {
      await apply(score('u1', 'a', 1))
      expect(await apply(score('u1', { 'k\0': ['a\0b', '\ud800', '😀', '\\u0000'] }, 2))).toEqual(['arrived'])
      expect(await rows('select value from $.traits')).toEqual([
        shown({ 'k\ufffd': ['a\ufffdb', '\ufffd', '😀', '\\u0000'] }),
      ])
      const along = identify('u2', { vips: true, note: '\0' })
      expect(await apply(along)).toEqual(['arrived'])
      expect(await rows('select enrichment from $.memberships')).toEqual(['{"note":"\ufffd"}'])
    })

    it('that no index has room for is no id', async () => {
      // Text that an index cannot compress.
      const long = Array.from({ length: 2_000 }, (_, index) =>
        String.fromCharCode(33 + ((index * index * 31) % 90)),
      ).join('')
      expect(await apply(change(long, true), change(`${long}x`, true))).toEqual(['arrived', 'terminal unstorable_id'])
    })

    it.each([
      ['no value', identify('u1', { other: true }), 'no_value'],
      ['a membership that is none', identify('u1', { vips: 'yes' }), 'no_value'],
      ['nobody', identify('', { vips: true }), 'no_identity'],
      ['no instant', identify('u1', { vips: true }, { timestamp: 'yesterday' }), 'invalid_timestamp'],
      ['a value by inheritance alone', keyed('constructor'), 'no_value'],
      ['a key with a zero', keyed('a\0'), 'unstorable_key'],
      ['a key that is too long', keyed('a'.repeat(256)), 'unstorable_key'],
    ])('of a call with %s is refused', async (_, call, reason) => {
      expect(await apply(call, change('u2', true))).toEqual([`terminal ${reason}`, 'arrived'])
      expect(await outcome(destination.deliver(call, signal))).toBe(`terminal ${reason}`)
    })

    function keyed(key: string): DeliveryCall {
      const values = key === 'constructor' ? {} : { [key]: true }
      return identify('u1', values, { context: { personas: { ...PERSONAS, computation_key: key } } })
    }
  })

  describe('the tables', () => {
    it('are made once, however many begin at once', async () => {
      const others = Array.from({ length: 6 }, () => connect())
      const outcomes = await Promise.all(
        others.map((one, index) => outcome(one.deliver(change(`u${index}`, true), signal))),
      )
      expect(outcomes).toEqual(Array(6).fill('arrived'))
      expect(await rows('select version from $.schema_version')).toEqual(['1'])
      expect(await members()).toHaveLength(6)
    })

    it('are made in a schema that is there already, by a user who may make none', async () => {
      await postgres().query(`create role maker${schemas} login password 'p'`)
      await postgres().query(`create schema ${schema} authorization maker${schemas}`)
      destination = connect({ user: `maker${schemas}`, password: 'p' })
      expect(await apply(change('u1', true))).toEqual(['arrived'])
    })

    it('are written by a user who may do no more than that', async () => {
      await apply(change('u1', true))
      await postgres().query(`create role writer${schemas} login password 'p'`)
      await postgres().query(`grant usage on schema ${schema} to writer${schemas}`)
      destination = connect({ user: `writer${schemas}`, password: 'p' })
      expect(await outcome(apply(change('u2', true)))).toBe('terminal sqlstate_42501')
      await postgres().query(`grant select, insert, update on all tables in schema ${schema} to writer${schemas}`)
      expect(await apply(change('u2', true))).toEqual(['arrived'])
    })

    it('of a newer version are left alone', async () => {
      await apply(change('u1', true))
      await postgres().query(`insert into ${schema}.schema_version values (99)`)
      expect(await outcome(apply(change('u2', true)))).toBe('terminal newer_tables')
      expect(await outcome(destination.testConnection!(signal))).toBe('terminal newer_tables')
      expect(await members()).toEqual(['user_id u1'])
    })

    it('that a newer program is making are waited for, and left alone then', async () => {
      await apply(change('u1', true))
      await postgres().withClient(async (client) => {
        await client.query('begin')
        const [lock] = await locks()
        await client.query('select pg_advisory_xact_lock($1)', [lock])
        const writing = outcome(apply(change('u2', true)))
        await waiting(1)
        await client.query(`insert into ${schema}.schema_version values (2)`)
        await client.query('commit')
        expect(await writing).toBe('terminal newer_tables')
      })
      expect(await members()).toEqual(['user_id u1'])
    })

    /** The lock that a transaction under way shares with others: it is held up for as long as one looks. */
    async function locks(): Promise<bigint[]> {
      return postgres().withClient(async (client) => {
        await client.query(`begin; lock table ${schema}.memberships`)
        const writing = apply(change('u1', true))
        await waiting(1)
        const { rows: found } = await client.query<{ key: string }>(
          `select ((classid::bigint << 32) | objid::bigint)::text as key from pg_locks where locktype = 'advisory'`,
        )
        await client.query('commit')
        await writing
        return found.map(({ key }) => BigInt(key))
      })
    }

    it('of others under our names are left alone', async () => {
      await postgres().query(`create schema ${schema}`)
      await postgres().query(`create table ${schema}.memberships (theirs text)`)
      expect(await outcome(apply(change('u1', true)))).toBe('terminal sqlstate_42P07')
      expect(await rows('select * from $.memberships')).toEqual([])
      expect(await rows(`select count(*)::int from pg_tables where schemaname = '$'`)).toEqual(['1'])
    })

    it('are made anew once they are gone', async () => {
      await apply(change('u1', true))
      await postgres().query(`drop schema ${schema} cascade`)
      expect(await apply(change('u2', true))).toEqual(['arrived'])
      expect(await members()).toEqual(['user_id u2'])
    })
  })

  describe('the test of the connection', () => {
    it('leaves nothing behind', async () => {
      await destination.testConnection!(signal)
      expect(await rows(`select count(*)::int from pg_namespace where nspname = '$'`)).toEqual(['0'])
      await apply(change('u1', true))
      const before = await rows('select *, xmin from $.memberships')
      await destination.testConnection!(signal)
      expect(await rows('select *, xmin from $.memberships')).toEqual(before)
    })

    it('finds out what the user may not do', async () => {
      await postgres().query(`create role looker${schemas} login password 'p'`)
      destination = connect({ user: `looker${schemas}`, password: 'p' })
      expect(await outcome(destination.testConnection!(signal))).toBe('terminal sqlstate_42501')
      await apply().then(() => connect().deliver(change('u1', true), signal))
      await postgres().query(`grant usage, create on schema ${schema} to looker${schemas}`)
      await postgres().query(`grant select on all tables in schema ${schema} to looker${schemas}`)
      expect(await outcome(destination.testConnection!(signal))).toBe('terminal sqlstate_42501')
      await postgres().query(`grant insert, update, delete on all tables in schema ${schema} to looker${schemas}`)
      expect(await outcome(destination.testConnection!(signal))).toBe('arrived')
    })

    it('finds out that nothing may be written', async () => {
      await postgres().query(`create role standby${schemas} superuser login password 'p'`)
      await postgres().query(`alter role standby${schemas} set default_transaction_read_only = on`)
      destination = connect({ user: `standby${schemas}`, password: 'p' })
      expect(await outcome(destination.testConnection!(signal))).toBe('retryable sqlstate_25006')
    })
  })

  describe('who is let in', () => {
    it.each([
      ['another password', { password: 'guessed-password' }, 'sqlstate_28P01', /settings\.password/],
      ['no password', { password: undefined }, 'authentication', /settings\.password/],
      ['another user', { user: 'nobody-here' }, 'sqlstate_28P01', /settings\.user/],
      ['another database', { database: 'nothing-here' }, 'sqlstate_3D000', /settings\.database/],
    ])('is nobody with %s', async (_, settings, reason, message) => {
      const refused = await failureOf(connect(settings).deliver(change('u1', true), signal))
      expect(refused).toMatchObject({ kind: 'terminal', reason })
      expect(refused.message).toMatch(message)
      expect(refused.message).not.toMatch(/guessed|nobody|nothing|owner/)
    })

    it('is let in by a connection string', async () => {
      const { host, port, user, password } = postgres().settings
      const connectionString = `postgresql://${user}:${password}@${host}:${port}/postgres?sslmode=disable`
      const parsed = parseSettings(postgresDestination, { connectionString, schema })
      destination = postgresDestination.connect(parsed, contextWith())
      opened.push(destination)
      expect(await apply(change('u1', true))).toEqual(['arrived'])
    })

    it('asks for no encryption where there is none to be had', async () => {
      const refused = await failureOf(connect({ tls: 'require' }).deliver(change('u1', true), signal))
      expect(refused).toMatchObject({ kind: 'retryable', reason: 'tls' })
      expect(refused.message).toMatch(/settings\.tls/)
    })
  })

  describe('a server that is not there', () => {
    it('is tried again', async () => {
      const port = await freePort()
      expect(await outcome(connect({ port }).deliver(change('u1', true), signal))).toBe('retryable connection_refused')
      const unknown = connect({ host: 'nobody.invalid' })
      expect(await outcome(unknown.deliver(change('u1', true), signal))).toBe('retryable dns')
    })

    it.each(['127.0.0.1', 'localhost', '::1', '0.0.0.0', '2130706433', '::ffff:127.0.0.1'])(
      'as its address is private, is not connected to: %s',
      async (host) => {
        const guarded = connect({ host }, contextWith({ addresses: createAddresses(false) }))
        expect(await outcome(guarded.deliver(change('u1', true), signal))).toBe('terminal blocked_address')
        expect(await outcome(guarded.testConnection!(signal))).toBe('terminal blocked_address')
      },
    )

    it('and comes back, takes what it missed', async () => {
      await apply(change('u1', true))
      await postgres().withClient(async (client) => {
        await client.query(`begin; lock table ${schema}.memberships`)
        const cut = outcome(apply(change('u2', true)))
        await waiting(1)
        await postgres().kill()
        expect(await cut).toBe('retryable connection_reset')
      })
      expect(await outcome(apply(change('u2', true)))).toBe('retryable connection_refused')
      await postgres().start()
      expect(await apply(change('u2', true))).toEqual(['arrived'])
      expect(await members()).toEqual(['user_id u1', 'user_id u2'])
    })

    it('and ends a connection in order, is tried again', async () => {
      await apply(change('u1', true))
      await postgres().withClient(async (client) => {
        await client.query(`begin; lock table ${schema}.memberships`)
        const cut = outcome(apply(change('u2', true)))
        await waiting(1)
        await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rollcall'`)
        expect(await cut).toBe('retryable sqlstate_57P01')
      })
      expect(await apply(change('u2', true))).toEqual(['arrived'])
    })

    it('and ends an idle connection, is connected to again', async () => {
      await apply(change('u1', true))
      await postgres().query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rollcall'`,
      )
      await eventually(async () => expect(await outcome(apply(change('u2', true)))).toBe('arrived'))
    })
  })

  describe('an abort', () => {
    it('ends a query at once, and nothing of it is written', async () => {
      await apply(change('u1', true))
      await postgres().withClient(async (client) => {
        await client.query(`begin; lock table ${schema}.memberships`)
        const controller = new AbortController()
        const late = outcome(destination.deliverBatch!([change('u2', true)], controller.signal))
        await waiting(1)
        controller.abort()
        expect(await late).toBe('retryable timeout')
        await client.query('commit')
      })
      await eventually(async () => expect(await sessions()).toBe(0))
      expect(await members()).toEqual(['user_id u1'])
      expect(await apply(change('u3', true))).toEqual(['arrived'])
    })

    it('ends the wait for a connection, and for a free one', async () => {
      postgres().freeze('SIGSTOP')
      try {
        const controller = new AbortController()
        const late = Array.from({ length: 6 }, () =>
          outcome(destination.deliver(change('u1', true), controller.signal)),
        )
        controller.abort()
        expect(await Promise.all(late)).toEqual(Array(6).fill('retryable timeout'))
        await closeAll()
      } finally {
        postgres().freeze('SIGCONT')
      }
    })

    it('that was before is one', async () => {
      expect(await outcome(destination.deliver(change('u1', true), AbortSignal.abort()))).toBe('retryable timeout')
    })

    it('is made by Postgres itself after the time that a transaction may take', async () => {
      await apply(change('u1', true))
      const hurried = connect({ timeoutSeconds: 1 })
      await postgres().withClient(async (client) => {
        await client.query(`begin; lock table ${schema}.memberships`)
        expect(await outcome(hurried.deliver(change('u2', true), signal))).toBe('retryable sqlstate_57014')
      })
    })
  })

  it('that hears no more of us goes back to what was', async () => {
    await apply(change('u1', true))
    let isSilent = false
    const { port } = await listen(
      createServer((client) => {
        const server = connectSocket(postgres().port, '127.0.0.1')
        client.on('close', () => server.destroy())
        server.on('error', () => undefined)
        server.pipe(client)
        client.on('data', (chunk: Buffer) => {
          isSilent ||= chunk.includes('.memberships')
          if (!isSilent) server.write(chunk)
        })
      }),
    )
    const silent = connect({ port, timeoutSeconds: 1 })
    expect(await outcome(silent.deliver(change('u1', false, 1), signal))).toBe('retryable sqlstate_25P03')
    expect(await apply(change('u1', true, 2))).toEqual(['arrived'])
  })

  describe('connections', () => {
    it('are four at most, and none once it is closed', async () => {
      await apply(change('u1', true))
      await postgres().withClient(async (client) => {
        await client.query(`begin; lock table ${schema}.memberships`)
        const all = Array.from({ length: 12 }, (_, index) =>
          outcome(destination.deliver(change(`u${index}`, true), signal)),
        )
        await waiting(4)
        expect(await sessions()).toBe(4)
        await client.query('commit')
        expect(await Promise.all(all)).toEqual(Array(12).fill('arrived'))
      })
      await closeAll()
      await eventually(async () => expect(await sessions()).toBe(0))
    })
  })

  /** Resolves when so many of our sessions wait for a lock. */
  async function waiting(count: number): Promise<void> {
    const text = `select count(*)::int as count from pg_stat_activity
      where application_name = 'rollcall' and wait_event_type = 'Lock'`
    await eventually(async () => expect(await postgres().query(text)).toEqual([{ count }]))
  }

  async function sessions(): Promise<number> {
    const text = `select count(*)::int as count from pg_stat_activity where application_name = 'rollcall'`
    return (await postgres().query<{ count: number }>(text))[0]!.count
  }
})

describe.skipIf(POSTGRES_PROGRAMS === undefined)('a Postgres that encrypts', () => {
  afterEach(closeAll)

  it('is known by its certificate, or taken as it is', async () => {
    const { cert, key } = await makeCertificate('rsa')
    const paths = [await postgres().writeFile('cert.pem', cert), await postgres().writeFile('key.pem', key)]
    for (const [name, path] of [
      ['ssl_cert_file', paths[0]],
      ['ssl_key_file', paths[1]],
    ] as const)
      // prettier-ignore
      await postgres().query(`alter system set ${name} = '${path}'`)
    await postgres().query('alter system set ssl = on')
    await postgres().query('select pg_reload_conf()')
    schema = 'encrypted'
    const encrypted = `select count(*)::int as count from pg_stat_ssl join pg_stat_activity using (pid)
      where ssl and application_name = 'rollcall'`
    const tried = async (settings: object): Promise<string> => {
      const found = await outcome(connect(settings).deliver(change('u1', true), signal))
      const [{ count } = { count: 0 }] = await postgres().query<{ count: number }>(encrypted)
      await closeAll()
      return `${found} ${count}`
    }
    await eventually(async () => expect(await tried({ tls: 'require' })).toBe('arrived 1'))
    expect(await tried({ tls: 'verify', ca: cert })).toBe('arrived 1')
    expect(await tried({ tls: 'verify', ca: cert, host: 'localhost' })).toBe('arrived 1')
    expect(await tried({ tls: 'verify' })).toBe('retryable tls 0')
    expect(await tried({ tls: undefined })).toBe('retryable tls 0')
    const other = await makeCertificate('rsa')
    expect(await tried({ tls: 'verify', ca: other.cert })).toBe('retryable tls 0')
    expect(await tried({ tls: 'off' })).toBe('arrived 0')
  })
})
