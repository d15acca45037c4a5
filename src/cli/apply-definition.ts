/** An audience or computed trait as a file has it, with its connections, checked as if it were new. */
import { z } from 'zod'
import { KeyTable, placeDefinitions } from '../../actors/compiler/references.ts'
import { ALL } from '../../actors/plan/since.ts'
import type { DefinitionSource } from '../model/definition.ts'
import type { DefinitionKind, DefinitionRecord } from '../model/space-command.ts'
import { readAudience, readComputedTrait } from '../control-api/requests.ts'
import { parseQuery } from '../language/parse.ts'
import { EngineError } from '../model/errors.ts'
import type { Path, YamlFile } from './yaml-file.ts'

export interface FileConnection {
  readonly path: Path
  /** The name of the destination. */
  readonly destination: string
  /** The request's body, but for the destination. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface FileDefinition {
  readonly path: Path
  readonly kind: DefinitionKind
  /** The body of the request that creates it: the fields of the file, and no more. */
  readonly body: Readonly<Record<string, unknown>>
  /** The record that the request would create. */
  readonly record: DefinitionRecord
  readonly connections: readonly FileConnection[]
}

const Connection = z.strictObject({
  destination: z.string().trim(),
  enabled: z.unknown().optional(),
  idSyncConfiguration: z.unknown().optional(),
  connectionSettings: z.unknown().optional(),
  activations: z.unknown().optional(),
})

const Entry = z.strictObject({
  key: z.string(),
  name: z.unknown().optional(),
  type: z.enum(['USERS', 'ACCOUNTS']).default('USERS'),
  query: z.string(),
  description: z.unknown().optional(),
  enabled: z.unknown().optional(),
  options: z.unknown().optional(),
  destinations: z.array(Connection).default([]),
})

/** Reads a definition of a file. Throws an InputError that names file and line. */
export function readFileDefinition(entry: unknown, kind: DefinitionKind, path: Path, file: YamlFile): FileDefinition {
  const { type, query, destinations, ...rest } = file.parse(Entry, entry, path)
  const body =
    kind === 'audience'
      ? { ...rest, definition: { query }, audienceType: type }
      : { ...rest, definition: { type, query } }
  const record = file.check(path, () => (kind === 'audience' ? readAudience : readComputedTrait)(body, 0))
  file.check(
    [...path, 'query'],
    () => parseQuery(query, record.source),
    () => [],
  )
  const connections = destinations.map(({ destination, ...ofConnection }, index) => ({
    path: [...path, 'destinations', index],
    destination,
    body: ofConnection,
  }))
  return { path, kind, body, record, connections }
}

/**
 * Orders definitions so that each comes after those that it reads; disabled ones read nothing, and are last. Throws an
 * InputError for a cycle.
 */
export function inOrderOfReading(definitions: readonly FileDefinition[], { fault }: YamlFile): FileDefinition[] {
  const enabled = definitions.filter(({ record }) => record.enabled)
  try {
    const order = placesOfReading(enabled.map(({ record }) => record.source))
    return [...order.map((index) => enabled[index]!), ...definitions.filter(({ record }) => !record.enabled)]
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    const named = enabled.find(({ record }) => error.message.includes(`'${record.source.key}'`))
    throw fault([...(named?.path ?? []), 'query'], error.message)
  }
}

/** Returns the places of definitions, each after those of what it reads. Throws an EngineError for a circle. */
export function placesOfReading(sources: readonly DefinitionSource[]): number[] {
  const inputs = sources.map((source, id) => {
    return { id, source, query: parseQuery(source.query, source), since: ALL, begunAt: undefined, definedAt: -1 }
  })
  return placeDefinitions(inputs, new KeyTable(sources)).map(({ input }) => input.id)
}
