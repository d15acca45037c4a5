/** Scenarios that once went wrong, kept as files: `test/corpus/*.json`. A property that fails adds the shrunk one. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Scenario } from './run-shard.ts'
import type { Runs } from './runs.ts'

const FOLDER = join(import.meta.dirname, '..', 'corpus')

export function corpus(): { name: string; scenario: Scenario }[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({
      name: file.replace('.json', ''),
      scenario: JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Scenario,
    }))
}

/** Tries a property of scenarios; the smallest scenario that breaks it is added to the corpus. */
export function assertScenarios<S extends Scenario>(
  arbitrary: fc.Arbitrary<S>,
  runs: Runs,
  predicate: (scenario: S) => void,
): void {
  const property = fc.property(arbitrary, predicate)
  const result = fc.check(property, runs)
  if (!result.failed) return
  const file = join(FOLDER, `found-${result.seed}.json`)
  if (result.counterexample) writeFileSync(file, `${JSON.stringify(result.counterexample[0], null, 2)}\n`)
  throw new Error(`seed ${result.seed}, kept as ${file}`, { cause: result.errorInstance })
}
