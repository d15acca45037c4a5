/**
 * Records of text as RFC 4180 has them, safe to open in a spreadsheet: a cell that would be a formula is written with a
 * leading apostrophe. What was written is read back exactly.
 */

/** Also in full width, as some spreadsheets take these for the others; and what is skipped before them. */
const FORMULA = /^'*[=+\-@\t\r\n\0＝＋－＠]/
/** A cell and what ends it. */
const CELL = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|$)/y

/** A line, with its end. */
export function csvRecord(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/** An apostrophe before apostrophes too: otherwise one that was in the text would be taken away when it is read. */
function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Undefined where the text breaks the format, or its last line has no end. */
export function parseCsv(text: string): string[][] | undefined {
  const records: string[][] = []
  let record: string[] = []
  for (let at = 0; at < text.length;) {
    CELL.lastIndex = at
    const match = CELL.exec(text)
    const [whole = '', quoted, plain = '', end = ''] = match ?? []
    if (end === '') return undefined
    record.push(cellText(quoted?.replaceAll('""', '"') ?? plain))
    at += whole.length
    if (end === ',') continue
    records.push(record)
    record = []
  }
  return record.length > 0 ? undefined : records
}

function cellText(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
