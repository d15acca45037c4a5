/**
 * Reads objects of Segment's Public API: what of them can be moved here, and what cannot, and why. Pure.
 *
 * S1. A key or a name is taken once: what comes twice the same is read once, and what differs from the first of its
 *     name is refused.
 * S2. A definition comes after all that it reads. What it reads may have been refused: `unmetRead` tells.
 * S3. An object is movable as a whole, or is refused; a mapping of a destination is an object of its own.
 */
import { isDeepStrictEqual } from 'node:util'
import { KeyTable } from '../../actors/compiler/references.ts'
import { destinationType, parsePartialSettings, refusalOfType } from '../../destinations/registry.ts'
import { QueryError } from '../language/query-error.ts'
import { parseQuery } from '../language/parse.ts'
import type { DefinitionSource } from '../model/definition.ts'
import { MASK } from '../model/destination-admin.ts'
import { EngineError, type ErrorCode } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import type { DefinitionKind, DefinitionRecord } from '../model/space-command.ts'
import { type CheckedDefinition, inOrderOfReading, type MovableDefinition, nameOf } from './reading-order.ts'
import { definitionBody, unsupported } from './segment-definition.ts'
import { ownSettings } from './segment-destination.ts'
import { type Fields, isFields, objectsIn, type SegmentKind, type SegmentObject } from './segment-object.ts'

/** Reads bodies of requests. Each function throws an EngineError that names the field at fault. */
export interface RequestReader {
  /** Returns the record that a request for a new definition would make. */
  readonly definition: (kind: DefinitionKind, body: Fields) => DefinitionRecord
  readonly destination: (body: Fields) => {
    readonly name: string
    readonly enabled: boolean
    readonly given: JsonObject
  }
}

export interface MovableDestination {
  readonly path: SegmentObject['path']
  readonly name: string
  /** The slug of our type. */
  readonly type: string
  readonly enabled: boolean
  /** Those that its type takes. */
  readonly settings: JsonObject
  /** Secrets that it has at Segment, which does not give them out. */
  readonly missing: readonly string[]
}

export interface Refusal {
  readonly path: SegmentObject['path']
  readonly kind: SegmentKind
  readonly key?: string
  readonly name?: string
  readonly code: ErrorCode
  readonly message: string
  readonly field?: string
  /** The place in a query that is at fault. */
  readonly data?: { readonly line: number; readonly column: number }
}

export interface SegmentImport {
  /** Keeps S2. */
  readonly definitions: readonly MovableDefinition[]
  readonly destinations: readonly MovableDestination[]
  readonly refused: readonly Refusal[]
}

/** Reads one object, a list, or whole answers. Throws an EngineError for what is none of these. */
export function readSegment(content: unknown, requests: RequestReader): SegmentImport {
  const refused: Refusal[] = []
  const definitions = new Map<string, CheckedDefinition>()
  const destinations = new Map<string, MovableDestination>()
  const named: DefinitionSource[] = []
  for (const object of objectsIn(content)) {
    const { kind, value } = object
    if (kind === 'audience' || kind === 'computed_trait') named.push(...namedSource(kind, value))
    try {
      switch (kind) {
        case 'audience':
        case 'computed_trait':
          addDefinition(definitions, readDefinition(object, kind, requests))
          break
        case 'destination': {
          const { destination, unmoved } = readDestination(object, requests)
          addDestination(destinations, destination)
          refused.push(...unmoved)
          break
        }
        case 'mapping':
        case 'unknown':
          throw unsupported(object.path.join('.') || 'body', 'expected an audience, a computed trait or a destination')
      }
    } catch (error) {
      refused.push(refusalOf(object, error))
    }
  }
  const { ordered, circular } = inOrderOfReading([...definitions.values()], new KeyTable(named))
  const cycle = new EngineError('definition_cycle', 'definition.query: it would create a cycle of references')
  return {
    definitions: ordered,
    destinations: [...destinations.values()],
    refused: [...refused, ...circular.map((one) => refusalOfDefinition(one, cycle))],
  }
}

/** Makes the refusal of a definition that could be moved, but for an error of the space. */
export function refusalOfDefinition({ path, record: { source } }: CheckedDefinition, error: unknown): Refusal {
  return refusalOf({ path, kind: source.kind, value: { key: source.key, name: source.name } }, error)
}

