/**
 * Writes the table of the catalogue's tools into docs/destinations.md, from destinations/catalogue/definitions.
 *   npm run catalogue:table
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { EXERCISED } from './catalogue/exercised.mjs'

export { EXERCISED }

const ROOT = join(import.meta.dirname, '..')
const DOCUMENT = join(ROOT, 'docs/destinations.md')
const DEFINITIONS = join(ROOT, 'destinations/catalogue/definitions')
const BEGIN = '<!-- The table of `npm run catalogue:table` begins. -->'
const END = '<!-- The table of `npm run catalogue:table` ends. -->'

const HEADINGS = ['tool', 'type', 'categories', 'needs', 'takes', 'batches', 'calls', 'state']
const NEEDS = {
  settings: 'settings',
  client_credentials: 'client credentials',
  oauth_app: 'OAuth app',
  partner_secret: 'partner secret',
}

/** @returns entries of the index, each with the kinds of calls that it has an action for, as the table has them */
export function listedTools() {
  return read('index.json').map((entry) => ({ ...entry, calls: callsOf(read(`${entry.slug}.json`).defaults) }))
}

/** @returns the calls that go somewhere by themselves, and behind them those for which fields have to be mapped */
function callsOf(defaults) {
  const own = Object.keys(defaults).filter((call) => !defaults[call].unmapped)
  const open = Object.keys(defaults).filter((call) => defaults[call].unmapped)
  if (open.length === 0) return own
  const fields = new Set(open.flatMap((call) => defaults[call].unmapped))
  const names = [...fields].map((name) => `\`${name}\``).join(', ')
  return [...own, `by \`mappings\` (${names}): ${open.join(', ')}`]
}

/** @returns the lines of the table */
export function tableOf(tools) {
  const rows = tools.map((tool) => [
    tool.name.replaceAll('|', '\\|'),
    `\`${tool.slug}\``,
    tool.categories.join(', '),
    NEEDS[tool.needs],
    tool.kind === 'list' || tool.hasAudiences ? 'list' : 'events',
    tool.batches ? 'yes' : 'no',
    tool.calls.length === 0 ? 'by `mappings`' : tool.calls.join(', '),
    stateOf(tool),
  ])
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column].length)))
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [line(HEADINGS), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n')
}

/** @returns the document with the table in place of the one between its marks; throws if a mark is missing */
export function withTable(text, table) {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`Expected the marks ${BEGIN} and ${END}, in this order.`)
  return `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${text.slice(end)}`
}

function stateOf({ slug, availability, reason }) {
  if (availability !== 'offered') return `${availability}: ${reason}`
  return EXERCISED.has(slug) ? 'exercised against a recorded shape' : 'shipped'
}

function read(name) {
  return JSON.parse(readFileSync(join(DEFINITIONS, name), 'utf8'))
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), tableOf(listedTools())))
