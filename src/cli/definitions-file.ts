/** Reads a file of definitions, JSON or YAML: `{"definitions": [{kind, key, type?, query, …}]}`. */
import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { parseQuery } from '../language/parse.ts'
import type { DefinitionSource } from '../model/definition.ts'
import { EngineError } from '../model/errors.ts'
import { InputError } from './input-error.ts'

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

/** The definitions, checked one by one. Throws an InputError that names file and line. */
export function readDefinitionsFile(file: string): DefinitionSource[] {
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines, prettyErrors: false })
  const lineAt = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined
      if (node?.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  const fault = document.errors[0]
  if (fault) throw new InputError(file, lines.linePos(fault.pos[0]).line, fault.message)
  const content = document.toJS() as { definitions?: unknown } | null
  const list = content?.definitions
  if (!Array.isArray(list))
    throw new InputError(file, 1, `definitions: expected a list, got ${list === undefined ? 'nothing' : typeof list}`)
  return list.map((entry, index) => {
    const parsed = Definition.safeParse(entry)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!
      const path = ['definitions', index, ...issue.path]
      throw new InputError(file, lineAt(path), `${path.join('.')}: ${issue.message}`)
    }
    const definition = parsed.data as DefinitionSource
    try {
      parseQuery(definition.query, definition)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      throw new InputError(
        file,
        lineAt(['definitions', index, 'query']),
        `definitions.${index}.query ('${definition.key}'): ${error.message}`,
      )
    }
    return definition
  })
}
