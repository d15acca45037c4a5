/** The kinds of definition, and how a test asks for a refusal. */
import { parseQuery } from '../../src/language/parse.ts'
import { QueryError } from '../../src/language/query-error.ts'

export type Context = Parameters<typeof parseQuery>[1]

export const AUDIENCE: Context = { kind: 'audience', type: 'USERS' }
export const ACCOUNT_AUDIENCE: Context = { kind: 'audience', type: 'ACCOUNTS' }
export const COMPUTED_TRAIT: Context = { kind: 'computed_trait', type: 'USERS' }

/** The error with which the text is refused; fails where it is accepted. */
export function refusalOf(text: string, context: Context): QueryError {
  try {
    parseQuery(text, context)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error(`accepted: ${text.slice(0, 200)}`)
}
