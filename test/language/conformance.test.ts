/** The definitions of the conformance cases, where those lie beside the repository: every one parses, and prints. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../src/language/parse.ts'
import { printQuery } from '../../src/language/print.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'

const CASES = join(import.meta.dirname, '../../../shared/conformance')

type Definition = Pick<DefinitionSource, 'kind' | 'key' | 'query'> & { readonly type?: DefinitionSource['type'] }

function definitionsOf(folder: string): Definition[] {
  const text = readFileSync(join(CASES, folder, 'definitions.json'), 'utf8')
  return (JSON.parse(text) as { definitions: Definition[] }).definitions
}

function caseFolders(): string[] {
  return readdirSync(CASES).filter((name) => existsSync(join(CASES, name, 'definitions.json')))
}

const present = existsSync(CASES)
if (!present) console.warn(`SKIPPED: the conformance cases are not at ${CASES}; their queries are not tested.`)

describe.skipIf(!present)('queries of the conformance cases', () => {
  test('there are some', () => {
    expect(caseFolders()).not.toEqual([])
  })

  test.each(present ? caseFolders() : [])('%s', (folder) => {
    for (const { kind, type = 'USERS', query } of definitionsOf(folder)) {
      const tree = parseQuery(query, { kind, type })
      expect(parseQuery(printQuery(tree), { kind, type })).toStrictEqual(tree)
    }
  })
})
