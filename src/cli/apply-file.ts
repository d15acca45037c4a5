/**
 * The file of `rollcall apply`: destinations, and audiences and computed traits with their connections. The checks of
 * requests are made on all of it, as if it were new, before the server is asked anything.
 */
import { z } from 'zod'
import type { DefinitionKind } from '../model/space-command.ts'
import { type FileDefinition, inOrderOfReading, readFileDefinition } from './apply-definition.ts'
import { type FileDestination, readFileDestination } from './apply-destination.ts'
import { type Variable, withBraces, withHiddenBraces } from './apply-environment.ts'
import { readYamlFile, type Path, type YamlFile } from './yaml-file.ts'

export interface ApplyFile {
  /** No two have the same name. */
  readonly destinations: readonly FileDestination[]
  /** No two have the same key and type; each comes after those that it reads. */
  readonly definitions: readonly FileDefinition[]
  /** The lists that the file has: it says nothing about the others. */
  readonly lists: ReadonlySet<'destinations' | DefinitionKind>
  readonly file: YamlFile
}

const Entries = z.array(z.unknown()).optional()
const Content = z.strictObject({ destinations: Entries, audiences: Entries, computed_traits: Entries })

/** Reads a file. Throws an InputError that names file and line. */
export function readApplyFile(path: string, variable: Variable): ApplyFile {
  const file = readYamlFile(path, withHiddenBraces)
  const content = file.parse(Content, withBraces(file.content), [])
  const { destinations, audiences, computed_traits: traits } = content
  const lists = new Set([
    ...(destinations ? ['destinations' as const] : []),
    ...(audiences ? ['audience' as const] : []),
    ...(traits ? ['computed_trait' as const] : []),
  ])
  if (lists.size === 0) throw file.fault([], 'expected at least one of destinations, audiences, computed_traits')
  const ofDestinations = (destinations ?? []).map((entry, index) =>
    readFileDestination(entry, ['destinations', index], file, variable),
  )
  const definitions = [
    ...(audiences ?? []).map((entry, index) => readFileDefinition(entry, 'audience', ['audiences', index], file)),
    ...(traits ?? []).map((entry, index) =>
      readFileDefinition(entry, 'computed_trait', ['computed_traits', index], file),
    ),
  ]
  checkUnique(ofDestinations, ({ name }) => name, { field: 'name', file })
  checkUnique(definitions, ({ record: { source } }) => `${source.type} ${source.key}`, { field: 'key', file })
  for (const { connections } of definitions)
    checkUnique(connections, ({ destination }) => destination, { field: 'destination', file })
  return { destinations: ofDestinations, definitions: inOrderOfReading(definitions, file), lists, file }
}

function checkUnique<Entry extends { readonly path: Path }>(
  entries: readonly Entry[],
  nameOf: (entry: Entry) => string,
  { field, file }: { readonly field: string; readonly file: YamlFile },
): void {
  const seen = new Map<string, Entry>()
  for (const entry of entries) {
    const other = seen.get(nameOf(entry))
    const path = [...entry.path, field]
    if (other) throw file.fault(path, `${path.join('.')}: it is that of ${other.path.join('.')} too`)
    seen.set(nameOf(entry), entry)
  }
}
