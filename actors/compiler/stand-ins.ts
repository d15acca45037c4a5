/**
 * Compiles definitions that are evaluated by themselves, beside the space's: whatever else they read stands in the plan
 * under its own name and number, and computes nothing.
 *
 * Example: `trait('vip') = true AND event('A').count() >= 1` is compiled with an audience 'vip' that nobody enters;
 * whoever evaluates the plan says who is in it.
 */
import { parseQuery } from '../../src/language/parse.ts'
import { ALL } from '../plan/since.ts'
import { pathSteps } from '../values/values.ts'
import { compilePlans } from './compile.ts'
import type { Plans } from './compiled-plans.ts'
import { type DefinitionInput, kindOfType, visitTraits } from './references.ts'

/**
 * Compiles some definitions. Throws an EngineError if they do not compile.
 * @param all the definitions of the space
 */
export function compileBeside(own: readonly DefinitionInput[], all: readonly DefinitionInput[]): Plans {
  const names = new Set<string>()
  for (const { query, source } of own)
    visitTraits(query, kindOfType(source), (name) => {
      const steps = pathSteps(name)
      names.add(steps.join('.')).add(steps[0]!)
    })
  const ids = new Set(own.map(({ id }) => id))
  const others = all.filter(({ id, source }) => !ids.has(id) && names.has(source.key))
  return compilePlans([...others.map(standInFor), ...own])
}

function standInFor(input: DefinitionInput): DefinitionInput {
  const { source } = input
  const query = source.kind === 'audience' ? "event('').count() >= 1" : "event('').sum(property('x'))"
  return { ...input, source: { ...source, query }, query: parseQuery(query, source), since: ALL }
}
