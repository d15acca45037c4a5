/** `rollcall replay` as its user meets it: files and pipes in, lines out, and what it says of input that cannot be used. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Folder } from './folder.ts'
import { replayHere, runReplay } from './run-replay.ts'

const DEFINITIONS = `{"definitions": [
  {"kind": "audience", "key": "buyers", "query": "event('Bought').within(1 day).count() >= 1"},
  {"kind": "computed_trait", "key": "spent", "query": "event('Bought').sum(property('price'))"}
]}`

const CALLS = [
  { type: 'track', event: 'Bought', userId: 'u1', timestamp: '2026-01-01T00:00:00Z', properties: { price: 5 } },
  { type: 'track', event: 'Bought', userId: 'u1', timestamp: '2026-01-01T06:00:00Z', properties: { price: 0.5 } },
  { type: 'identify', userId: 'u2', timestamp: '2026-01-03T00:00:00Z', traits: { a: 1 } },
]

const TRANSITIONS = [
  '{"at":"2026-01-01T00:00:00.000Z","type":"entered","key":"buyers","profile":"user_id:u1"}',
  '{"at":"2026-01-01T00:00:00.000Z","type":"trait","key":"spent","profile":"user_id:u1","value":5}',
  '{"at":"2026-01-01T06:00:00.000Z","type":"trait","key":"spent","profile":"user_id:u1","value":5.5}',
  '{"at":"2026-01-02T06:00:00.000Z","type":"exited","key":"buyers","profile":"user_id:u1"}',
]

let folder: Folder
beforeAll(() => (folder = new Folder()))
afterAll(() => folder.remove())

function linesOf(calls: readonly unknown[]): string {
  return calls.map((call) => `${JSON.stringify(call)}\n`).join('')
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

interface Replayed {
  readonly definitions?: string
  readonly name?: string
  readonly args?: readonly string[]
  /** In this process, unless told otherwise. */
  readonly run?: typeof replayHere
}

/** Replays events, given as the content of their file, with definitions given likewise. */
function replay(events: string, given: Replayed = {}) {
  const { definitions = DEFINITIONS, name = 'definitions.json', args = [], run = replayHere } = given
  const files = ['--definitions', folder.file(name, definitions), '--events', folder.file('events.ndjson', events)]
  return run([...files, ...args])
}

const events = () => join(folder.path, 'events.ndjson')
const definitionsFile = (name = 'definitions.json') => join(folder.path, name)

/** As a process of its own, and in this one: they are the same. */
const RUNS = [
  { where: 'a process', run: runReplay },
  { where: 'here', run: replayHere },
]

