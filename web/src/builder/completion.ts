/**
 * Completion of query text: names in quotes by what was observed, in a funnel those of the child or of its parent, and
 * words by the grammar.
 */
import type { Completion, CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete'
import { useQueryClient } from '@tanstack/react-query'
import { type OpenText, placeAfter } from '../../../src/language/place.ts'
import { COMPARATORS, FILTERS, REDUCERS, UNIT_NAMES } from '../../../src/language/vocabulary.ts'
import { useBuilder } from './context.ts'
import { choiceOf, propertiesQuery, useEvents, useSources, useTraits } from './observed.ts'
import type { Choice } from '../parts/choices.tsx'

export function useCompletion(): CompletionSource {
  const events = useEvents().list
  const traits = useTraits().list
  const sources = useSources()
  const { spaceId, type } = useBuilder()
  const queries = useQueryClient()
  /** Returns the names that may stand in a string. */
  const namesFor = async ({ of, isOfParent }: OpenText, enclosing: readonly string[]): Promise<readonly Choice[]> => {
    if (of === 'event') return events
    if (of === 'trait') return traits.map(choiceOf)
    if (of === 'sources') return sources
    const event = of === 'property' ? enclosing.at(isOfParent ? -2 : -1) : undefined
    return event === undefined ? [] : (await queries.query(propertiesQuery(spaceId, event))).map(choiceOf)
  }
  return (context) => {
    const { events: enclosing, string } = placeAfter(context.state.sliceDoc(0, context.pos))
    if (!string) return wordsAt(context, enclosing.length, type === 'ACCOUNTS')
    return namesFor(string, enclosing).then((names): CompletionResult | null => {
      const options = names.map((name) => completionOf(name, string))
      return options.length === 0 ? null : { from: string.start, options, validFor: /^[^'"]*$/ }
    })
  }
}

/** A delimiter within a name is escaped. */
function completionOf({ id, text, note = text }: Choice, { delimiter }: OpenText): Completion {
  const apply = id.replaceAll(delimiter, `\\${delimiter}`)
  return { label: id, apply, ...(note !== id && { detail: note }) }
}

/** @param depth the number of events that enclose the place */
function wordsAt(context: CompletionContext, depth: number, isOfAccounts: boolean): CompletionResult | null {
  const method = context.matchBefore(/\.\w*/)
  if (method) {
    const options = [...FILTERS, ...REDUCERS, ...COMPARATORS].map((label) => ({ label, apply: `${label}(` }))
    return { from: method.from + 1, options }
  }
  const word = context.matchBefore(/[A-Za-z]+/)
  if (!word) return null
  const fields = ["property('", ...(depth > 1 ? ["property(parent: '"] : []), "context('"]
  const quantifiers = isOfAccounts && depth === 0 ? ['ANY', 'ALL', 'NONE'] : []
  const words = ["event('", "trait('", ...(depth > 0 ? fields : []), 'AND', 'OR', 'NOT', ...quantifiers, ...UNIT_NAMES]
  return { from: word.from, options: words.map((label) => ({ label })) }
}
