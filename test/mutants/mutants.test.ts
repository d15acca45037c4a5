/** The list of planted faults is one that can be run: `npm run test:mutants` runs it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MUTANTS, planted } from './mutants.mjs'

const ROOT = join(import.meta.dirname, '../..')

it('has many, each with a name of its own', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(15)
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
})

it.each(MUTANTS)('$name: can be planted, and there are tests to see it', (mutant) => {
  const text = readFileSync(join(ROOT, mutant.file), 'utf8')
  expect(planted(mutant, text)).not.toBe(text)
  expect(mutant.caughtBy.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  expect(mutant.caughtBy).not.toEqual([])
})