describe('replay', () => {
  it.each(RUNS)('writes transitions, one JSON object a line, and nothing else: $where', async ({ run }) => {
    expect(await replay(linesOf(CALLS), { run })).toEqual({ code: 0, stdout: textOf(TRANSITIONS), stderr: '' })
  })

  it.each(RUNS)('ends with status 2 where something cannot be used, and says what: $where', async ({ run }) => {
    const refused = { definitions: '{"definitions": {}}', run }
    const stderr = `rollcall: ${definitionsFile()}:1: definitions: expected a list, got object\n`
    expect(await replay(linesOf(CALLS), refused)).toEqual({ code: 2, stdout: '', stderr })
    const missing = ['--definitions', join(folder.path, 'missing'), '--events', '-']
    expect(await run(missing)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('ENOENT') as string,
    })
  })

  it.each(['--definitions', '--events', '--out'])('says of a file for %s that it is not there', async (option) => {
    const missing = join(folder.path, 'missing', 'file')
    const files = {
      '--definitions': folder.file('definitions.json', DEFINITIONS),
      '--events': folder.file('events.ndjson', linesOf(CALLS)),
      [option]: missing,
    }
    const { code, stderr } = await replayHere(Object.entries(files).flat())
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `rollcall: ENOENT: no such file or directory, open '${missing}'\n`,
    })
  })

  it('reads calls from standard input', async () => {
    const args = ['--definitions', folder.file('definitions.json', DEFINITIONS), '--events', '-']
    expect(await runReplay(args, linesOf(CALLS))).toEqual({ code: 0, stdout: textOf(TRANSITIONS), stderr: '' })
  })

  it('writes to a file where one is named, and nothing to standard output', async () => {
    const out = join(folder.path, 'out.ndjson')
    expect(await replay(linesOf(CALLS), { args: ['--out', out] })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(out, 'utf8')).toBe(textOf(TRANSITIONS))
  })

  it('writes an empty file where there are no transitions', async () => {
    const out = join(folder.path, 'nothing.ndjson')
    await replay('', { args: ['--out', out] })
    expect([existsSync(out), readFileSync(out, 'utf8')]).toEqual([true, ''])
  })

  it.each<[until: string, transitions: number]>([
    ['2026-01-02T05:59:59.999Z', 3],
    ['2026-01-02T06:00:00.000Z', 4],
    ['2026-01-02T08:00:00+02:00', 4],
    ['2026-01-02', 3],
  ])('moves the clock on to %s, inclusively', async (until, transitions) => {
    const { code, stdout } = await replay(linesOf(CALLS.slice(0, 2)), { args: ['--until', until] })
    expect([code, stdout]).toEqual([0, textOf(TRANSITIONS.slice(0, transitions))])
  })

  it('stops with the last call where no instant is named', async () => {
    expect((await replay(linesOf(CALLS.slice(0, 2)))).stdout).toBe(textOf(TRANSITIONS.slice(0, 3)))
  })

  it('reads definitions in YAML', async () => {
    const yaml = `# Two of them.
definitions:
  - kind: audience
    key: buyers
    name: Buyers of a day
    type: USERS
    query: event('Bought').within(1 day).count() >= 1
  - kind: computed_trait
    key: spent
    query: >-
      event('Bought')
        .sum(property('price'))
`
    expect((await replay(linesOf(CALLS), { definitions: yaml, name: 'definitions.yaml' })).stdout).toBe(
      textOf(TRANSITIONS),
    )
  })

  it('takes blank lines, Windows line ends and a last line without an end', async () => {
    const content = `\n${CALLS.map((call) => JSON.stringify(call)).join('\r\n  \r\n\n')}`
    expect(await replay(content)).toEqual({ code: 0, stdout: textOf(TRANSITIONS), stderr: '' })
  })

  it('takes receivedAt before timestamp, and the clock where there is neither; the clock never goes back', async () => {
    const track = { type: 'track', event: 'Bought', userId: 'u1', properties: { price: 1 } }
    const { stdout } = await replay(
      linesOf([
        { ...track, timestamp: '2026-01-01', receivedAt: '2026-01-01T12:00:00Z' },
        track,
        { ...track, timestamp: '2026-01-01T06:00:00Z', receivedAt: null },
      ]),
    )
    const instants = stdout
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { at: string }).at]))
    expect(new Set(instants)).toEqual(new Set(['2026-01-01T12:00:00.000Z']))
  })

  it('takes sourceId of a call as its source', async () => {
    const definitions = `{"definitions": [{"kind": "computed_trait", "key": "n", "query": "event('Bought').sources({exclude: 'web'}).count()"}]}`
    const track = { type: 'track', event: 'Bought', userId: 'u1', timestamp: '2026-01-01' }
    const { stdout } = await replay(
      linesOf([
        { ...track, sourceId: 'web' },
        { ...track, sourceId: 'ios' },
      ]),
      { definitions },
    )
    expect(stdout).toBe('{"at":"2026-01-01T00:00:00.000Z","type":"trait","key":"n","profile":"user_id:u1","value":1}\n')
  })

  it('writes a trait that becomes absent with the value null, and values of every kind', async () => {
    const definitions = `{"definitions": [{"kind": "computed_trait", "key": "last", "query": "event('Bought').within(1 day).last(property('v'))"}]}`
    const track = { type: 'track', event: 'Bought', userId: 'u1', timestamp: '2026-01-01' }
    const values = ['"\u2028\n', { a: [1] }, false, 1e21]
    const { stdout } = await replay(linesOf(values.map((v) => ({ ...track, properties: { v } }))), {
      definitions,
      args: ['--until', '2026-01-02'],
    })
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { value: unknown })
    expect(lines.map(({ value }) => value)).toEqual([...values, null])
  })

  it('writes more lines than are flushed at once, in order', async () => {
    const calls = Array.from({ length: 10_000 }, (_, n) => ({
      ...CALLS[0],
      userId: `u${n}`,
      timestamp: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
    }))
    const { code, stdout } = await replay(linesOf(calls), { run: runReplay })
    const written = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { at: string; profile: string })
    expect([code, written.length]).toEqual([0, 20_000])
    expect(written.filter((_, index) => index % 2 === 0).map(({ profile }) => profile)).toEqual(
      calls.map(({ userId }) => `user_id:${userId}`),
    )
  })
})

