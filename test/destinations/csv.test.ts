/** Cells of every unpleasant kind come back as they were, and none is a formula. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLines, parseCsv } from '../../destinations/csv-list/csv.ts'

const STARTS = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']
const NASTY = [
  '',
  ' ',
  ' a ',
  'a,b',
  'a;b',
  'a"b',
  '"',
  '""',
  '","',
  '"=1',
  'a\nb',
  'a\r\nb',
  '\r\n',
  ',',
  "'",
  "''",
  "'a",
  "a'",
  'ä€🙂',
  '\u202e',
  '\ufeff',
  'null',
  '-1',
  '+1',
  '=1+1',
  '=HYPERLINK("http://example.com","a")',
  '@SUM(1)',
  "=cmd|' /C calc'!A0",
  ...STARTS.flatMap((start) => [start, `${start}1`, `'${start}1`, `''${start}1`, `a${start}`, `${start}"a",b\r\n`]),
]

/** Returns a cell as a spreadsheet sees it once its quotes are gone. */
function shown(text: string): string {
  const cell = csvLines([[text]]).slice(0, -2)
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
}

it.each(NASTY.map((cell) => [cell]))('%j comes back exactly, wherever it stands', (cell) => {
  for (const record of [[cell], [cell, 'a'], ['a', cell], ['a', cell, 'b']])
    expect(parseCsv(csvLines([record]) + csvLines([['next']]))).toEqual([record, ['next']])
})

it('any text comes back exactly', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...STARTS, "'", '"', ',', 'a') }),
  )
  const records = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 5 })
  fc.assert(
    fc.property(records, (given) => {
      expect(parseCsv(csvLines(given))).toEqual(given)
    }),
  )
})

it.each(STARTS)('a cell that begins with %j is text to a spreadsheet', (start) => {
  expect(shown(`${start}1`)).toBe(`'${start}1`)
})

it('a cell that is no formula is left alone', () => {
  expect(csvLines([['a', "'a", '1', 'a=b', 'ä']])).toBe("a,'a,1,a=b,ä\r\n")
})

it('quotes what has to be quoted, and nothing else', () => {
  expect(csvLines([['a b', 'a,b', 'a"b', 'a\nb', ' a', '']])).toBe('a b,"a,b","a""b","a\nb"," a",\r\n')
})

describe('a file of before', () => {
  const records = [
    ['user_id', 'anonymous_id', 'email', 'group_id', 'since', '+b', 'tags'],
    ['u1', '', 'a@example.com', '', '2026-11-26T11:09:12.224Z', '-2', '["a","b"]'],
    ['=1+1', "'=1", '@a', "'a", 'a,b', ' a', 'a '],
    ['a\nb', 'a\rb', '\ra', '\na', '\0', '\t', 'a\r\n'],
    ['＝1', '＋', '－', '＠', '\ufeff', '🙂', '"'],
    ['', '', '', '', '', '', ''],
  ]
  const text = [
    "user_id,anonymous_id,email,group_id,since,'+b,tags",
    `u1,,a@example.com,,2026-11-26T11:09:12.224Z,'-2,"[""a"",""b""]"`,
    `'=1+1,''=1,'@a,'a,"a,b"," a","a "`,
    `"a\nb","a\rb","'\ra","'\na",'\0,"'\t","a\r\n"`,
    `'＝1,'＋,'－,'＠,"\ufeff",🙂,""""`,
    ',,,,,,',
    '',
  ].join('\r\n')

  it('is read, and is written to the same bytes', () => {
    expect(parseCsv(text)).toEqual(records)
    expect(csvLines(records)).toBe(text)
  })
})

describe('text that is not ours', () => {
  it.each(['a', 'a\r\nb', '"a', '"a"b\r\n', 'a"b\r\n', '"a\r\n', 'a,', 'a\r'])('%j is refused', (text) => {
    expect(parseCsv(text)).toBeUndefined()
  })

  it('with simple line ends is read', () => {
    expect(parseCsv('a,b\n"c\n",\n')).toEqual([
      ['a', 'b'],
      ['c\n', ''],
    ])
  })

  it('with a line end of another kind is read as text', () => {
    expect(parseCsv('a\rb,c\r\n')).toEqual([['a\rb', 'c']])
  })

  it('that is empty has no records', () => {
    expect(parseCsv('')).toEqual([])
  })

  it('may have a cell of a megabyte', () => {
    const cell = '"a,'.repeat(350_000)
    expect(parseCsv(csvLines([[cell]]))).toEqual([[cell]])
  })
})
