/** Reads a file of definitions, JSON or YAML: `{"definitions": [{kind, key, type?, query, …}]}`. */
import { z } from 'zod'
import { parseQuery } from '../language/parse.ts'
import type { DefinitionSource } from '../model/definition.ts'
import { EngineError } from '../model/errors.ts'
import { readYamlFile } from './yaml-file.ts'

const Definition = z.strictObject({
  kind: z.enum(['audience', 'computed_trait']),
  key: z.string().min(1),
  name: z.string().optional(),
  type: z.enum(['USERS', 'ACCOUNTS']).default('USERS'),
  query: z.string(),
  includeAnonymousUsers: z.boolean().optional(),
  filterByExternalIds: z.array(z.string()).optional(),
  includeHistoricalData: z.boolean().optional(),
})

/** Reads the definitions, checked one by one. Throws an InputError that names file and line. */
export function readDefinitionsFile(file: string): DefinitionSource[] {
  const { content, fault, parse } = readYamlFile(file)
  const list = (content as { definitions?: unknown } | null)?.definitions
  if (!Array.isArray(list))
    throw fault([], `definitions: expected a list, got ${list === undefined ? 'nothing' : typeof list}`)
  return list.map((entry, index) => {
    const definition = parse(Definition, entry, ['definitions', index]) as DefinitionSource
    try {
      parseQuery(definition.query, definition)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      const path = ['definitions', index, 'query']
      throw fault(path, `${path.join('.')} ('${definition.key}'): ${error.message}`)
    }
    return definition
  })
}
