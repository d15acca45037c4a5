/** Reads a file of definitions, JSON or YAML: `{"definitions": [{kind, key, type?, query, …}]}`. */
import { z } from 'zod'
import { parseQuery } from '../language/parse.ts'
import { BACKFILL_DAYS_MAX, type DefinitionSource } from '../model/definition.ts'
import { EngineError } from '../model/errors.ts'
import { readYamlFile } from './yaml-file.ts'

/** As many as the Control API takes. */
const Days = z.int().min(1).max(BACKFILL_DAYS_MAX)

const Definition = z.strictObject({
  kind: z.enum(['audience', 'computed_trait']),
  key: z.string().min(1),
  name: z.string().optional(),
  type: z.enum(['USERS', 'ACCOUNTS']).default('USERS'),
  query: z.string(),
  includeAnonymousUsers: z.boolean().optional(),
  filterByExternalIds: z.array(z.string()).optional(),
  includeHistoricalData: z.boolean().optional(),
  backfillEventDataDays: Days.optional(),
  backfillDurationDays: Days.optional(),
})

type FileEntry = z.output<typeof Definition>

/** Reads the definitions, checked one by one. Throws an InputError that names file and line. */
export function readDefinitionsFile(file: string): DefinitionSource[] {
  const { content, fault, parse } = readYamlFile(file)
  const list = (content as { definitions?: unknown } | null)?.definitions
  if (!Array.isArray(list))
    throw fault([], `definitions: expected a list, got ${list === undefined ? 'nothing' : typeof list}`)
  return list.map((entry, index) => {
    const definition = sourceOf(parse(Definition, entry, ['definitions', index]))
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

/** Reads one definition, as a file has it, but for its query. Throws an EngineError that names the field at fault. */
export function readDefinition(entry: unknown): DefinitionSource {
  const read = Definition.safeParse(entry)
  if (read.success) return sourceOf(read.data)
  const issue = read.error.issues[0]!
  const field = ['definition', ...issue.path].join('.')
  throw new EngineError('definition_invalid', `${field}: ${issue.message}`, field)
}

function sourceOf({ backfillEventDataDays, backfillDurationDays, ...source }: FileEntry): DefinitionSource {
  const backfillDays = source.kind === 'audience' ? backfillEventDataDays : backfillDurationDays
  return { ...source, ...(backfillDays === undefined ? {} : { backfillDays }) } as DefinitionSource
}
