/** The CSV files of an export: Segment's three forms, quoting, and cells that a spreadsheet must not run. */
import { parse as parseCsv } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { csvTable } from '../../src/exports/csv-table.ts'
import type { ExportedMember, ExportRequest } from '../../src/model/export.ts'
import { audience, computedTrait } from '../support/space.ts'
import { exportOf } from './given.ts'

const SEEN = audience('seen', "event('Seen').count() >= 1")
const SPEND = computedTrait('spend', "event('Ordered').sum(property('revenue'))")

/** As a reader of RFC 4180 has it, who knows nothing of apostrophes. */
function parse(text: string): string[][] {
  return parseCsv(text, { record_delimiter: '\r\n' })
}

function member(id: string, ids: readonly (readonly [string, string])[], rest: Partial<ExportedMember> = {}) {
  return { id, externalIds: ids.map(([type, value]) => ({ type, value })), traits: {}, ...rest }
}

const MEMBERS = [
  member('user_id:u1', [
    ['email', 'a@x.io'],
    ['user_id', 'u1'],
    ['email', 'b@x.io'],
  ]),
  member('anonymous_id:a1', [['anonymous_id', 'a1']]),
]

function textOf(request: ExportRequest, members: readonly ExportedMember[]): string {
  const counts = new Map<string, number>()
  for (const { externalIds } of members)
    for (const { type } of externalIds)
      counts.set(type, Math.max(counts.get(type) ?? 0, externalIds.filter((id) => id.type === type).length))
  const table = csvTable(request, counts)
  return table.head + table.rowsOf(members)
}

describe('the form', () => {
  it('formatted has a column for each type of id, and more where somebody has several', () => {
    expect(textOf(exportOf(SEEN, { format: 'formatted' }), MEMBERS)).toBe(
      'key,user_id,email,email_1,anonymous_id\r\nuser_id:u1,u1,a@x.io,b@x.io,\r\nanonymous_id:a1,,,,a1\r\n',
    )
  })

  it('formatted has the chosen types in their order, though nobody has one, and traits after them', () => {
    const request = exportOf(SEEN, { format: 'formatted', ids: ['ios.idfa', 'user_id'], traits: ['plan', 'tags'] })
    const members = [member('user_id:u1', [['user_id', 'u1']], { traits: { tags: ['a', 'b'], plan: 'pro' } })]
    expect(textOf(request, members)).toBe('key,ios.idfa,user_id,plan,tags\r\nuser_id:u1,,u1,pro,"[""a"",""b""]"\r\n')
  })

  it('formatted gives no two columns one name', () => {
    const ids = [
      ['email', 'a'],
      ['email', 'b'],
      ['email_1', 'c'],
    ] as const
    const request = exportOf(SPEND, { format: 'formatted', traits: ['email', 'email_2', 'value', 'key'] })
    const traits = { email: 1, email_2: 2, value: 3, key: 4 }
    expect(textOf(request, [member('user_id:u1', ids, { value: 7, traits })])).toBe(
      'key,value,email,email_2,email_1,traits.email,traits.email_2,traits.value,traits.key\r\n' +
        'user_id:u1,7,a,b,c,1,2,3,4\r\n',
    )
  })

  it('unformatted has the ids as JSON of lists, and traits if any are asked for', () => {
    const request = exportOf(SEEN, { format: 'unformatted' })
    const text = textOf(request, MEMBERS)
    expect(text.split('\r\n')[0]).toBe('key,external_ids')
    expect(parse(text)).toEqual([
      ['key', 'external_ids'],
      ['user_id:u1', '{"email":["a@x.io","b@x.io"],"user_id":["u1"]}'],
      ['anonymous_id:a1', '{"anonymous_id":["a1"]}'],
    ])
    const valued = [member('user_id:u1', [], { value: [1], traits: { plan: 'pro' } })]
    expect(parse(textOf(exportOf(SPEND, { format: 'unformatted', traits: ['plan'] }), valued))).toEqual([
      ['key', 'value', 'external_ids', 'traits'],
      ['user_id:u1', '[1]', '{}', '{"plan":"pro"}'],
    ])
  })

  it('single has a row for each value of one type, as its SHA-256 in upper case, or as it is', () => {
    const request = exportOf(SEEN, { format: 'single', ids: ['email'] })
    expect(textOf(request, MEMBERS)).toBe('email\r\na@x.io\r\nb@x.io\r\n')
    expect(textOf({ ...request, isHashed: true }, MEMBERS)).toBe(
      'email\r\n' +
        'AA8A6B1226018606FB52FD4FB5E6F407D7A610C996250306ACF156A247C08E26\r\n' +
        'DA9A33894DB95B4EF8D14624DFF99D9843211CB5BC458EA25FA45ECF5C0F73A8\r\n',
    )
  })

  it('begins with a byte order mark if that is asked for', () => {
    expect(textOf(exportOf(SEEN, { format: 'single', ids: ['email'], hasBom: true }), [])).toBe('\ufeffemail\r\n')
  })
})

describe('a cell', () => {
  const cells = [
    ['=HYPERLINK("http://x.io")', `'=HYPERLINK("http://x.io")`],
    ['+1', "'+1"],
    ['-1+1', "'-1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    ['＝1', "'＝1"],
    ['a,"b"\r\nc', 'a,"b"\r\nc'],
    [' a ', ' a '],
  ] as const

  it.each(cells)('%j is text to a spreadsheet, whether an id, a trait or a name', (text, shown) => {
    const request = exportOf(SEEN, { format: 'formatted', traits: [text] })
    const members = [member('x', [['crm', text]], { traits: { [text]: text } })]
    expect(parse(textOf(request, members))).toEqual([
      ['key', 'crm', shown],
      ['x', shown, shown],
    ])
    const single = exportOf(SEEN, { format: 'single', ids: ['crm'] })
    expect(parse(textOf(single, members))).toEqual([['crm'], [shown]])
  })
})
