/** The file of a list, after each kind of call, after failures, and as a reader finds it meanwhile. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseCsv } from '../../destinations/csv-list/csv.ts'
import { csvListDestination } from '../../destinations/csv-list/csv-list.ts'
import type { Destination } from '../../destinations/contract/destination.ts'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'
import { parseSettings } from '../../destinations/registry.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { group, identify, PERSONAS, SINCE, track } from './calls.ts'
import { propertyRuns } from '../support/runs.ts'
import { outcome } from './contract/loopback.ts'
import { contextWith } from './context.ts'

const HEADER = 'user_id,anonymous_id,email,group_id,since'
const { signal } = new AbortController()
let root: string
let directory: string
let list: Destination

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'csv-list-'))
  directory = join(root, 'lists', 'one')
  list = connect()
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

function connect(): Destination {
  const http = createHttpClient({ allowPrivate: false, userAgent: 'a' })
  const settings = parseSettings(csvListDestination, {})
  return csvListDestination.connect(settings, contextWith({ http, directory }))
}

function lines(name = 'vips.csv'): string[] {
  return readFileSync(join(directory, name), 'utf8').trimEnd().split('\r\n')
}

async function apply(...calls: DeliveryCall[]): Promise<string[]> {
  const failures = await list.deliverBatch!(calls, signal)
  return failures.map((failure) => (failure ? `${failure.kind} ${failure.reason}` : 'arrived'))
}

const left = { vips: false }

describe('members', () => {
  it('come and go', async () => {
    expect(await apply(identify('u1'), identify('u2'), identify('u3'))).toEqual(['arrived', 'arrived', 'arrived'])
    expect(lines()).toEqual([HEADER, `u1,,,,${SINCE}`, `u2,,,,${SINCE}`, `u3,,,,${SINCE}`])
    await apply(identify('u2', left), identify('u4'))
    expect(lines()).toEqual([HEADER, `u1,,,,${SINCE}`, `u3,,,,${SINCE}`, `u4,,,,${SINCE}`])
  })

  it('who come and go in one batch are as the last call says', async () => {
    await apply(identify('u1'), identify('u1', left), identify('u2', left), identify('u2'))
    expect(lines()).toEqual([HEADER, `u2,,,,${SINCE}`])
  })

  it('are told of by calls of each type', async () => {
    await apply(
      track('u1', { vips: true, audience_key: 'vips' }, 'u1@example.com'),
      identify('u2', { vips: true, email: 'u2@example.com' }),
      group('g1', { vips: true }),
      identify('', { vips: true }, { anonymousId: 'a1' }),
    )
    expect(lines()).toEqual([
      HEADER,
      `u1,,u1@example.com,,${SINCE}`,
      `u2,,u2@example.com,,${SINCE}`,
      `,,,g1,${SINCE}`,
      `,a1,,,${SINCE}`,
    ])
  })

  it('have columns for what enriches them, in order of name, as long as somebody has it', async () => {
    await apply(identify('u1', { vips: true, plan: 'pro', age: 41, tags: ['a', 'b'], gone: null, is_new: false }))
    await apply(identify('u2', { vips: true, city: 'Köln' }))
    expect(lines()).toEqual([
      `${HEADER},age,city,is_new,plan,tags`,
      `u1,,,,${SINCE},41,,false,pro,"[""a"",""b""]"`,
      `u2,,,,${SINCE},,Köln,,,`,
    ])
    await apply(identify('u1', left))
    expect(lines()).toEqual([`${HEADER},city`, `u2,,,,${SINCE},Köln`])
  })

  it('are brought up to date', async () => {
    await apply(identify('u1', { vips: true, plan: 'free' }), identify('u2'))
    await apply(identify('u1', { vips: true, plan: 'pro' }))
    expect(lines()).toEqual([`${HEADER},plan`, `u1,,,,${SINCE},pro`, `u2,,,,${SINCE},`])
    await apply(identify('u1'))
    expect(lines()).toEqual([HEADER, `u1,,,,${SINCE}`, `u2,,,,${SINCE}`])
  })

  it('have traits that are named as our columns under another name', async () => {
    await apply(identify('u1', { vips: true, since: 'ever', user_id: 'x', __proto__x: 'y' }))
    expect(lines()).toEqual([`${HEADER},__proto__x,traits.since,traits.user_id`, `u1,,,,${SINCE},y,ever,x`])
  })

  it('are no formulas, in any column', async () => {
    await apply(identify('=1+1', { vips: true, email: '@a', '+b': '-2' }))
    expect(lines()).toEqual([`${HEADER},'+b`, `'=1+1,,'@a,,${SINCE},'-2`])
    await apply(identify('=1+1', { vips: false, email: '@a' }))
    expect(lines()).toEqual([HEADER])
  })

  it('of different audiences are in different files', async () => {
    const other = { personas: { ...PERSONAS, computation_key: 'regulars' } }
    await apply(identify('u1'), identify('u2', { regulars: true }, { context: other }))
    expect([lines('vips.csv'), lines('regulars.csv')]).toEqual([
      [HEADER, `u1,,,,${SINCE}`],
      [HEADER, `u2,,,,${SINCE}`],
    ])
  })
})

/** A call, or what it says, by ids between commas: `u1,,e1` is a user with an email. */
function call(ids: string, vips: boolean): DeliveryCall {
  const [userId = '', anonymousId = '', email = '', groupId = ''] = ids.split(',')
  if (groupId !== '') return group(groupId, { vips })
  const named = anonymousId === '' ? {} : { anonymousId }
  return identify(userId, { vips, ...(email !== '' && { email }) }, named)
}
const enters = (ids: string) => call(ids, true)
const leaves = (ids: string) => call(ids, false)

