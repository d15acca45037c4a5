/** A definition in words, as a sentence of its own. */
import { parseQuery } from '../../../src/language/parse.ts'
import type { DefinitionType } from '../../../src/model/definition.ts'
import { type Around, type AudienceNames, wordQuery } from './definition-words.ts'
import { plain } from './words.ts'

export const NO_NAMES: AudienceNames = () => undefined

/** Words a definition; one that cannot be read is its own text. */
export function sentenceOf(
  query: string,
  kind: 'audience' | 'computed_trait',
  type: DefinitionType,
  audienceNames = NO_NAMES,
): string {
  const parsed = read(() => parseQuery(query, { kind, type }))
  return parsed ? capital(plain(wordQuery(parsed, aroundAll(type, audienceNames)))) : query
}

/** Returns the surrounding of a whole query. */
export function aroundAll(type: DefinitionType, audienceNames: AudienceNames): Around {
  return { isAccount: type === 'ACCOUNTS', audienceNames }
}

/** Returns what a text reads as; undefined if it does not read. */
export function read<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