describe('a date beyond every instant', () => {
  it('holds up neither the clock nor what is due for others', async () => {
    const definitions = `{"definitions": [
      {"kind": "audience", "key": "renewed", "query": "trait('renewal').before_last(1 day)"},
      {"kind": "audience", "key": "buyers", "query": "event('Bought').within(1 day).count() >= 1"}
    ]}`
    const bought = (userId: string, hour: number) => ({
      ...{ type: 'track', event: 'Bought', userId },
      timestamp: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
    })
    const renewal = (value: number | null) => ({
      ...{ type: 'identify', userId: 'u3', traits: { renewal: value } },
      timestamp: '2026-01-01',
    })
    const calls = [bought('u1', 0), bought('u2', 0), renewal(1e300), renewal(1e17), renewal(null), bought('u1', 1)]
    const { code, stdout } = await replay(linesOf(calls), { definitions, args: ['--until', '2026-01-05'] })
    const exits = stdout.split('\n').filter((line) => line.includes('exited'))
    expect([code, exits]).toEqual([
      0,
      [
        '{"at":"2026-01-02T00:00:00.000Z","type":"exited","key":"buyers","profile":"user_id:u2"}',
        '{"at":"2026-01-02T01:00:00.000Z","type":"exited","key":"buyers","profile":"user_id:u1"}',
      ],
    ])
  })
})

describe('a call without an id', () => {
  it('is reported with file and line, and skipped', async () => {
    const nobody = { type: 'track', event: 'Bought', timestamp: '2026-01-01T00:30:00Z' }
    const noGroup = { type: 'group', userId: 'u1', timestamp: '2026-01-01T00:30:00Z' }
    expect(await replay(linesOf([CALLS[0], nobody, noGroup, ...CALLS.slice(1)]))).toEqual({
      code: 0,
      stdout: textOf(TRANSITIONS),
      stderr: textOf([
        `${events()}:2: skipped: userId or anonymousId: expected an id that is not blocked, got none (no_user_anon_id)`,
        `${events()}:3: skipped: groupId: expected an id that is not blocked, got nothing (id_required)`,
      ]),
    })
  })
})

describe('definitions that cannot be used', () => {
  it.each<[says: string, definitions: string, place: string]>([
    [
      'a query that does not follow the grammar',
      `{"definitions": [
        {"kind": "audience", "key": "a", "query": "event('E').count() >= 1"},
        {"kind": "audience", "key": "b",
         "query": "event('E').cuont() >= 1"}]}`,
      ":4: definitions.1.query ('b'): ",
    ],
    [
      'a query of the other kind',
      `{"definitions": [
        {"kind": "computed_trait", "key": "a", "query": "event('E').count() >= 1"}]}`,
      ":2: definitions.0.query ('a'): ",
    ],
    [
      'an unknown field',
      `{"definitions": [
        {"kind": "audience", "key": "a", "query": "event('E').count() >= 1"},
        {"kind": "audience", "key": "b", "query": "event('E').count() >= 1", "colour": "red"}]}`,
      ':3: definitions.1: ',
    ],
    [
      'an unknown kind',
      `{"definitions": [
        {"key": "a", "query": "event('E').count() >= 1",
         "kind": "audiences"}]}`,
      ':3: definitions.0.kind: ',
    ],
    ['a field that is missing', '{"definitions": [\n{"kind": "audience", "key": "a"}]}', ':2: definitions.0.query: '],
    [
      'a field of the wrong kind',
      '{"definitions": [\n{"kind": "audience", "key": 5, "query": ""}]}',
      ':2: definitions.0.key: ',
    ],
    ['an empty key', '{"definitions": [\n{"kind": "audience", "key": "", "query": ""}]}', ':2: definitions.0.key: '],
    ['no list', '{"definitions": {}}', ':1: definitions: expected a list, got object'],
    ['nothing', '', ':1: definitions: expected a list, got nothing'],
    ['a file that is neither JSON nor YAML', '{"definitions": [\n\n{"kind": "audience",', ':3: '],
  ])('%s: status 2, file and line', async (_, definitions, place) => {
    const { code, stdout, stderr } = await replay(linesOf(CALLS), { definitions })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^rollcall: .+\n$/)
    expect(stderr).toContain(`${definitionsFile()}${place}`)
  })

  it.each<[says: string, second: string, fault: string]>([
    [
      'a key that is taken',
      '{"kind": "audience", "key": "a", "query": "trait(\'x\').exists()"}',
      "'a' is defined twice",
    ],
    ['a circle', '{"kind": "audience", "key": "b", "query": "trait(\'a\') = true"}', 'b'],
  ])('%s: status 2', async (_, second, fault) => {
    const definitions = `{"definitions": [{"kind": "audience", "key": "a", "query": "trait('b') = true"}, ${second}]}`
    const { code, stdout, stderr } = await replay(linesOf(CALLS), { definitions })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^rollcall: .+\n$/)
    expect(stderr).toContain(fault)
  })

  it('in YAML: the line is that of the definition', async () => {
    const yaml = "definitions:\n  - kind: audience\n    key: a\n    query: event('E').count() >=\n"
    const { code, stderr } = await replay('', { definitions: yaml, name: 'definitions.yaml' })
    expect(code).toBe(2)
    expect(stderr).toContain(`${definitionsFile('definitions.yaml')}:4: definitions.0.query ('a'): `)
  })
})