/** Returns the ids of each row, without commas at the end. */
function members(): string[] {
  return lines()
    .slice(1)
    .map((line) => line.split(',').slice(0, 4).join(',').replace(/,+$/, ''))
}

describe('who becomes better known', () => {
  it.each([
    ['a user with an email, in place of the user', ['u1', 'u1,,e1'], ['u1,,e1']],
    ['several emails of a user, each', ['u1', 'u1,,e1', 'u1,,e2'], ['u1,,e1', 'u1,,e2']],
    ['a user without email, where emails are known', ['u1,,e1', 'u1,,e2', 'u1'], ['u1,,e1', 'u1,,e2']],
    ['a user, in place of who had the email', [',a1,e1', 'u1,,e1'], ['u1,,e1']],
    ['a user, not in place of another email', [',a1,e1', ',a1,e2', 'u1,,e1'], [',a1,e2', 'u1,,e1']],
    ['a user, in place of who had the anonymous id', [',a1', ',a2', 'u1,a1'], [',a2', 'u1,a1']],
    ['a user, in place of all with the anonymous id', [',a1,e1', ',a1,e2', 'u1,a1,e1'], ['u1,a1,e1']],
    ['an email, in place of the anonymous id', [',a1', ',a2', ',a1,e1'], [',a2', ',a1,e1']],
    ['an email, with its last anonymous id', [',a1,e1', ',a2,e1'], [',a2,e1']],
    ['several emails of one anonymous id, each', [',a1,e1', ',a1,e2'], [',a1,e1', ',a1,e2']],
    ['users of one email, each', ['u1,,e1', 'u2,,e1'], ['u1,,e1', 'u2,,e1']],
    ['accounts, each', [',,,g1', ',,,g2', ',,,g1'], [',,,g1', ',,,g2']],
  ])('is listed as %s', async (_, come, expected) => {
    await apply(...come.map(enters))
    expect(members()).toEqual(expected)
    list = connect()
    for (const ids of come) await apply(enters(ids))
    expect(members().sort()).toEqual([...expected].sort())
  })
})