/** Makes the refusal of a destination, likewise. */
export function refusalOfDestination({ path, name }: MovableDestination, error: unknown): Refusal {
  return refusalOf({ path, kind: 'destination', value: { name } }, error)
}

/** Throws an error that is no EngineError. */
function refusalOf({ path, kind, value: { key, name } }: SegmentObject, error: unknown): Refusal {
  if (!(error instanceof EngineError)) throw error
  const isQuery = error instanceof QueryError
  const field = isQuery ? 'definition.query' : error.field
  return {
    path,
    kind,
    ...(typeof key === 'string' && { key }),
    ...(typeof name === 'string' && { name }),
    code: error.code,
    message: error.message,
    ...(field !== undefined && { field }),
    ...(isQuery && { data: { line: error.line, column: error.column } }),
  }
}

/** Returns what a definition is looked up by, whatever else is wrong with it. */
function namedSource(kind: DefinitionKind, { key, audienceType, definition }: Fields): DefinitionSource[] {
  if (typeof key !== 'string') return []
  const type = audienceType ?? (isFields(definition) ? definition['type'] : undefined)
  return [{ kind, key, type: type === 'ACCOUNTS' ? type : 'USERS', query: '' }]
}

function readDefinition(
  { path, value }: SegmentObject,
  kind: DefinitionKind,
  requests: RequestReader,
): CheckedDefinition {
  const body = definitionBody(kind, value)
  const record = requests.definition(kind, body)
  return { path, body, record, query: parseQuery(record.source.query, record.source) }
}

function readDestination(
  { path, value }: SegmentObject,
  requests: RequestReader,
): { readonly destination: MovableDestination; readonly unmoved: readonly Refusal[] } {
  const metadata = isFields(value['metadata']) ? value['metadata'] : {}
  const slug = value['type'] ?? metadata['slug']
  if (typeof slug !== 'string')
    throw new EngineError(
      'validation_error',
      'metadata.slug: expected the slug of its type, got nothing',
      'metadata.slug',
    )
  const name = [value['name'], metadata['name']].find((text) => typeof text === 'string' && text !== '') ?? slug
  const asked = { type: slug, name, enabled: value['enabled'] ?? true, settings: value['settings'] ?? {} }
  const { given, ...rest } = requests.destination(asked)
  const toolName = typeof metadata['name'] === 'string' ? metadata['name'] : undefined
  const {
    type,
    settings: whole,
    missing: unknown,
    unmoved,
  } = ownSettings({
    slug,
    toolName,
    settings: given,
    subscriptions: value['subscriptions'],
  })
  const found = destinationType(type)
  if (!found) throw unsupported('metadata.slug', refusalOfType(slug, toolName))
  const missing = found.secrets.filter((secret) => unknown.includes(secret) || whole[secret] === MASK)
  const settings = Object.fromEntries(Object.entries(whole).filter(([setting]) => !missing.includes(setting)))
  parsePartialSettings(found, settings, missing)
  return {
    destination: { path, name: rest.name, type, enabled: rest.enabled, settings, missing },
    unmoved: unmoved.map(({ name: ofMapping, error }) =>
      refusalOf({ path, kind: 'mapping', value: { name: `${rest.name}: ${ofMapping}` } }, error),
    ),
  }
}

/** Keeps S1. */
function addDefinition(definitions: Map<string, CheckedDefinition>, one: CheckedDefinition): void {
  const name = nameOf(one.record.source)
  const other = definitions.get(name)
  if (!other) definitions.set(name, one)
  else if (other.record.source.kind !== one.record.source.kind || !isDeepStrictEqual(other.body, one.body))
    throw taken('key', other.path)
}

/** Keeps S1. */
function addDestination(destinations: Map<string, MovableDestination>, one: MovableDestination): void {
  const other = destinations.get(one.name)
  if (!other) destinations.set(one.name, one)
  else if (other.type !== one.type || !isDeepStrictEqual(other.settings, one.settings)) throw taken('name', other.path)
}

function taken(field: string, path: SegmentObject['path']): EngineError {
  return new EngineError('already_exists', `${field}: expected another than ${path.join('.')} has`, field)
}
