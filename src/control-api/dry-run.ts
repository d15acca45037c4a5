/** The parameter `dryRun` of requests that can say what they would do. */
import { invalid } from './fields.ts'

/** Throws an EngineError for what is neither true nor false. */
export function readDryRun(dryRun: unknown): boolean {
  if (dryRun === undefined || dryRun === 'false') return false
  if (dryRun === 'true') return true
  throw invalid('dryRun', 'expected true or false')
}