describe('who leaves', () => {
  it.each([
    ['a user, with all emails', ['u1,,e1', 'u1,,e2', 'u2,,e1'], 'u1,,e1', ['u2,,e1']],
    ['a user, without email', ['u1,,e1', 'u1,,e2', 'u2'], 'u1', ['u2']],
    ['a user, by an email that is new', ['u1'], 'u1,,e1', []],
    ['a user, and who had its email', [',a1,e1', ',a2,e2'], 'u1,,e1', [',a2,e2']],
    ['a user, and who had its anonymous id', [',a1', ',a1,e1', ',a2'], 'u1,a1', [',a2']],
    ['an email, by another anonymous id', [',a1,e1', ',a1,e2'], ',a2,e1', [',a1,e2']],
    ['an email, and the anonymous id alone', [',a1', ',a2'], ',a1,e1', [',a2']],
    ['an email, not its users', ['u1,,e1'], ',a1,e1', ['u1,,e1']],
    ['an anonymous id, with all emails', [',a1,e1', ',a1,e2', ',a2,e3', 'u1,,e4'], ',a1', [',a2,e3', 'u1,,e4']],
    ['an account', [',,,g1', ',,,g2', 'u1'], ',,,g1', [',,,g2', 'u1']],
    ['nobody who is there', ['u1,,e1', ',a1,e2', ',,,g1'], 'u2,a2,e3', ['u1,,e1', ',a1,e2', ',,,g1']],
  ])('is %s', async (_, present, gone, expected) => {
    await apply(...present.map(enters))
    await apply(leaves(gone))
    expect(members()).toEqual(expected)
    await apply(leaves(gone))
    expect(members()).toEqual(expected)
  })
})

describe('any sequence of calls', () => {
  const ids = fc
    .tuple(fc.constantFrom('', 'u1', 'u2'), fc.constantFrom('', 'a1', 'a2'), fc.constantFrom('', 'e1', 'e2'))
    .map((cells) => cells.join(','))
  const step = fc
    .tuple(fc.oneof({ weight: 9, arbitrary: ids }, { weight: 1, arbitrary: fc.constantFrom(',,,g1') }), fc.boolean())
    .filter(([who]) => who !== ',,')
  const sequences = fc.array(step, { maxLength: 12 })

  it('gives what looking through all rows gives, and twice is as once', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async (steps) => {
        rmSync(directory, { recursive: true, force: true })
        list = connect()
        const calls = steps.map(([who, isMember]) => call(who, isMember))
        await apply(enters('u9'), ...calls)
        const once = readFileSync(join(directory, 'vips.csv'), 'utf8')
        expect(members().sort()).toEqual(['u9', ...naiveMembers(steps)].sort())
        await apply(enters('u9'), ...calls)
        expect(readFileSync(join(directory, 'vips.csv'), 'utf8')).toBe(once)
        for (const one of calls) await apply(one)
        expect(members().sort()).toEqual(['u9', ...naiveMembers(steps)].sort())
      }),
      propertyRuns(60),
    )
  })

  /** The rules, row by row. */
  function naiveMembers(steps: readonly (readonly [string, boolean])[]): string[] {
    let rows: (readonly string[])[] = []
    for (const [who, isMember] of steps) {
      const call = who
        .padEnd(who.length + 3, ',')
        .split(',')
        .slice(0, 4)
      const [user, anonymous, email, account] = call
      const isGone = (row: readonly string[]): boolean => {
        const [rowUser, rowAnonymous, rowEmail, rowAccount] = row
        if (rowAccount !== account) return false
        if (account !== '') return true
        const hasEmail = email !== '' && rowEmail === email
        const hasAnonymous = anonymous !== '' && rowAnonymous === anonymous
        if (isMember && rowUser === user && rowEmail === email) return user !== '' || email !== '' || hasAnonymous
        if (rowUser !== '') return rowUser === user && (!isMember || (rowEmail === '' && email !== ''))
        if (user !== '') return hasEmail || hasAnonymous
        if (email !== '') return hasEmail || (hasAnonymous && rowEmail === '')
        return hasAnonymous && (!isMember || rowEmail === '')
      }
      rows = rows.filter((row) => !isGone(row))
      const isKnownBetter = user !== '' && email === '' && rows.some((row) => row[0] === user)
      if (isMember && !isKnownBetter) rows.push(call)
    }
    return rows.map((row) => row.join(',').replace(/,+$/, ''))
  }
})