describe('calls that cannot be used', () => {
  const good = JSON.stringify(CALLS[0])

  it.each<[says: string, line: string, fault: string]>([
    ['a line that is not JSON', '{"type": ', 'expected one JSON object: '],
    ['two objects on a line', `${good}${good}`, 'expected one JSON object: '],
    ['a line that is no object', '[1]', 'expected a JSON object, got an array'],
    ['a line that is null', 'null', 'expected a JSON object, got null'],
    [
      'a receivedAt that is no instant',
      '{"receivedAt": "soon"}',
      'receivedAt: expected an ISO 8601 instant, got a string',
    ],
    ['a receivedAt that is no text', '{"receivedAt": 5}', 'receivedAt: expected an ISO 8601 instant, got a number'],
    ['an impossible receivedAt', '{"receivedAt": "2026-02-30"}', 'receivedAt: expected an ISO 8601 instant'],
    ['a call of no known type', '{"type": "tracks", "userId": "u1"}', "type: expected track, page, screen, identify, group or alias, got 'tracks' (unknown_type)"], // prettier-ignore
    ['a track without a name', '{"type": "track", "userId": "u1"}', 'event: expected the name of the event, got nothing (event_not_defined)'], // prettier-ignore
  ])('%s: status 2, file and line', async (_, line, fault) => {
    const { code, stderr } = await replay(`${good}\n\n${line}\n${good}\n`)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^rollcall: .+\n$/)
    expect(stderr).toContain(`${events()}:3: ${fault}`)
  })

  it('name standard input as -', async () => {
    const args = ['--definitions', folder.file('definitions.json', DEFINITIONS), '--events', '-']
    const { code, stderr } = await runReplay(args, `${good}\nnonsense\n`)
    expect(code).toBe(2)
    expect(stderr).toContain('rollcall: -:2: expected one JSON object: ')
  })
})

describe('arguments that cannot be used', () => {
  it('an --until that is no instant: status 2', async () => {
    const { code, stderr } = await replay('', { args: ['--until', 'tomorrow'] })
    expect([code, stderr]).toEqual([2, "rollcall: --until: expected an ISO 8601 instant, got 'tomorrow'\n"])
  })

  it.each([
    [['--events', '-']],
    [['--definitions', 'x.json']],
    [['--definitions', 'x.json', '--events', '-', '--colour']],
  ])('%j: it says so and fails', async (args) => {
    const { code, stdout, stderr } = await runReplay(args)
    expect([code === 0, stdout]).toEqual([false, ''])
    expect(stderr).toContain('error: ')
  })

  it.each(['definitions', 'events'])('a file of %s that is not there: it fails and names it', async (which) => {
    const files = {
      definitions: folder.file('definitions.json', DEFINITIONS),
      events: folder.file('events.ndjson', ''),
    }
    const missing = join(folder.path, 'missing')
    const args = { ...files, [which]: missing }
    const { code, stdout, stderr } = await replayHere(['--definitions', args.definitions, '--events', args.events])
    expect([code === 0, stdout]).toEqual([false, ''])
    expect(stderr).toContain(missing)
  })
})

