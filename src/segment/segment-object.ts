/** Takes answers of Segment's Public API apart into the objects that they have, however they are put together. */
import { EngineError, kindOf } from '../model/errors.ts'
import type { DefinitionKind } from '../model/space-command.ts'

export type SegmentKind = DefinitionKind | 'destination' | 'mapping' | 'unknown'

/** Its fields have not been looked at. */
export interface SegmentObject {
  readonly kind: SegmentKind
  /** Its place in what was given. */
  readonly path: readonly (string | number)[]
  readonly value: Fields
}

export type Fields = Readonly<Record<string, unknown>>

const OBJECTS_MAX = 1_000

/** The fields in which answers of Segment have one object or a list of them. */
const FIELDS: Readonly<Record<string, SegmentKind>> = {
  audience: 'audience',
  audiences: 'audience',
  computedTrait: 'computed_trait',
  computedTraits: 'computed_trait',
  destination: 'destination',
  destinations: 'destination',
}

/**
 * Lists the objects of a single one, a list, an answer (`{"data": {"audiences": […]}}`), or a list of these. Throws an
 * EngineError for what is none of them, and for more than `OBJECTS_MAX` objects.
 */
export function objectsIn(content: unknown): SegmentObject[] {
  if (!isFields(content) && !Array.isArray(content))
    throw new EngineError(
      'validation_error',
      `body: expected objects of Segment's Public API, got ${kindOf(content)}`,
      'body',
    )
  const objects = objectsAt(content, [])
  if (objects.length > OBJECTS_MAX)
    throw new EngineError(
      'payload_too_large',
      `body: expected at most ${OBJECTS_MAX} objects, got ${objects.length}`,
      'body',
    )
  return objects
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectsAt(content: unknown, path: SegmentObject['path'], known?: SegmentKind): SegmentObject[] {
  if (Array.isArray(content)) return content.flatMap((entry, index) => objectsAt(entry, [...path, index], known))
  if (!isFields(content)) return [{ kind: 'unknown', path, value: {} }]
  if (known) return [{ kind: known, path, value: content }]
  if ('data' in content) return objectsAt(content['data'], [...path, 'data'])
  const found = Object.keys(FIELDS).filter((field) => Object.hasOwn(content, field))
  if (found.length === 0) return [{ kind: kindOfSingle(content), path, value: content }]
  return found.flatMap((field) => objectsAt(content[field], [...path, field], FIELDS[field]))
}

/** Tells the kind of an object that stands by itself, by what only that kind has. */
function kindOfSingle({ id, audienceType, definition, metadata, settings, type }: Fields): SegmentKind {
  if (typeof id === 'string' && id.startsWith('aud_')) return 'audience'
  if (typeof id === 'string' && id.startsWith('tra_')) return 'computed_trait'
  if (audienceType !== undefined) return 'audience'
  if (isFields(definition)) return definition['type'] === undefined ? 'audience' : 'computed_trait'
  return [metadata, settings, type].some((field) => field !== undefined) ? 'destination' : 'unknown'
}