describe('once more', () => {
  const calls = [identify('u1', { vips: true, plan: 'pro' }), identify('u2', left), identify("'=\n", { vips: true })]

  it('twice is as once, in the same process and in the next', async () => {
    await apply(...calls)
    const once = lines()
    await apply(...calls)
    expect(lines()).toEqual(once)
    list = connect()
    await apply(...calls)
    expect(lines()).toEqual(once)
  })

  it('who leaves and is back in one batch keeps the place, and nothing is written', async () => {
    await apply(identify('u1'), identify('u2'))
    writeFileSync(join(directory, 'vips.csv'), 'seen')
    await apply(identify('u1', left), identify('u1'))
    expect(lines()).toEqual(['seen'])
  })

  it('what changes nothing writes nothing', async () => {
    await apply(...calls)
    writeFileSync(join(directory, 'vips.csv'), 'seen')
    await apply(...calls)
    expect(lines()).toEqual(['seen'])
  })

  it('the next process goes on with the file', async () => {
    await apply(...calls)
    list = connect()
    await apply(identify('u1', left), identify('u5'))
    expect(lines().join('\r\n')).toBe(`${HEADER}\r\n"''=\n",,,,${SINCE}\r\nu5,,,,${SINCE}`)
  })
})

describe('calls that are for no list', () => {
  it.each([
    ['whose membership is text', identify('u1', { vips: 'true' }), 'terminal not_a_membership'],
    ['whose membership is null', identify('u1', { vips: null }), 'terminal not_a_membership'],
    ['without membership', identify('u1', { other: true }), 'terminal not_a_membership'],
    ['of an inherited name', identify('u1', {}, named('constructor')), 'terminal not_a_membership'],
    ['of a trait', identify('u1', { vips: true }, ofTrait()), 'terminal not_a_membership'],
    ['without an id', identify('', { vips: true }), 'terminal no_identity'],
    ['whose key leads out of the folder', identify('u1', { '../a': true }, named('../a')), 'terminal invalid_key'],
    ['whose key is no name', identify('u1', { '': true }, named('')), 'terminal invalid_key'],
    ['whose key has a dot', identify('u1', { 'a.b': true }, named('a.b')), 'terminal invalid_key'],
  ])('%s: %s', async (_, call, expected) => {
    expect(await apply(call, identify('u2'))).toEqual([expected, 'arrived'])
    expect(await outcome(list.deliver(call, signal))).toBe(expected)
    expect(lines()).toEqual([HEADER, `u2,,,,${SINCE}`])
    expect([readdirSync(root), readdirSync(directory)]).toEqual([['lists'], ['vips.csv']])
  })

  function named(computation_key: string) {
    return { context: { personas: { ...PERSONAS, computation_key } } }
  }

  function ofTrait() {
    return { context: { personas: { ...PERSONAS, computation_class: 'trait' } } } as const
  }
})

describe('the disk', () => {
  it('that refuses a write leaves the file whole, and what failed is not in it', async () => {
    await apply(identify('u1'))
    mkdirSync(join(directory, 'vips.csv.tmp', 'in-the-way'), { recursive: true })
    expect(await apply(identify('u2'), identify('u1', left))).toEqual(['retryable disk', 'retryable disk'])
    expect(lines()).toEqual([HEADER, `u1,,,,${SINCE}`])
    rmSync(join(directory, 'vips.csv.tmp'), { recursive: true })
    expect(await apply(identify('u3'))).toEqual(['arrived'])
    expect(lines()).toEqual([HEADER, `u1,,,,${SINCE}`, `u3,,,,${SINCE}`])
  })

  it('that fails one list fails no other', async () => {
    mkdirSync(join(directory, 'vips.csv', 'in-the-way'), { recursive: true })
    const other = { context: { personas: { ...PERSONAS, computation_key: 'regulars' } } }
    const calls = [identify('u1'), identify('u2', { regulars: true }, other)]
    expect(await apply(...calls)).toEqual(['retryable disk', 'arrived'])
  })

  it('that has no room for the folder is tried again, by the test of the connection too', async () => {
    writeFileSync(join(root, 'lists'), '')
    expect(await outcome(list.deliver(identify('u1'), signal))).toBe('retryable disk')
    expect(await outcome(list.testConnection!(signal))).toBe('retryable disk')
    rmSync(join(root, 'lists'))
    expect(await outcome(list.testConnection!(signal))).toBe('arrived')
    expect(readdirSync(directory)).toEqual([])
  })

  it.each(['', 'id,name\r\n', `${HEADER}\r\nu1,,,,"`, `${HEADER}\r\nu1`])(
    'that has another file in that place keeps it: %j',
    async (text) => {
      mkdirSync(directory, { recursive: true })
      writeFileSync(join(directory, 'vips.csv'), text)
      expect(await apply(identify('u1'))).toEqual(['retryable file_damaged'])
      expect(readFileSync(join(directory, 'vips.csv'), 'utf8')).toBe(text)
    },
  )

  it('may hold what a write that was cut off has left', async () => {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'vips.csv.tmp'), 'x'.repeat(10_000))
    await apply(identify('u1'))
    expect([lines(), readdirSync(directory)]).toEqual([[HEADER, `u1,,,,${SINCE}`], ['vips.csv']])
  })
})

