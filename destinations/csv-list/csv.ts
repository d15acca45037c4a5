/**
 * Reads and writes records of text as RFC 4180 has them, safe to open in a spreadsheet: a cell that would be a formula
 * is written with a leading apostrophe. `=1+1` is written as `'=1+1` and read back as `=1+1`; all text is read back
 * exactly.
 */
import { CsvError, parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'

/** Also in full width, as some spreadsheets take these for the others; and what is skipped before them. */
const FORMULA = /^'*[=+\-@\t\r\n\0＝＋－＠]/

const WRITE_OPTIONS = {
  record_delimiter: '\r\n',
  quote_record_delimiter: true,
  // Some readers trim a cell that is not quoted.
  quoted_match: /^\s|\s$/,
  cast: { string: guarded },
}
const READ_OPTIONS = { record_delimiter: ['\r\n', '\n'], relax_column_count: true }

/** Writes the lines of records, each with its end. */
export function csvLines(records: readonly (readonly string[])[]): string {
  return stringify([...records], WRITE_OPTIONS)
}

/** Reads records; undefined if the text breaks the format, or its last line has no end. */
export function parseCsv(text: string): string[][] | undefined {
  if (text !== '' && !text.endsWith('\n')) return undefined
  try {
    // The package's own `cast` makes a context for each cell, which takes ten times as long as all else.
    return parse(text, READ_OPTIONS).map((record) => record.map(unguarded))
  } catch (error) {
    if (error instanceof CsvError) return undefined
    throw error
  }
}

/** Adds an apostrophe before apostrophes too: otherwise one of the text itself would be taken away when it is read. */
function guarded(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell
}

function unguarded(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
