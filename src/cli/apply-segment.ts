/** A file of what Segment's Public API gives out, as the file of `rollcall apply` that it stands for. */
import { destinationType } from '../../destinations/registry.ts'
import { requestReader } from '../control-api/request-reader.ts'
import { EngineError } from '../model/errors.ts'
import {
  type MovableDestination,
  readSegment,
  type Refusal,
  refusalOfDefinition,
  type SegmentImport,
} from '../segment/read-segment.ts'
import { type MovableDefinition, nameOf, unmetRead } from '../segment/reading-order.ts'
import type { FileDefinition } from './apply-definition.ts'
import type { FileDestination } from './apply-destination.ts'
import type { ApplyFile } from './apply-file.ts'
import { readPresentDefinitions } from './apply-present.ts'
import { definitionName, destinationName } from './apply-step.ts'
import { readYamlFile, type YamlFile } from './yaml-file.ts'
import type { ClientOptions } from '../server/settings.ts'

/** The part of a file that can be moved, and a line for each object that cannot. */
export interface SegmentFile {
  readonly apply: ApplyFile
  readonly refused: readonly string[]
}

/**
 * Reads a file, and from the server the keys that are there already. Throws an InputError for a file that has no such
 * objects, and an EngineError if the server does not answer.
 */
export async function readSegmentFile(path: string, client: ClientOptions): Promise<SegmentFile> {
  const file = readYamlFile(path)
  const found = objectsOf(file)
  const there = new Set((await readPresentDefinitions(client)).map(nameOf))
  const definitions: FileDefinition[] = []
  const refused: Refusal[] = [...found.refused]
  for (const definition of found.definitions) {
    const unmet = unmetRead(definition, (name) => there.has(nameOf(name)))
    if (unmet) refused.push(refusalOfDefinition(definition, unmet))
    else {
      there.add(nameOf(definition.record.source))
      definitions.push(fileDefinition(definition))
    }
  }
  const destinations = found.destinations.map(fileDestination)
  const apply = { destinations, definitions, lists: new Set<never>(), file }
  return { apply, refused: refused.map((refusal) => refusalLine(refusal, file)) }
}

function objectsOf({ content, fault }: YamlFile): SegmentImport {
  try {
    return readSegment(content, requestReader(0))
  } catch (error) {
    throw error instanceof EngineError ? fault([], error.message) : error
  }
}

function fileDefinition({ path, body, record }: MovableDefinition): FileDefinition {
  return { path, kind: record.source.kind, body, record, connections: [] }
}

/** Where a secret is missing, it is enabled by whoever gives that: not by the file. */
function fileDestination({ path, name, type, enabled, settings, missing }: MovableDestination): FileDestination {
  const state = missing.length > 0 ? undefined : enabled
  return { path, name, type: destinationType(type)!, enabled: state, settings, missing }
}

function refusalLine(refusal: Refusal, { fault }: YamlFile): string {
  const { path, code, message } = refusal
  return fault(path, `${subjectOf(refusal)}: ${code}: ${message}`).message
}

function subjectOf({ path, kind, key = '', name = path.join('.') }: Refusal): string {
  if (kind === 'unknown') return 'object'
  if (kind === 'mapping') return `mapping ${name}`
  return kind === 'destination' ? destinationName(name) : definitionName({ kind, key: key || name, type: 'USERS' })
}