describe('a command among the events', () => {
  const track = (event: string, receivedAt: string, userId = 'u1') => ({
    type: 'track',
    event,
    userId,
    timestamp: receivedAt,
    receivedAt,
  })

  it('defines, edits and removes at its instant, and what is due then settles with it', async () => {
    const lines = [
      track('Bought', '2026-01-01T00:00:00Z'),
      track('Seen', '2026-01-01T00:00:00Z', 'u2'),
      {
        command: 'define',
        receivedAt: '2026-01-01T06:00:00Z',
        definition: { kind: 'audience', key: 'seen', query: "event('Seen').count() >= 1", backfillEventDataDays: 1 },
      },
      { command: 'edit', key: 'seen', query: "event('Bought').within(6 hours).count() >= 1" },
      { command: 'remove', receivedAt: '2026-01-02T00:00:00Z', key: 'buyers' },
      track('Bought', '2026-01-02T01:00:00Z'),
    ]
    const { code, stdout, stderr } = await replay(linesOf(lines))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe(
      textOf([
        '{"at":"2026-01-01T00:00:00.000Z","type":"entered","key":"buyers","profile":"user_id:u1"}',
        '{"at":"2026-01-01T06:00:00.000Z","type":"entered","key":"seen","profile":"user_id:u2"}',
        '{"at":"2026-01-01T06:00:00.000Z","type":"exited","key":"seen","profile":"user_id:u2"}',
        '{"at":"2026-01-02T01:00:00.000Z","type":"entered","key":"seen","profile":"user_id:u1"}',
      ]),
    )
  })

  it.each([
    [
      { command: 'rename', key: 'buyers' },
      "command: expected define, edit, remove, delete, suppress, unsuppress or unlink, got 'rename' (validation_error)",
    ],
    [
      { command: 7 },
      'command: expected define, edit, remove, delete, suppress, unsuppress or unlink, got a number (validation_error)',
    ],
    [{ command: 'define' }, 'definition: '],
    [
      { command: 'define', definition: { kind: 'audience', key: 'a', query: 'event(', more: 1 } },
      'definition: Unrecognized key: "more" (definition_invalid)',
    ],
    [{ command: 'define', definition: { kind: 'audience', key: 'a', query: 'event(' } }, 'Line 1, column 7'],
    [
      { command: 'define', definition: { kind: 'audience', key: 'buyers', query: "event('A').count() >= 1" } },
      "definition.key: 'buyers' is defined for USERS already (key_taken)",
    ],
    [
      { command: 'define', definition: { kind: 'audience', key: 'a', query: "trait('a') = true" } },
      '(definition_cycle)',
    ],
    [{ command: 'edit', key: 'none', query: "event('A').count() >= 1" }, "no definition 'none' for USERS (not_found)"],
    [{ command: 'edit', key: 'buyers' }, 'query: expected text that is not empty, got nothing (validation_error)'],
    [{ command: 'edit', key: 'buyers', query: "event('A').count()" }, '(query_type)'],
    [{ command: 'remove', key: 'buyers', type: 'ACCOUNTS' }, "no definition 'buyers' for ACCOUNTS (not_found)"],
    [{ command: 'remove', key: 'buyers', type: 'ALL' }, 'type: expected USERS or ACCOUNTS, got a string'],
    [{ command: 'remove' }, 'key: expected text that is not empty, got nothing (validation_error)'],
    [
      { command: 'remove', key: 'buyers', receivedAt: 'today' },
      'receivedAt: expected an ISO 8601 instant, got a string',
    ],
  ])('that is refused is reported with its line, and changes nothing: %j', async (command, reason) => {
    const late = { ...command, ...('receivedAt' in command ? {} : { receivedAt: '2027-01-01T00:00:00Z' }) }
    const { code, stdout, stderr } = await replay(linesOf([CALLS[0], late, CALLS[1], CALLS[2]]))
    expect([code, stdout]).toEqual([0, textOf(TRANSITIONS)])
    expect(stderr).toContain(`${events()}:2: skipped: `)
    expect(stderr).toContain(reason)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('a preview of a replay', () => {
  it('has the members that an audience would have at the end, and when they would leave', async () => {
    const query = "event('Bought').within(7 days).count() >= 1"
    const args = ['--preview', query, '--until', '2026-01-04T00:00:00Z']
    const { code, stdout, stderr } = await replay(linesOf(CALLS), { args })
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      query,
      asOf: '2026-01-04T00:00:00.000Z',
      size: 1,
      members: [{ id: 'user_id:u1', until: '2026-01-08T06:00:00.000Z' }],
    })
    const refused = await replay(linesOf(CALLS), { args: ['--preview', 'event('] })
    expect([refused.code, refused.stdout]).not.toContain(0)
    expect(refused.stderr).toContain('Line 1, column 7')
  })
})
