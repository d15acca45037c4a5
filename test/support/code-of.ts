/** The code of a refusal. */
import { EngineError } from '../../src/model/errors.ts'

/** Resolves with the code of the EngineError that a promise rejects with; with what it resolves with otherwise. */
export async function codeOf(refused: Promise<unknown>): Promise<unknown> {
  try {
    return await refused
  } catch (cause) {
    if (cause instanceof EngineError) return cause.code
    throw cause
  }
}