describe('a reader', () => {
  it('finds a whole file at any moment', async () => {
    const batch = (nth: number) =>
      Array.from({ length: 4_000 }, (_, index) => identify(`u${nth}_${index}`, { vips: true, nth }))
    await apply(...batch(0))
    let isWriting = true
    const sizes = new Set<number>()
    const write = (async () => {
      for (let nth = 1; nth <= 4; nth += 1) await apply(...batch(nth))
      isWriting = false
    })()
    while (isWriting) {
      sizes.add(parseCsv(readFileSync(join(directory, 'vips.csv'), 'utf8'))?.length ?? -1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await write
    expect([...sizes].filter((size) => size % 4_000 !== 1)).toEqual([])
    expect(lines()).toHaveLength(20_001)
  })

  it('finds all of what came at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, nth) => list.deliver(identify(`u${nth}`), signal)))
    expect(lines()).toHaveLength(21)
  })
})

function audienceOf(key: string) {
  return { id: 'aud_1', key, name: key, spaceId: 'default' }
}

describe('the list', () => {
  it('is made with its header, and is named by the key', async () => {
    expect(await list.createAudience!(audienceOf('vips'), signal)).toBe('vips.csv')
    expect(lines()).toEqual([HEADER])
    await apply(identify('u1'))
    expect(await list.createAudience!(audienceOf('vips'), signal)).toBe('vips.csv')
    expect(lines()).toEqual([HEADER, `u1,,,,${SINCE}`])
  })

  it('has a name that fits, and that is no other list’s, however long its key', async () => {
    const keys = ['a'.repeat(200), 'a'.repeat(201), 'a'.repeat(254) + 'b', 'a'.repeat(255)]
    const names = await Promise.all(keys.map((key) => list.createAudience!(audienceOf(key), signal)))
    expect(new Set(names).size).toBe(4)
    expect(readdirSync(directory).sort()).toEqual([...names].sort())
    expect(await outcome(list.createAudience!(audienceOf('a'.repeat(256)), signal))).toBe('terminal invalid_key')
  })

  it('is not written where the signal is aborted', async () => {
    await apply(identify('u1'))
    const late = list.deliver(identify('u2'), AbortSignal.abort())
    expect(await outcome(late)).toBe('retryable timeout')
    expect([lines(), readdirSync(directory)]).toEqual([[HEADER, `u1,,,,${SINCE}`], ['vips.csv']])
    await apply(identify('u3'))
    expect(lines()).toEqual([HEADER, `u1,,,,${SINCE}`, `u3,,,,${SINCE}`])
  })

  it('is written to its end before it is let go', async () => {
    const writing = list.deliver(identify('u1'), signal)
    await list.close!()
    expect(lines()).toEqual([HEADER, `u1,,,,${SINCE}`])
    await writing
  })

  it('gathers as long as its settings say', () => {
    const limits = (settings: object) => csvListDestination.limits(parseSettings(csvListDestination, settings))
    expect(limits({})).toEqual({ batchCalls: 10_000, timeoutMs: 60_000, gatherMs: 60_000 })
    expect(limits({ everySeconds: 86_400 })).toMatchObject({ gatherMs: 86_400_000 })
    for (const everySeconds of [0, 86_401, 1.5]) expect(() => limits({ everySeconds })).toThrow('settings.everySeconds')
  })
})
