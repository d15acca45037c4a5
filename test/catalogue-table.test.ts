/** The table of tools in docs/destinations.md, and the state that it gives each. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXERCISED, listedTools, tableOf, withTable } from '../script/catalogue-table.mjs'
import { EVENT_TOOLS } from './catalogue/event-tools.ts'
import { LIST_TOOLS } from './catalogue/list-tools.ts'

const DOCUMENT = readFileSync(join(import.meta.dirname, '../docs/destinations.md'), 'utf8')
const [, , ...rows] = tableOf(listedTools()).split('\n')

function rowOf(slug: string): string[] {
  const row = rows.find((one) => one.includes(`| \`${slug}\` `))
  return (row ?? '').split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim())
}

describe('the table of tools', () => {
  it('is the one in docs/destinations.md: `npm run catalogue:table` writes it', () => {
    expect(DOCUMENT).toBe(withTable(DOCUMENT, tableOf(listedTools())))
    expect(rows).toHaveLength(listedTools().length)
  })

  it('calls those exercised whose requests are tested one by one', () => {
    const tested = [...EVENT_TOOLS, ...LIST_TOOLS].map(({ slug }) => slug).sort()
    expect([...EXERCISED].sort()).toEqual(tested)
    expect(rows.filter((row) => / exercised against a recorded shape +\|$/.test(row))).toHaveLength(tested.length)
  })

  it.each([
    [
      'actions-klaviyo',
      ['email, messaging', 'settings', 'list', 'yes', 'entered, exited', 'exercised against a recorded shape'],
    ],
    ['actions-hubspot-cloud', ['OAuth app', 'exercised against a recorded shape']],
    ['actions-sftp', ['off: opens connections of its own, which no guard of addresses sees']],
    ['actions-noop', ['denied: does nothing, for tests of Segment']],
    ['actions-1plusx-asset-api', ['client credentials', 'by `mappings`', 'shipped']],
  ])('says of %s what there is to say', (slug, cells) => {
    expect(rowOf(slug)).toEqual(expect.arrayContaining(cells))
  })

  it('is put between its marks, and nowhere else', () => {
    expect(() => withTable('no marks', '| a |')).toThrow('Expected the marks')
    const replaced = withTable(DOCUMENT, '| a |')
    expect(replaced).toContain('begins. -->\n\n| a |\n\n<!--')
    expect(withTable(replaced, tableOf(listedTools()))).toBe(DOCUMENT)
  })
})
