/** Which definitions a list is asked for: those whose key begins with a text, or whose name or query holds it. */
import { EngineError } from '../model/errors.ts'
import type { DefinitionRecord } from '../model/space-command.ts'

export const SEARCH_LENGTH_MAX = 255

type Matches = (record: DefinitionRecord) => boolean

/** By `search[type]` and `search[query]`; upper and lower case are one. All, where neither is given. */
export function readSearch(parameters: Readonly<Record<string, unknown>>): Matches {
  const [type, query] = [parameters['search[type]'], parameters['search[query]']]
  if (type === undefined && query === undefined) return () => true
  if (typeof query !== 'string' || query === '' || query.length > SEARCH_LENGTH_MAX)
    throw invalid('search[query]', `expected 1 to ${SEARCH_LENGTH_MAX} characters`)
  const sought = query.toLowerCase()
  switch (type) {
    case 'KEY':
      return ({ source }) => source.key.toLowerCase().startsWith(sought)
    case 'NAME':
      return ({ name }) => name.toLowerCase().includes(sought)
    case 'DEFINITION':
      return ({ source }) => source.query.toLowerCase().includes(sought)
    default:
      throw invalid('search[type]', 'expected KEY, NAME or DEFINITION')
  }
}

function invalid(field: string, expectation: string): EngineError {
  return new EngineError('validation_error', `${field}: ${expectation}`, field)
}
